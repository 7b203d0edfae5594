/**
 * A relay on any kind of socket: takes connections in, bounds their number, writes once per client and turn, counts.
 * Knows nothing of where the sockets come from.
 */
import type { KeyPair, Random } from '../protocol/crypto.js'
import { RelayCore, type RelayCounts } from '../protocol/relay-core.js'
import type { ByteSocket } from './byte-socket.js'
import type { Clock } from './clock.js'
import { type ConnectionContext, type DropReason, RelayConnection } from './relay-connection.js'

/** Connections at once, those in the handshake among them. */
const DEFAULT_MAX_CLIENTS = 4096

export interface RelayHostOptions {
  readonly keyPair: KeyPair
  readonly random: Random
  readonly clock: Clock
  readonly maxClients?: number | undefined
}

/** What a relay has done since it started, and who is there now. */
export interface RelayStats extends Readonly<RelayCounts> {
  /** Clients that are there: their handshake is over and a frame of theirs has opened. */
  readonly clients: number
  /** Connections that are not that far. */
  readonly unconfirmed: number
  /** Connections taken in. */
  readonly accepted: number
  /** Connections refused because every place was taken by a client. */
  readonly refused: number
  /** Ended connections, by the reason. */
  readonly drops: Readonly<Partial<Record<DropReason, number>>>
  readonly bytesRead: number
  readonly bytesWritten: number
}

export class RelayHost implements ConnectionContext {
  readonly keyPair: KeyPair
  readonly random: Random
  readonly clock: Clock
  readonly core = new RelayCore()
  readonly traffic = { bytesRead: 0, bytesWritten: 0 }
  readonly #maxClients: number
  readonly #connections = new Set<RelayConnection>()
  /** In the order of their arrival. */
  readonly #unconfirmed = new Set<RelayConnection>()
  readonly #drops: Partial<Record<DropReason, number>> = {}
  #accepted = 0
  #refused = 0
  #toFlush: RelayConnection[] = []

  constructor(options: RelayHostOptions) {
    this.keyPair = options.keyPair
    this.random = options.random
    this.clock = options.clock
    this.#maxClients = options.maxClients ?? DEFAULT_MAX_CLIENTS
  }

  get stats(): RelayStats {
    return {
      clients: this.core.size,
      unconfirmed: this.#unconfirmed.size,
      accepted: this.#accepted,
      refused: this.#refused,
      drops: { ...this.#drops },
      ...this.core.counts,
      ...this.traffic,
    }
  }

  /** When every place is taken, the oldest that has not confirmed gives way: idlers keep nobody out. */
  accept(socket: ByteSocket): void {
    if (this.#connections.size >= this.#maxClients) this.#oldestUnconfirmed()?.close('gave-way')
    if (this.#connections.size >= this.#maxClients) {
      this.#refused++
      socket.destroy()
      return
    }
    const connection = new RelayConnection(socket, this)
    this.#accepted++
    this.#connections.add(connection)
    this.#unconfirmed.add(connection)
    connection.start()
  }

  /** Drops everyone. */
  close(): void {
    for (const connection of this.#connections) connection.close('stopped')
  }

  flushLater(connection: RelayConnection): void {
    if (this.#toFlush.length === 0) this.clock.defer(() => this.#flush())
    this.#toFlush.push(connection)
  }

  confirmed(connection: RelayConnection): void {
    this.#unconfirmed.delete(connection)
  }

  closed(connection: RelayConnection, reason: DropReason): void {
    this.#connections.delete(connection)
    this.#unconfirmed.delete(connection)
    this.#drops[reason] = (this.#drops[reason] ?? 0) + 1
  }

  #flush(): void {
    const connections = this.#toFlush
    this.#toFlush = []
    for (const connection of connections) connection.flush()
  }

  #oldestUnconfirmed(): RelayConnection | undefined {
    const [oldest] = this.#unconfirmed
    return oldest
  }
}
