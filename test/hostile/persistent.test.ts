/** Relays that are hostile for as long as they are let: how often they are tried, and what becomes of their friends. */
import { describe, expect, test } from 'vitest'
import type { Relay } from '../../src/index.js'
import { concatBytes } from '../../src/protocol/bytes.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import type { HostileRelay } from '../../src/testing/index.js'
import { type Client, journey, relayAt, told, World } from '../support/world.js'
import { pinned, raw, zeros } from './stage.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A manager on an honest relay, to which a hostile one is added. */
async function beside(world: World, mischief: (relay: HostileRelay) => void) {
  const honest = await world.relay()
  const hostile = await world.hostile()
  mischief(hostile)
  const client = await world.client({ relays: [pinned(honest)] })
  await world.settle()
  client.manager.addRelay(pinned(hostile))
  return { client, hostile, relay: relayAt(client, hostile) }
}

const garbage = (relay: HostileRelay): void => {
  relay.onClient = client => client.sendRaw(zeros(2_000).fill(0x07))
}

describe('a relay that shakes hands and then sends garbage', () => {
  test.each<[how: string, mischief: (relay: HostileRelay) => void]>([
    ['at once', garbage],
    [
      'in the same segment',
      relay => {
        relay.respond = response => concatBytes(response, zeros(2_000).fill(0x07))
      },
    ],
    [
      'in good frames',
      relay => {
        relay.onClient = client => client.sendPlain(raw(0, zeros(32)))
      },
    ],
    [
      'after it has answered the first ping',
      relay => {
        relay.onClient = client =>
          void client.next('ping').then(({ pingId }) => {
            client.send({ kind: 'pong', pingId })
            client.sendPlain(raw(12))
          })
      },
    ],
  ])('%s is in quarantine at the third time, and tried three times a day in the end', async (_, mischief) => {
    await using world = new World()
    const { client, hostile, relay } = await beside(world, mischief)
    await world.advance(10 * MINUTE_MS)
    expect(relay.state).toMatchObject({ name: 'quarantined', reason: 'protocol-violation' })
    expect(hostile.clients).toHaveLength(3)
    await world.advance(HOUR_MS)
    expect([relay.state.name, hostile.clients.length]).toEqual(['quarantined', 6])
    await world.advance(1.5 * DAY_MS)
    const before = hostile.clients.length
    await world.advance(DAY_MS)
    expect(hostile.clients.length - before).toBe(3)
    expectUntroubled(client)
  })

  test('now and then, each time after a good minute, has its quarantine all the same', async () => {
    await using world = new World()
    const { client, hostile, relay } = await beside(world, () => {})
    for (let time = 0; time < 3; time++) {
      await world.advance(2 * MINUTE_MS)
      expect(relay.isEstablished).toBe(true)
      hostile.client.sendPlain(raw(2, 3))
    }
    await world.settle()
    expect([relay.state.name, hostile.clients.length]).toEqual(['quarantined', 3])
    expectUntroubled(client)
  })

  test('once in an hour is never in quarantine, and each time soon connected again', async () => {
    await using world = new World()
    const { client, hostile, relay } = await beside(world, () => {})
    for (let hour = 0; hour < 10; hour++) {
      await world.advance(HOUR_MS)
      expect(relay.isEstablished).toBe(true)
      hostile.client.sendPlain(raw(2, 3))
    }
    expect(hostile.clients).toHaveLength(10)
    expect(journey(client)).not.toContain('quarantined: protocol-violation')
  })

  test('is not let out of quarantine by "the network is back", nor by a new friend', async () => {
    await using world = new World()
    const { client, hostile, relay } = await beside(world, garbage)
    await world.advance(MINUTE_MS)
    client.manager.networkChanged()
    client.manager.addFriend(newKeyPair(world.random).publicKey, { relays: [hostile] })
    relay.wake()
    await world.advance(MINUTE_MS)
    expect([relay.state.name, hostile.clients.length]).toEqual(['quarantined', 3])
  })

  test('is no relay for new friends any more: they get the honest ones', async () => {
    await using world = new World()
    const honest = await world.relays(3)
    const bad = await Promise.all(Array.from({ length: 3 }, () => world.hostile()))
    for (const relay of bad) garbage(relay)
    const client = await world.client({ relays: [...bad, ...honest].map(pinned) })
    const early = client.manager.addFriend(newKeyPair(world.random).publicKey)
    await world.advance(MINUTE_MS)
    const late = client.manager.addFriend(newKeyPair(world.random).publicKey)
    await world.settle()
    const good = new Set<Relay>(honest.map(relay => relayAt(client, relay)))
    expect(late.routes.map(({ relay }) => good.has(relay))).toEqual([true, true, true])
    expect(early.routes.filter(({ relay, state }) => good.has(relay) && state === 'registered')).toHaveLength(
      3,
    )
  })

  test('as the only one the manager has costs no more attempts than one of many', async () => {
    await using world = new World()
    const hostile = await world.hostile()
    garbage(hostile)
    const client = await world.client({ relays: [pinned(hostile)] })
    await world.advance(10 * MINUTE_MS)
    expect([relayAt(client, hostile).state.name, hostile.clients.length]).toEqual(['quarantined', 3])
  })
})

describe('a relay that spoils every handshake', () => {
  test('is tried ever more rarely', async () => {
    await using world = new World()
    const { client, hostile, relay } = await beside(world, relay => {
      relay.respond = response => response.map(byte => byte ^ 1)
    })
    await world.advance(MINUTE_MS)
    expect(hostile.clients.length).toBeLessThanOrEqual(10)
    await world.advance(HOUR_MS)
    expect(hostile.clients.length).toBeLessThanOrEqual(10 + 9 + 24)
    expect(relay.state.reason).toBe('bad-handshake')
    expectUntroubled(client)
  })
})

/** The honest relay was connected all the time. */
function expectUntroubled(client: Client): void {
  expect(told(client, 'network-down')).toEqual([])
  expect(told(client, 'network-up')).toHaveLength(1)
}
