/**
 * What a relay may send although it makes no sense (docs/protocol.md §4), against a whole manager: the link stays, what
 * is ignored is counted, and only those hear of it whom it concerns.
 */
import { describe, expect, test } from 'vitest'
import { REFUSED_RETRY_MS } from '../../src/actors/tie.js'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import { MAX_OWED_PONGS, MAX_PLAINTEXT_SIZE, PONG_TIMEOUT_MS } from '../../src/protocol/constants.js'
import { bytes, text, World } from '../support/world.js'
import { IDS, openStage, raw, type Sent, type Stage, zeros } from './stage.js'

interface Tolerated {
  readonly sent: (stage: Stage) => readonly Sent[]
  readonly heard?: readonly string[]
  readonly answers?: readonly string[]
  /** Packets dropped, by cause. */
  readonly drops?: Readonly<Record<string, number>>
}

describe('the link stays for', () => {
  const response = (connectionId: ConnectionId | undefined, publicKey: Uint8Array): Sent => ({
    kind: 'routingResponse',
    connectionId,
    publicKey,
  })
  const connect = (connectionId: ConnectionId): Sent => ({ kind: 'connectNotification', connectionId })
  const disconnect = (connectionId: ConnectionId): Sent => ({ kind: 'disconnectNotification', connectionId })
  const data = (connectionId: ConnectionId, words = 'hello'): Sent => ({
    kind: 'data',
    connectionId,
    payload: bytes(words),
  })

  test.each<[what: string, tolerated: Tolerated]>([
    [
      'reserved packets of any size: ignored and counted',
      { sent: () => [raw(12, 0), raw(13, zeros(40)), raw(14, zeros(MAX_PLAINTEXT_SIZE - 1)), raw(15, 1)] },
    ],
    [
      'a response for a key that was never requested: ignored and counted',
      { sent: ({ keys }) => [response(IDS.unknown, keys.stranger)], drops: { unasked: 1 } },
    ],
    [
      'a response for a key that another relay was asked for: ignored and counted',
      {
        sent: ({ bystander }) => [response(IDS.unknown, bystander.manager.publicKey), connect(IDS.unknown)],
        drops: { unasked: 2 },
      },
    ],
    [
      'a response for our own key: ignored and counted',
      { sent: ({ client }) => [response(IDS.unknown, client.manager.publicKey)], drops: { unasked: 1 } },
    ],
    [
      'a response for a request that was cancelled: answered with disconnect, no event',
      {
        sent: ({ keys }) => [response(IDS.unknown, keys.cancelled)],
        answers: [`disconnectNotification ${IDS.unknown}`],
      },
    ],
    [
      'a refusal of a request that was cancelled: nothing at all',
      { sent: ({ keys }) => [response(undefined, keys.cancelled)] },
    ],
    [
      'the same response twice: the second ignored',
      {
        sent: ({ friends }) => [response(IDS.registered, friends.registered.publicKey)],
        drops: { unasked: 1 },
      },
    ],
    [
      'a second response with another id: ignored, the friend keeps the first',
      {
        sent: ({ friends }) => [
          response(IDS.unknown, friends.online.publicKey),
          data(IDS.unknown),
          data(IDS.online),
        ],
        heard: ['online says hello'],
        drops: { unasked: 1, 'no-route': 1 },
      },
    ],
    [
      'a refusal: the route is refused',
      {
        sent: ({ friends }) => [response(undefined, friends.requested.publicKey)],
        heard: ['route of requested: refused'],
      },
    ],
    [
      'a refusal of a route that stands: ignored',
      { sent: ({ friends }) => [response(undefined, friends.online.publicKey)], drops: { unasked: 1 } },
    ],
    [
      'a connect notification for an unknown id: ignored',
      { sent: () => [connect(IDS.unknown)], drops: { unasked: 1 } },
    ],
    [
      'a connect notification for an id just freed: ignored',
      { sent: () => [connect(IDS.freed)], drops: { unasked: 1 } },
    ],
    [
      'a connect notification for a registered id: online',
      {
        sent: () => [connect(IDS.registered)],
        heard: ['route of registered: online', 'registered is online'],
      },
    ],
    [
      'a connect notification for an online id: ignored',
      { sent: () => [connect(IDS.online)], drops: { unasked: 1 } },
    ],
    [
      'a disconnect notification for an unknown id: ignored, and not answered',
      { sent: () => [disconnect(IDS.unknown)], drops: { unasked: 1 } },
    ],
    [
      'a disconnect notification for a registered id: ignored',
      { sent: () => [disconnect(IDS.registered)], drops: { unasked: 1 } },
    ],
    [
      'a disconnect notification for an online id: registered again',
      {
        sent: () => [disconnect(IDS.online)],
        heard: ['route of online: registered', 'online is connecting'],
      },
    ],
    [
      'data on ids that are unknown, not online or just freed: dropped and counted',
      {
        sent: () => [data(IDS.unknown), data(IDS.registered), data(IDS.freed)],
        drops: { 'no-route': 3 },
      },
    ],
    [
      'data that is empty: dropped and counted',
      { sent: () => [raw(IDS.online)], drops: { 'empty-data': 1 } },
    ],
    [
      'OOB from a friend whose tie is here: his, out of band',
      {
        sent: ({ friends }) => [
          raw(7, friends.registered.publicKey, bytes('a')),
          raw(7, friends.requested.publicKey, bytes('b')),
        ],
        heard: ['registered says a out of band', 'requested says b out of band'],
      },
    ],
    [
      'OOB in the name of a friend who is not tied to this relay: not his',
      {
        sent: ({ bystander }) => [raw(7, bystander.manager.publicKey, bytes('lies'))],
        heard: ['bystander, no friend here, says lies'],
      },
    ],
    [
      'onion responses and forwardings, empty ones too: passed up',
      {
        sent: () => [raw(9), raw(9, bytes('o')), raw(11), raw(11, bytes('f'))],
        heard: ['onion: ', 'onion: o', 'forwarded: ', 'forwarded: f'],
      },
    ],
    ['a ping with a zero id: no pong', { sent: () => [raw(4, zeros(8))], drops: { unasked: 1 } }],
    [
      'pongs for nothing, with a zero id, or repeated: ignored and counted',
      {
        sent: ({ end }) => [
          raw(5, bytes('whatever')),
          raw(5, zeros(8)),
          raw(5, end.all('ping')[0]?.pingId ?? zeros(8)),
        ],
        drops: { unasked: 3 },
      },
    ],
  ])('%s', async (_, { sent, heard = [], answers = [], drops = {} }) => {
    await using world = new World()
    const stage = await openStage(world)
    const packets = sent(stage)
    const before = stage.relay.stats
    const opened = stage.relay.link?.routes.size ?? 0
    await stage.send(...packets)
    expect(stage.heard).toEqual(heard)
    expect(stage.answers()).toEqual(answers)
    expect(stage.relay.stats.drops).toEqual({ ...before.drops, ...drops })
    expect(stage.relay.link?.routes.size).toBeLessThanOrEqual(opened)
    expect([stage.relay.state.name, stage.relay.score.success]).toEqual(['established', 1])
    expect(await stage.bystanderSpeaks()).toEqual(['still here'])
  })

  test('each packet of a kind, counted by its kind', async () => {
    await using world = new World()
    const stage = await openStage(world)
    const before = stage.relay.stats.packetsIn.reserved ?? 0
    await stage.send(raw(12, 0), raw(13, 0), raw(14, 0), raw(15, 0))
    expect(stage.relay.stats.packetsIn.reserved).toBe(before + 4)
  })

  test('a response for a key that was cancelled and is wanted again: taken, nothing sent', async () => {
    await using world = new World()
    const stage = await openStage(world)
    const again = stage.client.manager.addFriend(stage.keys.cancelled, { relays: [stage.hostile] })
    await stage.send(response(IDS.unknown, stage.keys.cancelled))
    expect(again.routes.map(({ relay, state }) => [relay === stage.relay, state])).toContainEqual([
      true,
      'registered',
    ])
    expect(stage.answers()).toEqual([])
  })

  test('a refused route is asked for again, a minute later', async () => {
    await using world = new World()
    const stage = await openStage(world)
    await stage.send(response(undefined, stage.friends.requested.publicKey))
    await world.advance(REFUSED_RETRY_MS - 1)
    expect(stage.answers().filter(kind => kind.startsWith('routingRequest'))).toEqual([])
    await world.advance(1)
    expect(stage.answers()).toEqual(['routingRequest requested'])
  })

  test('wrong pongs, while the open ping keeps counting down: lost at 10 s', async () => {
    await using world = new World()
    const stage = await openStage(world)
    stage.end.answersPings = false
    stage.client.manager.networkChanged()
    await world.clock.until(() => stage.end.all('ping').length === 2)
    await world.advance(PONG_TIMEOUT_MS - 1)
    await stage.send(raw(5, bytes('whatever')))
    expect(stage.relay.state.name).toBe('established')
    await world.advance(1)
    expect(stage.relay.state).toMatchObject({ name: 'backoff', reason: 'ping-timeout' })
  })

  test('a thousand pings while our socket is full: 32 pongs, in order, the newest in the last', async () => {
    await using world = new World()
    const stage = await openStage(world)
    world.network.place(stage.hostile).roomBytes = 2_000
    stage.end.pause()
    const ping = (n: number) => raw(4, bytes(`ping${`${n}`.padStart(4)}`))
    await stage.send(...Array.from({ length: 1_000 }, (_, n) => ping(n)))
    expect(stage.relay.stats.queueDepth).toBe(MAX_OWED_PONGS)
    stage.end.resume()
    await world.settle()
    const pongs = stage.end.all('pong').map(({ pingId }) => Number(text(pingId).slice(4)))
    expect(pongs).toEqual([...new Set(pongs)].sort((a, b) => a - b))
    expect([pongs[0], pongs.at(-1)]).toEqual([0, 999])
  })
})
