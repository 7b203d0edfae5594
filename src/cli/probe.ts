/** `tox-relays probe`: which of these relays answer? */
import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { explain, formatRelay, parseRelay, type RelayAddress } from '../index.js'
import { formatHostPort } from '../protocol/index.js'
import { orBadInput } from './bad-input.js'
import { complain } from './complain.js'
import { EXIT_INTERRUPTED, EXIT_NO_ANSWER, EXIT_OK } from './exit-codes.js'
import { interruption } from './interruption.js'
import { jsonLine } from './json-lines.js'
import { paintFor } from './paint.js'
import { type ProbeOptions, type ProbeResult, probeRelay } from './probe-relay.js'
import { ProgressBar } from './progress-bar.js'
import { type ProxyArguments, readProxy, withProxyArguments } from './proxy-arguments.js'
import { parseNumber, RELAY_SPELLING, readNodeList } from './relay-arguments.js'
import { type Column, tableLines } from './table.js'
import { millisecondWords, shortKey } from './words.js'

interface ProbeCommandOptions extends ProxyArguments {
  readonly timeout?: number
  readonly json?: boolean
}

/** Relays that are checked at once. */
const SIDE_BY_SIDE = 64
const MAX_TIMEOUT_S = 600
const SECOND_MS = 1_000

const HELP = `
Each relay is checked as a node would use it: TCP connect, handshake, first ping. ${SIDE_BY_SIDE} are checked at
once, each with an identity made for this check, so that no running node is disturbed.

Exit code: 0 all answer, 1 some do not, 2 the input is wrong.

Examples:
  tox-relays probe nodes.json
  tox-relays probe relay.example:443:PUBLICKEY [2001:db8::1]:33445:PUBLICKEY
  tox-relays probe --json nodes.json | jq -r 'select(.ok) | "\\(.host):\\(.port):\\(.publicKey)"'
  curl -s https://nodes.example/json | tox-relays probe -`

export function probeCommand(): Command {
  const seconds = parseNumber({ min: 0.1, max: MAX_TIMEOUT_S })
  const command = new Command('probe')
    .description('check which relays answer')
    .argument(
      '<relays...>',
      `${RELAY_SPELLING}, or a file with a public node list (JSON), - for standard input`,
    )
    .option(
      '--timeout <seconds>',
      'time for each relay at most (default: 10 to connect, through a proxy 30, through Tor 120)',
      seconds,
    )
    .option('--json', 'one JSON object a line for each relay, as soon as it is known')
  return withProxyArguments(command)
    .addHelpText('after', HELP)
    .action(async (relays: readonly string[], options: ProbeCommandOptions) => {
      process.exitCode = await probe(relays, options)
    })
}

async function probe(words: readonly string[], options: ProbeCommandOptions): Promise<number> {
  const { json = false } = options
  const relays = await readRelays(words)
  const signal = interruption()
  const results = await probeAll(relays, { ...(await limitsFor(options)), signal }, json)
  if (!json) printTable(results, relays.length)
  if (signal.aborted) return EXIT_INTERRUPTED
  return results.every(({ ok }) => ok) ? EXIT_OK : EXIT_NO_ANSWER
}

/** A proxy that waits shorter than we do would have the last word. */
async function limitsFor(options: ProbeCommandOptions): Promise<Omit<ProbeOptions, 'signal'>> {
  const timeoutMs = options.timeout === undefined ? undefined : options.timeout * SECOND_MS
  const proxy = await readProxy(options)
  return { timeoutMs, proxy: proxy && timeoutMs !== undefined ? { ...proxy, budgetMs: timeoutMs } : proxy }
}

/** Each relay once, in the order in which they are named. */
async function readRelays(words: readonly string[]): Promise<RelayAddress[]> {
  const lists: (readonly RelayAddress[])[] = []
  for (const word of words) lists.push(await relaysIn(word))
  return [...new Map(lists.flat().map(relay => [formatRelay(relay), relay])).values()]
}

/** What looks like a relay is one, unless there is such a file. */
async function relaysIn(word: string): Promise<readonly RelayAddress[]> {
  if (word.includes(':') && !existsSync(word)) return [orBadInput('', () => parseRelay(word))]
  const { nodes } = await readNodeList(word, complain)
  return nodes
}

/** @returns what is known of each, in the order of the relays */
async function probeAll(
  relays: readonly RelayAddress[],
  options: ProbeOptions,
  json: boolean,
): Promise<ProbeResult[]> {
  const bar = new ProgressBar(process.stderr)
  const results = new Map<RelayAddress, ProbeResult>()
  let ok = 0
  const waiting = relays.values()
  const checkSome = async (): Promise<void> => {
    for (const relay of waiting) {
      const result = await probeRelay(relay, options)
      if (!result) return
      results.set(relay, result)
      if (result.ok) ok++
      if (json) {
        bar.clear()
        process.stdout.write(jsonLine(result))
      }
      bar.draw({ done: results.size, total: relays.length, ok })
    }
  }
  bar.draw({ done: 0, total: relays.length, ok })
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, checkSome))
  bar.clear()
  return relays.flatMap(relay => results.get(relay) ?? [])
}

const COLUMNS: readonly Column<ProbeResult>[] = [
  { title: 'RELAY', cell: row => formatHostPort(row), expendable: 0, shrinksTo: 15 },
  { title: 'KEY', cell: row => shortKey(row.publicKey), expendable: 3 },
  {
    title: 'RESULT',
    cell: ({ ok, reason }) => ({ text: ok ? 'ok' : (reason ?? ''), tone: ok ? 'good' : 'bad' }),
    expendable: 0,
  },
  { title: 'CONNECT', cell: row => time(row.connectMs), align: 'right', expendable: 2 },
  { title: 'HANDSHAKE', cell: row => time(row.handshakeMs), align: 'right', expendable: 4 },
  { title: 'PING', cell: row => time(row.pingMs), align: 'right', expendable: 1 },
  {
    title: 'WHAT IT MEANS',
    cell: ({ reason }) => ({ text: reason === null ? '' : explain(reason), tone: 'dim' }),
    expendable: 5,
    shrinksTo: 20,
  },
]

const time = (ms: number | null): string => (ms === null ? '–' : millisecondWords(ms))

function printTable(results: readonly ProbeResult[], asked: number): void {
  const { isTTY, columns } = process.stdout
  const layout = { width: isTTY ? columns : Number.POSITIVE_INFINITY, paint: paintFor(isTTY) }
  for (const line of tableLines(COLUMNS, results, layout)) process.stdout.write(`${line}\n`)
  const unknown = asked - results.length
  const rest = unknown === 0 ? '' : `, ${unknown} not checked`
  process.stderr.write(`${results.filter(({ ok }) => ok).length} of ${asked} relays answer${rest}\n`)
}
