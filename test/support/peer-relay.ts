/** Relays that are not ours, on loopback: Debian's `tox-bootstrapd` and the relay inside `tox-c-peer`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './peer-ports.js'
import { type PeerProcess, type ProcessOptions, startProcess } from './peer-process.js'

export interface PeerRelay extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** 64 hex digits. */
  readonly publicKey: string
  readonly pid: number
  /** The process as it runs now: its output, its end. Another one after `restart`. */
  readonly process: PeerProcess
  /** SIGKILL cuts every connection, SIGSTOP makes it silent, SIGCONT wakes it. */
  kill(signal: NodeJS.Signals): void
  /** Ends what still runs and starts anew on the same port. */
  restart(): Promise<void>
  /** Ends it for good. */
  stop(): Promise<void>
}

export interface BootstrapdOptions {
  readonly port?: number
  /** Where its key is kept; without it, in a folder of its own that goes with `stop`. */
  readonly keysFile?: string
}

/** Starts `tox-bootstrapd`. It keeps its key and its port through `restart`. */
export async function startBootstrapd(options: BootstrapdOptions = {}): Promise<PeerRelay> {
  const port = options.port ?? (await freePort())
  const directory = mkdtempSync(join(tmpdir(), 'tox-bootstrapd-'))
  const configuration = join(directory, 'config')
  writeFileSync(configuration, bootstrapdConfiguration(port, directory, options.keysFile))
  const start: RelayStart = {
    command: 'tox-bootstrapd',
    args: ['--config', configuration, '--foreground', '--log-backend=stdout'],
    readyWhen: /^Public Key: ([0-9A-F]{64})$/,
  }
  return startRelayProcess(port, start, () => rmSync(directory, { recursive: true, force: true }))
}

const bootstrapdConfiguration = (port: number, directory: string, keysFile = join(directory, 'keys')) => `
port = ${port}
keys_file_path = "${keysFile}"
pid_file_path = "${join(directory, 'pid')}"
enable_ipv6 = false
enable_ipv4_fallback = true
enable_lan_discovery = false
enable_tcp_relay = true
tcp_relay_ports = [${port}]
enable_motd = true
motd = "a relay of a test"
bootstrap_nodes = ()
`

/** Starts c-toxcore's own relay, quicker than `tox-bootstrapd`. It has another key after each `restart`. */
export async function startCRelay(options: { readonly port?: number } = {}): Promise<PeerRelay> {
  const port = options.port ?? (await freePort())
  return startRelayProcess(port, {
    command: 'tox-c-peer',
    args: ['relay', `${port}`],
    readyWhen: /^([0-9A-F]{64})$/,
  })
}

type RelayStart = ProcessOptions & { readonly readyWhen: RegExp }

/** @param options with a `readyWhen` whose first group is the public key */
async function startRelayProcess(port: number, options: RelayStart, cleanUp = () => {}): Promise<PeerRelay> {
  const start = async () => {
    const process = await startProcess(options)
    const [, publicKey = ''] = await process.waitForLine(options.readyWhen)
    return { process, publicKey }
  }
  let now = await start()
  const stop = async () => {
    await now.process.stop()
    cleanUp()
  }
  return {
    host: '127.0.0.1',
    port,
    get publicKey() {
      return now.publicKey
    },
    get pid() {
      return now.process.pid
    },
    get process() {
      return now.process
    },
    kill: signal => now.process.kill(signal),
    restart: async () => {
      await now.process.stop()
      now = await start()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
