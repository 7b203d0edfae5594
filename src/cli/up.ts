/** `tox-relays up`: keeps relays connected, and shows it. */
import { Command } from 'commander'
import type { ProxyOptions, RelayAddress, RelayManager } from '../index.js'
import { BadInput } from './bad-input.js'
import { complain } from './complain.js'
import { type DashboardOption, openDashboard } from './dashboard-option.js'
import { sendRound, startDemo } from './demo.js'
import { echo } from './echo.js'
import { EXIT_OK } from './exit-codes.js'
import { defaultIdentityFile, type Identity, newIdentity, readOrMakeIdentity } from './identity.js'
import { aborted, interruption } from './interruption.js'
import { openManager, pinRelays } from './open-manager.js'
import { type ProxyArguments, proxyWords, readProxy, withProxyArguments } from './proxy-arguments.js'
import { collectKey, collectRelay, RELAY_SPELLING, readNodeList } from './relay-arguments.js'
import { Traffic } from './traffic.js'
import { LiveView, lineView, type View } from './up-view.js'
import { keyWords } from './words.js'

interface UpOptions extends ProxyArguments {
  readonly relay?: readonly RelayAddress[]
  readonly nodes?: string
  readonly friend?: readonly string[]
  readonly identity?: string
  readonly store?: string
  readonly echo?: boolean
  readonly json?: boolean
  readonly dashboard?: DashboardOption
}

const HELP = `
Without --relay, --nodes and --store it shows a demo: three relays and a friend who echoes, all in this process,
on loopback. Nothing of it is kept.

Examples:
  tox-relays up --dashboard
  tox-relays up --relay relay.example:443:PUBLICKEY --friend FRIENDKEY
  tox-relays up --store state.json --proxy socks5://127.0.0.1:9050 --proxy-isolation
  tox-relays up --nodes nodes.json --json | jq -c 'select(.type == "relay-state")'`

export function upCommand(): Command {
  const command = new Command('up')
    .description('keep relays connected and show them live')
    .option(`--relay <${RELAY_SPELLING}>`, 'a relay that is always kept connected (repeatable)', collectRelay)
    .option('--nodes <file>', 'a public node list (JSON); of its relays those are connected that are needed')
    .option('--friend <key>', 'public key of a friend to meet (repeatable)', collectKey)
    .option('--identity <file>', `your key pair, made when missing (default: ${defaultIdentityFile()})`)
    .option('--store <file>', 'remembers relays, how good they are, and friends; made when missing')
    .option('--echo', 'send back whatever friends send, for "tox-relays ping" on their side')
    .option(
      '--dashboard [port]',
      'a page for your browser that shows everything live; its address is printed',
    )
    .option('--json', 'one JSON object a line for each change; also when the output is no terminal')
  return withProxyArguments(command)
    .addHelpText('after', HELP)
    .action(async (options: UpOptions) => {
      process.exitCode = await up(options)
    })
}

async function up(options: UpOptions): Promise<number> {
  const stop = interruption()
  const isDemo = checkIsDemo(options)
  const proxy = await readProxy(options)
  const manager = await managerFor(options, isDemo, proxy)
  const traffic = new Traffic(manager)
  const dashboard = await openDashboard(manager, options.dashboard)
  const view = viewFor(manager, traffic, options.json ?? false, titleOf(isDemo, proxy))
  process.on('uncaughtException', error => view.tell(`a fault: ${error.stack ?? error.message}`))
  if (dashboard) view.tell(`dashboard: ${dashboard.url}`)
  const end = isDemo ? await runDemo(manager, traffic) : runForReal(manager, options, view)
  if (options.echo) echo(manager, traffic)
  await aborted(stop)
  view.lastLook()
  await Promise.all([dashboard?.close(), manager.close(), end()])
  view.close()
  return EXIT_OK
}

function checkIsDemo({ relay, nodes, store, friend, proxy }: UpOptions): boolean {
  if (relay !== undefined || nodes !== undefined || store !== undefined) return false
  if (friend) throw new BadInput('--friend needs relays to meet him on: add --relay, --nodes or --store')
  if (proxy !== undefined)
    throw new BadInput('--proxy needs relays to reach: add --relay, --nodes or --store')
  return true
}

/** The demo's identity is not kept, unless a file is named. */
function identityFor({ identity }: UpOptions, isDemo: boolean): Promise<Identity> {
  if (isDemo && identity === undefined) return newIdentity()
  return readOrMakeIdentity(identity ?? defaultIdentityFile(), complain)
}

async function managerFor(
  options: UpOptions,
  isDemo: boolean,
  proxy: ProxyOptions | undefined,
): Promise<RelayManager> {
  const { nodes, store } = options
  const list = nodes === undefined ? undefined : await readNodeList(nodes, complain)
  return openManager({ keyPair: await identityFor(options, isDemo), list, proxy, store }, complain)
}

function titleOf(isDemo: boolean, proxy: ProxyOptions | undefined): string {
  if (isDemo) return 'tox-relays demo, all on this computer'
  return proxy ? `tox-relays through ${proxyWords(proxy)}` : 'tox-relays'
}

function viewFor(manager: RelayManager, traffic: Traffic, json: boolean, title: string): View {
  const terminal = process.stdout
  if (terminal.isTTY && !json) return new LiveView({ manager, traffic, terminal, title })
  complain(`your public key is ${keyWords(manager.publicKey)}`)
  return lineView(manager, process.stdout)
}

/** @returns ends it */
async function runDemo(manager: RelayManager, traffic: Traffic): Promise<() => Promise<void>> {
  const demo = await startDemo(manager.publicKey)
  pinRelays(manager, demo.relays, complain)
  const stopSending = sendRound(manager.addFriend(demo.friendKey), traffic)
  return () => {
    stopSending()
    return demo.close()
  }
}

/** @returns ends it */
function runForReal(
  manager: RelayManager,
  { relay = [], friend = [] }: UpOptions,
  view: View,
): () => Promise<void> {
  pinRelays(manager, relay, line => view.tell(line))
  for (const key of friend) addFriend(manager, key, view)
  return async () => {}
}

function addFriend(manager: RelayManager, key: string, view: View): void {
  try {
    manager.addFriend(key)
  } catch (error) {
    view.tell(`friend: ${error instanceof Error ? error.message : error}`)
  }
}
