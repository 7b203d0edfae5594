/** The real program, built, as a child process in a home of its own. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type PeerProcess, startProcess } from '../support/peers.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const MAIN = join(ROOT, 'dist/cli/main.js')
/** A key that belongs to nobody. */
export const SOME_KEY = '0123456789ABCDEF'.repeat(4)

/** Takes a moment when the build is up to date. */
export const buildProgram = (): Buffer =>
  execFileSync(process.execPath, [join(ROOT, 'scripts/run.mjs'), 'build'], { stdio: 'inherit' })

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A JSON line of the program, with the fields that tests ask for. */
export type Line = { readonly [field in Field]?: unknown }
type Field =
  | 'address'
  | 'answered'
  | 'friend'
  | 'accepted'
  | 'nextAttemptAt'
  | 'origin'
  | 'port'
  | 'publicKey'
  | 'reason'
  | 'relay'
  | 'sequence'
  | 'state'
  | 'time'
  | 'type'

export interface Home extends AsyncDisposable {
  readonly path: string
  /** Runs the program to its end. */
  run(args: readonly string[], options?: { env?: NodeJS.ProcessEnv; input?: string }): Promise<Ended>
  /** Starts the program, which goes on until it is stopped. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<PeerProcess>
}

export async function newHome(): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), 'tox-relays-home-'))
  const own = { HOME: path, XDG_CONFIG_HOME: join(path, 'config') }
  return {
    path,
    run: (args, { env = {}, input = '' } = {}) =>
      new Promise(resolve => {
        const settings = { env: { ...process.env, ...own, ...env } }
        const child = execFile(process.execPath, [MAIN, ...args], settings, (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
        )
        child.stdin?.end(input)
      }),
    start: (args, env = {}) =>
      startProcess({ command: process.execPath, args: [MAIN, ...args], env: { ...own, ...env } }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/**
 * Makes the program throw where nobody catches, as soon as it is ready for that.
 * @returns what NODE_OPTIONS must be
 */
export async function plantFault(home: Home): Promise<string> {
  const file = join(home.path, 'fault.mjs')
  await writeFile(
    file,
    `const timer = setInterval(() => {
      if (process.listenerCount('uncaughtException') === 0) return
      clearInterval(timer)
      throw new Error('a subscriber threw')
    }, 20)`,
  )
  return `--import=${pathToFileURL(file).href}`
}

/** The JSON lines of a text, or of what a process has said so far. */
export const jsonLines = (text: string | readonly string[]): Line[] =>
  (typeof text === 'string' ? text.split('\n') : text).filter(line => line.startsWith('{')).map(parseLine)

/** The next JSON line that has all of that, said already or still to come. */
export async function lineWith(process: PeerProcess, wanted: Line): Promise<Line> {
  for await (const text of process.lines()) {
    const line = text.startsWith('{') ? parseLine(text) : {}
    if (Object.entries(wanted).every(([field, value]) => line[field as Field] === value)) return line
  }
  throw new Error(`it ended without ${JSON.stringify(wanted)}: ${process.output.join('\n')}`)
}

function parseLine(text: string): Line {
  const line: unknown = JSON.parse(text)
  if (typeof line !== 'object' || line === null) throw new TypeError(`no JSON line: ${text}`)
  return { ...line }
}

/** Ends the program as Ctrl-C does, and tells how that went. */
export async function interrupt(
  process: PeerProcess,
): Promise<{ readonly exit: number | NodeJS.Signals; readonly tookMs: number }> {
  const since = performance.now()
  process.kill('SIGINT')
  return { exit: await process.ended, tookMs: performance.now() - since }
}
