/** A whole manager behind a proxy, watched from outside: relays by name and by address, a proxy that dies, one more relay. */
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startRelay } from '../../src/io/relay-server.js'
import { describeWithPeer, freePort, type Peer } from '../support/peers.js'
import { type RealProxy, startDanted, startMicrosocks, startTinyproxy } from '../support/proxies.js'
import { startTraced } from '../support/traced.js'

const PROGRAM = fileURLToPath(new URL('../support/manage-through.mjs', import.meta.url))

const CASES: readonly (readonly [Peer, string, (how?: { port: number }) => Promise<RealProxy>])[] = [
  ['microsocks', 'socks5', startMicrosocks],
  ['danted', 'socks4', startDanted],
  ['tinyproxy', 'http', startTinyproxy],
]

for (const [peer, scheme, start] of CASES)
  describeWithPeer(['strace', peer], `a manager behind ${peer} as ${scheme}`, () => {
    it('speaks to it alone, also while it is down, whatever relay is added when', async () => {
      await using relay = await startRelay({ port: 0 })
      const port = await freePort()
      let proxy = await start({ port })
      const pinned = (host: string, publicKey: Uint8Array = randomBytes(32)) =>
        JSON.stringify({
          host,
          port: relay.port,
          publicKey: Buffer.from(publicKey).toString('hex'),
          pinned: true,
        })
      await using manager = await startTraced([
        PROGRAM,
        `${scheme}://127.0.0.1:${port}`,
        pinned('127.0.0.1', relay.publicKey),
        ...['relay.example', 'localhost', '2001:db8::1', '::1', 'expyuzz4wqqyqhjn.onion', '127.1'].map(host =>
          pinned(host),
        ),
      ])
      const { process } = manager
      const real = Buffer.from(relay.publicKey).toString('hex').toUpperCase()
      await process.waitForLine(new RegExp(`"relay":"${real}","state":"established"`))
      await proxy[Symbol.asyncDispose]()
      await process.waitForLine(/"reason":"proxy-unreachable"/)
      const late = randomBytes(32)
      process.write(`${pinned('late.example', late)}\n`)
      await process.waitForLine(
        new RegExp(`"relay":"${late.toString('hex')}","state":"(queued|backoff)"`, 'i'),
      )
      const before = process.output.length
      proxy = await start({ port })
      for await (const line of process.lines()) {
        if (
          process.output.indexOf(line) >= before &&
          line.includes(`"relay":"${real}","state":"established"`)
        )
          break
      }
      process.write('end\n')
      const { destinations, datagramSockets } = await manager.finish()
      expect([...destinations]).toEqual([`127.0.0.1:${port}`])
      expect(datagramSockets).toEqual([])
      await proxy[Symbol.asyncDispose]()
    }, 60_000)
  })
