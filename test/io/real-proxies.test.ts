import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ByteSocket } from '../../src/io/byte-socket.js'
import { dial } from '../../src/io/dial.js'
import { isolate } from '../../src/io/isolation.js'
import { type ProxyKind, type ProxyOptions, parseProxy } from '../../src/io/proxy.js'
import type { ToxError } from '../../src/protocol/errors.js'
import { failureOf, NEVER, readText } from '../support/attempts.js'
import { describeWithPeer, freePort, type Peer } from '../support/peers.js'
import {
  type ProxyStart,
  type RealProxy,
  startDanted,
  startMicrosocks,
  startSquid,
  startTinyproxy,
  startTor,
} from '../support/proxies.js'

const LOGIN = { user: 'relay-user', password: 'correct-horse' }
const WRONG_LOGIN = { user: 'relay-user', password: 'wrong-horse' }
/** What a link has under way at most (docs/protocol.md §8.1). */
const SEND_WINDOW_BYTES = 64 * 1024
const GREETING = 'greeting of the far side;'

/** Greets at once, as a relay may, then sends everything back. */
const echo: Server = createServer(socket => {
  socket.on('error', () => {})
  socket.write(GREETING)
  socket.pipe(socket)
})
let echoPort = 0
beforeAll(async () => {
  echo.listen(0, '::')
  await once(echo, 'listening')
  echoPort = (echo.address() as AddressInfo).port
})
afterAll(() => {
  echo.close()
})

const through = (
  proxy: RealProxy,
  kind: ProxyKind,
  options: Partial<ProxyOptions> = {},
  relay: { host?: string; port?: number } = {},
): Promise<ByteSocket> => {
  const { host, port } = proxy
  const target = { host: '127.0.0.1', port: echoPort, ...relay }
  return dial(target, { signal: NEVER, proxy: parseProxy({ kind, host, port, ...options }) })
}

/**
 * Sends `bytes` and reads as many back behind the greeting: the hash of what came. No more is under way at once than on
 * a link to a relay; microsocks, which copies one direction at a time, would stop for ever at some more.
 */
const roundTrip = (socket: ByteSocket, bytes: Uint8Array): Promise<string> =>
  new Promise((resolve, reject) => {
    const hash = createHash('sha256')
    let received = 0
    let sent = 0
    const send = () => {
      const allowed = Math.min(bytes.length, received + SEND_WINDOW_BYTES)
      while (sent < allowed && socket.room > 0) sent += socket.write(bytes.subarray(sent, allowed))
    }
    socket.ended$.subscribe(reject)
    socket.drain$.subscribe(send)
    socket.data$.subscribe(chunk => {
      hash.update(chunk)
      received += chunk.length
      if (received === GREETING.length + bytes.length) resolve(hash.digest('hex'))
      else send()
    })
    send()
  })

const LARGE = randomBytes(10_000_000)
const LARGE_HASH = createHash('sha256').update(GREETING).update(LARGE).digest('hex')

interface Case {
  readonly peer: Peer
  readonly kind: ProxyKind
  readonly start: (how?: ProxyStart) => Promise<RealProxy>
  readonly login?: typeof LOGIN
  /** Ways to name our own machine that it takes. */
  readonly hosts: readonly string[]
}
const V4_V6_NAME = ['127.0.0.1', '::1', 'localhost']
const CASES: readonly Case[] = [
  { peer: 'microsocks', kind: 'socks5', start: startMicrosocks, hosts: V4_V6_NAME },
  { peer: 'microsocks', kind: 'socks5', start: startMicrosocks, hosts: V4_V6_NAME, login: LOGIN },
  { peer: 'danted', kind: 'socks5', start: startDanted, hosts: ['127.0.0.1', 'localhost'] },
  { peer: 'danted', kind: 'socks4', start: startDanted, hosts: ['127.0.0.1'] },
  { peer: 'tinyproxy', kind: 'http', start: startTinyproxy, hosts: V4_V6_NAME },
  { peer: 'tinyproxy', kind: 'http', start: startTinyproxy, hosts: V4_V6_NAME, login: LOGIN },
  { peer: 'squid', kind: 'http', start: startSquid, hosts: V4_V6_NAME },
  { peer: 'squid', kind: 'http', start: startSquid, hosts: V4_V6_NAME, login: LOGIN },
]

for (const { peer, kind, start, login, hosts } of CASES) {
  describeWithPeer(peer, `${peer} as ${kind} ${login ? 'with' : 'without'} a login`, () => {
    let proxy: RealProxy
    beforeAll(async () => {
      proxy = await start(login ? { login } : {})
    })
    afterAll(() => proxy[Symbol.asyncDispose]())

    test.each(hosts)('connects to %s and loses no byte of the greeting', async host => {
      const socket = await through(proxy, kind, login, { host })
      expect(await readText(socket, GREETING.length)).toBe(GREETING)
      socket.destroy()
    })

    test('carries 10 MB there and back intact', async () => {
      const socket = await through(proxy, kind, login)
      expect(await roundTrip(socket, LARGE)).toBe(LARGE_HASH)
      socket.destroy()
    })

    test('killed in mid-stream ends the stream, then cannot be reached, then is there again', async () => {
      const socket = await through(proxy, kind, login)
      await readText(socket, GREETING.length)
      const lost = new Promise<ToxError>(resolve => socket.ended$.subscribe(resolve))
      socket.data$.subscribe()
      proxy.process.kill('SIGKILL')
      expect((await lost).code).toMatch(/^(closed-by-relay|reset)$/)
      await proxy[Symbol.asyncDispose]()
      expect(await failureOf(through(proxy, kind, login))).toMatchObject({ code: 'proxy-unreachable' })
      proxy = await start({ port: proxy.port, ...(login && { login }) })
      const next = await through(proxy, kind, login)
      expect(await readText(next, GREETING.length)).toBe(GREETING)
      next.destroy()
    })

    if (login)
      test('tells a wrong login from none', async () => {
        expect(await failureOf(through(proxy, kind, WRONG_LOGIN))).toMatchObject({
          code: 'proxy-auth-refused',
        })
        expect(await failureOf(through(proxy, kind))).toMatchObject({ code: 'proxy-auth-required' })
      })
  })
}

describeWithPeer(['microsocks', 'danted', 'tinyproxy', 'squid'], 'a refusal of', () => {
  const proxies: RealProxy[] = []
  afterAll(() => Promise.all(proxies.map(proxy => proxy[Symbol.asyncDispose]())))
  const started = async (start: Case['start'], how: ProxyStart = {}): Promise<RealProxy> => {
    const proxy = await start(how)
    proxies.push(proxy)
    return proxy
  }
  const NO_NAME = 'no..such.name'

  test('microsocks says why', async () => {
    const proxy = await started(startMicrosocks)
    const refused = { port: await freePort() }
    expect(await failureOf(through(proxy, 'socks5', {}, refused))).toMatchObject({ code: 'socks-refused' })
    expect(await failureOf(through(proxy, 'socks5', {}, { host: NO_NAME }))).toMatchObject({
      code: 'socks-general-failure',
    })
    expect(await failureOf(through(proxy, 'socks4'))).toMatchObject({ code: 'proxy-closed' })
    expect(await failureOf(through(proxy, 'http'))).toMatchObject({ code: 'proxy-bad-reply' })
  })

  test('danted says why', async () => {
    const proxy = await started(startDanted, { onlyPort: 1 })
    expect(await failureOf(through(proxy, 'socks5'))).toMatchObject({ code: 'socks-not-allowed' })
    expect(await failureOf(through(proxy, 'socks4'))).toMatchObject({ code: 'socks-rejected' })
    expect(await failureOf(through(proxy, 'socks5', {}, { port: 1 }))).toMatchObject({
      code: 'socks-refused',
    })
    expect(await failureOf(through(proxy, 'socks4', {}, { host: 'localhost', port: 1 }))).toMatchObject({
      code: 'socks-rejected',
    })
    expect(await failureOf(through(proxy, 'http'))).toMatchObject({ code: 'proxy-closed' })
  })

  test('tinyproxy says why', async () => {
    const proxy = await started(startTinyproxy, { onlyPort: 1 })
    expect(await failureOf(through(proxy, 'http'))).toMatchObject({ code: 'proxy-said-403' })
    expect(await failureOf(through(proxy, 'http', {}, { port: 1 }))).toMatchObject({ code: 'proxy-said-500' })
  })

  test('squid says why', async () => {
    const proxy = await started(startSquid, { onlyPort: 1 })
    expect(await failureOf(through(proxy, 'http'))).toMatchObject({ code: 'proxy-said-403' })
    expect(await failureOf(through(proxy, 'http', {}, { port: 1 }))).toMatchObject({ code: 'proxy-said-503' })
  })
})

describeWithPeer('tor', 'tor without a network', () => {
  let tor: Awaited<ReturnType<typeof startTor>>
  beforeAll(async () => {
    tor = await startTor()
  })
  afterAll(() => tor[Symbol.asyncDispose]())

  test.each(['127.0.0.1', 'localhost', '::1', '192.168.1.1'])('refuses %s at once', async host => {
    const error = await failureOf(through(tor, 'socks5', {}, { host }))
    expect(error.code).toBe('socks-general-failure')
  })

  test.each([
    'relay.example',
    'vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion',
    '203.0.113.7',
  ])('gives up on %s after its own time', async host => {
    const error = await failureOf(through(tor, 'socks5', {}, { host }))
    expect(error.code).toMatch(/^socks-(general-failure|network-unreachable|host-unreachable|ttl-expired)$/)
  })

  test('with SOCKS4a refuses and gives up too', async () => {
    expect(await failureOf(through(tor, 'socks4', {}, { host: 'localhost' }))).toMatchObject({
      code: 'socks-rejected',
    })
    expect(await failureOf(through(tor, 'socks4', {}, { host: 'relay.example' }))).toMatchObject({
      code: 'socks-rejected',
    })
  })

  test('keeps two isolated identities apart, and nobody without isolation', async () => {
    const control = connect(tor.controlPort, '127.0.0.1')
    control.write('AUTHENTICATE\r\nSETEVENTS STREAM\r\n')
    const events = createInterface({ input: control })
    const isolated = parseProxy({ kind: 'socks5', host: tor.host, port: tor.port, isolation: true })
    const plain = parseProxy({ kind: 'socks5', host: tor.host, port: tor.port })
    const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const proxies = [isolate(isolated, one), isolate(isolated, two), isolate(isolated, one), plain]
    const enough = new AbortController()
    const attempts = proxies.map((proxy, i) =>
      dial({ host: `relay${i}.example`, port: 443 }, { signal: enough.signal, proxy }),
    )
    const users = new Map<number, string>()
    for await (const event of events) {
      const [, index, user = ''] = NEW_STREAM.exec(event) ?? []
      if (index === undefined) continue
      expect(event).toMatch(/ ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD,/)
      users.set(Number(index), user)
      if (users.size === proxies.length) break
    }
    enough.abort()
    await Promise.all(attempts.map(failureOf))
    control.destroy()
    expect(users.get(0)).toMatch(/^[0-9a-f]{32}$/)
    expect(users.get(2)).toBe(users.get(0))
    expect(users.get(1)).not.toBe(users.get(0))
    expect(users.get(3)).toBe('')
  })
})

/** Tor's event for a stream asked for, with the user that its circuit is kept for. */
const NEW_STREAM = /STREAM \d+ NEW 0 relay(\d)\.example:443(?:.* SOCKS_USERNAME="([^"]*)")?/
