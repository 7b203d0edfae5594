/** Managers that meet on a tox-bootstrapd with a real proxy between each of them and the relay. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Friend, ManagerOptions, RelayManager } from '../../src/index.js'
import { first, meeting, online, status } from '../support/meetings.js'
import { describeWithPeer, type Peer, type PeerRelay, startBootstrapd } from '../support/peers.js'
import {
  type ProxyStart,
  type RealProxy,
  startDanted,
  startMicrosocks,
  startSquid,
  startTinyproxy,
} from '../support/proxies.js'

const LOGIN = { user: 'relay-user', password: 'correct-horse' }
const PACKET_BYTES = 1_373
const BURST_BYTES = 48 * 1024
const TEN_MEGABYTES = randomBytes(10_000_000)

type Start = (how?: ProxyStart) => Promise<RealProxy>
const CASES: readonly (readonly [Peer, string, Start, typeof LOGIN?])[] = [
  ['microsocks', 'socks5', startMicrosocks],
  ['microsocks', 'socks5', startMicrosocks, LOGIN],
  ['danted', 'socks5', startDanted],
  ['danted', 'socks4', startDanted],
  ['tinyproxy', 'http', startTinyproxy],
  ['tinyproxy', 'http', startTinyproxy, LOGIN],
  ['squid', 'http', startSquid],
  ['squid', 'http', startSquid, LOGIN],
]

for (const [peer, scheme, start, login] of CASES) {
  describeWithPeer(
    ['tox-bootstrapd', peer],
    `through ${peer} as ${scheme} ${login ? 'with' : 'without'} a login`,
    () => {
      let relay: PeerRelay
      let proxy: RealProxy
      beforeAll(async () => {
        relay = await startBootstrapd()
        proxy = await start(login && { login })
      })
      afterAll(() => Promise.all([relay.stop(), proxy[Symbol.asyncDispose]()]))

      const meetThroughIt = (options: Partial<ManagerOptions> = {}) => {
        const { host, port, publicKey } = relay
        const user = login ? `${login.user}:${login.password}@` : ''
        return meeting([{ host, port, publicKey }], {
          proxy: `${scheme}://${user}127.0.0.1:${proxy.port}`,
          ...options,
        })
      }

      it('friends meet and exchange packets, in band and out of band', async () => {
        await using pair = await meetThroughIt()
        await Promise.all([online(pair.toB), online(pair.toA)])
        const atB = first(pair.toA.packets$)
        expect(pair.toB.send(Buffer.from('in band'))).toBe('sent')
        expect(`${Buffer.from((await atB).data)}`).toBe('in band')
        const outOfBand = first(pair.toA.packets$, ({ oob }) => oob)
        expect(pair.a.sendOob(pair.b.publicKey, Buffer.from('out of band'))).toBe('sent-oob')
        expect(`${Buffer.from((await outOfBand).data)}`).toBe('out of band')
      })

      it('10 MB arrive intact', async () => {
        await using pair = await meetThroughIt()
        await Promise.all([online(pair.toB), online(pair.toA)])
        const sent = createHash('sha256').update(TEN_MEGABYTES).digest('hex')
        const lost = lossAt(pair.a).then(reason => `lost its relay: ${reason}`)
        expect(await Promise.race([transfer(pair.toB, pair.toA, TEN_MEGABYTES), lost])).toBe(sent)
      }, 120_000)

      it('killed in mid-stream it is named as the reason, nothing goes around it, and all is back after', async () => {
        await using pair = await meetThroughIt()
        await Promise.all([online(pair.toB), online(pair.toA)])
        const stream = setImmediateLoop(() => pair.toB.send(new Uint8Array(PACKET_BYTES)))
        await first(pair.toA.packets$)
        const [lost, dead] = [lossAt(pair.a), reasonAt(pair.a, 'proxy-unreachable')]
        proxy.process.kill('SIGKILL')
        expect(await lost).toMatch(/^(reset|closed-by-relay)$/)
        await dead
        stream.stop()
        expect([pair.toA.state, pair.toB.state]).not.toContain('online')
        await proxy[Symbol.asyncDispose]()
        proxy = await start({ port: proxy.port, ...(login && { login }) })
        await Promise.all([online(pair.toB), online(pair.toA)])
        const again = first(pair.toA.packets$, ({ data }) => `${Buffer.from(data)}` === 'again')
        expect(pair.toB.send(Buffer.from('again'))).toBe('sent')
        await again
      }, 60_000)
    },
  )
}

/**
 * Sends all of it in packets, burst after burst; the hash of what arrived when as many bytes have come. Between two
 * bursts the relay has read everything. Without such rests it can be wedged (docs/protocol.md §8.1) even inside our
 * send window: some proxies cut frames in two, a cut frame keeps the relay's receive buffer from running empty, and
 * on loopback the kernel adds what comes next to the same piece of memory, read or not, until the buffer is full.
 */
function transfer(from: Friend, to: Friend, bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256')
  let [sent, received, end] = [0, 0, 0]
  return new Promise(resolve => {
    const pump = () => {
      if (received === sent) end = Math.min(bytes.length, sent + BURST_BYTES)
      while (sent < end) {
        const packet = bytes.subarray(sent, Math.min(end, sent + PACKET_BYTES))
        if (from.send(packet) !== 'sent') return
        sent += packet.length
      }
    }
    const drains = from.drain$.subscribe(pump)
    const arrivals = to.packets$.subscribe(({ data }) => {
      hash.update(data)
      received += data.length
      if (received < bytes.length) return pump()
      drains.unsubscribe()
      arrivals.unsubscribe()
      resolve(hash.digest('hex'))
    })
    pump()
  })
}

function setImmediateLoop(act: () => void): { stop(): void } {
  let next = setImmediate(function again() {
    act()
    next = setImmediate(again)
  })
  return { stop: () => clearImmediate(next) }
}

const lossAt = (manager: RelayManager): Promise<string | undefined> =>
  new Promise(resolve =>
    manager.status$.subscribe(event => {
      if (event.type === 'relay-state' && event.state === 'backoff') resolve(event.reason)
    }),
  )

const reasonAt = (manager: RelayManager, reason: string) =>
  status(manager, each => each.type === 'relay-state' && each.reason === reason)
