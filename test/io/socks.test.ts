import { describe, expect, test } from 'vitest'
import type { ByteSocket } from '../../src/io/byte-socket.js'
import { dial } from '../../src/io/dial.js'
import { type ProxyOptions, parseProxy } from '../../src/io/proxy.js'
import type { HostPort } from '../../src/protocol/relay-address.js'
import { failureOf, NEVER, readText } from '../support/attempts.js'
import { type Script, type ScriptedProxy, startScriptedProxy, type Talk } from '../support/scripted-proxy.js'

const GREETING = 'first bytes of the relay'
const V4_RELAY = { host: '192.0.2.7', port: 33445 }
const V6_RELAY = { host: '2001:db8::1:0:ff', port: 443 }
const ONION_RELAY = { host: 'expyuzz4wqqyqhjn.onion', port: 3389 }

const through = (
  proxy: ScriptedProxy,
  options: Partial<ProxyOptions> = {},
  relay: HostPort = V4_RELAY,
): Promise<ByteSocket> => {
  const { host, port } = proxy
  return dial(relay, { signal: NEVER, proxy: parseProxy({ kind: 'socks5', host, port, ...options }) })
}

const LOGIN = { user: 'benutzer', password: 'pass wörd' }
/** Version 5, methods: none. */
const HELLO = '050100'
/** Version 5, methods: none, user and password. */
const HELLO_WITH_LOGIN = '05020002'
const LOGIN_REQUEST = Buffer.concat([
  Buffer.from([1, 8]),
  Buffer.from('benutzer'),
  Buffer.from([10]),
  Buffer.from('pass wörd'),
])

const GRANTED = {
  'an IPv4 address': [5, 0, 0, 1, 203, 0, 113, 5, 0x12, 0x34],
  'an IPv6 address': [5, 0, 0, 4, ...Buffer.from('20010db8000000000000000000000001', 'hex'), 0x12, 0x34],
  'a name': [5, 0, 0, 3, 9, ...Buffer.from('proxy.lan'), 0x12, 0x34],
  'a name without a letter': [5, 0, 0, 3, 0, 0x12, 0x34],
  'the longest name': [5, 0, 0, 3, 255, ...Buffer.alloc(255, 'n'), 0x12, 0x34],
  'the address 0.0.0.0': [5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
} as const

/** A proxy that lets everybody in and gives `reply`, in pieces that end before each of `cuts`. */
const answering =
  (reply: readonly number[], behind = '', cuts?: Iterable<number>): Script =>
  async talk => {
    await talk.hear(3)
    await talk.say([5, 0])
    await talk.hear(10)
    await talk.say([...reply, ...Buffer.from(behind)], cuts)
  }

describe('a SOCKS5 request', () => {
  const REQUESTS: [string, HostPort, string][] = [
    ['an IPv4 address', V4_RELAY, '05010001c000020782a5'],
    ['an IPv6 address', V6_RELAY, '0501000420010db80000000000000001000000ff01bb'],
    [
      'an IPv4 address in IPv6',
      { host: '::ffff:192.0.2.7', port: 443 },
      '0501000400000000000000000000ffffc000020701bb',
    ],
    ['an .onion name', ONION_RELAY, `0501000316${Buffer.from(ONION_RELAY.host).toString('hex')}0d3d`],
    [
      'a name with umlauts',
      { host: 'büro.example', port: 1 },
      `0501000313${Buffer.from('xn--bro-hoa.example').toString('hex')}0001`,
    ],
  ]
  test.each(REQUESTS)('names %s as the proxy must get it', async (_, relay, request) => {
    await using proxy = await startScriptedProxy(async talk => {
      await talk.hear(3)
      await talk.say([5, 0])
      await talk.hear(request.length / 2)
      await talk.say([...GRANTED['an IPv4 address'], ...Buffer.from('ok')])
    })
    const socket = await through(proxy, {}, relay)
    expect(await readText(socket, 2)).toBe('ok')
    socket.destroy()
    expect(proxy.heard[0]?.toString('hex')).toBe(HELLO + request)
  })

  test('with a login offers both methods, and sends the login when it is asked for', async () => {
    await using proxy = await startScriptedProxy(async talk => {
      await talk.hear(4)
      await talk.spell([5, 2])
      await talk.hear(LOGIN_REQUEST.length)
      await talk.spell([1, 0])
      await talk.hear(10)
      await talk.spell([...GRANTED['an IPv6 address'], ...Buffer.from(GREETING)])
    })
    const socket = await through(proxy, LOGIN)
    expect(await readText(socket, GREETING.length)).toBe(GREETING)
    socket.destroy()
    expect(proxy.heard[0]?.toString('hex')).toMatch(
      new RegExp(`^${HELLO_WITH_LOGIN}${LOGIN_REQUEST.toString('hex')}05010001`),
    )
  })

  test('keeps its login from a proxy that does not ask', async () => {
    await using proxy = await startScriptedProxy(async talk => {
      await talk.hear(4)
      await talk.say([5, 0])
      await talk.hear(10)
      await talk.say(GRANTED['an IPv4 address'])
    })
    const socket = await through(proxy, LOGIN)
    socket.destroy()
    expect(proxy.heard[0]?.includes('pass')).toBe(false)
  })
})

describe('a SOCKS5 success', () => {
  test.each(Object.entries(GRANTED))('that names %s is read exactly', async (_, reply) => {
    await using proxy = await startScriptedProxy(answering(reply, GREETING))
    const socket = await through(proxy)
    expect(await readText(socket, GREETING.length)).toBe(GREETING)
    socket.destroy()
  })

  test.each(Object.entries(GRANTED))('that names %s may come byte by byte', async (_, reply) => {
    const whole = reply.length + GREETING.length
    await using proxy = await startScriptedProxy(answering(reply, GREETING, Array(whole).keys()))
    const socket = await through(proxy)
    expect(await readText(socket, GREETING.length)).toBe(GREETING)
    socket.destroy()
  })

  test('may be split at every byte, and the relay loses none of its own', async () => {
    const reply = GRANTED['a name']
    for (let cut = 1; cut < reply.length + GREETING.length; cut++) {
      await using proxy = await startScriptedProxy(answering(reply, GREETING, [cut]))
      const socket = await through(proxy)
      expect(await readText(socket, GREETING.length)).toBe(GREETING)
      socket.destroy()
    }
  })

  test('carries on in both directions', async () => {
    await using proxy = await startScriptedProxy(async talk => {
      await answering(GRANTED['an IPv4 address'], 'hello ')(talk)
      await talk.say(await talk.hear(5))
    })
    const socket = await through(proxy)
    socket.write(Buffer.from('world'))
    expect(await readText(socket, 11)).toBe('hello world')
    socket.destroy()
  })

  test('followed by the end at once is told after the last byte', async () => {
    await using proxy = await startScriptedProxy(async talk => {
      await answering(GRANTED['an IPv4 address'], GREETING)(talk)
      talk.socket.end()
    })
    const socket = await through(proxy)
    expect(await readText(socket, GREETING.length)).toBe(GREETING)
    const ended = new Promise(resolve => socket.ended$.subscribe(error => resolve(error.code)))
    socket.data$.subscribe()
    expect(await ended).toBe('closed-by-relay')
  })
})

describe('a SOCKS5 refusal has its own reason:', () => {
  const CODES = [
    [1, 'socks-general-failure'],
    [2, 'socks-not-allowed'],
    [3, 'socks-network-unreachable'],
    [4, 'socks-host-unreachable'],
    [5, 'socks-refused'],
    [6, 'socks-ttl-expired'],
    [7, 'socks-command-unsupported'],
    [8, 'socks-address-unsupported'],
    [9, 'proxy-bad-reply'],
  ] as const
  test.each(CODES)('reply code %i is %s, whole and byte by byte', async (code, reason) => {
    const reply = [5, code, 0, 1, 0, 0, 0, 0, 0, 0]
    for (const cuts of [[], reply.keys()]) {
      await using proxy = await startScriptedProxy(answering(reply, '', cuts))
      expect(await failureOf(through(proxy))).toMatchObject({ code: reason })
      await proxy.deserted()
    }
  })

  const greeted =
    (...answer: number[]): Script =>
    async talk => {
      await talk.hear(3)
      await talk.say(answer)
    }
  const TALKS: [string, Partial<ProxyOptions>, Script, string][] = [
    ['no method will do and we have no login', {}, greeted(5, 0xff), 'proxy-auth-required'],
    ['no method will do although we have a login', LOGIN, greeted(5, 0xff), 'proxy-auth-unsupported'],
    ['a method that we did not offer', {}, greeted(5, 1), 'proxy-bad-reply'],
    ['version 4 in the greeting', {}, greeted(4, 0), 'proxy-bad-reply'],
    ['an HTTP proxy', {}, talk => talk.say('HTTP/1.1 400 Bad Request\r\n\r\n'), 'proxy-bad-reply'],
    [
      'a login refused',
      LOGIN,
      async talk => {
        await talk.hear(4)
        await talk.say([5, 2])
        await talk.hear(LOGIN_REQUEST.length)
        await talk.spell([1, 1])
      },
      'proxy-auth-refused',
    ],
    [
      'a login wanted but not offered',
      {},
      async talk => {
        await talk.hear(3)
        await talk.say([5, 2])
        await talk.hear(3)
        await talk.spell([1, 1])
      },
      'proxy-auth-required',
    ],
    ['version 4 in the reply', {}, answering([4, 0, 0, 1, 0, 0, 0, 0, 0, 0]), 'proxy-bad-reply'],
    ['closed at once', {}, talk => talk.socket.destroy(), 'proxy-closed'],
    [
      'reset in answer to the greeting',
      {},
      async talk => {
        await talk.hear(3)
        talk.socket.resetAndDestroy()
      },
      'proxy-closed',
    ],
    [
      'closed in mid-reply',
      {},
      async talk => {
        await answering([5, 0, 0, 1, 0, 0])(talk)
        talk.socket.end()
      },
      'proxy-closed',
    ],
  ]
  test.each(TALKS)('%s', async (_, options, script, reason) => {
    await using proxy = await startScriptedProxy(script)
    expect(await failureOf(through(proxy, options))).toMatchObject({ code: reason })
    await proxy.deserted()
  })

  test('an unknown kind of address in a success', async () => {
    await using proxy = await startScriptedProxy(answering([5, 0, 0, 2, 0, 0, 0, 0, 0, 0]))
    expect(await failureOf(through(proxy))).toMatchObject({ code: 'proxy-bad-reply' })
  })

  test('and none of them shows the login', async () => {
    for (const [, , script] of TALKS) {
      await using proxy = await startScriptedProxy(script)
      const error = await failureOf(through(proxy, LOGIN))
      expect(error.cause).toBeUndefined()
      expect(`${error.stack}${JSON.stringify(error)}`).not.toMatch(/wörd|benutzer/)
    }
  })
})

describe('SOCKS4a', () => {
  const OPTIONS = { kind: 'socks4' } as const
  const answering4 =
    (length: number, reply: readonly number[], cuts?: Iterable<number>) => async (talk: Talk) => {
      await talk.hear(length)
      await talk.say([...reply, ...Buffer.from(GREETING)], cuts)
    }
  const GRANTED4 = [0, 90, 0, 0, 0, 0, 0, 0]

  test('names an IPv4 address as SOCKS4 does, with the user id', async () => {
    await using proxy = await startScriptedProxy(answering4(12, GRANTED4))
    const socket = await through(proxy, { ...OPTIONS, user: 'ich' })
    expect(await readText(socket, GREETING.length)).toBe(GREETING)
    socket.destroy()
    expect(proxy.heard[0]?.toString('hex')).toBe(`040182a5c0000207${Buffer.from('ich\0').toString('hex')}`)
  })

  test('gives a name to the proxy, split at every byte', async () => {
    const request = Buffer.concat([
      Buffer.from('04010d3d0000000100', 'hex'),
      Buffer.from(`${ONION_RELAY.host}\0`),
    ])
    for (let cut = 0; cut < GRANTED4.length + 2; cut++) {
      await using proxy = await startScriptedProxy(answering4(request.length, GRANTED4, [cut]))
      const socket = await through(proxy, OPTIONS, ONION_RELAY)
      expect(await readText(socket, GREETING.length)).toBe(GREETING)
      socket.destroy()
      expect(proxy.heard).toEqual([request])
    }
  })

  test('refuses an IPv6 address before it asks the proxy', async () => {
    await using proxy = await startScriptedProxy(() => {})
    expect(await failureOf(through(proxy, OPTIONS, V6_RELAY))).toMatchObject({ code: 'socks4-no-ipv6' })
    expect(proxy.heard).toEqual([])
  })

  const CODES = [
    [91, 'socks-rejected'],
    [92, 'socks-ident-unreachable'],
    [93, 'socks-ident-mismatch'],
    [94, 'proxy-bad-reply'],
    [0, 'proxy-bad-reply'],
  ] as const
  test.each(CODES)('reply code %i is %s', async (code, reason) => {
    await using proxy = await startScriptedProxy(answering4(9, [0, code, 0, 0, 0, 0, 0, 0]))
    expect(await failureOf(through(proxy, OPTIONS))).toMatchObject({ code: reason })
    await proxy.deserted()
  })

  test('an HTTP proxy is told from a SOCKS proxy', async () => {
    await using proxy = await startScriptedProxy(talk => talk.say('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await failureOf(through(proxy, OPTIONS))).toMatchObject({ code: 'proxy-bad-reply' })
  })
})
