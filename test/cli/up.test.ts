/** `up` as programs see it: JSON lines, signals, files. */
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithPeer, startBootstrapd } from '../support/peers.js'
import {
  buildProgram,
  type Home,
  interrupt,
  jsonLines,
  lineWith,
  MAIN,
  newHome,
  plantFault,
  SOME_KEY,
} from './program.js'

/** Ctrl-C ends the program within this time. */
const END_MS = 2_500

let home: Home

beforeAll(async () => {
  buildProgram()
  home = await newHome()
})
afterAll(() => home[Symbol.asyncDispose]())

describe('up without arguments', () => {
  it('shows three relays and a friend, all connected, as JSON lines where nobody looks', async () => {
    await using up = await home.start(['up'])
    await lineWith(up, { type: 'friend-state', state: 'online' })
    const relays = new Set<unknown>()
    for await (const text of up.lines()) {
      const [line] = jsonLines([text])
      if (line?.type === 'keepalive') relays.add(line.relay)
      if (relays.size === 3) break
    }
    await interrupt(up)
    const lines = jsonLines(up.output)
    expect(lines.filter(({ type }) => type === 'relay-added')).toHaveLength(3)
    for (const { time } of lines) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('says good-bye and ends with 0 at %s', async signal => {
    await using up = await home.start(['up'])
    await lineWith(up, { type: 'friend-state', state: 'online' })
    const since = performance.now()
    up.kill(signal)
    expect(await up.ended).toBe(0)
    expect(performance.now() - since).toBeLessThan(END_MS)
    const lines = jsonLines(up.output)
    expect(lines.filter(({ type, state }) => type === 'relay-state' && state === 'closing')).toHaveLength(3)
    expect(lines.filter(({ type }) => type === 'relay-removed')).toHaveLength(3)
  })

  it('takes a signal that comes twice, as from a terminal and from npm, for one', async () => {
    await using up = await home.start(['up'])
    await lineWith(up, { type: 'friend-state', state: 'online' })
    up.kill('SIGINT')
    await lineWith(up, { type: 'relay-state', state: 'closing' })
    expect(await interrupt(up)).toMatchObject({ exit: 0 })
  })

  it('keeps nothing', async () => {
    await using elsewhere = await newHome()
    await using up = await elsewhere.start(['up'])
    await lineWith(up, { type: 'friend-state', state: 'online' })
    await interrupt(up)
    expect(await readdir(elsewhere.path)).toEqual([])
  })

  it('tells of a fault and goes on', async () => {
    await using up = await home.start(['up'], { NODE_OPTIONS: await plantFault(home) })
    await up.waitForLine(/^tox-relays: a fault: Error: a subscriber threw/)
    await lineWith(up, { type: 'friend-state', state: 'online' })
    expect(await interrupt(up)).toMatchObject({ exit: 0 })
  })

  it('ends quietly when whoever reads its lines has gone', async () => {
    const line = `"${process.execPath}" "${MAIN}" up 2>&1 >&3 3>&- | cat >&2`
    const script = `exec 3>&1; (${line}; echo "exit \${PIPESTATUS[0]}" >&2) 3>&1 | head -n 1`
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>(resolve =>
      execFile('bash', ['-c', script], (_, stdout, stderr) => resolve({ stdout, stderr })),
    )
    expect(jsonLines(stdout)).toHaveLength(1)
    expect(stderr).toMatch(/^tox-relays: your public key is [0-9A-F]{64}\nexit 0\n$/)
  })
})

describeWithPeer('tox-bootstrapd', 'up with a relay', () => {
  it('makes an identity once and keeps it', async () => {
    await using relay = await startBootstrapd()
    await using elsewhere = await newHome()
    const args = ['up', '--relay', `127.0.0.1:${relay.port}:${relay.publicKey}`]
    const keys: (string | undefined)[] = []
    for (const _ of ['made', 'read']) {
      await using up = await elsewhere.start(args)
      await lineWith(up, { type: 'keepalive', relay: relay.publicKey })
      keys.push((await up.waitForLine(/^tox-relays: your public key is ([0-9A-F]{64})$/))[1])
    }
    const file = await readFile(join(elsewhere.path, 'config/tox-relays/identity.json'), 'utf8')
    expect(JSON.parse(file).publicKey).toBe(keys[0])
    expect(keys[1]).toBe(keys[0])
  })

  it('tells why a relay is lost and when it is tried again, and comes back', async () => {
    await using relay = await startBootstrapd()
    await using up = await home.start([
      'up',
      '--json',
      '--relay',
      `127.0.0.1:${relay.port}:${relay.publicKey}`,
    ])
    await lineWith(up, { type: 'keepalive' })
    relay.kill('SIGKILL')
    const lost = await lineWith(up, { type: 'relay-state', state: 'backoff' })
    expect(lost.reason).toMatch(/^(reset|closed-by-relay)$/)
    expect(lost.nextAttemptAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    await lineWith(up, { type: 'network-down' })
    await relay.restart()
    for await (const text of up.lines()) {
      const last = up.output.findLastIndex(line => line.includes('"network-down"'))
      if (text.includes('"keepalive"') && up.output.lastIndexOf(text) > last) break
    }
    expect(await interrupt(up)).toMatchObject({ exit: 0 })
  })

  it('connects the relays of a node list that are needed, and tells of what it cannot use', async () => {
    await using relay = await startBootstrapd()
    const list = join(home.path, 'nodes.json')
    const node = { ipv4: '127.0.0.1', tcp_ports: [relay.port], public_key: relay.publicKey }
    await writeFile(list, JSON.stringify({ nodes: [node, {}] }))
    await using up = await home.start(['up', '--nodes', list])
    expect(await lineWith(up, { type: 'relay-added' })).toMatchObject({
      relay: relay.publicKey,
      origin: 'list',
    })
    await lineWith(up, { type: 'keepalive', relay: relay.publicKey })
    await up.waitForLine(/nodes\.json: node 2: no public_key$/)
  })

  it('remembers relays and friends in a store, and says what of a damaged one it could not read', async () => {
    await using relay = await startBootstrapd()
    const store = join(home.path, 'store.json')
    const args = ['up', '--store', store]
    {
      await using up = await home.start([
        ...args,
        ...['--relay', `127.0.0.1:${relay.port}:${relay.publicKey}`, '--friend', SOME_KEY],
      ])
      await lineWith(up, { type: 'keepalive' })
      await interrupt(up)
    }
    const kept = JSON.parse(await readFile(store, 'utf8'))
    expect(kept).toMatchObject({
      relays: [{ publicKey: relay.publicKey, pinned: true, score: { success: 1 } }],
      friends: [{ publicKey: SOME_KEY }],
    })
    await writeFile(store, (await readFile(store, 'utf8')).replace('"friends"', '"enemies"'))
    await using up = await home.start(args)
    await lineWith(up, { type: 'keepalive', relay: relay.publicKey })
    await up.waitForLine(
      /store\.json is damaged \(it has no list of friends\): 1 relays and 0 friends could be read; it is kept as .*store\.json\.damaged-/,
    )
  })

  it('says that our own key is no relay for us, and goes on', async () => {
    await using elsewhere = await newHome()
    const { stdout } = await elsewhere.run(['keygen'])
    await using up = await elsewhere.start(['up', '--relay', `127.0.0.1:1:${stdout.trim()}`])
    expect(await lineWith(up, { type: 'relay-refused' })).toMatchObject({ refusal: 'own-key' })
    await up.waitForLine(/^tox-relays: 127\.0\.0\.1:1 is not taken: own-key$/)
    expect(await interrupt(up)).toMatchObject({ exit: 0 })
  })
})
