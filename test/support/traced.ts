/** Runs a program under strace and tells to whom it spoke: what leaves a process leaves by a system call. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PeerProcess, startProcess } from './peers.js'

export interface Traced {
  readonly output: readonly string[]
  /** Destinations of TCP connects and of datagrams, as strace writes addresses: `127.0.0.1:9050`, `[::1]:53`. */
  readonly destinations: ReadonlySet<string>
  /** Every system call that opens a datagram socket of IP, as a DNS query needs one. */
  readonly datagramSockets: readonly string[]
}

const CALLS = 'trace=socket,connect,sendto,sendmsg,sendmmsg'

export interface RunningTrace extends AsyncDisposable {
  /** The program with strace around it. */
  readonly process: PeerProcess
  /** What it has done, when it has ended. @throws unless it ended well */
  finish(): Promise<Traced>
}

/** @param args of node */
export async function startTraced(args: readonly string[]): Promise<RunningTrace> {
  const folder = await mkdtemp(join(tmpdir(), 'tox-relays-trace-'))
  const file = join(folder, 'calls')
  const line = ['-f', '-qq', '-o', file, '-e', CALLS, process.execPath, ...args]
  const traced = await startProcess({ command: 'strace', args: line })
  return {
    process: traced,
    finish: async () => {
      const code = await traced.ended
      if (code !== 0) throw new Error(`node ended with ${code}: ${traced.output.join('\n')}`)
      return tracedIn(await readFile(file, 'utf8'), traced.output)
    },
    [Symbol.asyncDispose]: async () => {
      await traced.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** @param args of node */
export async function traceNode(args: readonly string[]): Promise<Traced> {
  await using trace = await startTraced(args)
  return await trace.finish()
}

function tracedIn(text: string, output: readonly string[]): Traced {
  const calls = text.split('\n')
  return {
    output,
    destinations: new Set(calls.flatMap(destinationOf)),
    datagramSockets: calls.filter(call => /socket\(AF_INET6?, SOCK_DGRAM/.test(call)),
  }
}

/** Only calls that name a destination; Unix sockets are named too, since a name service may sit behind one. */
function destinationOf(call: string): string[] {
  const port = /htons\((\d+)\)/.exec(call)?.[1]
  const v4 = /inet_addr\("([^"]+)"\)/.exec(call)?.[1]
  const v6 = /inet_pton\(AF_INET6, "([^"]+)"/.exec(call)?.[1]
  const path = /sun_path=@?"([^"]+)"/.exec(call)?.[1]
  if (path !== undefined) return [path]
  if (port === undefined) return []
  return [v6 === undefined ? `${v4}:${port}` : `[${v6}]:${port}`]
}
