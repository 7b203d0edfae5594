/** Real proxies on loopback, each with a configuration and a folder of its own. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type PeerProcess, startProcess } from './peers.js'

export interface Login {
  readonly user: string
  readonly password: string
}

export interface RealProxy extends AsyncDisposable {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly process: PeerProcess
}

export interface ProxyStart {
  /** Who may use it; without one everybody may. */
  readonly login?: Login
  /** The only port to which it connects; without one any. */
  readonly onlyPort?: number
  /** Where it listens; by default on a free port. */
  readonly port?: number
}

const HOST = '127.0.0.1'

/** SOCKS5. Knows no rules about ports. */
export async function startMicrosocks({ login, port }: ProxyStart = {}): Promise<RealProxy> {
  const own = port ?? (await freePort())
  const args = ['-i', HOST, '-p', `${own}`, ...(login ? ['-u', login.user, '-P', login.password] : [])]
  return proxyOf(own, await startProcess({ command: 'microsocks', args, readyWhen: own }))
}

/** SOCKS4 and SOCKS5. Its logins are users of the system, so there are none here. */
export function startDanted({ onlyPort, port }: Omit<ProxyStart, 'login'> = {}): Promise<RealProxy> {
  return startConfigured(
    'danted',
    port,
    own => [
      'logoutput: stdout',
      `internal: ${HOST} port = ${own}`,
      'external: lo',
      'clientmethod: none',
      'socksmethod: none',
      'client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }',
      `socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0${onlyPort === undefined ? '' : ` port = ${onlyPort}`} }`,
    ],
    (file, folder) => ['-f', file, '-p', join(folder, 'pid')],
  )
}

/** CONNECT, with Basic authentication if there is a login. */
export function startTinyproxy({ login, onlyPort, port }: ProxyStart = {}): Promise<RealProxy> {
  return startConfigured(
    'tinyproxy',
    port,
    own => [
      `Port ${own}`,
      `Listen ${HOST}`,
      'Timeout 600',
      ...(login ? [`BasicAuth ${login.user} ${login.password}`] : []),
      ...(onlyPort === undefined ? [] : [`ConnectPort ${onlyPort}`]),
    ],
    file => ['-d', '-c', file],
  )
}

/** CONNECT, with Basic authentication if there is a login. */
export function startSquid({ login, onlyPort, port }: ProxyStart = {}): Promise<RealProxy> {
  return startConfigured(
    'squid',
    port,
    (own, folder) => [
      `http_port ${HOST}:${own}`,
      `acl relay port ${onlyPort ?? '1-65535'}`,
      'http_access deny !relay',
      ...(login ? squidLogin(login, folder) : ['http_access allow all']),
      'cache deny all',
      'access_log none',
      'cache_log /dev/null',
      `coredump_dir ${folder}`,
      'pid_filename none',
      'netdb_filename none',
      'pinger_enable off',
      'shutdown_lifetime 0 seconds',
    ],
    file => ['-N', '-f', file],
  )
}

/** Its helper is asked `user password`, percent-encoded, and says OK or ERR. */
const squidLogin = ({ user, password }: Login, folder: string): string[] => [
  `auth_param basic program /bin/sh ${join(folder, 'login.sh')} ${user} ${password}`,
  'auth_param basic children 1',
  'acl known proxy_auth REQUIRED',
  'http_access allow known',
]
const SQUID_LOGIN = 'while read -r asked; do [ "$asked" = "$1 $2" ] && echo OK || echo ERR; done\n'

/** Tor that knows one directory, which is not there: it refuses at once or after 5 s, and says why on its control port. */
export async function startTor({
  port,
}: Pick<ProxyStart, 'port'> = {}): Promise<RealProxy & { controlPort: number }> {
  const controlPort = await freePort()
  const nobody = await freePort()
  const proxy = await startConfigured(
    'tor',
    port,
    (own, folder) => [
      `SocksPort ${HOST}:${own}`,
      `ControlPort ${HOST}:${controlPort}`,
      'SocksTimeout 5',
      `DataDirectory ${join(folder, 'data')}`,
      `DirAuthority nobody orport=${nobody} ${HOST}:${nobody} ${'0'.repeat(39)}1`,
      'Log notice stdout',
    ],
    (file, folder) => ['-f', file, '--defaults-torrc', join(folder, 'none'), '--ignore-missing-torrc'],
  )
  return { ...proxy, controlPort }
}

async function startConfigured(
  command: string,
  port: number | undefined,
  configuration: (port: number, folder: string) => readonly string[],
  args: (file: string, folder: string) => readonly string[],
): Promise<RealProxy> {
  const own = port ?? (await freePort())
  const folder = await mkdtemp(join(tmpdir(), `tox-relays-${command}-`))
  await chmod(folder, 0o755) // some go on as a user of their own
  const file = join(folder, 'configuration')
  await writeFile(file, `${configuration(own, folder).join('\n')}\n`)
  await writeFile(join(folder, 'login.sh'), SQUID_LOGIN)
  const process = await startProcess({ command, args: args(file, folder), readyWhen: own })
  return proxyOf(own, process, folder)
}

const proxyOf = (port: number, process: PeerProcess, folder?: string): RealProxy => ({
  host: HOST,
  port,
  process,
  [Symbol.asyncDispose]: async () => {
    await process.stop()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  },
})
