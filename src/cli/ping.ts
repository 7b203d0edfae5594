/** `tox-relays ping`: how far is a friend, through each relay? */
import { setTimeout as wait } from 'node:timers/promises'
import { Command } from 'commander'
import { formatHostPort, type RelayAddress, type RelayManager } from '../index.js'
import { BadInput, orBadInput } from './bad-input.js'
import { complain } from './complain.js'
import { EXIT_NO_ANSWER, EXIT_OK } from './exit-codes.js'
import { defaultIdentityFile, readOrMakeIdentity } from './identity.js'
import { interruption } from './interruption.js'
import { jsonLine } from './json-lines.js'
import { openManager, pinRelays } from './open-manager.js'
import { paintFor } from './paint.js'
import { type Answer, Pinger, type RelaySummary } from './pinger.js'
import { type ProxyArguments, readProxy, withProxyArguments } from './proxy-arguments.js'
import {
  collectRelay,
  parseKeyArgument,
  parseNumber,
  RELAY_SPELLING,
  readNodeList,
} from './relay-arguments.js'
import { type Column, tableLines } from './table.js'
import { keyWords, millisecondWords, shortKey } from './words.js'

interface PingOptions extends ProxyArguments {
  readonly relay?: readonly RelayAddress[]
  readonly nodes?: string
  readonly identity?: string
  readonly count?: number
  readonly interval: number
  readonly json?: boolean
}

const SECOND_MS = 1_000
const DEFAULT_INTERVAL_S = 1
const MIN_INTERVAL_S = 0.1
const MAX_INTERVAL_S = 3_600
const MAX_COUNT = 1_000_000
/** Time for the relays to connect before the first ping. */
const READY_TIMEOUT_MS = 10_000
/** Time for the last answers to arrive. */
const LAST_ANSWERS_MS = 2_000
const LOOK_MS = 10

const HELP = `
The friend runs "tox-relays up --echo" with your public key as --friend, and you share a relay. Each ping goes
through one relay, there and back. Without --count it goes on until Ctrl-C.

A relay keeps one connection for each identity: end your own "tox-relays up" first, or use another --identity.

Exit code: 0 answers came, 1 none came, 2 the input is wrong.

Example:
  tox-relays ping FRIENDKEY --relay relay.example:443:PUBLICKEY --count 5`

export function pingCommand(): Command {
  const count = parseNumber({ min: 1, max: MAX_COUNT, whole: true })
  const interval = parseNumber({ min: MIN_INTERVAL_S, max: MAX_INTERVAL_S })
  const command = new Command('ping')
    .description('measure round trips to a friend through every relay')
    .argument('<friend>', 'the friend’s public key', parseKeyArgument)
    .option(`--relay <${RELAY_SPELLING}>`, 'a relay to ping through (repeatable)', collectRelay)
    .option(
      '--nodes <file>',
      'a public node list (JSON); of its relays those are used where the friend may be',
    )
    .option('--identity <file>', `your key pair, made when missing (default: ${defaultIdentityFile()})`)
    .option('--count <number>', 'pings through each relay', count)
    .option('--interval <seconds>', 'from ping to ping', interval, DEFAULT_INTERVAL_S)
    .option('--json', 'one JSON object a line: each answer, then a summary for each relay')
  return withProxyArguments(command)
    .addHelpText('after', HELP)
    .action(async (friend: string, options: PingOptions) => {
      process.exitCode = await ping(friend, options)
    })
}

async function ping(key: string, options: PingOptions): Promise<number> {
  const signal = interruption()
  const manager = await managerFor(options)
  const friend = orBadInput('friend', () => manager.addFriend(key))
  pinRelays(manager, options.relay ?? [], complain)
  const say = options.json ? sayJson : sayWords
  const now = () => performance.now()
  const pinger = new Pinger(manager, friend, { now, onAnswer: answer => say.answer(key, answer) })
  complain(`pinging ${shortKey(key)} as ${keyWords(manager.publicKey)}`)
  await sendAll(pinger, options, signal)
  const { summaries } = pinger
  await manager.close()
  say.summaries(summaries)
  return summaries.some(({ answered }) => answered > 0) ? EXIT_OK : EXIT_NO_ANSWER
}

async function managerFor(options: PingOptions): Promise<RelayManager> {
  const { relay, nodes, identity } = options
  if (relay === undefined && nodes === undefined)
    throw new BadInput('a ping needs relays to go through: add --relay or --nodes')
  const list = nodes === undefined ? undefined : await readNodeList(nodes, complain)
  const keyPair = await readOrMakeIdentity(identity ?? defaultIdentityFile(), complain)
  return openManager({ keyPair, list, proxy: await readProxy(options) }, complain)
}

async function sendAll(pinger: Pinger, options: PingOptions, signal: AbortSignal): Promise<void> {
  const { count = Number.POSITIVE_INFINITY, interval } = options
  await until(() => pinger.isReady, READY_TIMEOUT_MS, signal)
  for (let round = 1; round <= count && !signal.aborted; round++) {
    pinger.sendRound()
    if (round < count) await pause(interval * SECOND_MS, signal)
  }
  await until(() => pinger.open === 0, LAST_ANSWERS_MS, signal)
}

async function until(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!condition() && performance.now() < deadline && !signal.aborted) await pause(LOOK_MS, signal)
}

/** An abort ends it early. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  wait(ms, undefined, { signal }).catch(() => {})

/** How answers are told. */
interface Voice {
  answer(friend: string, answer: Answer): void
  summaries(summaries: readonly RelaySummary[]): void
}

const sayJson: Voice = {
  answer: (_, { relay, sequence, rttMs }) =>
    process.stdout.write(
      jsonLine({ time: new Date().toISOString(), type: 'answer', relay: relay.key, sequence, rttMs }),
    ),
  summaries: summaries => {
    for (const summary of summaries) process.stdout.write(jsonLine({ type: 'summary', ...summary }))
  },
}

const sayWords: Voice = {
  answer: (friend, { relay, sequence, rttMs }) => {
    const way = `from ${shortKey(friend)} through ${formatHostPort(relay.state.address)}`
    process.stdout.write(`${way}: seq=${sequence} time=${millisecondWords(rttMs)}\n`)
  },
  summaries: summaries => {
    const { isTTY, columns } = process.stdout
    const layout = { width: isTTY ? columns : Number.POSITIVE_INFINITY, paint: paintFor(isTTY) }
    for (const line of ['', ...tableLines(COLUMNS, summaries, layout)]) process.stdout.write(`${line}\n`)
  },
}

const COLUMNS: readonly Column<RelaySummary>[] = [
  { title: 'RELAY', cell: row => row.address, expendable: 0, shrinksTo: 15 },
  { title: 'SENT', cell: row => String(row.sent), align: 'right', expendable: 3 },
  { title: 'ANSWERED', cell: row => String(row.answered), align: 'right', expendable: 2 },
  { title: 'LOSS', cell: loss, align: 'right', expendable: 0 },
  { title: 'MIN', cell: row => time(row.minMs), align: 'right', expendable: 4 },
  { title: 'AVG', cell: row => time(row.avgMs), align: 'right', expendable: 0 },
  { title: 'MAX', cell: row => time(row.maxMs), align: 'right', expendable: 4 },
  { title: 'WHY', cell: why, expendable: 1, shrinksTo: 12 },
]

const time = (ms: number | null): string => (ms === null ? '–' : millisecondWords(ms))

function loss({ lossPercent }: RelaySummary) {
  if (lossPercent === null) return '–'
  return { text: `${lossPercent} %`, tone: lossPercent === 0 ? ('good' as const) : ('bad' as const) }
}

function why({ state, reason, lossPercent }: RelaySummary): string {
  if (state !== 'established') return reason === null ? state : `${state}, ${reason}`
  return lossPercent === 100 ? 'the friend does not answer there' : ''
}
