/**
 * Asks a SOCKS proxy for a connection: SOCKS5 without and with user and password, SOCKS4a. The package `socks` speaks;
 * this file gives it our socket, keeps what comes behind the reply, and turns its words into reasons of our own: its
 * errors hold the password.
 */
import { isIPv6, type Socket } from 'node:net'
import { SocksClient, type SocksClientOptions } from 'socks'
import { type Reason, ToxError } from '../protocol/errors.js'
import type { HostPort } from '../protocol/relay-address.js'
import type { Socks4Settings, Socks5Settings } from './proxy.js'

export type SocksSettings = Socks4Settings | Socks5Settings

/**
 * Before any socket is opened.
 * @throws ToxError for what cannot be asked of this proxy
 * @throws TypeError for isolation without an identity (isolation.ts): to go on would mix identities
 */
export function checkSocksTarget(target: HostPort, proxy: SocksSettings): void {
  if (proxy.kind === 'socks4' && isIPv6(target.host)) throw new ToxError('socks4-no-ipv6')
  if (proxy.kind === 'socks5' && proxy.isolation && !proxy.credentials)
    throw new TypeError('proxy isolation: wanted an identity, got none')
}

/**
 * Has the proxy connect `socket` to `target`; afterwards `socket` is paused and its next byte is the relay's first.
 * To give up, destroy the socket.
 * @param socket connected to the proxy; no byte sent yet
 * @throws ToxError
 */
export async function socksConnect(socket: Socket, target: HostPort, proxy: SocksSettings): Promise<void> {
  const { remoteHost } = await SocksClient.createConnection(optionsFor(socket, target, proxy)).catch(
    error => {
      throw refusalOf(error, proxy)
    },
  )
  // The package takes an address of unknown kind, and with it an unknown length, for none.
  if (proxy.kind === 'socks5' && !remoteHost) throw new ToxError('proxy-bad-reply')
  await takeBack(socket)
}

const optionsFor = (socket: Socket, target: HostPort, proxy: SocksSettings): SocksClientOptions => {
  const { user, password } = proxy.credentials?.reveal() ?? {}
  return {
    command: 'connect',
    existing_socket: socket,
    destination: { host: target.host, port: target.port },
    proxy: {
      host: proxy.host,
      port: proxy.port,
      type: proxy.kind === 'socks5' ? 5 : 4,
      ...(user !== undefined && { userId: user }),
      ...(password !== undefined && { password }),
    },
    timeout: proxy.budgetMs,
  }
}

/**
 * A turn after its success the package emits what came behind the reply as one `data` event and resumes the socket.
 * Paused and put back, it is as if nobody had read on.
 */
const takeBack = (socket: Socket): Promise<void> =>
  new Promise(resolve => {
    const chunks: Buffer[] = []
    const keep = (chunk: Buffer) => chunks.push(chunk)
    socket.on('data', keep)
    socket.once('resume', () => {
      socket.off('data', keep).pause()
      if (chunks.length > 0) socket.unshift(Buffer.concat(chunks))
      resolve()
    })
  })

/** What the package says, and which reason that is. Its version is pinned, and a test has each of them said. */
const SAYINGS: readonly (readonly [RegExp, Reason])[] = [
  [/rejected connection - Failure$/, 'socks-general-failure'],
  [/rejected connection - NotAllowed$/, 'socks-not-allowed'],
  [/rejected connection - NetworkUnreachable$/, 'socks-network-unreachable'],
  [/rejected connection - HostUnreachable$/, 'socks-host-unreachable'],
  [/rejected connection - ConnectionRefused$/, 'socks-refused'],
  [/rejected connection - TTLExpired$/, 'socks-ttl-expired'],
  [/rejected connection - CommandNotSupported$/, 'socks-command-unsupported'],
  [/rejected connection - AddressNotSupported$/, 'socks-address-unsupported'],
  [/rejected connection - \(Failed\)$/, 'socks-rejected'],
  [/rejected connection - \(Rejected\)$/, 'socks-ident-unreachable'],
  [/rejected connection - \(RejectedIdent\)$/, 'socks-ident-mismatch'],
  [/^Proxy connection timed out$/, 'proxy-timeout'],
  [/^Socket closed$/, 'proxy-closed'],
  [/^(read|write) E/, 'proxy-closed'],
]

function refusalOf(error: unknown, { credentials }: SocksSettings): ToxError {
  const words = error instanceof Error ? error.message : ''
  if (/no accepted authentication type/.test(words))
    return new ToxError(credentials ? 'proxy-auth-unsupported' : 'proxy-auth-required')
  if (/Authentication failed/.test(words))
    return new ToxError(credentials ? 'proxy-auth-refused' : 'proxy-auth-required')
  return new ToxError(SAYINGS.find(([pattern]) => pattern.test(words))?.[1] ?? 'proxy-bad-reply')
}
