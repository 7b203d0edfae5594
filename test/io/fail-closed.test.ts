import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWithPeer, freePort } from '../support/peers.js'
import { type RealProxy, startMicrosocks, startTinyproxy } from '../support/proxies.js'
import { type ScriptedProxy, startScriptedProxy } from '../support/scripted-proxy.js'
import { traceNode } from '../support/traced.js'

const PROGRAM = fileURLToPath(new URL('../support/dial-through.mjs', import.meta.url))
const SCHEMES = ['socks5', 'socks4', 'http']

describeWithPeer(['strace', 'microsocks', 'tinyproxy'], 'with a proxy nothing goes anywhere else', () => {
  let relay: ScriptedProxy
  let relays: string[]
  let socks: RealProxy
  let http: RealProxy
  beforeAll(async () => {
    relay = await startScriptedProxy(() => {})
    const hosts = ['relay.example', 'localhost', '127.0.0.1', '::1', '::ffff:127.0.0.1', '2001:db8::1']
    // Names that a resolver takes for 127.0.0.1, and one that only Tor can resolve.
    hosts.push('0x7f000001', '127.1', 'expyuzz4wqqyqhjn.onion')
    relays = hosts.map(host => JSON.stringify({ host, port: relay.port }))
    socks = await startMicrosocks()
    http = await startTinyproxy()
  })
  afterAll(async () => {
    for (const each of [relay, socks, http]) await each[Symbol.asyncDispose]()
  })

  const trace = (proxies: readonly string[], to: readonly string[] = relays) =>
    traceNode([PROGRAM, ...proxies, '--', ...to])

  test('while the proxy lives', async () => {
    const { destinations, datagramSockets, output } = await trace([
      `socks5://127.0.0.1:${socks.port}`,
      `http://127.0.0.1:${http.port}`,
    ])
    expect(output.join('\n')).toMatch(/"outcome":"connected"/)
    expect([...destinations]).toEqual([`127.0.0.1:${socks.port}`, `127.0.0.1:${http.port}`])
    expect(datagramSockets).toEqual([])
  })

  test('while the proxy is down', async () => {
    const port = await freePort()
    const { destinations, datagramSockets, output } = await trace(
      SCHEMES.map(scheme => `${scheme}://127.0.0.1:${port}`),
    )
    expect(output).toHaveLength(SCHEMES.length * relays.length)
    for (const line of output) expect(line).toMatch(/"outcome":"(proxy-unreachable|socks4-no-ipv6)"/)
    expect([...destinations]).toEqual([`127.0.0.1:${port}`])
    expect(datagramSockets).toEqual([])
  })

  test('when the proxy dies in the middle of its answer', async () => {
    await using dying = await startScriptedProxy(async talk => {
      const [first] = await talk.hear(1)
      await talk.say(first === 5 ? [5, 0] : first === 4 ? [0, 90, 0] : 'HTTP/1.1 200 OK\r\n')
      talk.socket.destroy()
    })
    const { destinations, datagramSockets, output } = await trace(
      SCHEMES.map(scheme => `${scheme}://127.0.0.1:${dying.port}`),
    )
    for (const line of output) expect(line).toMatch(/"outcome":"(proxy-closed|socks4-no-ipv6)"/)
    expect([...destinations]).toEqual([`127.0.0.1:${dying.port}`])
    expect(datagramSockets).toEqual([])
  })

  test('and the trace would show it: without a proxy the relay and the name service are there', async () => {
    const { destinations } = await trace(
      ['none'],
      [
        JSON.stringify({ host: '127.0.0.1', port: relay.port }),
        JSON.stringify({ host: '::1', port: relay.port }),
        JSON.stringify({ host: 'localhost', port: relay.port }),
      ],
    )
    expect(destinations).toContain(`127.0.0.1:${relay.port}`)
    expect(destinations).toContain(`[::1]:${relay.port}`)
    expect(destinations.size).toBeGreaterThan(2)
  })
})
