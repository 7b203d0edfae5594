import { describe, expect, test } from 'vitest'
import { Pings } from '../../src/protocol/pings.js'
import { hex, seededRandom } from './ends.js'

/** One that is open and sealed, as when it was sent. */
function sent(pings: Pings, now: number, position = 1) {
  const ping = pings.open(now, true)
  if (!ping) throw new Error('too many open')
  ping.position = position
  return ping
}

describe('a ping', () => {
  test('carries 8 random bytes of its own, the time and the reason of its sending, and no place yet', () => {
    const pings = new Pings(seededRandom())
    const [one, two] = [pings.open(5, true), pings.open(6, false)]
    expect(one).toMatchObject({ since: 5, keepalive: true, position: undefined })
    expect(two).toMatchObject({ since: 6, keepalive: false, position: undefined })
    expect(one?.pingId).toHaveLength(8)
    expect(one?.pingId).not.toEqual(two?.pingId)
  })

  test('is never all zeros, which the other side would not answer', () => {
    const drawn = [hex('0000000000000000'), hex('0000000000000000'), hex('0000000000000001')]
    const pings = new Pings(() => drawn.shift() ?? hex('ff'))
    expect(pings.open(0, true)?.pingId).toEqual(hex('0000000000000001'))
  })

  test('is not opened beside sixteen that are open, and is again when one is answered', () => {
    const pings = new Pings(seededRandom())
    const first = sent(pings, 0)
    for (let i = 1; i < 16; i++) sent(pings, i)
    expect(pings.openCount).toBe(16)
    expect(pings.open(16, true)).toBeUndefined()
    expect(pings.openCount).toBe(16)
    pings.answer(first.pingId)
    expect(pings.openCount).toBe(15)
    expect(pings.open(16, true)).toBeDefined()
  })
})

describe('a pong', () => {
  test('answers the ping whose bytes it repeats, whatever their order, and each once', () => {
    const pings = new Pings(seededRandom())
    const [one, two, three] = [sent(pings, 0), sent(pings, 1), sent(pings, 2)]
    expect(pings.answer(two.pingId)).toBe(two)
    expect(pings.answer(two.pingId)).toBeUndefined()
    expect(pings.answer(Uint8Array.from(one.pingId))).toBe(one)
    expect(pings.answer(three.pingId)).toBe(three)
    expect(pings.openCount).toBe(0)
  })

  test('that repeats no open ping answers nothing, and the open one counts on', () => {
    const pings = new Pings(seededRandom())
    const ping = sent(pings, 1000)
    const wrong = ping.pingId.map((byte, index) => (index === 7 ? byte ^ 1 : byte))
    expect(pings.answer(wrong)).toBeUndefined()
    expect(pings.answer(new Uint8Array(8))).toBeUndefined()
    expect(pings.openCount).toBe(1)
    expect(pings.deadline).toBe(11_000)
  })

  test('to a ping that has not left yet, which nobody can know, answers nothing', () => {
    const pings = new Pings(seededRandom())
    const ping = pings.open(0, true)
    if (!ping) throw new Error()
    expect(pings.answer(ping.pingId)).toBeUndefined()
    ping.position = 27
    expect(pings.answer(ping.pingId)).toBe(ping)
  })
})

describe('the deadline', () => {
  test('case 21: is 10 s after the oldest open ping', () => {
    const pings = new Pings(seededRandom())
    expect(pings.deadline).toBeUndefined()
    const one = sent(pings, 1000)
    const two = sent(pings, 1500)
    expect(pings.deadline).toBe(11_000)
    pings.answer(one.pingId)
    expect(pings.deadline).toBe(11_500)
    pings.answer(two.pingId)
    expect(pings.deadline).toBeUndefined()
  })

  test('case 21: is not moved by the answer to a later ping', () => {
    const pings = new Pings(seededRandom())
    sent(pings, 1000)
    const later = sent(pings, 2000)
    pings.answer(later.pingId)
    expect(pings.deadline).toBe(11_000)
  })

  test('counts for a ping that could not even leave', () => {
    const pings = new Pings(seededRandom())
    pings.open(500, true)
    expect(pings.deadline).toBe(10_500)
  })

  test('is put off for every open ping when the machine slept', () => {
    const pings = new Pings(seededRandom())
    const [one, two] = [sent(pings, 1000), sent(pings, 2000)]
    pings.postpone(60_000)
    expect(pings.deadline).toBe(70_000)
    expect([one.since, two.since]).toEqual([60_000, 60_000])
  })
})
