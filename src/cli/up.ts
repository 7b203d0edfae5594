/** `tox-relays up`: keeps relays connected, and shows it. */
import { Command } from 'commander'
import { createRelayManager, type NodesRead, type RelayAddress, type RelayManager } from '../index.js'
import { BadInput, orBadInput } from './bad-input.js'
import { complain } from './complain.js'
import { sendRound, startDemo } from './demo.js'
import { echo } from './echo.js'
import { EXIT_OK } from './exit-codes.js'
import { defaultIdentityFile, type Identity, newIdentity, readOrMakeIdentity } from './identity.js'
import { aborted, interruption } from './interruption.js'
import { collectKey, collectRelay, RELAY_SPELLING, readNodeList } from './relay-arguments.js'
import { Traffic } from './traffic.js'
import { LiveView, lineView, type View } from './up-view.js'
import { keyWords } from './words.js'

interface UpOptions {
  readonly relay?: readonly RelayAddress[]
  readonly nodes?: string
  readonly friend?: readonly string[]
  readonly identity?: string
  readonly echo?: boolean
  readonly json?: boolean
}

const HELP = `
Without --relay and --nodes it shows a demo: three relays and a friend who echoes, all in this process,
on loopback. Nothing of it is kept.

Examples:
  tox-relays up
  tox-relays up --relay relay.example:443:PUBLICKEY --friend FRIENDKEY
  tox-relays up --nodes nodes.json --json | jq -c 'select(.type == "relay-state")'`

export function upCommand(): Command {
  return new Command('up')
    .description('keep relays connected and show them live')
    .option(`--relay <${RELAY_SPELLING}>`, 'a relay that is always kept connected (repeatable)', collectRelay)
    .option('--nodes <file>', 'a public node list (JSON); of its relays those are connected that are needed')
    .option('--friend <key>', 'public key of a friend to meet (repeatable)', collectKey)
    .option('--identity <file>', `your key pair, made when missing (default: ${defaultIdentityFile()})`)
    .option('--echo', 'send back whatever friends send, for "tox-relays ping" on their side')
    .option('--json', 'one JSON object a line for each change; also when the output is no terminal')
    .addHelpText('after', HELP)
    .action(async (options: UpOptions) => {
      process.exitCode = await up(options)
    })
}

async function up(options: UpOptions): Promise<number> {
  const stop = interruption()
  const isDemo = checkIsDemo(options)
  const list = options.nodes === undefined ? undefined : await readNodeList(options.nodes, complain)
  const identity = await identityFor(options, isDemo)
  const manager = await managerFor(identity, list)
  const traffic = new Traffic(manager)
  const view = viewFor(manager, traffic, options, isDemo)
  process.on('uncaughtException', error => view.tell(`a fault: ${error.stack ?? error.message}`))
  const end = isDemo ? await runDemo(manager, traffic) : runForReal(manager, options)
  if (options.echo) echo(manager, traffic)
  await aborted(stop)
  view.lastLook()
  await Promise.all([manager.close(), end()])
  view.close()
  return EXIT_OK
}

function checkIsDemo({ relay, nodes, friend }: UpOptions): boolean {
  const isDemo = relay === undefined && nodes === undefined
  if (isDemo && friend) throw new BadInput('--friend needs relays to meet him on: add --relay or --nodes')
  return isDemo
}

/** The demo's identity is not kept, unless a file is named. */
function identityFor({ identity }: UpOptions, isDemo: boolean): Promise<Identity> {
  if (isDemo && identity === undefined) return newIdentity()
  return readOrMakeIdentity(identity ?? defaultIdentityFile(), complain)
}

function managerFor(keyPair: Identity, list: NodesRead<RelayAddress> | undefined): Promise<RelayManager> {
  return createRelayManager({ keyPair, ...(list ? { relays: list } : {}) })
}

function viewFor(manager: RelayManager, traffic: Traffic, { json }: UpOptions, isDemo: boolean): View {
  const terminal = process.stdout
  if (terminal.isTTY && !json) {
    const title = isDemo ? 'tox-relays demo, all on this computer' : 'tox-relays'
    return new LiveView({ manager, traffic, terminal, title })
  }
  complain(`your public key is ${keyWords(manager.publicKey)}`)
  return lineView(manager, process.stdout)
}

/** @returns ends it */
async function runDemo(manager: RelayManager, traffic: Traffic): Promise<() => Promise<void>> {
  const demo = await startDemo(manager.publicKey)
  for (const { host, port, publicKey } of demo.relays)
    manager.addRelay({ host, port, publicKey, pinned: true })
  const stopSending = sendRound(manager.addFriend(demo.friendKey), traffic)
  return () => {
    stopSending()
    return demo.close()
  }
}

/** @returns ends it */
function runForReal(manager: RelayManager, { relay = [], friend = [] }: UpOptions): () => Promise<void> {
  for (const each of relay) manager.addRelay({ ...each, pinned: true })
  for (const key of friend) orBadInput('--friend', () => manager.addFriend(key))
  return async () => {}
}
