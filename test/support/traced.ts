/** Runs a program under strace and tells to whom it spoke: what leaves a process leaves by a system call. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from './peers.js'

export interface Traced {
  readonly output: readonly string[]
  /** Destinations of TCP connects and of datagrams, as strace writes addresses: `127.0.0.1:9050`, `[::1]:53`. */
  readonly destinations: ReadonlySet<string>
  /** Every system call that opens a datagram socket of IP, as a DNS query needs one. */
  readonly datagramSockets: readonly string[]
}

const CALLS = 'trace=socket,connect,sendto,sendmsg,sendmmsg'

/** @param args of node */
export async function traceNode(args: readonly string[]): Promise<Traced> {
  const folder = await mkdtemp(join(tmpdir(), 'tox-relays-trace-'))
  const file = join(folder, 'calls')
  try {
    const line = ['-f', '-qq', '-o', file, '-e', CALLS, process.execPath, ...args]
    const traced = await startProcess({ command: 'strace', args: line })
    const code = await traced.ended
    if (code !== 0) throw new Error(`node ended with ${code}: ${traced.output.join('\n')}`)
    const calls = (await readFile(file, 'utf8')).split('\n')
    return {
      output: traced.output,
      destinations: new Set(calls.flatMap(destinationOf)),
      datagramSockets: calls.filter(call => /socket\(AF_INET6?, SOCK_DGRAM/.test(call)),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
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
