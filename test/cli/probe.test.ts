/** Each thing that a relay can turn out to be, told apart by reason: the real program on real sockets. */

import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer as createWebServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyWords } from '../../src/cli/words.js'
import { startRelay } from '../../src/io/relay-server.js'
import { newKeyPair, systemRandom } from '../../src/protocol/crypto.js'
import { describeWithPeer, freePort, type PeerRelay, startBootstrapd } from '../support/peers.js'
import { startMicrosocks } from '../support/proxies.js'
import { buildProgram, type Home, jsonLines, newHome } from './program.js'

let home: Home
let otherKey: string

beforeAll(async () => {
  buildProgram()
  home = await newHome()
  await startRelay().then(relay => relay.close()) // loads the crypto
  otherKey = keyWords(newKeyPair(systemRandom).publicKey)
})
afterAll(() => home[Symbol.asyncDispose]())

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

describeWithPeer('tox-bootstrapd', 'probe', () => {
  let relay: PeerRelay
  const silent = createServer(() => {})
  const web = createWebServer((_, response) => response.end('hello'))
  let ports: { readonly closed: number; readonly silent: number; readonly web: number }

  beforeAll(async () => {
    relay = await startBootstrapd()
    ports = { closed: await freePort(), silent: await portOf(silent), web: await portOf(web) }
  })
  afterAll(async () => {
    await relay.stop()
    for (const server of [silent, web]) server.close()
  })

  const all = (): string[] => [
    `127.0.0.1:${relay.port}:${relay.publicKey}`,
    `127.0.0.1:${ports.closed}:${relay.publicKey}`,
    `127.0.0.1:${ports.silent}:${relay.publicKey}`,
    `127.0.0.1:${relay.port}:${otherKey}`,
    `127.0.0.1:${ports.web}:${relay.publicKey}`,
  ]

  it('tells a live relay, a closed port, a silent one, a wrong key and a web server apart', async () => {
    const { code, stdout, stderr } = await home.run(['probe', '--json', '--timeout', '3', ...all()])
    const lines = jsonLines(stdout)
    expect({ code, stderr, count: lines.length }).toEqual({ code: 1, stderr: '', count: 5 })
    const about = (port: number, publicKey: string) =>
      lines.find(line => line.port === port && line.publicKey === publicKey)
    const ms = expect.any(Number)
    const none = { connectMs: null, handshakeMs: null, pingMs: null }
    expect(about(relay.port, relay.publicKey)).toEqual({
      host: '127.0.0.1',
      port: relay.port,
      publicKey: relay.publicKey,
      ok: true,
      reason: null,
      connectMs: ms,
      handshakeMs: ms,
      pingMs: ms,
    })
    expect(about(ports.closed, relay.publicKey)).toMatchObject({ ok: false, reason: 'refused', ...none })
    expect(about(ports.silent, relay.publicKey)).toMatchObject({
      reason: 'handshake-timeout',
      ...none,
      connectMs: ms,
    })
    expect(about(relay.port, otherKey)).toMatchObject({ reason: 'handshake-closed', ...none, connectMs: ms })
    expect(about(ports.web, relay.publicKey)).toMatchObject({ reason: 'not-a-relay', ...none, connectMs: ms })
  })

  it('prints a table in the order given, with what each reason means', async () => {
    const { code, stdout, stderr } = await home.run(['probe', '--timeout', '3', ...all()])
    expect(stdout.split('\n').map(line => line.split(/ {2,}/).at(2))).toEqual([
      'RESULT',
      'ok',
      'refused',
      'handshake-timeout',
      'handshake-closed',
      'not-a-relay',
      undefined,
    ])
    expect(stdout).toContain('most likely the public key is wrong')
    expect({ code, stderr }).toEqual({ code: 1, stderr: '1 of 5 relays answer\n' })
  })

  it('reads a node list, each relay once, and ends with 0 when all answer', async () => {
    const node = {
      ipv4: '127.0.0.1',
      ipv6: '-',
      tcp_ports: [relay.port, relay.port],
      public_key: relay.publicKey,
    }
    const list = join(home.path, 'nodes.json')
    await writeFile(list, JSON.stringify({ nodes: [node, { ...node, public_key: 'AB' }] }))
    const ended = await home.run(['probe', '--json', list, `127.0.0.1:${relay.port}:${relay.publicKey}`])
    expect(jsonLines(ended.stdout)).toMatchObject([{ ok: true, port: relay.port }])
    expect(ended.code).toBe(0)
    expect(ended.stderr).toBe(`tox-relays: ${list}: node 2: public_key: wanted 64 hex digits, got 2 digits\n`)
    const piped = await home.run(['probe', '-'], { input: JSON.stringify([node]) })
    expect(piped).toMatchObject({ code: 0, stderr: '1 of 1 relays answer\n' })
  })

  it('checks a hundred side by side, and complains of nothing', async () => {
    const node = {
      ipv4: '127.0.0.1',
      tcp_ports: Array.from({ length: 100 }, (_, i) => 1 + i),
      public_key: otherKey,
    }
    const { code, stdout, stderr } = await home.run(['probe', '--json', '--timeout', '2', '-'], {
      input: JSON.stringify([node]),
    })
    expect(jsonLines(stdout)).toHaveLength(100)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  })

  it('says at Ctrl-C what it knows so far, and ends with 130', async () => {
    const [live = '', , silentOne = ''] = all()
    await using probe = await home.start(['probe', live, silentOne])
    await once(silent, 'connection')
    probe.kill('SIGINT')
    expect(await probe.ended).toBe(130)
    expect(probe.output.at(-1)).toMatch(/^[01] of 2 relays answer, [12] not checked$/)
  })

  it('neither needs nor makes an identity', async () => {
    await using elsewhere = await newHome()
    await elsewhere.run(['probe', `127.0.0.1:${relay.port}:${relay.publicKey}`])
    expect(await readdir(elsewhere.path)).toEqual([])
  })
})

describeWithPeer(['tox-bootstrapd', 'microsocks'], 'probe through a proxy', () => {
  const login = { user: 'me', password: 'hunter2' }

  it('takes the password from the URL, a file or the environment, and shows it nowhere', async () => {
    await using relay = await startBootstrapd()
    await using proxy = await startMicrosocks({ login })
    const file = join(home.path, 'password')
    await writeFile(file, 'hunter2\n')
    const at = `127.0.0.1:${proxy.port}`
    const spelt = `127.0.0.1:${relay.port}:${relay.publicKey}`
    const runs = [
      await home.run(['probe', '--json', spelt, '--proxy', `socks5://me:hunter2@${at}`]),
      await home.run([
        'probe',
        '--json',
        spelt,
        '--proxy',
        `socks5://me@${at}`,
        '--proxy-password-file',
        file,
      ]),
      await home.run(['probe', '--json', spelt, '--proxy', `socks5://me@${at}`], {
        env: { TOX_RELAYS_PROXY_PASSWORD: 'hunter2' },
      }),
      await home.run(['probe', '--json', spelt, '--proxy', `socks5://me:wrong@${at}`]),
      await home.run(['probe', '--json', spelt, '--proxy', `socks5://${at}`]),
    ]
    expect(runs.map(({ stdout }) => jsonLines(stdout)[0]?.reason)).toEqual([
      null,
      null,
      null,
      'proxy-auth-refused',
      'proxy-auth-required',
    ])
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 1, 1])
    for (const { stdout, stderr } of runs) expect(stdout + stderr).not.toContain('hunter2')
  })
})
