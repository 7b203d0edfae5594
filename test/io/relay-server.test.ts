import { once } from 'node:events'
import { connect as connectTcp, createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dial } from '../../src/io/dial.js'
import { type RelayServer, type RelayServerOptions, startRelay } from '../../src/io/relay-server.js'
import { toHex } from '../../src/protocol/bytes.js'
import {
  MAX_DATA_SIZE,
  MAX_ROUTES_PER_RELAY,
  PING_INTERVAL_MS,
  PONG_TIMEOUT_MS,
} from '../../src/protocol/constants.js'
import { cryptoReady, type KeyPair, newKeyPair, systemRandom } from '../../src/protocol/crypto.js'
import { DATA_LANE_BYTES } from '../../src/protocol/outbox.js'
import { ScriptedEnd, scriptedClient } from '../../src/testing/scripted-end.js'
import { VirtualClock } from '../../src/testing/virtual-clock.js'

const random = systemRandom
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const relays: RelayServer[] = []
const clients: ScriptedEnd[] = []
beforeAll(cryptoReady)
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const relay of relays.splice(0)) await relay.close()
})

const start = async (options?: RelayServerOptions): Promise<RelayServer> => {
  const relay = await startRelay(options)
  relays.push(relay)
  return relay
}

const connect = async (relay: RelayServer, keyPair = newKeyPair(random)): Promise<ScriptedEnd> => {
  const socket = await dial(relay, { signal: new AbortController().signal })
  const client = scriptedClient(socket, { keyPair, relayKey: relay.publicKey, random })
  clients.push(client)
  await client.whenEstablished()
  client.send({ kind: 'ping', pingId: bytes('12345678') })
  await client.next('pong')
  return client
}

/** A client that does not even shake hands. */
const stranger = async (relay: RelayServer): Promise<ScriptedEnd> => {
  const socket = await dial(relay, { signal: new AbortController().signal })
  const client = new ScriptedEnd(socket, () => undefined)
  clients.push(client)
  return client
}

/** Brings two clients online to each other. @returns the id by which `a` knows `b` */
const meet = async (a: ScriptedEnd, keysA: KeyPair, b: ScriptedEnd, keysB: KeyPair) => {
  a.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
  b.send({ kind: 'routingRequest', publicKey: keysA.publicKey })
  await b.next('connectNotification')
  return (await a.next('connectNotification')).connectionId
}

describe('two clients', () => {
  test.each(['127.0.0.1', '::1', 'localhost'])('talk through a relay on %s', async host => {
    const relay = await start({ host })
    const [keysA, keysB] = [newKeyPair(random), newKeyPair(random)]
    const [a, b] = [await connect(relay, keysA), await connect(relay, keysB)]
    const connectionId = await meet(a, keysA, b, keysB)
    a.send({ kind: 'data', connectionId, payload: bytes('hello') })
    expect((await b.next('data')).payload).toEqual(bytes('hello'))
    a.send({ kind: 'oobSend', publicKey: keysB.publicKey, payload: bytes('aside') })
    expect(await b.next('oobRecv')).toEqual({
      kind: 'oobRecv',
      publicKey: keysA.publicKey,
      payload: bytes('aside'),
    })
    a.end()
    await b.next('disconnectNotification')
    expect(relay.stats).toMatchObject({ clients: 1, data: 1, oob: 1, drops: { gone: 1 } })
  })

  test('send each other 10,000 packets at once, of which none is lost or swapped', async () => {
    const relay = await start()
    const [keysA, keysB] = [newKeyPair(random), newKeyPair(random)]
    const [a, b] = [await connect(relay, keysA), await connect(relay, keysB)]
    const connectionId = await meet(a, keysA, b, keysB)
    const numbered = (n: number): Uint8Array => Uint8Array.of(n >> 8, n, ...new Uint8Array(1000))
    for (let n = 0; n < 10_000; n++) a.send({ kind: 'data', connectionId, payload: numbered(n) })
    for (let n = 0; n < 10_000; n++) {
      const { payload } = await b.next('data')
      expect((payload[0] ?? 0) * 256 + (payload[1] ?? 0)).toBe(n)
    }
    expect(relay.stats.dataDropped).toBe(0)
  })
})

describe('starting', () => {
  test('takes any free port, on loopback only, with a key of its own', async () => {
    const [one, two] = [await start(), await start()]
    expect(one.host).toBe('127.0.0.1')
    expect(one.port).toBeGreaterThan(0)
    expect(one.port).not.toBe(two.port)
    expect(toHex(one.publicKey)).not.toBe(toHex(two.publicKey))
  })

  test('keeps the identity that it is given, as bytes or hex, with or without the public key', async () => {
    const keyPair = newKeyPair(random)
    const { publicKey } = keyPair
    const secretKey = toHex(keyPair.secretKey)
    for (const given of [keyPair, { secretKey }, { secretKey, publicKey: toHex(publicKey) }]) {
      const relay = await start({ keyPair: given })
      expect(relay.publicKey).toEqual(publicKey)
      await connect(relay)
    }
  })

  test('on a port in use is one clear error with the code of the system', async () => {
    const { port } = await start()
    await expect(startRelay({ port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `cannot listen on 127.0.0.1:${port}: the port is in use`,
    })
  })

  test.each([
    ['::1', 'EADDRINUSE', /^cannot listen on \[::1\]:\d+: the port is in use$/],
    ['192.0.2.1', 'EADDRNOTAVAIL', /no such address/],
  ])('on %s says %s', async (host, code, message) => {
    const other = createServer().listen(0, '::1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await expect(startRelay({ host, port })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
    other.close()
  })

  test.each([
    [{ port: -1 }, RangeError],
    [{ port: 65_536 }, RangeError],
    [{ port: 1.5 }, RangeError],
    [{ maxClients: 0 }, RangeError],
    [{ keyPair: { secretKey: 'ABC' } }, TypeError],
    [{ keyPair: { secretKey: new Uint8Array(32).fill(1), publicKey: new Uint8Array(32) } }, TypeError],
  ])('with %o is refused', async (options, kind) => {
    await expect(startRelay(options)).rejects.toBeInstanceOf(kind)
  })

  test('errors never show the secret key', async () => {
    const secretKey = 'C0FFEE'.repeat(11)
    await expect(startRelay({ keyPair: { secretKey } })).rejects.toThrow(/^(?!.*C0FFEE).*$/)
  })
})

describe('closing', () => {
  test('drops every client, frees the port, and may be repeated', async () => {
    const relay = await start()
    const client = await connect(relay)
    const half = await stranger(relay)
    await Promise.all([relay.close(), relay.close()])
    expect(['closed-by-relay', 'reset']).toContain(await client.whenEnded())
    expect(['closed-by-relay', 'reset']).toContain(await half.whenEnded())
    const next = await start({ port: relay.port })
    expect(next.port).toBe(relay.port)
  })

  test('happens by itself at the end of a block', async () => {
    let port: number
    {
      await using relay = await startRelay()
      port = relay.port
    }
    await start({ port })
  })
})

describe('stats$', () => {
  test('tells at once, then every second, and completes with the relay', async () => {
    const clock = new VirtualClock()
    const relay = await startRelay({ clock })
    const told = firstValueFrom(relay.stats$.pipe(take(3), toArray()))
    await clock.advance(2000)
    expect((await told).map(({ clients }) => clients)).toEqual([0, 0, 0])
    const last = lastValueFrom(relay.stats$)
    await relay.close()
    await last
    expect(await firstValueFrom(relay.stats$.pipe(toArray()))).toEqual([])
    expect(clock.pending).toBe(0)
  })
})

describe('hostile clients', () => {
  test('that send garbage, or HTTP, lose their connection and nothing else', async () => {
    const relay = await start()
    const honest = await connect(relay)
    for (const rubbish of [random(128), random(60_000), bytes('GET / HTTP/1.1\r\n\r\n'.repeat(20))]) {
      const client = await stranger(relay)
      client.sendRaw(rubbish)
      expect(['closed-by-relay', 'reset']).toContain(await client.whenEnded())
    }
    honest.send({ kind: 'ping', pingId: bytes('87654321') })
    await honest.next('pong')
    expect(relay.stats.drops).toMatchObject({ 'bad-handshake': 3 })
  })

  test('that come and reset at once leave nothing', async () => {
    const relay = await start()
    for (let n = 0; n < 50; n++) {
      const socket = connectTcp(relay.port, relay.host).on('error', () => {})
      await once(socket, 'connect')
      socket.resetAndDestroy()
    }
    await connect(relay)
    await expect.poll(() => relay.stats).toMatchObject({ clients: 1, unconfirmed: 0, accepted: 51 })
  })

  test('with 240 routes at once get them, and no more', async () => {
    const relay = await start()
    const client = await connect(relay)
    for (let n = 0; n <= MAX_ROUTES_PER_RELAY; n++)
      client.send({ kind: 'routingRequest', publicKey: random(32) })
    for (let n = 0; n < MAX_ROUTES_PER_RELAY; n++)
      expect((await client.next('routingResponse')).connectionId).toBe(16 + n)
    expect((await client.next('routingResponse')).connectionId).toBeUndefined()
  })

  test('that flood it with pings get pongs, and others their turn', async () => {
    const relay = await start()
    const [flooder, honest] = [await connect(relay), await connect(relay)]
    for (let n = 0; n < 20_000; n++) flooder.send({ kind: 'ping', pingId: random(8) })
    honest.send({ kind: 'ping', pingId: bytes('87654321') })
    await honest.next('pong')
    await flooder.next('pong')
    expect(flooder.ended).toBeUndefined()
  })

  test('that never read cost bounded memory, slow down nobody, and go with the next ping', async () => {
    const clock = new VirtualClock()
    const relay = await start({ clock })
    const [keysA, keysB] = [newKeyPair(random), newKeyPair(random)]
    const connecting = Promise.all([connect(relay, keysA), connect(relay, keysB)])
    let ready = false
    connecting.finally(() => {
      ready = true
    })
    await clock.standUntil(() => ready)
    const [a, b] = await connecting
    a.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
    b.send({ kind: 'routingRequest', publicKey: keysA.publicKey })
    await clock.standUntil(() => a.all('connectNotification').length > 0)
    const connectionId = a.all('connectNotification')[0]?.connectionId
    if (connectionId === undefined) throw new Error('not online')
    b.pause()
    const payload = new Uint8Array(MAX_DATA_SIZE)
    const before = await arrayBuffersAfterGc()
    for (let round = 1; round <= 40; round++) {
      for (let n = 0; n < 500; n++) a.send({ kind: 'data', connectionId, payload })
      await clock.standUntil(() => relay.stats.data + relay.stats.dataDropped === round * 500)
    }
    expect(relay.stats.dataDropped).toBeGreaterThan(10_000)
    expect((await arrayBuffersAfterGc()) - before).toBeLessThan(2 * DATA_LANE_BYTES)
    await clock.advance(PING_INTERVAL_MS)
    await clock.standUntil(() => a.all('pong').length > 0 && a.all('ping').length > 0)
    await clock.standUntil(() => true)
    await clock.advance(PONG_TIMEOUT_MS)
    await clock.standUntil(() => relay.stats.drops['ping-timeout'] === 1)
    await clock.standUntil(() => a.all('disconnectNotification').length > 0)
    expect(relay.stats.clients).toBe(1)
  })
})

/** What is really held: buffers are freed in the background after a collection, so the least of several counts. */
async function arrayBuffersAfterGc(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  const counts: number[] = []
  for (let i = 0; i < COLLECTIONS; i++) {
    if (typeof gc === 'function') gc()
    await setImmediate()
    counts.push(process.memoryUsage().arrayBuffers)
  }
  return Math.min(...counts)
}

const COLLECTIONS = 10
