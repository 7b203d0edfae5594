/** Cases 13–20 and 45: friends come and go on a relay while its words cross ours. */
import { describe, expect, test } from 'vitest'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import { FIRST_CONNECTION_ID, MAX_ROUTES_PER_RELAY } from '../../src/protocol/constants.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import { bytes, type Client, relayAt, text, theRelay, told, World } from '../support/world.js'

const ID = FIRST_CONNECTION_ID as ConnectionId

/** A manager linked to a relay that says only what the test says. */
async function scripted(world: World) {
  const relay = await world.hostile()
  const client = await world.client({ relays: [relay] })
  const heard = listen(client)
  await world.settle()
  const key = () => newKeyPair(world.random).publicKey
  /** Has a friend registered, under the id. */
  const registered = async (publicKey: Uint8Array, connectionId: ConnectionId) => {
    const friend = client.manager.addFriend(publicKey)
    await world.settle()
    relay.client.send({ kind: 'routingResponse', connectionId, publicKey })
    await world.settle()
    return friend
  }
  const online = async (publicKey: Uint8Array, connectionId: ConnectionId) => {
    const friend = await registered(publicKey, connectionId)
    relay.client.send({ kind: 'connectNotification', connectionId })
    await world.settle()
    return friend
  }
  return { client, end: relay.client, heard, key, registered, online }
}

const listen = ({ manager }: Client): string[] => {
  const heard: string[] = []
  manager.packets$.subscribe(({ friend, data }) => heard.push(`${friend.key.slice(0, 4)}: ${text(data)}`))
  return heard
}

describe('a relay’s responses', () => {
  test('case 13: 240 of them unasked, and one before we asked, are ignored and take no slot', async () => {
    await using world = new World()
    const { client, end, key } = await scripted(world)
    const early = key()
    for (let i = 0; i < MAX_ROUTES_PER_RELAY; i++)
      end.send({
        kind: 'routingResponse',
        connectionId: (ID + i) as ConnectionId,
        publicKey: i === 7 ? early : key(),
      })
    await world.settle()
    expect([theRelay(client).state.name, theRelay(client).link?.routes.size]).toEqual(['established', 0])
    const friend = client.manager.addFriend(early)
    await world.settle()
    expect([friend.state, friend.routes[0]?.state]).toEqual(['connecting', 'requested'])
    end.send({ kind: 'routingResponse', connectionId: ID, publicKey: early })
    await world.settle()
    expect(friend.routes[0]?.state).toBe('registered')
  })
})

describe('a friend who is dropped', () => {
  test('case 14: while the relay’s connect notification is on its way hears no event', async () => {
    await using world = new World()
    const { client, end, key, registered } = await scripted(world)
    const friend = await registered(key(), ID)
    const states: string[] = []
    friend.state$.subscribe(state => states.push(state))
    client.manager.removeFriend(friend.publicKey)
    end.send({ kind: 'connectNotification', connectionId: ID })
    await world.settle()
    expect(states).toEqual(['connecting', 'offline'])
    expect(end.all('disconnectNotification')).toHaveLength(1)
  })

  test('case 15: leaves nothing to who gets his id: his late data is dropped', async () => {
    await using world = new World()
    const { client, end, heard, key, online } = await scripted(world)
    const a = await online(key(), ID)
    client.manager.removeFriend(a.publicKey)
    const b = client.manager.addFriend(key())
    end.send({ kind: 'data', connectionId: ID, payload: bytes('late, for A') })
    await world.settle()
    end.send({ kind: 'routingResponse', connectionId: ID, publicKey: b.publicKey })
    end.send({ kind: 'data', connectionId: ID, payload: bytes('B is not online yet') })
    end.send({ kind: 'connectNotification', connectionId: ID })
    end.send({ kind: 'data', connectionId: ID, payload: bytes('B’s own') })
    await world.settle()
    expect(heard).toEqual([`${b.key.slice(0, 4)}: B’s own`])
    expect(theRelay(client).stats.drops).toEqual({ 'no-route': 2 })
  })

  test('case 16: and added again at once is online again', async () => {
    await using world = new World()
    const { a, b, toA, toB } = await world.pair(await world.relays(3))
    await world.online(toA, toB)
    a.manager.removeFriend(b.manager.publicKey)
    const again = a.manager.addFriend(b.manager.publicKey)
    await world.online(toA, again)
    expect(again).not.toBe(toB)
    expect(again.routes.map(({ state }) => state)).toEqual(['online', 'online', 'online'])
  })

  test('case 16: while his request is open, and added again, has its response taken, and nothing is sent', async () => {
    await using world = new World()
    const { client, end, key } = await scripted(world)
    const publicKey = key()
    client.manager.addFriend(publicKey)
    await world.settle()
    client.manager.removeFriend(publicKey)
    await world.settle()
    const again = client.manager.addFriend(publicKey)
    await world.settle()
    end.send({ kind: 'routingResponse', connectionId: ID, publicKey })
    await world.settle()
    expect(again.routes[0]?.state).toBe('registered')
    expect([end.all('routingRequest').length, end.all('disconnectNotification').length]).toEqual([1, 0])
  })

  test('case 17: while his request is open sends no id made up; a late response is answered with disconnect', async () => {
    await using world = new World()
    const { client, end, key, online } = await scripted(world)
    const other = await online(key(), ID)
    const publicKey = key()
    client.manager.addFriend(publicKey)
    await world.settle()
    client.manager.removeFriend(publicKey)
    await world.settle()
    expect([other.state, end.all('disconnectNotification')]).toEqual(['online', []])
    end.send({ kind: 'routingResponse', connectionId: (ID + 1) as ConnectionId, publicKey })
    await world.settle()
    expect(end.all('disconnectNotification').map(({ connectionId }) => connectionId)).toEqual([ID + 1])
    expect(other.state).toBe('online')
  })

  test('case 18: after a refusal, or twice, sends nothing', async () => {
    await using world = new World()
    const { client, end, key } = await scripted(world)
    const publicKey = key()
    const friend = client.manager.addFriend(publicKey)
    await world.settle()
    end.send({ kind: 'routingResponse', connectionId: undefined, publicKey })
    await world.settle()
    expect(friend.routes[0]?.state).toBe('refused')
    for (const _ of [1, 2]) client.manager.removeFriend(publicKey)
    await world.settle()
    expect(end.all('disconnectNotification')).toEqual([])
    expect(told(client, 'friend-removed')).toHaveLength(1)
  })

  test('case 45: takes his waiting data with him before the disconnect, and leaves nothing to who gets his id', async () => {
    await using world = new World()
    const { client, end, key, online } = await scripted(world)
    const a = await online(key(), ID)
    end.answersPings = false
    // The window closes, so that the rest waits in our queue.
    const sent = [...Array(80).keys()].filter(() => a.send(new Uint8Array(1_000)) === 'sent').length
    await world.settle()
    const arrived = end.all('data').length
    expect(arrived).toBeLessThan(sent)
    client.manager.removeFriend(a.publicKey)
    await world.settle()
    expect(theRelay(client).stats.drops).toEqual({ 'route-ended': sent - arrived })
    const b = await online(key(), ID)
    end.answersPings = true
    for (const { pingId } of end.all('ping')) end.send({ kind: 'pong', pingId })
    expect(b.send(bytes('for B'))).toBe('sent')
    await world.settle()
    const kinds = end.received.map(packet => packet.kind)
    expect(kinds.lastIndexOf('data')).toBeGreaterThan(kinds.indexOf('disconnectNotification'))
    expect(end.all('data').slice(arrived)).toMatchObject([{ connectionId: ID }])
    expect(
      end
        .all('data')
        .slice(arrived)
        .map(({ payload }) => text(payload)),
    ).toEqual(['for B'])
  })
})

describe('a friend', () => {
  test('case 19: who is the 241st on a relay is refused cleanly and placed on another', async () => {
    await using world = new World()
    const [first, second] = [await world.relay(), await world.relay()]
    const client = await world.client({ relays: [first] })
    const friends = Array.from({ length: MAX_ROUTES_PER_RELAY + 1 }, () =>
      client.manager.addFriend(newKeyPair(world.random).publicKey),
    )
    await world.settle()
    const states = friends.map(friend => friend.routes.map(({ state }) => state).join())
    expect(states.filter(state => state === 'registered')).toHaveLength(MAX_ROUTES_PER_RELAY)
    expect(states.at(-1)).toBe('refused')
    client.manager.addRelay(second)
    await world.settle()
    expect(friends.at(-1)?.routes.map(({ relay, state }) => [relay.key, state])).toEqual([
      [relayAt(client, first).key, 'refused'],
      [relayAt(client, second).key, 'registered'],
    ])
    expect(relayAt(client, first).state.name).toBe('established')
  })

  test('case 20: with our own key is refused at the call', async () => {
    await using world = new World()
    const { manager } = await world.client()
    expect(() => manager.addFriend(manager.publicKey)).toThrow(RangeError)
    expect(manager.friends).toEqual([])
  })
})
