/**
 * `tox-relays/server`: a TCP relay in this process, for a network of one's own, for tests and for demonstrations.
 * Knows TCP and what users pass in; the rules of a relay stand in protocol/relay-core.
 *
 * @module tox-relays/server
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { AsyncSubject, defer, map, Observable, takeUntil } from 'rxjs'
import { equalBytes } from '../protocol/bytes.js'
import {
  cryptoReady,
  type KeyPair,
  keyPairFromSecret,
  newKeyPair,
  type Random,
  systemRandom,
} from '../protocol/crypto.js'
import { type Key, parseKey } from '../protocol/keys.js'
import { formatHostPort } from '../protocol/relay-address.js'
import { type Clock, systemClock } from './clock.js'
import { RelayHost, type RelayStats } from './relay-host.js'
import { SOCKET_BUFFER_BYTES, SOCKET_OPTIONS, tcpByteSocket } from './tcp-socket.js'

export type { DropReason } from './relay-connection.js'
export type { RelayStats } from './relay-host.js'

export interface RelayServerOptions {
  /** The address to listen on, IPv4 or IPv6, or a name; loopback unless said otherwise. */
  readonly host?: string
  /** 0, unless said otherwise, takes any free port. */
  readonly port?: number
  /** The relay's identity; a fresh one unless given. The public key may be left out. */
  readonly keyPair?: { readonly secretKey: Key; readonly publicKey?: Key }
  /** Connections at once, those in the handshake among them; 4,096 unless said otherwise. */
  readonly maxClients?: number
  readonly clock?: Clock
  readonly random?: Random
}

export interface RelayServer extends AsyncDisposable {
  /** The address that it listens on. */
  readonly host: string
  readonly port: number
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  readonly stats: RelayStats
  /** `stats` now and then every second; completes when the relay is closed. */
  readonly stats$: Observable<RelayStats>
  /** Drops every client and resolves when the port is free. Harmless when repeated. */
  close(): Promise<void>
}

const STATS_INTERVAL_MS = 1000
/** Connections that the kernel holds for us until we take them in: a thousand may come at once. */
const BACKLOG = 2048

/**
 * Starts a relay.
 * @throws TypeError, RangeError for options that are none
 * @throws Error when it cannot listen there, with the system's `code`, for example EADDRINUSE
 */
export async function startRelay(options: RelayServerOptions = {}): Promise<RelayServer> {
  const { host = '127.0.0.1', port = 0, maxClients, clock = systemClock, random = systemRandom } = options
  if (maxClients !== undefined && !(Number.isInteger(maxClients) && maxClients > 0))
    throw new RangeError(`maxClients: wanted a whole number from 1 on, got ${maxClients}`)
  await cryptoReady()
  const keyPair = options.keyPair ? checkKeyPair(options.keyPair) : newKeyPair(random)
  const relay = new RelayHost({ keyPair, random, clock, maxClients })
  const server = createServer({ ...SOCKET_OPTIONS, highWaterMark: SOCKET_BUFFER_BYTES }, socket =>
    relay.accept(tcpByteSocket(socket)),
  )
  return new TcpRelay(relay, server, await listen(server, host, port))
}

class TcpRelay implements RelayServer {
  readonly host: string
  readonly port: number
  readonly publicKey: Uint8Array
  readonly stats$ = defer(() => every(this.#relay.clock, STATS_INTERVAL_MS)).pipe(
    map(() => this.stats),
    takeUntil(defer(() => this.#closed$)),
  )
  readonly #relay: RelayHost
  readonly #server: Server
  readonly #closed$ = new AsyncSubject<void>()
  #closing: Promise<void> | undefined

  constructor(relay: RelayHost, server: Server, at: { host: string; port: number }) {
    this.#relay = relay
    this.#server = server
    this.host = at.host
    this.port = at.port
    this.publicKey = relay.keyPair.publicKey
  }

  get stats(): RelayStats {
    return this.#relay.stats
  }

  close(): Promise<void> {
    this.#closing ??= this.#stop()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#relay.close()
    await closed
    this.#closed$.next()
    this.#closed$.complete()
  }
}

/** Fires at once, and again after each interval. */
const every = (clock: Clock, intervalMs: number): Observable<void> =>
  new Observable(receiver => {
    let timer: unknown
    const tick = (): void => {
      timer = clock.setTimeout(tick, intervalMs)
      receiver.next()
    }
    tick()
    return () => clock.clearTimeout(timer)
  })

async function listen(server: Server, host: string, port: number): Promise<{ host: string; port: number }> {
  server.listen({ host, port, backlog: BACKLOG })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw listenError(error, formatHostPort({ host, port }))
  }
  // A connection that cannot be taken in, for want of file descriptors, is lost; the next one may not be.
  server.on('error', () => {})
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  return { host: address.address, port: address.port }
}

const LISTEN_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this computer has no such address',
  EACCES: 'the system does not allow that port',
  ENOTFOUND: 'the name has no address',
}

function listenError(cause: unknown, where: string): Error {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const sentence = LISTEN_FAILURES[code] ?? code
  return Object.assign(new Error(`cannot listen on ${where}: ${sentence}`, { cause }), { code })
}

function checkKeyPair(given: { readonly secretKey: Key; readonly publicKey?: Key }): KeyPair {
  const keyPair = keyPairFromSecret(parseKey(given.secretKey, 'keyPair.secretKey'))
  const publicKey = given.publicKey ?? keyPair.publicKey
  if (!equalBytes(parseKey(publicKey, 'keyPair.publicKey'), keyPair.publicKey))
    throw new TypeError('keyPair: the public key does not belong to the secret key')
  return keyPair
}
