import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { firstByRendezvous, keyHash, pairSeed, type Ranked } from '../../src/actors/rendezvous.js'
import { seededRandom } from '../support/seeded.js'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const relaysOf = (count: number, seed = 1) => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => ranked(random(32)))
}
const ranked = (publicKey: Uint8Array): Ranked => ({ publicKey, keyHash: keyHash(publicKey) })
const ranking = (seed: number, relays: readonly Ranked[]) => firstByRendezvous(seed, relays, relays.length)

describe('two friends', () => {
  property.prop([key, key])('make the same seed of their keys, whoever is first', (a, b) => {
    expect(pairSeed(a, b)).toBe(pairSeed(b, a))
  })

  property.prop([key, key, fc.array(key, { maxLength: 20 }), fc.integer()])(
    'rank relays alike, in whatever order and among whatever others they know them',
    (a, b, keys, rotation) => {
      const relays = keys.map(ranked)
      const at = Math.abs(rotation) % Math.max(1, relays.length)
      const ours = ranking(pairSeed(a, b), relays).map(({ publicKey }) => publicKey)
      const turned = [...relays.slice(at), ...relays.slice(0, at)]
      expect(ranking(pairSeed(b, a), turned).map(({ publicKey }) => publicKey)).toEqual(ours)
      const some = relays.filter((_, i) => i % 2 === 0)
      const ofSome = ranking(pairSeed(a, b), some).map(({ publicKey }) => publicKey)
      expect(ours.filter(each => ofSome.includes(each))).toEqual(ofSome)
    },
  )

  test('of many spread over all relays alike', () => {
    const random = seededRandom(7)
    const relays = relaysOf(50)
    const chosen = new Map(relays.map(relay => [relay, 0]))
    for (let pair = 0; pair < 5_000; pair++)
      for (const relay of firstByRendezvous(pairSeed(random(32), random(32)), relays, 3))
        chosen.set(relay, (chosen.get(relay) ?? 0) + 1)
    const counts = [...chosen.values()]
    // 300 each on average, with a standard deviation of 17.
    expect(Math.min(...counts)).toBeGreaterThan(230)
    expect(Math.max(...counts)).toBeLessThan(370)
  })

  test('with lists of 50 that share 40 choose a common one among 3 nearly always', () => {
    const random = seededRandom(9)
    const relays = relaysOf(60)
    let met = 0
    for (let pair = 0; pair < 1_000; pair++) {
      const seed = pairSeed(random(32), random(32))
      const mine = firstByRendezvous(seed, relays.slice(0, 50), 3)
      const his = firstByRendezvous(seed, relays.slice(10), 3)
      if (mine.some(relay => his.includes(relay))) met++
    }
    expect(met).toBeGreaterThan(970)
  })

  test('take the first few of the ranking, and of those only who are accepted', () => {
    const relays = relaysOf(50)
    const all = ranking(1, relays)
    for (const count of [0, 1, 3, 49, 50, 60])
      expect(firstByRendezvous(1, relays, count)).toEqual(all.slice(0, count))
    const [first, second] = all
    expect(firstByRendezvous(1, relays, 3, relay => relay !== first)).toEqual(all.slice(1, 4))
    expect(firstByRendezvous(1, relays, 2, relay => relay !== second)).toEqual([all[0], all[2]])
  })

  test('tell relays of one rank apart by their keys', () => {
    const relays = relaysOf(10).map(relay => ({ ...relay, keyHash: 7 }))
    const keys = (ranked: readonly Ranked[]) =>
      ranked.map(({ publicKey }) => Buffer.from(publicKey).toString('hex'))
    expect(keys(ranking(1, relays))).toEqual(keys(relays).sort())
    expect(keys(firstByRendezvous(1, relays.toReversed(), 3))).toEqual(keys(relays).sort().slice(0, 3))
  })
})
