/** Behaviour §3: which relays a friend gets, from us and from himself. */
import { describe, expect, test } from 'vitest'
import { WIDEN_AFTER_MS } from '../../src/actors/relay-choice.js'
import { firstByRendezvous, pairSeed } from '../../src/actors/rendezvous.js'
import { REFUSED_RETRY_MS } from '../../src/actors/tie.js'
import type { Friend } from '../../src/index.js'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import { FIRST_CONNECTION_ID } from '../../src/protocol/constants.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import { addressOf, type Client, relayAt, theRelay, told, World } from '../support/world.js'

const MINUTE_MS = 60_000
const ID = FIRST_CONNECTION_ID as ConnectionId
const someKey = (world: World): Uint8Array => newKeyPair(world.random).publicKey
const tied = (friend: Friend): string[] => friend.routes.map(({ relay }) => relay.key)
const states = (friend: Friend): string[] => friend.routes.map(({ state }) => state)

const ranking = (client: Client, friend: Friend): string[] =>
  firstByRendezvous(pairSeed(client.manager.publicKey, friend.publicKey), client.manager.relays, 100).map(
    ({ key }) => key,
  )

describe('a friend', () => {
  test('gets the first 3 of the ranking that both sides make of the relays that are known', async () => {
    await using world = new World()
    const client = await world.client({ relays: await world.relays(20) })
    const friend = client.manager.addFriend(someKey(world))
    expect(tied(friend)).toEqual(ranking(client, friend).slice(0, 3))
    const other = client.manager.addFriend(someKey(world))
    expect(tied(other)).not.toEqual(tied(friend))
  })

  test('keeps bad ones and gets the next for them, so that 3 of his serve', async () => {
    await using world = new World()
    const relays = await world.relays(10)
    const client = await world.client({ relays })
    const friend = client.manager.addFriend(someKey(world))
    await world.settle()
    const [first] = tied(friend)
    relays.find(relay => relayAt(client, relay).key === first)?.stop()
    await world.advance(WIDEN_AFTER_MS - 1)
    expect(tied(friend)).toEqual(ranking(client, friend).slice(0, 4))
    expect(states(friend).filter(state => state === 'registered')).toHaveLength(3)
  })

  test('has failed ties give way when he has 6, and a 7th is never asked for', async () => {
    await using world = new World()
    const relays = await world.relays(12)
    const client = await world.client({ relays })
    const friend = client.manager.addFriend(someKey(world))
    await world.settle()
    for (let round = 0; round < 8; round++) {
      const [alive] = friend.routes.filter(({ state }) => state === 'registered')
      relays.find(relay => relayAt(client, relay).key === alive?.relay.key)?.stop()
      await world.advance(MINUTE_MS)
      expect(friend.routes.length).toBeLessThanOrEqual(6)
      expect(states(friend).filter(state => state === 'registered').length).toBeGreaterThanOrEqual(3)
    }
  })

  test('who is not met for 30 s is looked for on 6 relays; not so while the network is down', async () => {
    await using world = new World()
    const client = await world.client({ relays: await world.relays(10) })
    client.host.online = false
    const friend = client.manager.addFriend(someKey(world))
    await world.advance(10 * MINUTE_MS)
    expect(tied(friend)).toEqual(ranking(client, friend).slice(0, 3))
    client.host.online = true
    client.manager.networkChanged()
    await world.advance(1_000)
    expect(tied(friend)).toHaveLength(3)
    await world.advance(WIDEN_AFTER_MS)
    expect(tied(friend)).toEqual(ranking(client, friend).slice(0, 6))
  })

  test('who is met in time is not looked for elsewhere, nor one who is asleep', async () => {
    await using world = new World()
    const { a, b, toA, toB } = await world.pair(await world.relays(10))
    await world.online(toA, toB)
    const sleeper = a.manager.addFriend(someKey(world))
    sleeper.setAwake(false)
    await world.advance(10 * MINUTE_MS)
    expect([toA, toB, sleeper].map(friend => tied(friend).length)).toEqual([3, 3, 3])
    b.manager.removeFriend(a.manager.publicKey)
    await world.advance(WIDEN_AFTER_MS)
    expect(tied(toB)).toHaveLength(6)
  })

  test('whose route is refused is asked for again after 60 s, and meanwhile placed elsewhere', async () => {
    await using world = new World()
    const [full, other] = [await world.hostile(), await world.relay()]
    const client = await world.client({ relays: [full] })
    const friend = client.manager.addFriend(someKey(world))
    await world.settle()
    full.client.send({ kind: 'routingResponse', connectionId: undefined, publicKey: friend.publicKey })
    await world.settle()
    expect([friend.state, states(friend)]).toEqual(['offline', ['refused']])
    client.manager.addRelay(other)
    await world.advance(REFUSED_RETRY_MS - 1)
    expect(states(friend)).toEqual(['refused', 'registered'])
    expect(full.client.all('routingRequest')).toHaveLength(1)
    await world.advance(1)
    expect(full.client.all('routingRequest')).toHaveLength(2)
    full.client.send({ kind: 'routingResponse', connectionId: ID, publicKey: friend.publicKey })
    await world.settle()
    expect(states(friend)).toEqual(['registered', 'registered'])
  })

  test('who is dropped while his route is refused is not asked for again', async () => {
    await using world = new World()
    const full = await world.hostile()
    const client = await world.client({ relays: [full] })
    const friend = client.manager.addFriend(someKey(world))
    await world.settle()
    full.client.send({ kind: 'routingResponse', connectionId: undefined, publicKey: friend.publicKey })
    await world.settle()
    client.manager.removeFriend(friend.publicKey)
    await world.advance(2 * REFUSED_RETRY_MS)
    expect(full.client.all('routingRequest')).toHaveLength(1)
  })
})

describe('relays that friends offer', () => {
  test('come beside ours, up to 6; a 7th is refused before a socket is opened', async () => {
    await using world = new World()
    const [own, offered] = [await world.relays(5), await world.relays(5)]
    const client = await world.client({ relays: own })
    const friend = client.manager.addFriend(someKey(world))
    const offers = offered.map(relay => friend.addRelay(addressOf(relay)).accepted)
    await world.settle()
    expect(offers).toEqual([true, true, true, false, false])
    expect(friend.routes.map(({ relay }) => relay.origin).sort()).toEqual([
      ...Array(3).fill('friend'),
      ...Array(3).fill('user'),
    ])
    expect(offered.map(relay => relay.place.dials)).toEqual([1, 1, 1, 0, 0])
  })

  test('are taken in place of ours that only widen the search', async () => {
    await using world = new World()
    const client = await world.client({ relays: await world.relays(8) })
    const friend = client.manager.addFriend(someKey(world))
    await world.advance(WIDEN_AFTER_MS)
    expect(tied(friend)).toHaveLength(6)
    const offered = await world.relay()
    expect(friend.addRelay(addressOf(offered)).accepted).toBe(true)
    expect(tied(friend)).toEqual([
      ...ranking(client, friend)
        .filter(key => key !== relayAt(client, offered).key)
        .slice(0, 5),
      relayAt(client, offered).key,
    ])
  })

  test('that are dead give way to ours, when those come', async () => {
    await using world = new World()
    const dead = await world.relays(6)
    for (const relay of dead) relay.stop()
    const client = await world.client()
    const friend = client.manager.addFriend(someKey(world))
    for (const relay of dead) friend.addRelay(addressOf(relay))
    await world.advance(MINUTE_MS)
    for (const relay of await world.relays(3)) client.manager.addRelay(relay)
    await world.advance(1_000)
    expect(states(friend).filter(state => state === 'registered')).toHaveLength(3)
    expect(friend.routes).toHaveLength(6)
  })

  test('are given to nobody else', async () => {
    await using world = new World()
    const client = await world.client()
    const [a, b] = [client.manager.addFriend(someKey(world)), client.manager.addFriend(someKey(world))]
    a.addRelay(addressOf(await world.relay()))
    await world.advance(WIDEN_AFTER_MS)
    expect([a.routes.length, b.routes.length]).toEqual([1, 0])
  })

  test('may come 40 times a minute', async () => {
    await using world = new World()
    const client = await world.client()
    const friend = client.manager.addFriend(someKey(world))
    const offer = () => friend.addRelay({ ...world.address(), publicKey: client.manager.publicKey })
    const refusals = Array.from({ length: 41 }, () => {
      const result = offer()
      return result.accepted || result.refusal
    })
    expect(refusals).toEqual([...Array(40).fill('own-key'), 'too-often'])
    await world.advance(MINUTE_MS)
    expect(offer()).toEqual({ accepted: false, refusal: 'own-key' })
  })

  test.each([
    ['a key that is denied', { denyKeys: ['key'] }, 'key-denied'],
    ['a key that is not among those allowed', { allowKeys: [] }, 'key-not-allowed'],
    ['a network that is denied', { denyNetworks: ['11.0.0.0/8'] }, 'network-denied'],
    ['a network that is not among those allowed', { allowNetworks: ['12.0.0.0/8'] }, 'network-not-allowed'],
  ])('are refused with %s, and so are the user’s own', async (_, policies, refusal) => {
    await using world = new World()
    const relay = await world.relay()
    const denyKeys = 'denyKeys' in policies ? [relay.publicKey] : []
    const client = await world.client({ policies: { ...policies, denyKeys } })
    const friend = client.manager.addFriend(someKey(world))
    const refused = { accepted: false, refusal }
    expect([friend.addRelay(addressOf(relay)), client.manager.addRelay(relay)]).toEqual([refused, refused])
    expect(told(client, 'relay-refused')).toMatchObject([{ friend: friend.key, refusal }, { refusal }])
    await world.settle()
    expect([client.manager.relays, client.host.dials]).toEqual([[], 0])
  })

  test('may be private when a policy says so, and names too', async () => {
    await using world = new World()
    const client = await world.client({ policies: { allowPrivate: true } })
    const friend = client.manager.addFriend(someKey(world))
    for (const host of ['127.0.0.1', '192.168.1.1', 'relay.example'])
      expect(friend.addRelay({ host, port: 443, publicKey: someKey(world) }).accepted).toBe(true)
    expect(friend.routes).toHaveLength(3)
  })

  test('are refused after the friend is dropped', async () => {
    await using world = new World()
    const client = await world.client()
    const friend = client.manager.addFriend(someKey(world))
    client.manager.removeFriend(friend.publicKey)
    expect(friend.addRelay(addressOf(await world.relay()))).toEqual({ accepted: false, refusal: 'closed' })
    expect(client.manager.relays).toEqual([])
  })

  test('throw for what is no relay at all', async () => {
    await using world = new World()
    const client = await world.client({ relays: [await world.relay()] })
    const friend = client.manager.addFriend(someKey(world))
    expect(() => friend.addRelay({ host: '', port: 443, publicKey: someKey(world) })).toThrow(TypeError)
    expect(() => friend.addRelay({ host: '11.0.0.1', port: 70_000, publicKey: someKey(world) })).toThrow(
      RangeError,
    )
    expect(() => friend.addRelay({ host: '11.0.0.1', port: 443, publicKey: 'no key' })).toThrow()
    expect(theRelay(client).ties.size).toBe(1)
  })
})
