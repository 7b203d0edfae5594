/** Cases 7, 9, 12, 21–25 and 43, as a manager sees them: a link under every kind of strain. */
import { describe, expect, test } from 'vitest'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import {
  FIRST_CONNECTION_ID,
  PING_INTERVAL_MS,
  PONG_TIMEOUT_MS,
  SEND_WINDOW_BYTES,
} from '../../src/protocol/constants.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import { bytes, journey, relayAt, text, theRelay, told, World } from '../support/world.js'

const ID = FIRST_CONNECTION_ID as ConnectionId

/** A friend, online on a relay that says only what the test says. */
async function onlineAtScripted(world: World) {
  const relay = await world.hostile()
  const client = await world.client({ relays: [relay] })
  const { publicKey } = newKeyPair(world.random)
  const friend = client.manager.addFriend(publicKey)
  await world.settle()
  relay.client.send({ kind: 'routingResponse', connectionId: ID, publicKey })
  relay.client.send({ kind: 'connectNotification', connectionId: ID })
  await world.settle()
  return { client, friend, relay, end: relay.client }
}

describe('a link', () => {
  test('case 7: whose bytes come in pieces of every size hands everything on once, in order', async () => {
    await using world = new World()
    const relay = await world.relay()
    let size = 0
    relay.place.chunkBytes = () => (size = (size % 97) + 1)
    const { toA, toB } = await world.pair([relay])
    await world.online(toA, toB)
    const heard: string[] = []
    toA.packets$.subscribe(({ data }) => heard.push(text(data)))
    const numbers = Array.from({ length: 200 }, (_, i) => `${i} ${'x'.repeat(i)}`)
    for (const number of numbers) expect(toB.send(bytes(number))).toBe('sent')
    await world.settle()
    expect(heard).toEqual(numbers)
  })

  test('case 9: stays when a friend sends an empty packet, which is counted', async () => {
    await using world = new World()
    const { client, end, friend } = await onlineAtScripted(world)
    const heard: unknown[] = []
    friend.packets$.subscribe(packet => heard.push(packet))
    end.sendPlain(Uint8Array.of(ID))
    await world.settle()
    expect([friend.state, heard, theRelay(client).stats.drops]).toEqual(['online', [], { 'empty-data': 1 }])
  })

  test('case 12: whose frames are swapped or repeated is closed at the second', async () => {
    await using world = new World()
    const { client, end, friend } = await onlineAtScripted(world)
    const heard: string[] = []
    friend.packets$.subscribe(({ data }) => heard.push(text(data)))
    const frame = end.seal(Uint8Array.of(ID, ...bytes('once')))
    end.sendRaw(frame)
    end.sendRaw(frame)
    await world.settle()
    expect([heard, friend.state]).toEqual([['once'], 'connecting'])
    expect(theRelay(client).state).toMatchObject({ name: 'backoff', reason: 'protocol-violation' })
  })

  test.each([
    ['at 9.9 s keeps it', PONG_TIMEOUT_MS - 100, 'established'],
    ['at 10 s comes too late', PONG_TIMEOUT_MS, 'backoff'],
  ])('case 21: a pong %s', async (_, delay, state) => {
    await using world = new World()
    const relay = await world.hostile()
    relay.onClient = client => {
      client.answersPings = false
    }
    const client = await world.client({ relays: [relay] })
    await world.settle()
    const pingId = relay.client.take('ping')?.pingId ?? bytes('')
    await world.advance(delay - 1)
    expect(theRelay(client).state.name).toBe('established')
    if (delay < PONG_TIMEOUT_MS) relay.client.send({ kind: 'pong', pingId })
    await world.advance(1)
    if (delay >= PONG_TIMEOUT_MS) relay.client.send({ kind: 'pong', pingId })
    await world.settle()
    expect(theRelay(client).state.name).toBe(state)
    if (state === 'backoff') expect(theRelay(client).state.reason).toBe('ping-timeout')
    else await world.advance(PING_INTERVAL_MS - 1)
    expect(theRelay(client).state.name).toBe(state)
  })

  test('case 21: with all kinds of traffic but no pong is lost at 10 s all the same', async () => {
    await using world = new World()
    const relay = await world.hostile()
    relay.onClient = client => {
      client.answersPings = false
    }
    const client = await world.client({ relays: [relay] })
    await world.settle()
    for (let ms = 0; ms < PONG_TIMEOUT_MS; ms += 500) {
      expect(theRelay(client).state.name).toBe('established')
      relay.client.send({ kind: 'onionResponse', payload: bytes('alive!') })
      relay.client.send({ kind: 'ping', pingId: bytes('12345678') })
      relay.client.send({ kind: 'pong', pingId: bytes('whatever') })
      await world.advance(500)
    }
    expect(theRelay(client).state).toMatchObject({ name: 'backoff', reason: 'ping-timeout' })
  })

  test('case 22: whose socket takes 1 byte at a time carries its stream intact', async () => {
    await using world = new World()
    const relay = await world.relay()
    relay.place.roomBytes = 1
    const { toA, toB } = await world.pair([relay])
    await world.online(toA, toB)
    const heard: string[] = []
    toA.packets$.subscribe(({ data }) => heard.push(text(data)))
    for (const word of ['drop', 'by', 'drop']) expect(toB.send(bytes(word))).toBe('sent')
    await world.clock.until(() => heard.length === 3)
    expect(heard).toEqual(['drop', 'by', 'drop'])
  })

  test('case 23: with a data frame half sent sends its tail, then a routing request, then new data', async () => {
    await using world = new World()
    const { client, end, friend, relay } = await onlineAtScripted(world)
    const place = world.network.place(relay)
    place.stalled = true
    place.roomBytes = 500
    expect(friend.send(new Uint8Array(1_000))).toBe('sent')
    await world.settle()
    client.manager.addFriend(newKeyPair(world.random).publicKey)
    expect(friend.send(bytes('new'))).toBe('sent')
    await world.settle()
    place.stalled = false
    await world.settle()
    expect(end.received.map(({ kind }) => kind).slice(-3)).toEqual(['data', 'routingRequest', 'data'])
    expect(end.all('data').map(({ payload }) => payload.length)).toEqual([1_000, 3])
  })

  test('case 24: to a relay that never reads takes bounded memory and is lost by ping timeout', async () => {
    await using world = new World()
    const { client, end, friend } = await onlineAtScripted(world)
    end.pause()
    await world.advance(PING_INTERVAL_MS)
    let sent = 0
    for (; friend.send(new Uint8Array(1_000)) === 'sent'; sent++) await world.settle()
    expect(sent).toBeLessThan(400)
    for (let i = 0; i < 1_000; i++) end.send({ kind: 'ping', pingId: bytes('12345678') })
    await world.settle()
    expect(friend.send(new Uint8Array(1_000))).toBe('full')
    expect(theRelay(client).stats.unacknowledgedBytes).toBeLessThanOrEqual(SEND_WINDOW_BYTES + 2_000)
    expect(theRelay(client).stats.queueDepth).toBeLessThan(400)
    await world.advance(PONG_TIMEOUT_MS)
    expect(theRelay(client).state.reason).toBe('ping-timeout')
    expect(theRelay(client).stats).toMatchObject({ queueDepth: 0, unacknowledgedBytes: 0 })
  })

  test('case 25: that dies with control queued drops it; the routes follow from the wish list on reconnect', async () => {
    await using world = new World()
    const relay = await world.relay()
    const { a, b, toB } = await world.pair([relay])
    relay.place.stalled = true
    await world.settle()
    relay.place.stalled = false
    await world.settle()
    relay.place.stalled = true
    const others = [newKeyPair(world.random), newKeyPair(world.random)].map(({ publicKey }) =>
      a.manager.addFriend(publicKey),
    )
    a.manager.removeFriend(b.manager.publicKey)
    await world.settle()
    relay.kill()
    relay.place.stalled = false
    await world.settle()
    expect(others.map(friend => friend.routes[0]?.state)).toEqual(['wanted', 'wanted'])
    relay.restart()
    await world.advance(10_000)
    expect(others.map(friend => friend.routes[0]?.state)).toEqual(['registered', 'registered'])
    expect([toB.state, relayAt(a, relay).link?.routes.size]).toEqual(['offline', 2])
  })

  test('case 43: of a second connection with the same key stays up when the first closes late', async () => {
    await using world = new World()
    const relay = await world.relay()
    const first = await world.client({ relays: [relay] })
    await world.settle()
    const second = await world.client({ relays: [relay], keyPair: first.keyPair })
    await world.settle()
    expect(relay.drops('replaced')).toBe(1)
    await world.clock.run(first.manager.close())
    await world.advance(60_000)
    expect(theRelay(second).state.name).toBe('established')
    expect(journey(second).filter(state => state === 'established')).toHaveLength(1)
    expect([relay.stats?.clients, told(second, 'network-down')]).toEqual([1, []])
  })
})
