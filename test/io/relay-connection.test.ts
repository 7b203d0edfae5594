import { beforeEach, describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/protocol/bytes.js'
import {
  MAX_OWED_PONGS,
  MAX_ROUTES_PER_RELAY,
  PING_INTERVAL_MS,
  PONG_TIMEOUT_MS,
} from '../../src/protocol/constants.js'
import { encodePacket } from '../../src/protocol/packets.js'
import type { MemoryRelay } from '../../src/testing/memory-relay.js'
import type { ScriptedEnd } from '../../src/testing/scripted-end.js'
import type { VirtualClock } from '../../src/testing/virtual-clock.js'
import { bytes, data, MAX_CLIENTS, nobodysKey, PING, RelayWorld } from './relay-world.js'

let world: RelayWorld
let clock: VirtualClock
let relay: MemoryRelay
beforeEach(async () => {
  world = await RelayWorld.create()
  ;({ clock, relay } = world)
})

describe('pings', () => {
  test('come every 30 s and keep a client that answers', async () => {
    const client = await world.connect()
    for (let count = 1; count <= 5; count++) {
      await clock.advance(PING_INTERVAL_MS - 1)
      expect(client.all('ping')).toHaveLength(count - 1)
      await clock.advance(1)
      expect(client.all('ping')).toHaveLength(count)
    }
    expect(client.ended).toBeUndefined()
  })

  test('unanswered for 10 s end the connection, whatever else arrives', async () => {
    const client = await world.connect()
    client.answersPings = false
    await clock.advance(PING_INTERVAL_MS + PONG_TIMEOUT_MS - 1)
    client.send(PING)
    await clock.settle()
    expect(client.ended).toBeUndefined()
    await clock.advance(1)
    expect(client.ended).toBe('closed-by-relay')
    expect(relay.drops('ping-timeout')).toBe(1)
  })

  test('are answered once, and a zero id not at all', async () => {
    const client = await world.connect()
    client.send({ kind: 'ping', pingId: new Uint8Array(8) })
    client.send(PING)
    client.send({ kind: 'pong', pingId: bytes('whatever') })
    await clock.settle()
    expect(client.all('pong').map(({ pingId }) => pingId)).toEqual([PING.pingId, PING.pingId])
    expect(client.ended).toBeUndefined()
  })

  test('in a flood take no memory: beyond 32 owed pongs the newest replaces the last', async () => {
    const client = await world.connect()
    client.pause()
    relay.place.roomBytes = ROOM
    for (let n = 1; n <= FLOOD; n++)
      client.send({ kind: 'ping', pingId: Uint8Array.of(1, 0, 0, 0, 0, 0, n >> 8, n) })
    await clock.settle()
    client.resume()
    await clock.settle()
    const pongs = client.all('pong').map(({ pingId }) => pingId)
    expect(pongs.at(-1)).toEqual(Uint8Array.of(1, 0, 0, 0, 0, 0, FLOOD >> 8, FLOOD & 0xff))
    expect(pongs.length).toBeLessThanOrEqual(1 + ROOM / PONG_FRAME + 1 + MAX_OWED_PONGS)
    expect(client.ended).toBeUndefined()
  })
})

/** Bytes under way on a narrow connection, and a flood that is far more than fits. */
const ROOM = 1000
const PONG_FRAME = 27
const FLOOD = 10_000

describe('what a client may not send', () => {
  test.each([
    ['a length of 0', (_: ScriptedEnd) => Uint8Array.of(0, 0)],
    ['a length of 16', (_: ScriptedEnd) => Uint8Array.of(0, 16)],
    ['a length of 2049', (_: ScriptedEnd) => Uint8Array.of(8, 1)],
    [
      'a frame that does not open',
      (c: ScriptedEnd) => c.seal(encodePacket(PING)).map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
    ],
    [
      'a repeated frame',
      (c: ScriptedEnd) => {
        const frame = c.seal(encodePacket(PING))
        return concatBytes(frame, frame)
      },
    ],
    ['a ping of 8 bytes', (c: ScriptedEnd) => c.seal(new Uint8Array(8).fill(4))],
    ['a routing request with half a key', (c: ScriptedEnd) => c.seal(new Uint8Array(17))],
    ['OOB of 1,025 bytes', (c: ScriptedEnd) => c.seal(new Uint8Array(33 + 1025).fill(6))],
    ['a disconnect of an id not in use', (c: ScriptedEnd) => c.seal(Uint8Array.of(3, 16))],
    ['a disconnect of a reserved id', (c: ScriptedEnd) => c.seal(Uint8Array.of(3, 7))],
    ['data on an id not in use', (c: ScriptedEnd) => c.seal(Uint8Array.of(200, 1))],
    ['a routing response', (c: ScriptedEnd) => c.seal(Uint8Array.of(1, 16, ...new Uint8Array(32)))],
  ])('%s costs it the connection, and nobody else', async (_, spoil) => {
    const { a, b, connectionId } = await world.pair()
    const hostile = await world.connect()
    hostile.sendRaw(spoil(hostile))
    await clock.settle()
    expect(hostile.ended).toBe('closed-by-relay')
    expect(relay.drops('protocol-violation')).toBe(1)
    a.send(data(connectionId, bytes('x')))
    await clock.settle()
    expect(b.take('data')).toBeDefined()
  })

  test('empty data is dropped, and nothing happens', async () => {
    const { a, b, connectionId } = await world.pair()
    a.send(data(connectionId, new Uint8Array()))
    await clock.settle()
    expect([a.ended, b.ended, b.take('data')]).toEqual([undefined, undefined, undefined])
    expect(relay.stats?.dataDropped).toBe(1)
  })

  test('reserved packets are ignored', async () => {
    const client = await world.connect()
    client.sendPlain(Uint8Array.of(13, 1, 2))
    await clock.settle()
    expect([client.ended, relay.stats?.ignored]).toEqual([undefined, 1])
  })
})

describe('limits', () => {
  test('240 routes at once, and the 241st is refused', async () => {
    const client = await world.connect()
    for (let n = 0; n <= MAX_ROUTES_PER_RELAY; n++)
      client.send({ kind: 'routingRequest', publicKey: nobodysKey(n) })
    await clock.settle()
    const ids = client.all('routingResponse').map(({ connectionId }) => connectionId)
    expect(new Set(ids).size).toBe(MAX_ROUTES_PER_RELAY + 1)
    expect(ids.at(-1)).toBeUndefined()
    expect(client.ended).toBeUndefined()
  })

  test('when every place is taken, the oldest that has not confirmed gives way', async () => {
    const client = await world.connect()
    const idlers = []
    for (let n = 1; n < MAX_CLIENTS; n++) idlers.push(await world.unconfirmed())
    const latecomer = await world.connect()
    expect([client.ended, latecomer.ended, idlers[0]?.ended, idlers[1]?.ended]).toEqual([
      undefined,
      undefined,
      'closed-by-relay',
      undefined,
    ])
    expect(relay.drops('gave-way')).toBe(1)
  })

  test('when every place is taken by a client, another is refused', async () => {
    const clients = []
    for (let n = 0; n < MAX_CLIENTS; n++) clients.push(await world.connect())
    const socket = await world.dial()
    let ended: string | undefined
    socket.data$.subscribe()
    socket.ended$.subscribe(error => {
      ended = error.code
    })
    await clock.settle()
    expect(ended).toBe('closed-by-relay')
    expect(relay.stats).toMatchObject({ clients: MAX_CLIENTS, refused: 1 })
    clients[0]?.destroy()
    await clock.settle()
    await world.connect()
    expect(relay.stats?.clients).toBe(MAX_CLIENTS)
  })
})

test('after the last client left nothing is left behind', async () => {
  const { a, b } = await world.pair()
  const half = await world.dial()
  half.write(new Uint8Array(50))
  await clock.settle()
  for (const end of [a, b, half]) end.destroy()
  await clock.settle()
  expect(relay.stats).toMatchObject({ clients: 0, unconfirmed: 0, drops: { gone: 3 } })
  expect(clock.pending).toBe(0)
})
