/** `tox-relays serve`: the embedded relay on its own. */
import { Command } from 'commander'
import { formatRelay } from '../index.js'
import { type RelayServer, type RelayServerOptions, type RelayStats, startRelay } from '../io/relay-server.js'
import { BadInput } from './bad-input.js'
import { complain } from './complain.js'
import { EXIT_OK } from './exit-codes.js'
import { type Identity, newIdentity, readOrMakeIdentity } from './identity.js'
import { aborted, interruption } from './interruption.js'
import { jsonLine } from './json-lines.js'
import { parseNumber } from './relay-arguments.js'
import { cut } from './table.js'
import { byteWords, keyWords } from './words.js'

interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly keyFile?: string
  readonly maxClients?: number
  readonly json?: boolean
}

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 33_445
const MAX_PORT = 0xffff
const MAX_CLIENTS = 1_000_000

const HELP = `
Prints host:port:PUBLICKEY, which is what "tox-relays up --relay" takes. Ctrl-C ends it.

Examples:
  tox-relays serve
  tox-relays serve --host 0.0.0.0 --key-file relay.json     for others, with a key that stays the same
  tox-relays serve --port 0 --json                          any free port, and its numbers every second`

export function serveCommand(): Command {
  const port = parseNumber({ min: 0, max: MAX_PORT, whole: true })
  const clients = parseNumber({ min: 1, max: MAX_CLIENTS, whole: true })
  return new Command('serve')
    .description('run a relay')
    .option('--host <address>', 'where to listen; 0.0.0.0 or :: for the whole world', DEFAULT_HOST)
    .option('--port <number>', '0 takes any free one', port, DEFAULT_PORT)
    .option(
      '--key-file <file>',
      'the relay’s key pair, made when missing; without it the key is new each time',
    )
    .option('--max-clients <number>', 'connections at once (default: 4096)', clients)
    .option('--json', 'one JSON object a line: where it listens, then its numbers every second')
    .addHelpText('after', HELP)
    .action(async (options: ServeOptions) => {
      process.exitCode = await serve(options)
    })
}

async function serve({ host, port, keyFile, maxClients, json = false }: ServeOptions): Promise<number> {
  const stop = interruption()
  const keyPair = keyFile === undefined ? await newIdentity() : await readOrMakeIdentity(keyFile, complain)
  const relay = await start({ host, port, keyPair, ...(maxClients === undefined ? {} : { maxClients }) })
  if (json) tellJson(relay)
  else tell(relay)
  await aborted(stop)
  await relay.close()
  return EXIT_OK
}

/** What does not let us listen, or the file's keys, are the user's to mend. */
async function start(options: RelayServerOptions & { readonly keyPair: Identity }): Promise<RelayServer> {
  try {
    return await startRelay(options)
  } catch (error) {
    throw new BadInput(error instanceof Error ? error.message : String(error))
  }
}

function tellJson(relay: RelayServer): void {
  const { host, port, publicKey } = relay
  const about = { host, port, publicKey: keyWords(publicKey), address: formatRelay(relay) }
  const write = (line: object) => process.stdout.write(jsonLine({ time: new Date().toISOString(), ...line }))
  write({ type: 'listening', ...about })
  relay.stats$.subscribe(stats => write({ type: 'stats', ...stats }))
}

const CLEAR_LINE = '\r\x1b[K'

/** The address, and on a terminal one line of numbers below it that is drawn over and over. */
function tell(relay: RelayServer): void {
  process.stdout.write(`${formatRelay(relay)}\n`)
  const terminal = process.stderr
  if (!terminal.isTTY) return
  relay.stats$.subscribe({
    next: stats => terminal.write(CLEAR_LINE + cut(statsWords(stats), terminal.columns - 1)),
    complete: () => terminal.write('\n'),
  })
}

function statsWords(stats: RelayStats): string {
  const { clients, unconfirmed, bytesRead, bytesWritten } = stats
  const waiting = unconfirmed > 0 ? ` (and ${unconfirmed} in the handshake)` : ''
  return `${clients} clients${waiting} · ${byteWords(bytesRead)} in · ${byteWords(bytesWritten)} out · Ctrl-C ends`
}
