import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type DialStage, dial } from '../../src/io/dial.js'
import { isolate } from '../../src/io/isolation.js'
import { type ProxyKind, parseProxy } from '../../src/io/proxy.js'
import { ToxError } from '../../src/protocol/errors.js'
import { failureOf, NEVER, readText } from '../support/attempts.js'
import { type ScriptedProxy, startScriptedProxy, type Talk } from '../support/scripted-proxy.js'

const RELAY = { host: '192.0.2.7', port: 33445 }
const KINDS: readonly ProxyKind[] = ['socks5', 'socks4', 'http']

const settings = (kind: ProxyKind, { host, port }: { host: string; port: number }) =>
  parseProxy({ kind, host, port })

/** Lets everybody through to nowhere, whatever the protocol. */
const yes = async (talk: Talk): Promise<void> => {
  const [first] = await talk.hear(1)
  if (first === 0x43) {
    await talk.hearHead()
    return talk.say('HTTP/1.1 200 OK\r\n\r\n')
  }
  if (first === 4) return talk.say([0, 90, 0, 0, 0, 0, 0, 0])
  await talk.hear(2)
  await talk.say([5, 0])
  await talk.hear(10)
  return talk.say([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
}

describe.each(KINDS)('a dial through %s', kind => {
  test('says when the talk with the proxy begins', async () => {
    await using proxy = await startScriptedProxy(yes)
    const stages: DialStage[] = []
    const options = {
      signal: NEVER,
      proxy: settings(kind, proxy),
      onStage: (stage: DialStage) => stages.push(stage),
    }
    const socket = await dial(RELAY, options)
    expect(stages).toEqual(['proxy'])
    socket.destroy()
    await proxy.deserted()
  })

  test('past its time while the proxy is silent is proxy-timeout, and the socket is closed', async () => {
    await using proxy = await startScriptedProxy(() => {})
    const time = new AbortController()
    const options = { signal: time.signal, proxy: settings(kind, proxy), onStage: () => time.abort() }
    expect(await failureOf(dial(RELAY, options))).toMatchObject({ code: 'proxy-timeout' })
    await proxy.deserted()
  })

  test('given up at any byte of the proxy’s reply leaves no socket behind', async () => {
    for (let bytes = 1; bytes <= 12; bytes++) {
      const giveUp = new AbortController()
      const reason = new ToxError('ping-timeout')
      await using proxy = await startScriptedProxy(async talk => {
        const say = talk.say.bind(talk)
        let left = bytes
        talk.say = async reply => {
          const all = [...Buffer.from(reply as string)]
          await say(all.slice(0, left))
          left -= all.length
          if (left <= 0) giveUp.abort(reason)
        }
        await yes(talk)
      })
      const outcome = await dial(RELAY, { signal: giveUp.signal, proxy: settings(kind, proxy) }).catch(
        error => error,
      )
      if (outcome !== reason) outcome.destroy()
      await proxy.deserted()
    }
  })

  test('to a proxy that is down is proxy-unreachable, with no way around it', async () => {
    const relay = createServer()
    relay.listen(0, '127.0.0.1')
    await once(relay, 'listening')
    const address = relay.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    relay.on('connection', () => expect.unreachable('went around the proxy'))
    const down = await startScriptedProxy(() => {})
    await down[Symbol.asyncDispose]()
    const attempt = dial(
      { host: '127.0.0.1', port: address.port },
      { signal: NEVER, proxy: settings(kind, down) },
    )
    expect(await failureOf(attempt)).toMatchObject({
      code: 'proxy-unreachable',
      message: expect.stringContaining('refused'),
    })
    relay.close()
    await once(relay, 'close')
  })

  test('given up before the proxy is reached is the proxy’s fault, unless the signal says why', async () => {
    const proxy = settings(kind, { host: '127.0.0.1', port: 9 })
    const late = dial(RELAY, { signal: AbortSignal.abort(), proxy })
    expect(await failureOf(late)).toMatchObject({ code: 'proxy-unreachable' })
    const reason = new ToxError('ping-timeout')
    expect(await failureOf(dial(RELAY, { signal: AbortSignal.abort(reason), proxy }))).toBe(reason)
  })

  test('past its end hears no late abort', async () => {
    await using proxy = await startScriptedProxy(async talk => {
      await yes(talk)
      await talk.say('hello')
    })
    const late = new AbortController()
    const socket = await dial(RELAY, { signal: late.signal, proxy: settings(kind, proxy) })
    late.abort()
    expect(await readText(socket, 5)).toBe('hello')
    socket.destroy()
  })
})

test('a proxy whose name has no address is proxy-unreachable', async () => {
  const proxy = settings('http', { host: 'no..such.name', port: 1 })
  expect(await failureOf(dial(RELAY, { signal: NEVER, proxy }))).toMatchObject({
    code: 'proxy-unreachable',
    message: expect.stringContaining('name-not-found'),
  })
})

describe('exceptions', () => {
  const RELAY_WORDS = 'the relay itself'
  const withRelay = async (act: (port: number, proxy: ScriptedProxy) => Promise<void>): Promise<void> => {
    await using relay = await startScriptedProxy(talk => talk.say(RELAY_WORDS))
    await using proxy = await startScriptedProxy(talk => talk.socket.end())
    await act(relay.port, proxy)
  }

  test.each([
    ['127.0.0.1', ['127.0.0.0/8']],
    ['localhost', ['localhost']],
  ])('dial %s directly when it is one of %j', (host, except) =>
    withRelay(async (port, { host: proxyHost, port: proxyPort }) => {
      const proxy = parseProxy({ kind: 'socks5', host: proxyHost, port: proxyPort, except })
      const socket = await dial({ host, port }, { signal: NEVER, proxy, onStage: () => expect.unreachable() })
      expect(await readText(socket, RELAY_WORDS.length)).toBe(RELAY_WORDS)
      socket.destroy()
    }),
  )

  test.each([
    ['localhost', ['127.0.0.0/8', '::1']],
    ['127.0.0.1', ['localhost']],
    ['127.0.0.1', []],
  ])('leave %s to the proxy when they are %j', (host, except) =>
    withRelay(async (port, { host: proxyHost, port: proxyPort }) => {
      const proxy = parseProxy({ kind: 'socks5', host: proxyHost, port: proxyPort, except })
      expect(await failureOf(dial({ host, port }, { signal: NEVER, proxy }))).toMatchObject({
        code: 'proxy-closed',
      })
    }),
  )
})

describe('isolation', () => {
  const LOGIN_LENGTH = 1 + 1 + 32 + 1 + 32
  const loginOf = async (key: Uint8Array): Promise<string> => {
    await using proxy = await startScriptedProxy(async talk => {
      await talk.hear(4)
      await talk.say([5, 2])
      await talk.hear(LOGIN_LENGTH)
      await talk.say([1, 0])
      await talk.hear(10)
      await talk.say([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    })
    const tor = parseProxy({ kind: 'socks5', host: proxy.host, port: proxy.port, isolation: true })
    const socket = await dial(RELAY, { signal: NEVER, proxy: isolate(tor, key) })
    socket.destroy()
    return `${proxy.heard[0]?.subarray(4, 4 + LOGIN_LENGTH).toString('hex')}`
  }

  test('sends different credentials for two identities, the same for one', async () => {
    const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    expect(await loginOf(one)).toBe(await loginOf(one))
    expect(await loginOf(one)).not.toBe(await loginOf(two))
  })

  test('without an identity does not dial at all', async () => {
    await using proxy = await startScriptedProxy(yes)
    const tor = parseProxy({ kind: 'socks5', host: proxy.host, port: proxy.port, isolation: true })
    await expect(dial(RELAY, { signal: NEVER, proxy: tor })).rejects.toThrow(TypeError)
    expect(proxy.heard).toEqual([])
  })
})
