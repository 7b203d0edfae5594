import { once } from 'node:events'
import { chmod, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyWords } from '../../src/cli/words.js'
import { parseRelay } from '../../src/index.js'
import { freePort } from '../support/peers.js'
import { buildProgram, type Home, interrupt, jsonLines, lineWith, newHome } from './program.js'

let home: Home

beforeAll(async () => {
  buildProgram()
  home = await newHome()
})
afterAll(() => home[Symbol.asyncDispose]())

describe('serve', () => {
  it('prints host:port:key of a relay that works, and ends at Ctrl-C', async () => {
    const port = await freePort()
    await using relay = await home.start(['serve', '--port', String(port)])
    const [spelt] = await relay.waitForLine(/^127\.0\.0\.1:\d+:[0-9A-F]{64}$/)
    expect(parseRelay(spelt)).toMatchObject({ host: '127.0.0.1', port })
    expect(await home.run(['probe', spelt])).toMatchObject({ code: 0 })
    expect(await interrupt(relay)).toMatchObject({ exit: 0 })
    expect(relay.output).toEqual([spelt])
  })

  it('keeps its key in a file of its own that nobody else may read', async () => {
    const args = ['serve', '--port', '0', '--json', '--key-file', join(home.path, 'relay.json')]
    const keys: unknown[] = []
    for (const _ of ['made', 'read']) {
      await using relay = await home.start(args)
      keys.push((await lineWith(relay, { type: 'listening' })).publicKey)
    }
    expect(keys[0]).toBe(keys[1])
    expect((await stat(join(home.path, 'relay.json'))).mode & 0o777).toBe(0o600)
    await chmod(join(home.path, 'relay.json'), 0o644)
    await using relay = await home.start(args)
    await relay.waitForLine(/^tox-relays: others may read .*relay\.json: chmod 600 it$/)
  })

  it('tells its numbers as JSON lines, the address first', async () => {
    await using relay = await home.start(['serve', '--port', '0', '--json'])
    const listening = await lineWith(relay, { type: 'listening' })
    const { host, port, publicKey } = parseRelay(String(listening.address))
    expect(listening).toMatchObject({ host, port, publicKey: keyWords(publicKey) })
    const stats = await lineWith(relay, { type: 'stats' })
    expect(stats).toMatchObject({ clients: 0, unconfirmed: 0, bytesRead: 0 })
    const client = connect(port, host)
    await once(client, 'connect')
    expect(await lineWith(relay, { type: 'stats', accepted: 1 })).toMatchObject({ unconfirmed: 1 })
    client.destroy()
    await interrupt(relay)
    for (const { time } of jsonLines(relay.output)) expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  it('holds no more clients than it may', async () => {
    await using relay = await home.start(['serve', '--port', '0', '--json', '--max-clients', '1'])
    const { port } = await lineWith(relay, { type: 'listening' })
    const [first, second] = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')]
    const gone = await Promise.race([once(first, 'close'), once(second, 'close')])
    expect(gone).toEqual([false])
    for (const client of [first, second]) client.destroy()
  })
})
