/** Cases 28–32: a relay's life over hours, and wishes that cross each other. */
import { describe, expect, test } from 'vitest'
import { DEFAULT_BACKOFF } from '../../src/actors/backoff.js'
import { DIRECT_BUDGET_MS } from '../../src/io/dial.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import { addressOf, bytes, journey, relayAt, theRelay, told, World } from '../support/world.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

describe('a relay', () => {
  test.each([1, 2, 3, 4, 5])(
    'case 28: that shakes hands then closes, for ever, is tried 10 times at most in the first minute (seed %i)',
    async seed => {
      await using world = new World(seed)
      const relay = await world.hostile()
      relay.onClient = client => client.destroy()
      const tries: number[] = []
      relay.onConnection = () => tries.push(world.clock.now())
      const client = await world.client({ relays: [{ ...addressOf(relay), pinned: true }] })
      await world.advance(MINUTE_MS)
      expect(tries.length).toBeGreaterThanOrEqual(5)
      expect(tries.length).toBeLessThanOrEqual(10)
      await world.advance(2 * HOUR_MS)
      const waits = tries.slice(1).map((at, i) => at - (tries[i] ?? at))
      for (const [i, wait] of waits.entries()) {
        const whole = Math.min(DEFAULT_BACKOFF.capMs, DEFAULT_BACKOFF.firstMs * 2 ** i)
        expect(wait).toBeGreaterThanOrEqual(whole / 2)
        expect(wait).toBeLessThanOrEqual(whole)
      }
      expect(told(client, 'relay-confirmed')).toEqual([])
    },
  )

  test('case 29: and all the others, without a network for an hour, are slowly tried, none forgotten, all back at the signal', async () => {
    await using world = new World()
    const relays = await world.relays(20)
    const client = await world.client({
      relays: relays.map(relay => ({ ...addressOf(relay), pinned: true })),
    })
    await world.settle()
    client.host.online = false
    await world.advance(HOUR_MS / 2)
    const halfway = client.host.dials
    await world.advance(HOUR_MS / 2)
    const [firstHalf, secondHalf] = [halfway - 20, client.host.dials - halfway]
    expect(secondHalf).toBeLessThan(firstHalf)
    expect(secondHalf / 20).toBeLessThan(15)
    expect([client.manager.relays.length, told(client, 'relay-removed')]).toEqual([20, []])
    client.host.online = true
    client.manager.networkChanged()
    const took = await world.clock.until(() => client.manager.relays.every(relay => relay.isEstablished))
    expect(took).toBeLessThanOrEqual(1_000)
  })

  test('case 29: whose dial hangs when the signal comes is back soon, too', async () => {
    await using world = new World()
    const relays = await world.relays(20)
    const client = await world.client({
      relays: relays.map(relay => ({ ...addressOf(relay), pinned: true })),
    })
    await world.settle()
    for (const relay of relays) {
      relay.kill()
      relay.place.answer = 'silence'
    }
    await world.advance(HOUR_MS)
    const hanging = client.manager.relays.filter(({ state }) => state.name === 'connecting')
    client.manager.networkChanged()
    await world.advance(1_000)
    expect(client.manager.relays.length - hanging.length).toBeGreaterThan(0)
    for (const relay of relays) {
      relay.place.answer = 'accept'
      relay.restart()
    }
    const took = await world.clock.until(() => client.manager.relays.every(relay => relay.isEstablished))
    expect(took).toBeLessThanOrEqual(2 * DIRECT_BUDGET_MS)
  })

  test('case 30: added twice with another address has two, and the first that works wins', async () => {
    await using world = new World()
    const relay = await world.relay()
    const [dead, deadToo] = [world.address(), world.address()]
    const client = await world.client({ relays: [{ ...addressOf(relay), ...dead }] })
    expect(client.manager.addRelay({ ...addressOf(relay), ...deadToo })).toMatchObject({ accepted: true })
    expect(client.manager.addRelay(relay)).toMatchObject({ accepted: true })
    expect(client.manager.relays).toHaveLength(1)
    await world.settle()
    expect(theRelay(client).addresses).toEqual([dead, deadToo, { host: relay.host, port: relay.port }])
    expect(theRelay(client).state).toMatchObject({
      name: 'established',
      address: { host: relay.host, port: relay.port },
    })
    expect(told(client, 'attempt-failed')).toMatchObject([
      { address: dead, reason: 'refused' },
      { address: deadToo, reason: 'refused' },
    ])
    expect(journey(client)).not.toContain('backoff: refused')
  })

  describe('case 31: removed', () => {
    test.each(['connecting', 'handshake', 'established', 'backoff', 'sleeping'] as const)(
      'while %s: its socket is closed and no event comes from it later',
      async state => {
        await using world = new World()
        const relay = await world.hostile()
        const place = world.network.place(relay)
        if (state === 'connecting') place.answer = 'silence'
        if (state === 'handshake') relay.respond = () => undefined
        if (state === 'backoff') place.answer = 'refuse'
        const limits = { unused: state === 'sleeping' ? 0 : 1 }
        const client = await world.client({ relays: [relay], limits })
        await world.settle()
        expect(theRelay(client).state.name).toBe(state)
        await removedSilently(world, client, relay)
      },
    )

    test('while in the proxy: its socket is closed and no event comes from it later', async () => {
      await using world = new World()
      const relay = await world.relay()
      world.network.proxyAnswer = 'silence'
      const client = await world.client({ relays: [relay], proxy: 'socks5://127.0.0.1:1080' })
      await world.settle()
      expect(theRelay(client).state.name).toBe('proxy')
      await removedSilently(world, client, relay)
    })

    test('while it sends: its socket is closed and no event comes from it later', async () => {
      await using world = new World()
      const relay = await world.relay()
      const { a, toA, toB } = await world.pair([relay])
      await world.online(toA, toB)
      for (let i = 0; i < 100; i++) toB.send(new Uint8Array(1_000))
      await removedSilently(world, a, relay)
      expect(toB.send(bytes('too late'))).toBe('offline')
    })

    async function removedSilently(
      world: World,
      client: Awaited<ReturnType<World['client']>>,
      relay: { publicKey: Uint8Array },
    ) {
      client.manager.removeRelay(relay.publicKey)
      await world.clock.until(() => client.manager.relays.length === 0, 2_000)
      expect([client.host.openSockets, client.manager.relay(relay.publicKey)]).toEqual([0, undefined])
      const last = client.statuses.length
      expect(client.statuses.at(-1)?.type).toBe('relay-removed')
      await world.advance(10 * MINUTE_MS)
      expect(client.statuses.slice(last)).toEqual([])
    }
  })

  test('case 32: woken while it closes is connected again when the close is over, with one socket at most', async () => {
    await using world = new World()
    const relay = await world.relay()
    const client = await world.client({ relays: [relay], limits: { unused: 0 } })
    const friend = client.manager.addFriend(newKeyPair(world.random).publicKey)
    await world.settle()
    relay.stall()
    friend.setAwake(false)
    await world.clock.until(() => theRelay(client).state.name === 'closing')
    friend.setAwake(true)
    await world.settle()
    expect([theRelay(client).state.name, client.host.openSockets]).toEqual(['closing', 1])
    relay.resume()
    await world.clock.until(() => theRelay(client).isEstablished)
    await world.settle()
    expect(friend.routes.map(({ state }) => state)).toEqual(['registered'])
    expect(client.host.peakTo(relay)).toBe(1)
  })

  test('case 32: sent to sleep while connecting gives up at once; the last wish wins', async () => {
    await using world = new World()
    const relay = await world.relay()
    relay.place.latencyMs = 100
    const client = await world.client({ relays: [relay] })
    await world.advance(50)
    const { state$ } = theRelay(client)
    const states: string[] = []
    state$.subscribe(({ name }) => states.push(name))
    relayAt(client, relay).sleep()
    await world.settle()
    expect([theRelay(client).state.name, client.host.openSockets]).toEqual(['sleeping', 0])
    for (let i = 0; i < 5; i++) {
      relayAt(client, relay).wake()
      await world.settle()
      relayAt(client, relay).sleep()
      await world.settle()
    }
    relayAt(client, relay).wake()
    await world.advance(1_000)
    expect([theRelay(client).state.name, client.host.openSockets]).toEqual(['established', 1])
    expect(client.host.peakTo(relay)).toBe(1)
  })
})
