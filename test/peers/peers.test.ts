/** The real peers themselves, before anything of ours meets them. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  describeWithPeer,
  freePort,
  type PeerRelay,
  runCData,
  startBootstrapd,
  startCEcho,
  startCRelay,
  startProcess,
} from '../support/peers.js'

const KEY = /^[0-9A-F]{64}$/

const started: AsyncDisposable[] = []

afterEach(async () => {
  for (const peer of started.splice(0).reverse()) await peer[Symbol.asyncDispose]()
})

async function kept<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
  const peer = await starting
  started.push(peer)
  return peer
}

async function connected(relay: PeerRelay): Promise<Socket> {
  const socket = connect(relay.port, relay.host)
  await once(socket, 'connect')
  return socket
}

describeWithPeer('tox-bootstrapd', 'tox-bootstrapd', () => {
  it('says its public key and accepts TCP connections', async () => {
    const relay = await kept(startBootstrapd())
    expect(relay.publicKey).toMatch(KEY)
    const socket = await connected(relay)
    socket.destroy()
  })

  it('keeps key and port when it is killed and restarted with a connection open', async () => {
    const relay = await kept(startBootstrapd())
    const { publicKey, port, pid, process } = relay
    const socket = await connected(relay)
    const cut = new Promise(resolve => socket.resume().on('error', resolve).on('close', resolve))
    relay.kill('SIGKILL')
    expect(await process.ended).toBe('SIGKILL')
    await cut
    await relay.restart()
    expect(relay).toMatchObject({ publicKey, port })
    expect(relay.pid).not.toBe(pid)
    const again = await connected(relay)
    again.destroy()
  })

  it('stops even when it was halted before', async () => {
    const relay = await kept(startBootstrapd())
    relay.kill('SIGSTOP')
    await relay.stop()
    expect(await relay.process.ended).toBeDefined()
  })

  it('is not ready, and says why, on a port that is in use', async () => {
    const relay = await kept(startBootstrapd())
    await expect(startBootstrapd({ port: relay.port })).rejects.toThrow(/did not get ready[\s\S]+port/i)
  })
})

describeWithPeer('tox-c-peer', 'tox-c-peer', () => {
  it('is a relay over which two C clients exchange packets', async () => {
    const relay = await kept(startCRelay())
    const result = await runCData({
      port: relay.port,
      relayKey: relay.publicKey,
      count: 2000,
      size: 1373,
      window: 40,
    })
    expect(result).toMatchObject({ received: 2000, sent: 2000 })
    expect(result.wallSeconds).toBeGreaterThan(0)
  })

  it('is a pair of friends who find each other', async () => {
    const relay = await kept(startCRelay())
    const there = { port: relay.port, relayKey: relay.publicKey }
    const first = await kept(startCEcho({ ...there, friendKey: '-' }))
    const second = await kept(startCEcho({ ...there, friendKey: first.self }))
    first.setFriend(second.self)
    expect(await first.next('routed')).toEqual({ event: 'routed', id: 16 })
    await Promise.all([first.next('online'), second.next('online')])
    await first.stop()
    await expect(first.next('offline')).rejects.toThrow('ended without an event "offline"')
  })

  it('goes through tox-bootstrapd too', async () => {
    const relay = await kept(startBootstrapd())
    const echo = await kept(
      startCEcho({ port: relay.port, relayKey: relay.publicKey, friendKey: '00'.repeat(32) }),
    )
    expect(echo.self).toMatch(KEY)
    expect(await echo.next('routed')).toEqual({ event: 'routed', id: 16 })
  })
})

describe('a process of a test', () => {
  const node = (script: string) => ({ command: process.execPath, args: ['-e', script] })

  it('is ready when its port opens, however late that is', async () => {
    const port = await freePort()
    const script = `setTimeout(() => require('net').createServer(s => s.destroy()).listen(${port}), 100)`
    const peer = await kept(startProcess({ ...node(script), readyWhen: port }))
    await peer.stop()
    expect(await peer.ended).toBe('SIGTERM')
  })

  it('is ready at the line that was waited for, on either output', async () => {
    const peer = await kept(startProcess({ ...node('console.error("up 7")'), readyWhen: /^up (\d)$/ }))
    expect((await peer.waitForLine(/up (\d)/))[1]).toBe('7')
    expect(await peer.ended).toBe(0)
  })

  it('fails with its output when it ends before it is ready', async () => {
    const starting = startProcess({ ...node('console.log("no luck"); process.exit(3)'), readyWhen: /^up$/ })
    await expect(starting).rejects.toThrow(/did not get ready[\s\S]+no luck/)
    await expect(startProcess({ ...node('process.exit(3)'), readyWhen: 1 })).rejects.toThrow(
      'it ended with 3',
    )
  })

  it('fails with its output when it is not ready in time, and does not stay behind', async () => {
    const script = 'console.log(process.pid); setInterval(() => {}, 1000)'
    const starting = startProcess({ ...node(script), readyWhen: /^up$/, readyTimeoutMs: 500 })
    const error = await starting.then(() => undefined, String)
    const pid = Number(/\| (\d+)/.exec(error ?? '')?.[1])
    expect(error).toContain('timeout')
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  it('is killed when it does not listen to reason', async () => {
    const script = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")'
    const peer = await kept(startProcess({ ...node(script), readyWhen: /^up$/ }))
    await peer.stop()
    expect(await peer.ended).toBe('SIGKILL')
  })

  it('takes its children with it: it has not ended while one of them holds its output', async () => {
    const child = `['-e', 'setInterval(() => {}, 1000); console.log("up")'], { stdio: 'inherit' }`
    const script = `require('child_process').spawn(process.execPath, ${child})`
    const peer = await kept(startProcess({ ...node(script), readyWhen: /^up$/ }))
    await peer.stop()
    expect(await peer.ended).toBe('SIGTERM')
  })

  it('cannot be started when it is not there, and says what to do', async () => {
    await expect(startProcess({ command: 'no-such-peer' })).rejects.toThrow('run npm run peers')
  })
})
