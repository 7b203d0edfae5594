/**
 * Real programs as peers of the tests: started, waited for by what they say or by a port that opens, and ended by
 * process id. Knows nothing of Tox. No child outlives the test worker, however that one ends.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setInterval } from 'node:timers/promises'
import { findProgram } from './peer-presence.js'

const READY_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 2_000
const CONNECT_EVERY_MS = 20
const LOOPBACK = '127.0.0.1'
const QUOTED_LINES = 20

export interface ProcessOptions {
  /** A path, or the name of a program in PATH, in /usr/sbin or in our own build folder. */
  readonly command: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A line of its output, or a TCP port on 127.0.0.1 that accepts a connection. Without it: ready at once. */
  readonly readyWhen?: RegExp | number
  readonly readyTimeoutMs?: number
}

/** A running program and all that it has said, on standard output and standard error together. */
export interface PeerProcess extends AsyncDisposable {
  readonly pid: number
  /** Every line so far. */
  readonly output: readonly string[]
  /** Its exit code or the signal that ended it, when it has ended and all of its output is there. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Every line from the first on, those to come too, to the end of the process. Each call starts anew. */
  lines(): AsyncGenerator<string, void, undefined>
  /** The first line that matches, said already or still to come; rejects if the process ends without it. */
  waitForLine(pattern: RegExp): Promise<RegExpExecArray>
  /** To its standard input. */
  write(text: string): void
  /** Sends a signal to it and to its children, for example SIGSTOP. */
  kill(signal: NodeJS.Signals): void
  /** Ends it and its children: asks first, kills after 2 s. Does nothing when it has ended. */
  stop(): Promise<void>
}

/**
 * Starts a program and waits until it is ready.
 * @throws with its output, when it cannot be started, ends before it is ready, or is not ready in time
 */
export async function startProcess(options: ProcessOptions): Promise<PeerProcess> {
  const { command, readyWhen, readyTimeoutMs = READY_TIMEOUT_MS } = options
  const peer = new SpawnedProcess(spawnBound(options), command)
  try {
    await ready(peer, readyWhen, AbortSignal.timeout(readyTimeoutMs))
  } catch (cause) {
    await peer.stop()
    throw new Error(`${command} did not get ready: ${cause}${peer.quote()}`, { cause })
  }
  return peer
}

async function ready(
  peer: SpawnedProcess,
  when: RegExp | number | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (when === undefined) return
  const late = once(signal, 'abort').then(() => Promise.reject(signal.reason))
  const dead = peer.ended.then(how => Promise.reject(new Error(`it ended with ${how}`)))
  const inTime = typeof when === 'number' ? portOpens(when, signal) : peer.waitForLine(when)
  await Promise.race([inTime, late, dead])
}

async function portOpens(port: number, signal: AbortSignal): Promise<void> {
  for await (const _ of setInterval(CONNECT_EVERY_MS, undefined, { signal })) if (await accepts(port)) return
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, LOOPBACK)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

class SpawnedProcess implements PeerProcess {
  readonly pid: number
  readonly output: string[] = []
  readonly ended: Promise<number | NodeJS.Signals>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #command: string
  readonly #news = new EventEmitter().setMaxListeners(0)
  #over = false

  constructor(child: ChildProcessWithoutNullStreams, command: string) {
    if (child.pid === undefined) throw new Error(`${command} cannot be started`)
    this.pid = child.pid
    this.#child = child
    this.#command = command
    for (const input of [child.stdout, child.stderr]) this.#listen(input)
    child.stdin.on('error', () => {}) // it may end before it has read what we wrote
    this.ended = new Promise(resolve => {
      child.once('close', (code, signal) => resolve(this.#end(signal ?? code ?? 0)))
    })
  }

  async *lines(): AsyncGenerator<string, void, undefined> {
    for (let next = 0; ; ) {
      for (; next < this.output.length; next++) yield this.output[next] ?? ''
      if (this.#over) return
      await once(this.#news, 'news')
    }
  }

  async waitForLine(pattern: RegExp): Promise<RegExpExecArray> {
    for await (const line of this.lines()) {
      const match = pattern.exec(line)
      if (match) return match
    }
    throw new Error(`${this.#command} ended without a line like ${pattern}${this.quote()}`)
  }

  write(text: string): void {
    this.#child.stdin.write(text)
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#over) signalGroup(this.pid, signal)
  }

  async stop(): Promise<void> {
    this.kill('SIGTERM')
    this.kill('SIGCONT')
    const impatience = setTimeout(() => this.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await this.ended
    clearTimeout(impatience)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** The end of its output, for an error message. */
  quote(): string {
    return ['', ...this.output.slice(-QUOTED_LINES)].join('\n  | ')
  }

  #listen(input: Readable): void {
    createInterface({ input }).on('line', line => {
      this.output.push(line)
      this.#news.emit('news')
    })
  }

  #end(how: number | NodeJS.Signals): number | NodeJS.Signals {
    this.#over = true
    running.delete(this.pid)
    this.#news.emit('news')
    return how
  }
}

/** The leaders of the process groups that we started and that have not ended. */
const running = new Set<number>()

process.once('exit', () => {
  for (const pid of running) signalGroup(pid, 'SIGKILL')
})

/**
 * Each peer leads a process group, so that its own children end with it. setpriv (part of every Debian) has the kernel
 * kill it when this process dies without a chance to say so.
 */
function spawnBound({ command, args = [], env = {} }: ProcessOptions): ChildProcessWithoutNullStreams {
  const program = findProgram(command)
  if (program === undefined) throw new Error(`${command} is not on this machine: run npm run peers`)
  const setpriv = findProgram('setpriv')
  const line = setpriv ? [setpriv, '--pdeathsig', 'KILL', program, ...args] : [program, ...args]
  const child = spawn(line[0] ?? program, line.slice(1), { detached: true, env: { ...process.env, ...env } })
  if (child.pid !== undefined) running.add(child.pid)
  return child
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
