import { describe, expect, test } from 'vitest'
import type { ByteSocket } from '../../src/io/byte-socket.js'
import { dial } from '../../src/io/dial.js'
import { MAX_REPLY_HEAD_BYTES } from '../../src/io/http-connect.js'
import { type ProxyOptions, parseProxy } from '../../src/io/proxy.js'
import type { HostPort } from '../../src/protocol/relay-address.js'
import { failureOf, NEVER, readText } from '../support/attempts.js'
import { type Script, type ScriptedProxy, startScriptedProxy } from '../support/scripted-proxy.js'

const GREETING = 'first bytes of the relay'
const RELAY = { host: 'relay.example', port: 33445 }
const LOGIN = { user: 'benutzer', password: 'pass: wörd' }

const through = (
  proxy: ScriptedProxy,
  options: Partial<ProxyOptions> = {},
  relay: HostPort = RELAY,
): Promise<ByteSocket> => {
  const { host, port } = proxy
  return dial(relay, { signal: NEVER, proxy: parseProxy({ kind: 'http', host, port, ...options }) })
}

/** A proxy that answers every request with these bytes, in pieces that end before each of `cuts`. */
const answering =
  (reply: string, cuts?: Iterable<number>): Script =>
  async talk => {
    await talk.hearHead()
    await talk.say(reply, cuts)
  }

describe('a CONNECT request', () => {
  const ASKED: [string, HostPort, string][] = [
    ['a name', RELAY, 'relay.example:33445'],
    ['an IPv4 address', { host: '192.0.2.7', port: 443 }, '192.0.2.7:443'],
    ['an IPv6 address, in brackets', { host: '2001:db8::7', port: 443 }, '[2001:db8::7]:443'],
    ['an .onion name', { host: 'expyuzz4wqqyqhjn.onion', port: 80 }, 'expyuzz4wqqyqhjn.onion:80'],
    ['a name with umlauts', { host: 'büro.example', port: 1 }, 'xn--bro-hoa.example:1'],
  ]
  test.each(ASKED)('names %s, and says no more than it must', async (_, relay, authority) => {
    await using proxy = await startScriptedProxy(answering('HTTP/1.1 200 OK\r\n\r\nok'))
    const socket = await through(proxy, {}, relay)
    expect(await readText(socket, 2)).toBe('ok')
    socket.destroy()
    expect(proxy.heard.map(String)).toEqual([`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`])
  })

  test('carries the login as Basic authentication', async () => {
    await using proxy = await startScriptedProxy(answering('HTTP/1.1 200 OK\r\n\r\n'))
    const socket = await through(proxy, LOGIN)
    socket.destroy()
    const login = Buffer.from('benutzer:pass: wörd').toString('base64')
    expect(`${proxy.heard[0]}`).toContain(`\r\nProxy-Authorization: Basic ${login}\r\n`)
  })

  test.each(['a b.example', 'a\r\nX: y', 'a:1', 'a/b', '[::1]', '', 'a%0d', `${'a.'.repeat(128)}b`])(
    'is not made with the name %j',
    async host => {
      await using proxy = await startScriptedProxy(() => {})
      expect(await failureOf(through(proxy, {}, { host, port: 1 }))).toMatchObject({ code: 'name-not-found' })
      expect(proxy.heard).toEqual([])
    },
  )
})

describe('a success', () => {
  const SUCCESSES = {
    plain: 'HTTP/1.1 200 Connection established\r\n\r\n',
    'of HTTP/1.0': 'HTTP/1.0 200 OK\r\n\r\n',
    'without a reason phrase': 'HTTP/1.1 200\r\n\r\n',
    'with lines that end in LF alone': 'HTTP/1.1 200 OK\nVia: old\n\n',
    'with headers about a body that cannot be':
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nX: é\r\n\r\n',
    'that is another 2xx': 'HTTP/1.1 204 No Content\r\n\r\n',
    'after 100 Continue': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    'after several interim replies':
      'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  }
  test.each(Object.entries(SUCCESSES))('%s leaves the relay all of its bytes', async (_, head) => {
    await using proxy = await startScriptedProxy(answering(head + GREETING))
    const socket = await through(proxy)
    expect(await readText(socket, GREETING.length)).toBe(GREETING)
    socket.destroy()
  })

  test.each(Object.entries(SUCCESSES))('%s may come byte by byte', async (_, head) => {
    await using proxy = await startScriptedProxy(async talk => {
      await talk.hearHead()
      await talk.spell(head + GREETING)
    })
    const socket = await through(proxy)
    expect(await readText(socket, GREETING.length)).toBe(GREETING)
    socket.destroy()
  })

  test('may be split at every byte', async () => {
    const reply = SUCCESSES['after 100 Continue'] + GREETING
    for (let cut = 1; cut < reply.length; cut++) {
      await using proxy = await startScriptedProxy(answering(reply, [cut]))
      const socket = await through(proxy)
      expect(await readText(socket, GREETING.length)).toBe(GREETING)
      socket.destroy()
    }
  })

  test('hands on bytes that look like another reply', async () => {
    const relayBytes = 'HTTP/1.1 200 OK\r\n\r\n'
    await using proxy = await startScriptedProxy(answering(SUCCESSES.plain + relayBytes))
    const socket = await through(proxy)
    expect(await readText(socket, relayBytes.length)).toBe(relayBytes)
    socket.destroy()
  })

  test('carries on in both directions', async () => {
    await using proxy = await startScriptedProxy(async talk => {
      await answering(`${SUCCESSES.plain}hello `)(talk)
      await talk.say(await talk.hear(5))
    })
    const socket = await through(proxy)
    socket.write(Buffer.from('world'))
    expect(await readText(socket, 11)).toBe('hello world')
    socket.destroy()
  })
})

describe('a refusal has its own reason:', () => {
  const BASIC = 'Proxy-Authenticate: Basic realm="x"\r\n'
  const NTLM = 'Proxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM\r\n'
  const REPLIES: [string, string, Partial<ProxyOptions>, string][] = [
    ['403', 'HTTP/1.1 403 Forbidden\r\n\r\n', {}, 'proxy-said-403'],
    ['502', 'HTTP/1.1 502 Bad Gateway\r\n\r\n', {}, 'proxy-said-502'],
    ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n', {}, 'proxy-said-302'],
    ['101', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', {}, 'proxy-said-101'],
    ['200 in the reason phrase only', 'HTTP/1.1 403 200 OK\r\n\r\n', {}, 'proxy-said-403'],
    ['403 after 100', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n', {}, 'proxy-said-403'],
    ['407 without a login', `HTTP/1.1 407 Auth\r\n${BASIC}\r\n`, {}, 'proxy-auth-required'],
    ['407 with a login', `HTTP/1.1 407 Auth\r\n${BASIC}\r\n`, LOGIN, 'proxy-auth-refused'],
    ['401 without a login', 'HTTP/1.1 401 Unauthorized\r\n\r\n', {}, 'proxy-auth-required'],
    ['401 with a login', 'HTTP/1.1 401 Unauthorized\r\n\r\n', LOGIN, 'proxy-auth-refused'],
    ['407 for other ways to log in', `HTTP/1.1 407 Auth\r\n${NTLM}\r\n`, LOGIN, 'proxy-auth-unsupported'],
    ['407 for Basic among others', `HTTP/1.1 407 Auth\r\n${NTLM}${BASIC}\r\n`, LOGIN, 'proxy-auth-refused'],
    ['no status line', 'Content-Length: 0\r\n\r\n', {}, 'proxy-bad-reply'],
    ['a SOCKS proxy', '\x05\xff', {}, 'proxy-bad-reply'],
    ['an SSH server', 'SSH-2.0-OpenSSH_9.2p1\r\n', {}, 'proxy-bad-reply'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n', {}, 'proxy-bad-reply'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', {}, 'proxy-bad-reply'],
    ['a status of words', 'HTTP/1.1 OK\r\n\r\n', {}, 'proxy-bad-reply'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n', {}, 'proxy-bad-reply'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n', {}, 'proxy-bad-reply'],
  ]
  test.each(REPLIES)('%s', async (_, reply, options, code) => {
    await using proxy = await startScriptedProxy(answering(reply))
    const error = await failureOf(through(proxy, options))
    expect(error).toMatchObject({ code })
    expect(error.cause).toBeUndefined()
    expect(`${error.stack}`).not.toMatch(/wörd|benutzer/)
    await proxy.deserted()
  })

  test.each([
    ['at once', (talk: { socket: { end(): void } }) => talk.socket.end()],
    ['in mid-head', answering('HTTP/1.1 200 OK\r\n')],
  ])('closed %s', async (_, script) => {
    await using proxy = await startScriptedProxy(async talk => {
      await script(talk)
      talk.socket.end()
    })
    expect(await failureOf(through(proxy))).toMatchObject({ code: 'proxy-closed' })
  })

  test('64 KB of headers, though a good end comes after', async () => {
    const line = `X: ${'x'.repeat(1021)}\r\n`
    expect(line.length * 64).toBeGreaterThan(MAX_REPLY_HEAD_BYTES)
    await using proxy = await startScriptedProxy(answering(`HTTP/1.1 200 OK\r\n${line.repeat(64)}\r\n`))
    expect(await failureOf(through(proxy))).toMatchObject({ code: 'proxy-bad-reply' })
    await proxy.deserted()
  })

  test('headers without end', async () => {
    await using proxy = await startScriptedProxy(async talk => {
      await talk.hearHead()
      await talk.say('HTTP/1.1 200 OK\r\n')
      while (!talk.socket.destroyed) await talk.say('X-More: of the same, again and again\r\n'.repeat(100))
    })
    expect(await failureOf(through(proxy))).toMatchObject({ code: 'proxy-bad-reply' })
    await proxy.deserted()
  })
})
