import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ByteSocket } from '../../src/io/byte-socket.js'
import { concatBytes, copyBytes } from '../../src/protocol/bytes.js'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import {
  FIRST_CONNECTION_ID,
  HANDSHAKE_TIMEOUT_MS,
  MAX_DATA_SIZE,
  MAX_OWED_PONGS,
  MAX_ROUTES_PER_RELAY,
  PING_INTERVAL_MS,
  PONG_TIMEOUT_MS,
} from '../../src/protocol/constants.js'
import { cryptoReady, type KeyPair, newKeyPair, systemRandom } from '../../src/protocol/crypto.js'
import { ClientHandshake } from '../../src/protocol/handshake.js'
import { encodePacket } from '../../src/protocol/packets.js'
import { MemoryNetwork } from '../../src/testing/memory-network.js'
import { type MemoryRelay, startMemoryRelay } from '../../src/testing/memory-relay.js'
import { ScriptedEnd, scriptedClient } from '../../src/testing/scripted-end.js'
import { VirtualClock } from '../../src/testing/virtual-clock.js'

const random = systemRandom
const never = new AbortController().signal
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const PING = { kind: 'ping', pingId: bytes('12345678') } as const
const MAX_CLIENTS = 20

let clock: VirtualClock
let network: MemoryNetwork
let relay: MemoryRelay
beforeAll(cryptoReady)
beforeEach(async () => {
  clock = new VirtualClock()
  network = new MemoryNetwork({ clock })
  relay = await startMemoryRelay({ network, host: 'relay.test', port: 443, maxClients: MAX_CLIENTS })
})

const dial = (): Promise<ByteSocket> => clock.run(network.dial(relay, { signal: never }))

/** A client whose handshake is over and that has sent nothing else. */
const unconfirmed = async (keyPair = newKeyPair(random)): Promise<ScriptedEnd> => {
  const client = scriptedClient(await dial(), { keyPair, relayKey: relay.publicKey, random })
  await clock.run(client.whenEstablished())
  return client
}

/** A client that has sent its first ping. */
const connect = async (keyPair?: KeyPair): Promise<ScriptedEnd> => {
  const client = await unconfirmed(keyPair)
  client.send(PING)
  await clock.run(client.next('pong'))
  return client
}

/** Two clients that are online to each other; both know the other as the id that is given. */
const pair = async () => {
  const [keysA, keysB] = [newKeyPair(random), newKeyPair(random)]
  const [a, b] = [await connect(keysA), await connect(keysB)]
  a.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
  b.send({ kind: 'routingRequest', publicKey: keysA.publicKey })
  const { connectionId } = await clock.run(a.next('connectNotification'))
  await clock.run(b.next('connectNotification'))
  return { a, b, keysA, keysB, connectionId }
}

const data = (connectionId: ConnectionId, payload: Uint8Array) =>
  ({ kind: 'data', connectionId, payload }) as const

describe('the handshake', () => {
  test.each([0, 1, 127])('of %i bytes and then silence ends at 10 s', async sent => {
    const socket = await dial()
    const request = new ClientHandshake(newKeyPair(random), relay.publicKey, random).request
    let ended: string | undefined
    socket.data$.subscribe()
    socket.ended$.subscribe(error => {
      ended = error.code
    })
    socket.write(request.subarray(0, sent))
    await clock.advance(HANDSHAKE_TIMEOUT_MS - 1)
    expect(ended).toBeUndefined()
    await clock.advance(1)
    expect(ended).toBe('closed-by-relay')
    expect(relay.drops('handshake-timeout')).toBe(1)
  })

  test('that nothing follows ends at 10 s too', async () => {
    const client = await unconfirmed()
    expect(relay.stats).toMatchObject({ clients: 0, unconfirmed: 1 })
    await clock.advance(HANDSHAKE_TIMEOUT_MS)
    expect(client.ended).toBe('closed-by-relay')
    expect(relay.stats).toMatchObject({ unconfirmed: 0, drops: { 'handshake-timeout': 1 } })
  })

  test('with another key is refused without an answer', async () => {
    const socket = await dial()
    const client = scriptedClient(socket, {
      keyPair: newKeyPair(random),
      relayKey: newKeyPair(random).publicKey,
      random,
    })
    await clock.settle()
    expect([client.ended, client.bytesRead]).toEqual(['closed-by-relay', 0])
    expect(relay.drops('bad-handshake')).toBe(1)
  })

  test('byte by byte, the first frames in the same stream, works', async () => {
    relay.place.chunkBytes = 1
    const client = await connect()
    expect(client.ended).toBeUndefined()
  })

  test('followed at once by anything is refused: no client can know the key yet', async () => {
    const socket = await dial()
    socket.data$.subscribe()
    const { request } = new ClientHandshake(newKeyPair(random), relay.publicKey, random)
    socket.write(concatBytes(request, Uint8Array.of(0, 20, ...new Uint8Array(20))))
    await clock.settle()
    expect(relay.stats).toMatchObject({ unconfirmed: 0, drops: { 'protocol-violation': 1 } })
  })

  test('replayed evicts nobody: only a frame that opens does', async () => {
    const handshake = new ClientHandshake(newKeyPair(random), relay.publicKey, random)
    const recorded = copyBytes(handshake.request)
    const client = new ScriptedEnd(await dial(), chunk => handshake.receive(chunk))
    client.sendRaw(recorded)
    await clock.run(client.whenEstablished())
    client.send(PING)
    await clock.run(client.next('pong'))
    const thief = await dial()
    thief.data$.subscribe()
    thief.write(recorded)
    await clock.settle()
    expect(relay.stats).toMatchObject({ clients: 1, unconfirmed: 1 })
    thief.write(Uint8Array.of(0, 20, ...new Uint8Array(20)))
    await clock.settle()
    expect(relay.stats).toMatchObject({ clients: 1, unconfirmed: 0, drops: { 'protocol-violation': 1 } })
    client.send(PING)
    await clock.run(client.next('pong'))
  })
})

describe('a second connection with the same key', () => {
  test('leaves the first alone until a frame of it opens, then takes its place', async () => {
    const { a, b, keysA, keysB } = await pair()
    const newer = await unconfirmed(keysA)
    await clock.advance(1000)
    expect([a.ended, b.take('disconnectNotification')]).toEqual([undefined, undefined])
    newer.send(PING)
    await clock.settle()
    expect(a.ended).toBe('closed-by-relay')
    expect(b.take('disconnectNotification')?.connectionId).toBe(FIRST_CONNECTION_ID)
    newer.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
    await clock.settle()
    expect(b.take('connectNotification')?.connectionId).toBe(FIRST_CONNECTION_ID)
    expect(relay.stats).toMatchObject({ clients: 2, drops: { replaced: 1 } })
  })

  test('takes its place with a routing request as the first frame, too', async () => {
    const { a, b, keysA, keysB } = await pair()
    const newer = await unconfirmed(keysA)
    newer.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
    await clock.settle()
    expect(a.ended).toBe('closed-by-relay')
    expect(b.all('connectNotification')).toHaveLength(2)
  })

  test('is not disturbed by the late close of the first (case 43)', async () => {
    const { a, b, keysA, keysB } = await pair()
    const newer = await connect(keysA)
    newer.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
    await clock.settle()
    a.destroy()
    await clock.advance(1000)
    newer.send(data(newer.all('routingResponse')[0]?.connectionId ?? FIRST, bytes('x')))
    await clock.settle()
    expect(b.take('data')?.payload).toEqual(bytes('x'))
    expect(newer.ended).toBeUndefined()
  })
})

const FIRST = FIRST_CONNECTION_ID as ConnectionId

describe('pings', () => {
  test('come every 30 s and keep a client that answers', async () => {
    const client = await connect()
    for (let count = 1; count <= 5; count++) {
      await clock.advance(PING_INTERVAL_MS - 1)
      expect(client.all('ping')).toHaveLength(count - 1)
      await clock.advance(1)
      expect(client.all('ping')).toHaveLength(count)
    }
    expect(client.ended).toBeUndefined()
  })

  test('unanswered for 10 s end the connection, whatever else arrives', async () => {
    const client = await connect()
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
    const client = await connect()
    client.send({ kind: 'ping', pingId: new Uint8Array(8) })
    client.send(PING)
    client.send({ kind: 'pong', pingId: bytes('whatever') })
    await clock.settle()
    expect(client.all('pong').map(({ pingId }) => pingId)).toEqual([PING.pingId, PING.pingId])
    expect(client.ended).toBeUndefined()
  })

  test('in a flood take no memory: beyond 32 owed pongs the newest replaces the last', async () => {
    const client = await connect()
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
    const { a, b, connectionId } = await pair()
    const hostile = await connect()
    hostile.sendRaw(spoil(hostile))
    await clock.settle()
    expect(hostile.ended).toBe('closed-by-relay')
    expect(relay.drops('protocol-violation')).toBe(1)
    a.send(data(connectionId, bytes('x')))
    await clock.settle()
    expect(b.take('data')).toBeDefined()
  })

  test('empty data is dropped, and nothing happens', async () => {
    const { a, b, connectionId } = await pair()
    a.send(data(connectionId, new Uint8Array()))
    await clock.settle()
    expect([a.ended, b.ended, b.take('data')]).toEqual([undefined, undefined, undefined])
    expect(relay.stats?.dataDropped).toBe(1)
  })

  test('reserved packets are ignored', async () => {
    const client = await connect()
    client.sendPlain(Uint8Array.of(13, 1, 2))
    await clock.settle()
    expect([client.ended, relay.stats?.ignored]).toEqual([undefined, 1])
  })
})

describe('a fast receiver', () => {
  test('gets all that one turn brings, however much', async () => {
    const { a, b, connectionId } = await pair()
    relay.place.roomBytes = 1_000_000
    for (let n = 0; n < 200; n++) a.send(data(connectionId, new Uint8Array(MAX_DATA_SIZE)))
    await clock.settle()
    expect(b.all('data')).toHaveLength(200)
    expect(relay.stats).toMatchObject({ data: 200, dataDropped: 0 })
  })
})

describe('a fast sender', () => {
  test('has 64 KiB a turn, then it is the turn of others', async () => {
    const { a, b, connectionId } = await pair()
    const other = await connect()
    relay.place.roomBytes = 1_000_000
    for (let n = 0; n < 200; n++) a.send(data(connectionId, new Uint8Array(MAX_DATA_SIZE)))
    other.send(PING)
    const passed = clock.run(other.next('pong').then(() => b.all('data').length))
    expect(await passed).toBeLessThan(40)
    expect(b.all('data')).toHaveLength(200)
  })
})

describe('a slow receiver', () => {
  test('loses data, is told what is important in order, and holds nobody else up', async () => {
    const { a, b, keysA, connectionId } = await pair()
    const [keysC] = [newKeyPair(random)]
    const c = await connect(keysC)
    a.send({ kind: 'routingRequest', publicKey: keysC.publicKey })
    c.send({ kind: 'routingRequest', publicKey: keysA.publicKey })
    await clock.run(c.next('connectNotification'))
    const toC = (await clock.run(a.next('connectNotification'))).connectionId
    b.pause()
    const payload = new Uint8Array(MAX_DATA_SIZE)
    for (let n = 0; n < 200; n++) {
      a.send(data(connectionId, payload))
      a.send(data(toC, payload))
      await clock.settle()
    }
    a.send({ kind: 'disconnectNotification', connectionId })
    await clock.settle()
    expect(c.all('data')).toHaveLength(200)
    expect(c.all('ping')).toEqual([])
    expect(relay.stats?.dataDropped).toBeGreaterThan(100)
    b.resume()
    await clock.settle()
    expect(b.all('data').length + (relay.stats?.dataDropped ?? 0)).toBe(200)
    expect(b.take('disconnectNotification')).toBeDefined()
    expect(b.ended).toBeUndefined()
  })

  test('that lets more than a thousand important packets wait is dropped', async () => {
    const slow = await connect()
    slow.pause()
    for (let n = 0; n < 5000; n++) slow.send({ kind: 'routingRequest', publicKey: newKeyless(n) })
    await clock.settle()
    expect(relay.drops('too-slow')).toBe(1)
    expect(relay.stats?.clients).toBe(0)
  })

  test('never reading is dropped at the latest by the ping', async () => {
    const slow = await connect()
    slow.pause()
    await clock.advance(PING_INTERVAL_MS + PONG_TIMEOUT_MS)
    expect(relay.drops('ping-timeout')).toBe(1)
  })

  test('does not get what waits under an id after it gave the id back', async () => {
    const { a, b, connectionId } = await pair()
    b.pause()
    const payload = new Uint8Array(MAX_DATA_SIZE)
    for (let n = 0; n < 80; n++) a.send(data(connectionId, payload))
    await clock.settle()
    b.send({ kind: 'disconnectNotification', connectionId })
    b.send({ kind: 'routingRequest', publicKey: newKeyPair(random).publicKey })
    await clock.settle()
    b.resume()
    await clock.settle()
    const kinds = b.received.map(({ kind }) => kind)
    expect(kinds.at(-1)).toBe('routingResponse')
    expect(b.all('data').length).toBeLessThan(40)
  })
})

/** A public key that nobody has. */
const newKeyless = (n: number): Uint8Array => {
  const key = new Uint8Array(32)
  new DataView(key.buffer).setUint32(0, n)
  return key
}

describe('order', () => {
  test('the last words of a friend come before the word that he left', async () => {
    const { a, b, connectionId } = await pair()
    a.send(data(connectionId, bytes('last words')))
    a.send({ kind: 'disconnectNotification', connectionId })
    await clock.settle()
    const kinds = b.received.map(({ kind }) => kind)
    expect(kinds.slice(-2)).toEqual(['data', 'disconnectNotification'])
  })

  test('all that one turn brings leaves in one write', async () => {
    const { a, b, connectionId } = await pair()
    let pieces = 0
    relay.place.chunkBytes = () => {
      pieces++
      return Number.POSITIVE_INFINITY
    }
    a.sendRaw(
      concatBytes(
        ...Array.from({ length: 20 }, (_, n) => a.seal(encodePacket(data(connectionId, Uint8Array.of(n))))),
      ),
    )
    await clock.settle()
    expect(b.all('data').map(({ payload }) => payload[0])).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(pieces).toBe(2)
  })
})

describe('limits', () => {
  test('240 routes at once, and the 241st is refused', async () => {
    const client = await connect()
    for (let n = 0; n <= MAX_ROUTES_PER_RELAY; n++)
      client.send({ kind: 'routingRequest', publicKey: newKeyless(n) })
    await clock.settle()
    const ids = client.all('routingResponse').map(({ connectionId }) => connectionId)
    expect(new Set(ids).size).toBe(MAX_ROUTES_PER_RELAY + 1)
    expect(ids.at(-1)).toBeUndefined()
    expect(client.ended).toBeUndefined()
  })

  test('when every place is taken, the oldest that has not confirmed gives way', async () => {
    const client = await connect()
    const idlers = []
    for (let n = 1; n < MAX_CLIENTS; n++) idlers.push(await unconfirmed())
    const latecomer = await connect()
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
    for (let n = 0; n < MAX_CLIENTS; n++) clients.push(await connect())
    const socket = await dial()
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
    await connect()
    expect(relay.stats?.clients).toBe(MAX_CLIENTS)
  })
})

test('after the last client left nothing is left behind', async () => {
  const { a, b } = await pair()
  const half = await dial()
  half.write(new Uint8Array(50))
  await clock.settle()
  for (const end of [a, b, half]) end.destroy()
  await clock.settle()
  expect(relay.stats).toMatchObject({ clients: 0, unconfirmed: 0, drops: { gone: 3 } })
  expect(clock.pending).toBe(0)
})
