/** Behaviour §2: when a relay is tried again, and when it is left alone. */
import { describe, expect, test } from 'vitest'
import { DIRECT_BUDGET_MS } from '../../src/io/dial.js'
import { PING_INTERVAL_MS } from '../../src/protocol/constants.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import type { HostileRelay } from '../../src/testing/index.js'
import { SleepyClock } from '../support/sleepy-clock.js'
import { addressOf, type Client, journey, relayAt, theRelay, told, World } from '../support/world.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Until the one relay is as wanted. */
const until = (world: World, client: Client, state: string): Promise<number> =>
  world.clock.until(() => theRelay(client).state.name === state, 100 * HOUR_MS)

/** How long the one relay waits now, in ms. */
const wait = (world: World, client: Client): number =>
  (theRelay(client).state.nextAttemptAt ?? 0) - world.clock.now()

describe('a relay’s backoff', () => {
  /** A relay that failed five times and is connected now. */
  async function recovered(world: World) {
    const relay = await world.relay()
    relay.stop()
    const client = await world.client({ relays: [relay] })
    await world.clock.until(() => theRelay(client).facts.failures === 5)
    relay.restart()
    await until(world, client, 'established')
    await world.settle()
    return { relay, client }
  }

  test('goes on where it was after a link of less than 60 s', async () => {
    await using world = new World()
    const { relay, client } = await recovered(world)
    await world.advance(MINUTE_MS - 1)
    relay.stop()
    await world.settle()
    expect(wait(world, client)).toBeGreaterThanOrEqual((0.5 * 2 ** 5 * 1_000) / 2)
  })

  test('begins anew after a link of 60 s', async () => {
    await using world = new World()
    const { relay, client } = await recovered(world)
    await world.advance(MINUTE_MS)
    relay.stop()
    await world.settle()
    expect(wait(world, client)).toBeLessThanOrEqual(500)
  })

  test('is not made up for by a short link and the long sleep after it', async () => {
    await using world = new World()
    const { relay, client } = await recovered(world)
    theRelay(client).sleep()
    await until(world, client, 'sleeping')
    await world.advance(HOUR_MS)
    relay.stop()
    theRelay(client).wake()
    await until(world, client, 'backoff')
    expect(wait(world, client)).toBeGreaterThanOrEqual((0.5 * 2 ** 5 * 1_000) / 2)
  })

  test('counts from the first frame, which is told for each link', async () => {
    await using world = new World()
    const client = await world.client({ relays: [await world.relay()] })
    await world.settle()
    theRelay(client).sleep()
    await until(world, client, 'sleeping')
    theRelay(client).wake()
    await until(world, client, 'established')
    await world.settle()
    expect(told(client, 'relay-confirmed')).toHaveLength(2)
    expect(told(client, 'keepalive')).toHaveLength(2)
  })

  test('tries all addresses before it waits, and begins with the one that worked', async () => {
    await using world = new World()
    const relay = await world.relay()
    const dead = world.address()
    world.network.place(dead).answer = 'unreachable'
    const client = await world.client({ relays: [{ ...addressOf(relay), ...dead }] })
    client.manager.addRelay(relay)
    await until(world, client, 'established')
    relay.stop()
    await until(world, client, 'backoff')
    const before = client.statuses.length
    await world.clock.until(() => theRelay(client).facts.failures === 2)
    const attempts = client.statuses.slice(before).filter(({ type }) => type === 'attempt-failed')
    expect(attempts).toMatchObject([
      { address: { host: relay.host, port: relay.port }, reason: 'refused' },
      { address: dead, reason: 'unreachable' },
    ])
    expect(theRelay(client).state).toMatchObject({ reason: 'unreachable', address: dead })
  })

  test('spreads a hundred relays that drop together', async () => {
    await using world = new World()
    const relays = await world.relays(100)
    const client = await world.client({ relays: relays.map(relay => ({ ...relay, pinned: true })) })
    await world.clock.until(() => client.manager.relays.every(relay => relay.isEstablished))
    for (const relay of relays) {
      relay.kill()
      relay.restart()
    }
    await world.settle()
    const times = client.manager.relays.map(({ state }) => state.nextAttemptAt ?? 0)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(200)
    await world.clock.until(() => client.manager.relays.every(relay => relay.isEstablished), 500)
  })

  test('runs 64 dials at most at once', async () => {
    await using world = new World()
    const client = await world.client({ limits: { unused: 200 } })
    for (let i = 0; i < 200; i++) {
      const address = world.address()
      world.network.place(address).answer = 'silence'
      client.manager.addRelay({ ...address, publicKey: newKeyPair(world.random).publicKey })
    }
    await world.settle()
    const count = (name: string) => client.manager.relays.filter(({ state }) => state.name === name).length
    expect([count('connecting'), count('queued'), client.host.openSockets]).toEqual([64, 136, 64])
    await world.advance(DIRECT_BUDGET_MS)
    expect([client.host.openSockets, client.host.dials]).toEqual([64, 128])
  })
})

describe('the signal that the network is back', () => {
  test('makes every waiting relay try at once, spread over a second, however often it comes', async () => {
    await using world = new World()
    const relays = await world.relays(50)
    for (const relay of relays) relay.stop()
    const client = await world.client({ relays: relays.map(relay => ({ ...relay, pinned: true })) })
    await world.advance(HOUR_MS)
    for (const relay of relays) relay.restart()
    const tries: number[] = []
    for (const relay of client.manager.relays)
      relay.state$.subscribe(({ name }) => name === 'connecting' && tries.push(world.clock.now()))
    for (let i = 0; i < 3; i++) client.manager.networkChanged()
    const start = world.clock.now()
    await world.advance(1_000)
    expect(client.manager.relays.every(relay => relay.isEstablished)).toBe(true)
    expect(tries).toHaveLength(50)
    expect(Math.max(...tries) - start).toBeGreaterThan(800)
    expect(new Set(tries).size).toBeGreaterThan(25)
  })

  test('begins anew an attempt that hangs in the old network', async () => {
    await using world = new World()
    const relay = await world.relay()
    relay.place.answer = 'silence'
    const client = await world.client({ relays: [relay] })
    await world.advance(5_000)
    expect(theRelay(client).state.name).toBe('connecting')
    relay.place.answer = 'accept'
    client.host.lose(relay)
    client.manager.networkChanged()
    client.host.regain(relay)
    await world.advance(1_000)
    expect([theRelay(client).state.name, client.host.peakTo(relay)]).toEqual(['established', 1])
  })

  test('pings a connected relay once, and else changes nothing', async () => {
    await using world = new World()
    const relay = await world.hostile()
    const client = await world.client({ relays: [relay] })
    await world.settle()
    client.manager.networkChanged()
    await world.advance(1_000)
    expect(relay.client.all('ping')).toHaveLength(2)
    expect(journey(client).filter(state => state === 'established')).toHaveLength(1)
    await world.advance(PING_INTERVAL_MS)
    expect(relay.client.all('ping')).toHaveLength(3)
  })

  test('lets a relay that nobody needs be tried at once when somebody does', async () => {
    await using world = new World()
    const relay = await world.relay()
    relay.stop()
    const client = await world.client({ relays: [relay] })
    await world.advance(HOUR_MS)
    theRelay(client).sleep()
    await world.settle()
    relay.restart()
    theRelay(client).wake()
    await world.settle()
    expect(theRelay(client).state.name).toBe('backoff')
    theRelay(client).sleep()
    client.manager.networkChanged()
    await world.advance(1_000)
    theRelay(client).wake()
    await world.settle()
    expect(theRelay(client).state.name).toBe('established')
  })

  test('leaves no timer behind when the manager is closed at once', async () => {
    await using world = new World()
    const client = await world.client({ relays: await world.relays(5) })
    await world.settle()
    client.manager.networkChanged()
  })
})

describe('a relay that breaks the protocol', () => {
  const breaks = (relay: HostileRelay): void => {
    relay.onClient = client => client.sendPlain(Uint8Array.of(0))
  }

  test('3 times in 10 minutes is left alone for an hour, then 2, doubling to 24', async () => {
    await using world = new World()
    const relay = await world.hostile()
    breaks(relay)
    const client = await world.client({ relays: [{ ...addressOf(relay), pinned: true }] })
    for (const hours of [1, 2, 4, 8, 16, 24, 24]) {
      await until(world, client, 'quarantined')
      expect(theRelay(client).state.reason).toBe('protocol-violation')
      expect(wait(world, client)).toBe(hours * HOUR_MS)
      await world.clock.until(() => theRelay(client).state.name !== 'quarantined', 25 * HOUR_MS)
    }
    expect(told(client, 'relay-removed')).toEqual([])
  })

  test('is not woken from that by a friend or by the signal, but can be removed', async () => {
    await using world = new World()
    const relay = await world.hostile()
    breaks(relay)
    const client = await world.client({ relays: [relay] })
    await until(world, client, 'quarantined')
    const { dials } = client.host
    client.manager.addFriend(newKeyPair(world.random).publicKey)
    client.manager.networkChanged()
    await world.advance(HOUR_MS / 2)
    expect([theRelay(client).state.name, client.host.dials]).toEqual(['quarantined', dials])
    client.manager.removeRelay(relay.publicKey)
    expect(client.manager.relays).toEqual([])
  })

  test('twice, and once more after 10 minutes, only waits', async () => {
    await using world = new World()
    const relay = await world.hostile()
    const client = await world.client({ relays: [{ ...addressOf(relay), pinned: true }] })
    for (const pause of [4, 6.1, 1]) {
      await world.clock.until(() => theRelay(client).isEstablished)
      relay.client.sendPlain(Uint8Array.of(0))
      await world.settle()
      expect(theRelay(client).state.name).toBe('backoff')
      await world.advance(pause * MINUTE_MS)
    }
  })
})

describe('a laptop that sleeps', () => {
  test('for an hour checks each link once when it wakes, and loses none', async () => {
    await using world = new World()
    const clock = new SleepyClock(world.clock)
    const relay = await world.hostile()
    const client = await world.client({ relays: [relay], clock })
    await world.advance(10_000)
    clock.sleep(HOUR_MS)
    await world.advance(1_000)
    expect(relay.client.all('ping')).toHaveLength(2)
    expect(theRelay(client).state.name).toBe('established')
  })

  test('with a ping open gives the pong its time again', async () => {
    await using world = new World()
    const clock = new SleepyClock(world.clock)
    const relay = await world.relay()
    const client = await world.client({ relays: [relay], clock })
    await world.advance(PING_INTERVAL_MS - 1)
    relay.stall()
    await world.advance(2)
    clock.sleep(HOUR_MS)
    await world.advance(1_000)
    expect(theRelay(client).state.name).toBe('established')
    relay.resume()
    await world.advance(20_000)
    expect(journey(client).filter(state => state.startsWith('backoff'))).toEqual([])
  })

  test('and finds its link dead notices within the 10 s of one ping', async () => {
    await using world = new World()
    const clock = new SleepyClock(world.clock)
    const relay = await world.relay()
    const client = await world.client({ relays: [relay], clock })
    await world.settle()
    relay.stall()
    clock.sleep(HOUR_MS)
    const took = await world.clock.until(() => theRelay(client).state.name === 'backoff')
    expect(took).toBe(10_000)
  })
})

describe('while every relay is down', () => {
  test('none loses reputation, however one after another was lost', async () => {
    await using world = new World()
    const relays = await world.relays(8)
    const client = await world.client({ relays: relays.map(relay => ({ ...relay, pinned: true })) })
    for (const [i, relay] of relays.entries()) {
      await world.advance(3_000)
      if (i > 0) theRelay(client).pin()
      relayAt(client, relay).sleep()
      await world.advance(2_100)
      relayAt(client, relay).pin()
    }
    await world.advance(PING_INTERVAL_MS)
    client.host.online = false
    await world.advance(HOUR_MS)
    expect(told(client, 'network-down')).toHaveLength(1)
    expect(client.manager.relays.map(({ score }) => score.success)).toEqual(Array(8).fill(1))
  })

  test('one of several that fails is to blame', async () => {
    await using world = new World()
    const relays = await world.relays(3)
    const client = await world.client({ relays: relays.map(relay => ({ ...relay, pinned: true })) })
    await world.settle()
    relays[0]?.stop()
    await world.advance(10 * MINUTE_MS)
    const [bad, ...good] = client.manager.relays.map(({ score }) => score.success)
    expect(bad).toBeLessThan(0.2)
    expect(good).toEqual([1, 1])
  })
})
