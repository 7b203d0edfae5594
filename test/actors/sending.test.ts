/** Behaviour §4: what `send` answers, in which order routes are used, and when it is worth sending again. */
import { describe, expect, test } from 'vitest'
import { HYSTERESIS } from '../../src/actors/score.js'
import type { Friend } from '../../src/index.js'
import { MAX_DATA_SIZE, MAX_OOB_SIZE } from '../../src/protocol/constants.js'
import { bytes, type Client, relayAt, text, theRelay, told, World } from '../support/world.js'

const KILOBYTE = new Uint8Array(1_000)

/** Sends until there is an answer other than `sent`. */
const fill = (friend: Friend): string => {
  for (let i = 0; i < 1_000; i++) {
    const answer = friend.send(KILOBYTE)
    if (answer !== 'sent') return answer
  }
  return 'never full'
}

/** Fills lane, window and socket on the way to a relay that does not read. */
async function fillForGood(world: World, friend: Friend): Promise<void> {
  let drained = true
  const draining = friend.drain$.subscribe(() => {
    drained = true
  })
  while (drained) {
    drained = false
    expect(fill(friend)).toBe('full')
    await world.settle()
  }
  draining.unsubscribe()
}

/** A friend whom we know to be on a relay, and who does not know us. */
async function registered(world: World) {
  const relay = await world.relay()
  const { a, b, toB } = await world.pair([relay])
  b.manager.removeFriend(a.manager.publicKey)
  await world.settle()
  return { relay, a, b, toB }
}

describe('send answers', () => {
  test('sent through an online route, sent-oob through registered ones, offline without any', async () => {
    await using world = new World()
    const relay = await world.relay()
    const { a, b, toA, toB } = await world.pair([relay])
    expect(toB.send(bytes('too early'))).toBe('offline')
    await world.online(toA, toB)
    expect(toB.send(bytes('in band'))).toBe('sent')
    await world.settle()
    b.manager.removeFriend(a.manager.publicKey)
    const heard: string[] = []
    b.manager.oob$.subscribe(({ data }) => heard.push(text(data)))
    await world.settle()
    expect([toB.state, toB.send(bytes('out of band'))]).toEqual(['connecting', 'sent-oob'])
    await world.settle()
    expect(heard).toEqual(['out of band'])
    relay.stop()
    await world.settle()
    expect(toB.send(bytes('too late'))).toBe('offline')
  })

  test('too-large over 2,031 bytes, whatever the routes; offline over 1,024 when only OOB is left', async () => {
    await using world = new World()
    const { toB } = await registered(world)
    expect(toB.routes.map(({ state }) => state)).toEqual(['registered'])
    expect(toB.send(new Uint8Array(MAX_DATA_SIZE + 1))).toBe('too-large')
    expect(toB.send(new Uint8Array(MAX_DATA_SIZE))).toBe('offline')
    expect(toB.send(new Uint8Array(MAX_OOB_SIZE + 1))).toBe('offline')
    expect(toB.send(new Uint8Array(MAX_OOB_SIZE))).toBe('sent-oob')
  })

  test('with a RangeError for no bytes, with a TypeError for what is no bytes', async () => {
    await using world = new World()
    const { toB } = await registered(world)
    expect(() => toB.send(new Uint8Array())).toThrow(RangeError)
    expect(() => toB.send('text' as unknown as Uint8Array)).toThrow(TypeError)
  })

  test('offline for a friend who is asleep or dropped, and for all once the manager is closed', async () => {
    await using world = new World()
    const { a, toA, toB } = await world.pair([await world.relay()])
    await world.online(toA, toB)
    toB.setAwake(false)
    expect([toB.state, toB.send(bytes('x'))]).toEqual(['offline', 'offline'])
    toB.setAwake(true)
    expect([toB.state, toB.send(bytes('x'))]).toEqual(['online', 'sent'])
    a.manager.removeFriend(toB.publicKey)
    expect([toB.state, toB.send(bytes('x'))]).toEqual(['offline', 'offline'])
    await world.clock.run(a.manager.close())
    expect(toB.send(bytes('x'))).toBe('offline')
    expect(() => a.manager.addFriend(toB.publicKey)).toThrow(TypeError)
  })

  test('full when every online route is, without an OOB copy', async () => {
    await using world = new World()
    const relays = await world.relays(2)
    const { a, b, toA, toB } = await world.pair(relays)
    await world.online(toA, toB)
    await world.clock.until(() => toB.routes.every(({ state }) => state === 'online'))
    for (const relay of relays) relay.stall()
    const oob: unknown[] = []
    b.manager.packets$.subscribe(packet => packet.oob && oob.push(packet))
    expect(fill(toB)).toBe('full')
    const depths = relays.map(relay => relayAt(a, relay).stats.queueDepth)
    expect(Math.min(...depths)).toBeGreaterThan(50)
    for (const relay of relays) relay.resume()
    await world.settle()
    expect(oob).toEqual([])
  })

  test('full when every registered route is', async () => {
    await using world = new World()
    const { relay, toB } = await registered(world)
    relay.stall()
    let answer: string = 'sent-oob'
    for (let i = 0; i < 1_000 && answer === 'sent-oob'; i++) answer = toB.send(KILOBYTE)
    expect(answer).toBe('full')
    const drained: unknown[] = []
    toB.drain$.subscribe(() => drained.push('now'))
    relay.resume()
    await world.settle()
    expect([drained.length, toB.send(KILOBYTE)]).toEqual([1, 'sent-oob'])
  })
})

describe('drain$', () => {
  test('tells once when it is worth sending again, and not before', async () => {
    await using world = new World()
    const relay = await world.relay()
    const { toA, toB } = await world.pair([relay])
    await world.online(toA, toB)
    relay.stall()
    await fillForGood(world, toB)
    const drained: number[] = []
    toB.drain$.subscribe(() => drained.push(world.clock.now()))
    expect([fill(toB), fill(toB)]).toEqual(['full', 'full'])
    await world.advance(1_000)
    expect(drained).toEqual([])
    relay.resume()
    await world.settle()
    expect([drained.length, toB.send(KILOBYTE)]).toEqual([1, 'sent'])
  })

  test('tells when a route is there again after the full one died', async () => {
    await using world = new World()
    const relay = await world.relay()
    const { toA, toB } = await world.pair([relay])
    await world.online(toA, toB)
    relay.stall()
    await fillForGood(world, toB)
    const states: string[] = []
    toB.drain$.subscribe(() => states.push(toB.state))
    relay.resume()
    relay.kill()
    relay.restart()
    await world.settle()
    expect([states, toB.send(KILOBYTE)]).toEqual([[], 'offline'])
    await world.online(toA, toB)
    expect([states.length, toB.send(KILOBYTE)]).toEqual([1, 'sent'])
  })

  test('lets a sender fill all routes again and again and lose nothing', async () => {
    await using world = new World()
    const { toA, toB } = await world.pair(await world.relays(3))
    await world.online(toA, toB)
    let [sent, arrived] = [0, 0]
    toA.packets$.subscribe(() => arrived++)
    const pump = () => {
      while (sent < 5_000 && toB.send(KILOBYTE) === 'sent') sent++
    }
    toB.drain$.subscribe(pump)
    pump()
    await world.clock.until(() => arrived === 5_000)
    expect(sent).toBe(5_000)
  })
})

describe('of several routes', () => {
  /** Online through two relays that are as far away as is said. */
  async function between(world: World, latencies: readonly [number, number]) {
    const relays = await world.relays(2)
    for (const [i, { place }] of relays.entries()) place.latencyMs = latencies[i] ?? 0
    const { a, toA, toB } = await world.pair(relays)
    await world.online(toA, toB)
    await world.clock.until(() => toB.routes.every(({ state }) => state === 'online'))
    await world.advance(35_000)
    const used = async (): Promise<number> => {
      const heard: unknown[] = []
      const listening = toA.packets$.subscribe(({ relay }) => heard.push(relay.key))
      expect(toB.send(bytes('by which?'))).toBe('sent')
      await world.advance(5_000)
      listening.unsubscribe()
      expect(heard).toHaveLength(1)
      return relays.findIndex(relay => relayAt(a, relay).key === heard[0])
    }
    return { relays, used, a }
  }

  test.each([
    [[20, 80] as const, 0],
    [[80, 20] as const, 1],
  ])('with latencies %j the nearer is used', async (latencies, nearer) => {
    await using world = new World()
    const { used } = await between(world, latencies)
    expect(await used()).toBe(nearer)
  })

  test('the one in use stays unless another is 20 % better', async () => {
    await using world = new World()
    const { relays, used } = await between(world, [100, 100])
    const first = await used()
    const other = relays[1 - first]
    if (!other) throw new Error('no other relay')
    other.place.latencyMs = 100 * (1 - HYSTERESIS) + 2
    await world.advance(600_000)
    expect(await used()).toBe(first)
    other.place.latencyMs = 100 * (1 - HYSTERESIS) - 5
    await world.advance(600_000)
    expect(await used()).toBe(1 - first)
  })
})

describe('a friend', () => {
  test('added, dropped and added again in any order and speed ends in the right state on every relay', async () => {
    for (const [seed, latency] of [0, 10, 100, 0, 37].entries()) {
      await using world = new World(seed + 1)
      const relays = await world.relays(3)
      for (const { place } of relays) place.latencyMs = latency
      const { a, b } = await world.pair(relays)
      const flip = ({ manager }: Client, other: Client): void => {
        const friend = manager.friend(other.manager.publicKey)
        if (friend) manager.removeFriend(friend.publicKey)
        else manager.addFriend(other.manager.publicKey)
      }
      for (let i = 0; i < 200; i++) {
        const [byte = 0, pause = 0] = world.random(2)
        if (byte & 1) flip(a, b)
        else flip(b, a)
        if (byte & 2) await world.advance(pause & 31)
      }
      for (const [self, other] of [
        [a, b],
        [b, a],
      ] as const)
        if (!self.manager.friend(other.manager.publicKey)) flip(self, other)
      const friends = [...a.manager.friends, ...b.manager.friends]
      await world.online(...friends)
      await world.advance(1_000)
      for (const { routes } of friends)
        expect(routes.map(({ state }) => state)).toEqual(['online', 'online', 'online'])
      expect([...told(a, 'attempt-failed'), ...told(b, 'network-down')]).toEqual([])
      for (const relay of relays) expect(relay.stats?.drops).toEqual({})
      expect(theRelay(a).link?.routes.size).toBe(1)
    }
  })
})
