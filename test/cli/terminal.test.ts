/** What a person sees: the program on a pseudo-terminal, made by script(1) of util-linux. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { formatRelay } from '../../src/index.js'
import { startRelay } from '../../src/io/relay-server.js'
import { findProgram } from '../support/peer-presence.js'
import { type PeerProcess, startProcess } from '../support/peers.js'
import { buildProgram, type Home, MAIN, newHome, plantFault, SOME_KEY } from './program.js'

const CTRL_C = '\x03'
const FIRST_PAGE = '\x1b[?1049l'
const SHOW_CURSOR = '\x1b[?25h'

let home: Home

beforeAll(async () => {
  buildProgram()
  home = await newHome()
})
afterAll(() => home[Symbol.asyncDispose]())

/** @param words without spaces in them */
function onTerminal(words: string, env: Readonly<Record<string, string>> = {}): Promise<PeerProcess> {
  const line = `tty; stty cols 100 rows 30; exec ${process.execPath} ${MAIN} ${words}`
  const own = { HOME: home.path, XDG_CONFIG_HOME: `${home.path}/config`, TERM: 'xterm', NO_COLOR: '' }
  return startProcess({ command: 'script', args: ['-qfec', line, '/dev/null'], env: { ...own, ...env } })
}

function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended, as it should.
  }
}

/** What is left of a line when the terminal has taken its part. */
const visible = (line: string): string => line.replaceAll(SEQUENCES, '').replaceAll('\r', '')
const SEQUENCES = new RegExp(`${'\x1b'}\\[[?\\d;]*[a-zA-Z]`, 'g')

const onLinux = process.platform === 'linux' && findProgram('script') !== undefined

describe.runIf(onLinux)('up on a terminal', () => {
  it('draws relays and friends in place, packets counting up, and gives the terminal back at Ctrl-C', async () => {
    await using up = await onTerminal('up')
    await up.waitForLine(/3 of 3 relays connected/)
    const [row] = await up.waitForLine(/[0-9A-F]{8}….*online.* ([5-9]|\d\d+) +([5-9]|\d\d+) +3 online/)
    expect(visible(row)).toMatch(/^[0-9A-F]{8}… +online/)
    const relays = up.output
      .map(visible)
      .filter(line => /^127\.0\.0\.1:\d+ +established +0:\d\d +[\d.]+ ms/.test(line))
    expect(new Set(relays.map(line => line.split(' ')[0])).size).toBe(3)
    const since = performance.now()
    up.write(CTRL_C)
    expect(await up.ended).toBe(0)
    expect(performance.now() - since).toBeLessThan(2_500)
    const all = up.output.join('\n')
    expect(all.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(all.lastIndexOf('\x1b[?25l'))
    expect(all.slice(all.indexOf(FIRST_PAGE))).toContain('RECEIVED')
  })

  it('follows the size of the terminal', async () => {
    await using up = await onTerminal('up')
    const [tty] = await up.waitForLine(/\/dev\/pts\/\d+/)
    await up.waitForLine(/3 of 3 relays connected/)
    await promisify(execFile)('stty', ['-F', tty, 'cols', '40', 'rows', '8'])
    await up.waitForLine(/tox-relays demo, all on this computer ·…/)
    await up.waitForLine(/… and 2 more relays/)
    const narrow = up.output.slice(up.output.findIndex(line => line.includes('computer ·…'))).map(visible)
    expect(narrow.length).toBeGreaterThanOrEqual(6)
    expect(narrow.filter(line => [...line].length > 40)).toEqual([])
  })

  it('tells of a fault among the news, and on standard error when the picture is gone', async () => {
    await using up = await onTerminal('up', { NODE_OPTIONS: await plantFault(home) })
    await up.waitForLine(/\d\d:\d\d:\d\d a fault: Error: a subscriber threw/)
    await up.waitForLine(/3 of 3 relays connected/)
    up.write(CTRL_C)
    expect(await up.ended).toBe(0)
    const all = up.output.join('\n')
    expect(all.slice(all.indexOf(FIRST_PAGE))).toContain('tox-relays: a fault: Error: a subscriber threw')
  })

  it('ends when the terminal is closed, and says good-bye to its relays', async () => {
    await using relay = await startRelay()
    const line = `echo pid $$; exec ${process.execPath} ${MAIN} up --relay ${formatRelay(relay)}`
    const env = { ...process.env, HOME: home.path, XDG_CONFIG_HOME: `${home.path}/config` }
    // The fourth pipe is inherited by the program, and ends when it does.
    const terminal = spawn('script', ['-qfec', line, '/dev/null'], {
      env,
      stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
    })
    const [, shown, , lifeline] = terminal.stdio
    if (!(shown instanceof Readable && lifeline instanceof Readable)) throw new Error('no pipes')
    const ended = once(lifeline.resume(), 'close')
    let pid = 0
    for await (const text of createInterface({ input: shown })) {
      pid ||= Number(/pid (\d+)/.exec(text)?.[1] ?? 0)
      if (text.includes('1 of 1 relays connected')) break
    }
    onTestFinished(() => endIfThere(pid))
    terminal.kill('SIGKILL')
    await ended
    expect(relay.stats.drops).toEqual({ gone: 1 })
  })

  it('has no colours for those who want none', async () => {
    await using up = await onTerminal('up', { NO_COLOR: '1' })
    await up.waitForLine(/3 of 3 relays connected/)
    up.write(CTRL_C)
    await up.ended
    expect(up.output.join('\n')).not.toMatch(new RegExp(`${'\x1b'}\\[[\\d;]*m`))
  })
})

describe.runIf(onLinux)('probe on a terminal', () => {
  it('draws a bar that grows, then the table', async () => {
    await using relay = await startRelay()
    await using probe = await onTerminal(`probe ${formatRelay(relay)} 127.0.0.1:1:${SOME_KEY}`)
    expect(await probe.ended).toBe(1)
    const all = visible(probe.output.join('\n'))
    expect(all).toMatch(/─{40} 0\/2 .*━{20}─{20} 1\/2 .*━{40} 2\/2 {2}1 ok {2}1 not/s)
    expect(all.slice(all.indexOf('2/2'))).toMatch(
      /RELAY.*\n127\.0\.0\.1:\d+.* ok .*\n127\.0\.0\.1:1 .* refused .*\n1 of 2 relays answer/,
    )
  })
})
