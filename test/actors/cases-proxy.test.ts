/** Cases 38–42, as a manager sees them: proxies that say everything, nothing, or are not there. */
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { startRelay } from '../../src/io/relay-server.js'
import type { Reason } from '../../src/protocol/errors.js'
import { first, newManager, status } from '../support/meetings.js'
import { type Script, startScriptedProxy, type Talk } from '../support/scripted-proxy.js'
import { journey, theRelay, told, World } from '../support/world.js'

const PROXY_BUDGET_MS = 30_000

const attemptFailed = async (proxy: string): Promise<Reason> => {
  await using relay = await startRelay({ port: 0 })
  await using manager = await newManager({ relays: [relay], proxy })
  const failure = await status(manager, ({ type }) => type === 'attempt-failed')
  expect(relay.stats.accepted).toBe(0)
  if (failure.type !== 'attempt-failed') throw new Error('not what was awaited')
  return failure.reason
}

/** Joins the client to a relay. */
const passOn = ({ socket, heard }: Talk, port: number, used: number): void => {
  const onward = connect(port, '127.0.0.1')
  onward.on('error', () => {})
  onward.write(heard.subarray(used))
  socket.pipe(onward).pipe(socket)
}

describe('an HTTP proxy', () => {
  const HEAD = 'HTTP/1.1 200 Connection established\r\nVia: 1.1 somewhere\r\nX-Cache: é\r\nDate: now\r\n\r\n'

  test('case 38: whose reply comes byte by byte with extra headers leads to the relay', async () => {
    await using relay = await startRelay({ port: 0 })
    await using proxy = await startScriptedProxy(async talk => {
      const asked = await talk.hearHead()
      expect(asked).toContain(`CONNECT ${relay.host}:${relay.port} HTTP/1.1`)
      await talk.spell(HEAD)
      passOn(talk, relay.port, Buffer.byteLength(asked))
    })
    await using manager = await newManager({ relays: [relay], proxy: `http://127.0.0.1:${proxy.port}` })
    await status(manager, ({ type }) => type === 'keepalive')
    expect(manager.relays[0]?.isEstablished).toBe(true)
  })

  test.each<[string, string, Reason]>([
    ['407', 'HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n', 'proxy-auth-required'],
    ['403', 'HTTP/1.1 403 Forbidden\r\n\r\n', 'proxy-said-403'],
    ['502', 'HTTP/1.1 502 Bad Gateway\r\n\r\n', 'proxy-said-502'],
    ['no status line', 'Content-Length: 0\r\n\r\n', 'proxy-bad-reply'],
    [
      '64 KB of headers',
      `HTTP/1.1 200 OK\r\n${`X: ${'x'.repeat(1_019)}\r\n`.repeat(66)}\r\n`,
      'proxy-bad-reply',
    ],
    ['200 in the reason phrase only', 'HTTP/1.1 403 200 OK\r\n\r\n', 'proxy-said-403'],
  ])('case 39: that says %s is a reason of its own', async (_, reply, reason) => {
    await using proxy = await startScriptedProxy(async talk => {
      await talk.hearHead()
      await talk.say(reply)
    })
    expect(await attemptFailed(`http://127.0.0.1:${proxy.port}`)).toBe(reason)
  })
})

describe('a SOCKS5 proxy', () => {
  const greeting = [5, 0]
  /** Hears the greeting and a request for an IPv4 address, and answers byte by byte. */
  const answering =
    (reply: readonly number[]): Script =>
    async talk => {
      await talk.hear(3)
      await talk.say(greeting)
      await talk.hear(10)
      await talk.spell(reply)
    }
  /** Asks for a login that was not offered. */
  const wanting: Script = async talk => {
    await talk.hear(3)
    await talk.say([5, 2])
    await talk.hear(3)
    await talk.spell([1, 1])
  }
  const refusing: Script = async talk => {
    await talk.hear(4)
    await talk.say([5, 2])
    await talk.hear(1 + 1 + 4 + 1 + 6)
    await talk.spell([1, 1])
  }

  test.each<[string, Script, string, Reason]>([
    ['method ff', async talk => talk.say([5, 0xff]), '', 'proxy-auth-required'],
    ['that it wants a login', wanting, '', 'proxy-auth-required'],
    ['that the login is wrong', refusing, 'user:secret@', 'proxy-auth-refused'],
    ['reply 1', answering([5, 1, 0, 1, 0, 0, 0, 0, 0, 0]), '', 'socks-general-failure'],
    ['reply 2', answering([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]), '', 'socks-not-allowed'],
    ['reply 3', answering([5, 3, 0, 1, 0, 0, 0, 0, 0, 0]), '', 'socks-network-unreachable'],
    ['reply 4', answering([5, 4, 0, 1, 0, 0, 0, 0, 0, 0]), '', 'socks-host-unreachable'],
    ['reply 5', answering([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]), '', 'socks-refused'],
    ['reply 6', answering([5, 6, 0, 1, 0, 0, 0, 0, 0, 0]), '', 'socks-ttl-expired'],
    ['reply 7', answering([5, 7, 0, 1, 0, 0, 0, 0, 0, 0]), '', 'socks-command-unsupported'],
    ['reply 8', answering([5, 8, 0, 1, 0, 0, 0, 0, 0, 0]), '', 'socks-address-unsupported'],
  ])('case 40: that says %s, byte by byte, is a reason of its own', async (_, script, login, reason) => {
    await using proxy = await startScriptedProxy(script)
    expect(await attemptFailed(`socks5://${login}127.0.0.1:${proxy.port}`)).toBe(reason)
  })

  test.each([
    ['an IPv4 address', [1, 10, 0, 0, 1]],
    ['an IPv6 address', [4, ...Array(16).fill(0xfe)]],
    ['a name', [3, 5, ...Buffer.from('relay')]],
  ])('case 40: that says yes with %s, byte by byte, leads to the relay', async (_, address) => {
    await using relay = await startRelay({ port: 0 })
    await using proxy = await startScriptedProxy(async talk => {
      await answering([5, 0, 0, ...address, 0, 80])(talk)
      passOn(talk, relay.port, 13)
    })
    await using manager = await newManager({ relays: [relay], proxy: `socks5://127.0.0.1:${proxy.port}` })
    await status(manager, ({ type }) => type === 'keepalive')
  })
})

describe('a proxy', () => {
  test('case 41: that accepts and stays silent has a time budget and a reason of its own', async () => {
    await using world = new World()
    world.network.proxyAnswer = 'silence'
    const client = await world.client({ relays: [await world.relay()], proxy: 'socks5://127.0.0.1:1080' })
    await world.advance(PROXY_BUDGET_MS - 1)
    expect(theRelay(client).state.name).toBe('proxy')
    await world.advance(1)
    expect(theRelay(client).state).toMatchObject({ name: 'backoff', reason: 'proxy-timeout' })
    expect(journey(client).slice(0, 3)).toEqual(['queued', 'connecting', 'proxy'])
    expect(told(client, 'attempt-failed').map(({ reason }) => reason)).toEqual(['proxy-timeout'])
  })

  test.each(['socks5', 'socks4', 'http'])(
    'case 41: of kind %s that is down is named, and never a direct connection made',
    async kind => {
      const gone = await startScriptedProxy(() => {})
      await gone[Symbol.asyncDispose]()
      expect(await attemptFailed(`${kind}://127.0.0.1:${gone.port}`)).toBe('proxy-unreachable')
    },
  )

  test('case 42: of two identities over Tor hears different credentials, and of one always the same', async () => {
    const logins: string[] = []
    await using proxy = await startScriptedProxy(async talk => {
      await talk.hear(4)
      await talk.say([5, 2])
      const [, userSize = 0] = await talk.hear(2)
      const user = await talk.hear(userSize)
      logins.push(user.toString())
      talk.socket.destroy()
    })
    await using relay = await startRelay({ port: 0 })
    const tor = { kind: 'socks5', host: '127.0.0.1', port: proxy.port, isolation: true } as const
    for (let identity = 0; identity < 2; identity++) {
      await using manager = await newManager({ relays: [relay], proxy: tor })
      for (let attempt = 0; attempt < 2; attempt++)
        await first(manager.status$, ({ type }) => type === 'attempt-failed')
    }
    const [a, again, b] = logins
    expect(again).toBe(a)
    expect(b).not.toBe(a)
    expect(new Set(logins).size).toBe(2)
  })
})
