/** Behaviour §2 and §3: which relays are kept connected, which sleep, and what becomes of those that go and come. */
import { describe, expect, test } from 'vitest'
import { REST_DELAY_MS } from '../../src/actors/relay-setup.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import { addressOf, type Client, journey, relayAt, theRelay, told, World } from '../support/world.js'

const MINUTE_MS = 60_000

const connected = ({ manager }: Client) => manager.relays.filter(({ isEstablished }) => isEstablished)
const someKey = (world: World): Uint8Array => newKeyPair(world.random).publicKey

describe('of relays that nobody uses', () => {
  test('the best 3 are connected, the others sleep without a dial', async () => {
    await using world = new World()
    const relays = await world.relays(8)
    const client = await world.client({ relays: { nodes: relays, problems: [] } })
    await world.advance(MINUTE_MS)
    expect([connected(client).length, client.host.dials]).toEqual([3, 3])
    expect(client.manager.relays.filter(({ state }) => state.name === 'sleeping')).toHaveLength(5)
  })

  test('those that pinned ones or friends free stay up, 3 of them; the rest sleep after 10 s', async () => {
    await using world = new World()
    const relays = await world.relays(8)
    const client = await world.client({
      relays: relays.map(relay => ({ ...addressOf(relay), pinned: true })),
    })
    await world.settle()
    expect(connected(client)).toHaveLength(8)
    for (const relay of client.manager.relays) relay.pin(false)
    await world.advance(REST_DELAY_MS - 1)
    expect(connected(client)).toHaveLength(8)
    await world.advance(1)
    expect(connected(client)).toHaveLength(3)
  })

  test('each is tried in time when all fail, so that the one that works is found', async () => {
    await using world = new World()
    const relays = await world.relays(12)
    for (const relay of relays) relay.stop()
    const client = await world.client({ relays })
    await world.advance(60 * MINUTE_MS)
    expect(client.manager.relays.every(relay => relay.facts.failures > 0)).toBe(true)
    relays.at(-1)?.restart()
    await world.clock.until(() => connected(client).length === 1)
  })

  test('one in quarantine takes no place', async () => {
    await using world = new World()
    const bad = await world.hostile()
    bad.onClient = client => client.sendPlain(Uint8Array.of(0))
    const client = await world.client({ relays: [bad], limits: { unused: 1 } })
    await world.clock.until(() => theRelay(client).state.name === 'quarantined')
    const good = await world.relay()
    client.manager.addRelay(good)
    await world.settle()
    expect(relayAt(client, good).isEstablished).toBe(true)
  })
})

describe('a relay tied to a friend', () => {
  test('sleeps 10 s after the last of its friends does, and is woken by any of them', async () => {
    await using world = new World()
    const client = await world.client({ relays: [await world.relay()] })
    const friend = client.manager.addFriend(someKey(world))
    await world.settle()
    friend.setAwake(false)
    await world.advance(REST_DELAY_MS - 1)
    expect(theRelay(client).isEstablished).toBe(true)
    friend.setAwake(true)
    await world.advance(REST_DELAY_MS)
    expect(theRelay(client).isEstablished).toBe(true)
    friend.setAwake(false)
    await world.advance(REST_DELAY_MS)
    expect([theRelay(client).state.name, client.host.openSockets]).toEqual(['sleeping', 0])
    friend.setAwake(true)
    await world.settle()
    expect(friend.routes[0]?.state).toBe('registered')
  })

  test('is asked for friends who are asleep, too, so that they are online as soon as they wake', async () => {
    await using world = new World()
    const relay = await world.relay()
    const { a, toA, toB } = await world.pair([{ ...addressOf(relay), pinned: true }])
    toB.setAwake(false)
    await world.online(toA)
    expect([toB.state, toB.routes[0]?.state]).toEqual(['offline', 'online'])
    toB.setAwake(true)
    expect([toB.state, theRelay(a).isEstablished]).toEqual(['online', true])
  })
})

describe('the user’s wish', () => {
  test('that a relay sleeps holds against friends who are awake, who look elsewhere', async () => {
    await using world = new World()
    const relays = await world.relays(4)
    const client = await world.client({ relays })
    const friend = client.manager.addFriend(someKey(world))
    await world.settle()
    const [first] = friend.routes
    first?.relay.sleep()
    await world.advance(REST_DELAY_MS)
    expect(first?.relay.state.name).toBe('sleeping')
    expect(friend.routes.filter(({ state }) => state === 'registered')).toHaveLength(3)
  })

  test('for onion use, later, wakes relays that he sent to sleep: exactly as many as are wanted', async () => {
    await using world = new World()
    const client = await world.client({ relays: await world.relays(6) })
    for (const relay of client.manager.relays.slice(1)) relay.sleep()
    await world.advance(MINUTE_MS)
    expect(connected(client)).toHaveLength(1)
    client.manager.setOnion(3)
    await world.advance(MINUTE_MS)
    expect([connected(client).length, client.host.dials]).toEqual([3, 3])
  })
})

describe('a relay removed', () => {
  test('and added again while it says good-bye is kept, with one socket at most', async () => {
    await using world = new World()
    const relay = await world.relay()
    const client = await world.client({ relays: [relay] })
    const friend = client.manager.addFriend(someKey(world))
    await world.settle()
    relay.stall()
    client.manager.removeRelay(relay.publicKey)
    await world.settle()
    expect([theRelay(client).state.name, friend.routes]).toEqual(['closing', []])
    const added = client.manager.addRelay(addressOf(relay))
    relay.resume()
    await world.clock.until(() => friend.routes[0]?.state === 'registered')
    expect(added).toEqual({ accepted: true, relay: theRelay(client) })
    expect([client.host.peakTo(relay), told(client, 'relay-removed')]).toEqual([1, []])
    await world.advance(MINUTE_MS)
    expect(theRelay(client).isEstablished).toBe(true)
  })

  test('is asked for nothing more, and its friends are told good-bye at once', async () => {
    await using world = new World()
    const relay = await world.relay()
    const { a, toA, toB } = await world.pair([relay])
    await world.online(toA, toB)
    a.manager.removeRelay(relay.publicKey)
    expect([toB.state, toB.routes, toB.send(new Uint8Array(1))]).toEqual(['offline', [], 'offline'])
    await world.settle()
    expect([toA.state, toA.routes[0]?.state]).toEqual(['connecting', 'registered'])
    expect(a.manager.relays).toEqual([])
  })

  test('whose good-bye is never answered is closed after 2 s', async () => {
    await using world = new World()
    const relay = await world.relay()
    const client = await world.client({ relays: [relay] })
    await world.settle()
    relay.stall()
    client.manager.removeRelay(relay.publicKey)
    expect(await world.clock.until(() => client.manager.relays.length === 0)).toBe(2_000)
    expect([journey(client).at(-1), client.host.openSockets]).toEqual(['closing', 0])
  })

  test('hands nothing up while it says good-bye', async () => {
    await using world = new World()
    const relay = await world.hostile()
    const client = await world.client({ relays: [relay] })
    await world.settle()
    const heard: unknown[] = []
    for (const stream of [client.manager.oob$, client.manager.onion$, client.manager.forwarded$])
      stream.subscribe((packet: unknown) => heard.push(packet))
    world.network.place(relay).latencyMs = 50
    relay.client.send({ kind: 'oobRecv', publicKey: someKey(world), payload: new Uint8Array(9) })
    relay.client.send({ kind: 'onionResponse', payload: new Uint8Array(9) })
    relay.client.send({ kind: 'forwarding', payload: new Uint8Array(9) })
    client.manager.removeRelay(relay.publicKey)
    await world.advance(50)
    expect(theRelay(client).state.name).toBe('closing')
    expect(theRelay(client).counters.packetsIn).toMatchObject({ oobRecv: 1, onionResponse: 1, forwarding: 1 })
    expect(heard).toEqual([])
  })
})

describe('a relay that is known', () => {
  test('from a friend is the user’s own when he adds it, with his wishes', async () => {
    await using world = new World()
    const relay = await world.relay()
    const client = await world.client()
    const [a, b] = [client.manager.addFriend(someKey(world)), client.manager.addFriend(someKey(world))]
    a.addRelay(addressOf(relay))
    await world.settle()
    expect([theRelay(client).origin, b.routes.length]).toEqual(['friend', 0])
    client.manager.addRelay({ ...addressOf(relay), pinned: true, share: false })
    await world.settle()
    expect(theRelay(client)).toMatchObject({ origin: 'user', pinned: true, share: false })
    expect(b.routes[0]?.state).toBe('registered')
    client.manager.addRelay(addressOf(relay))
    expect(theRelay(client)).toMatchObject({ pinned: true, share: false })
  })

  test('gets no address from a friend when it is the user’s own, and one when a friend named it', async () => {
    await using world = new World()
    const [own, offered] = [await world.relay(), await world.relay()]
    const client = await world.client({ relays: [own] })
    const friend = client.manager.addFriend(someKey(world))
    friend.addRelay(addressOf(offered))
    for (const relay of [own, offered]) friend.addRelay({ ...addressOf(relay), ...world.address() })
    await world.settle()
    expect([relayAt(client, own).addresses.length, relayAt(client, offered).addresses.length]).toEqual([1, 2])
  })
})

describe('options', () => {
  test('with one relay that is none leave nothing behind', async () => {
    await using world = new World()
    const relay = await world.relay()
    const wrong = { ...addressOf(relay), port: 70_000 }
    await expect(world.client({ relays: [relay, wrong] })).rejects.toThrow(RangeError)
    await world.advance(MINUTE_MS)
    expect(world.network.dials).toBe(0)
  })

  test('with a list of nodes take the TCP ones', async () => {
    await using world = new World()
    const relay = await world.relay()
    const nodes = [
      { ...addressOf(relay), transport: 'tcp' as const },
      { ...world.address(), publicKey: someKey(world), transport: 'udp' as const },
    ]
    const client = await world.client({ relays: { nodes, problems: [] } })
    expect(client.manager.relays.map(({ origin, key }) => [origin, key])).toEqual([
      ['list', relayAt(client, relay).key],
    ])
  })
})
