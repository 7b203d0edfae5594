/**
 * The relay's side of one connection, from the first byte to the last: handshake, then *unconfirmed* until one frame
 * has opened, then a client of the core. Everything it holds is bounded. Knows nothing of other connections.
 */
import type { Subscription } from 'rxjs'
import { HANDSHAKE_TIMEOUT_MS, PING_INTERVAL_MS, PONG_TIMEOUT_MS } from '../protocol/constants.js'
import type { KeyPair, Random } from '../protocol/crypto.js'
import { ToxError } from '../protocol/errors.js'
import { RelayHandshake } from '../protocol/handshake.js'
import type { Waiting } from '../protocol/outbox.js'
import type { RelayClient, RelayCore, RelayPort } from '../protocol/relay-core.js'
import { Session, type SessionPacket } from '../protocol/session.js'
import type { ByteSocket } from './byte-socket.js'
import type { Clock } from './clock.js'

/** Lossy packets that may wait for one client, in bytes; a slow receiver loses what is beyond. */
const LANE_BYTES = 64 * 1024
/**
 * Bytes after which one client's turn is over. Node would read 2 MB from a fast sender before anybody else's turn
 * came: receivers would be full, their packets lost, and everybody's pongs late.
 */
const READ_BYTES_PER_TURN = 64 * 1024
/** Important packets that may wait for one client; one that reads so little is dropped. */
const MAX_WAITING_CONTROL = 1024

/** Why a connection ended. */
export type DropReason =
  | 'gone'
  | 'handshake-timeout'
  | 'bad-handshake'
  | 'protocol-violation'
  | 'ping-timeout'
  | 'too-slow'
  | 'replaced'
  | 'gave-way'
  | 'stopped'

/** What a connection needs of the relay that it belongs to. */
export interface ConnectionContext {
  readonly keyPair: KeyPair
  readonly random: Random
  readonly clock: Clock
  readonly core: RelayCore
  readonly traffic: { bytesRead: number; bytesWritten: number }
  /** Calls `flush` of this connection at the end of the turn. */
  flushLater(connection: RelayConnection): void
  confirmed(connection: RelayConnection): void
  closed(connection: RelayConnection, reason: DropReason): void
}

export class RelayConnection implements RelayPort {
  readonly #context: ConnectionContext
  readonly #socket: ByteSocket
  #handshake: RelayHandshake | undefined
  #clientKey: Uint8Array | undefined
  #session: Session | undefined
  #client: RelayClient | undefined
  #timer: unknown
  #reading: Subscription | undefined
  #readThisTurn = 0
  /** Bytes that the socket did not take yet; they come before all else. */
  #tail: Uint8Array | undefined
  #flushing = false
  #tooSlow = false
  #closed = false

  constructor(socket: ByteSocket, context: ConnectionContext) {
    this.#socket = socket
    this.#context = context
    this.#handshake = new RelayHandshake(context.keyPair, context.random)
    this.#after(HANDSHAKE_TIMEOUT_MS, () => this.close('handshake-timeout'))
  }

  /** Begins to read. What is read may close the connection at once. */
  start(): void {
    this.#socket.ended$.subscribe(() => this.close('gone'))
    this.#socket.drain$.subscribe(() => this.flush())
    this.#resume()
  }

  sendControl(packet: Uint8Array): void {
    const outbox = this.#session?.outbox
    if (!outbox) return
    // Control overtakes what waits, so what can leave before it leaves now: a friend's last words before his end.
    if (outbox.depth > outbox.controlDepth || outbox.controlDepth >= MAX_WAITING_CONTROL) this.#write()
    if (outbox.controlDepth >= MAX_WAITING_CONTROL) this.#tooSlow = true
    else outbox.pushControl(packet)
    this.#flushLater()
  }

  sendLossy(packet: Waiting): boolean {
    const outbox = this.#session?.outbox
    if (!outbox) return false
    this.#flushLater()
    if (outbox.pushData(packet)) return true
    this.#write()
    return outbox.pushData(packet)
  }

  dropOwned(owner: object): void {
    this.#session?.outbox.dropOwned(owner)
  }

  evict(): void {
    this.close('replaced')
  }

  /** The end of a turn: writes what waits, as far as the socket takes it, and goes on reading. */
  flush(): void {
    this.#flushing = false
    if (this.#closed) return
    this.#write()
    this.#resume()
    if (this.#tooSlow) this.close('too-slow')
  }

  /** Harmless when repeated. */
  close(reason: DropReason): void {
    if (this.#closed) return
    this.#closed = true
    this.#context.clock.clearTimeout(this.#timer)
    this.#session?.close()
    this.#tail = undefined
    this.#socket.destroy()
    if (this.#client) this.#context.core.leave(this.#client)
    this.#context.closed(this, reason)
  }

  #resume(): void {
    this.#readThisTurn = 0
    this.#reading ??= this.#socket.data$.subscribe(chunk => this.#onChunk(chunk))
  }

  #pause(): void {
    this.#reading?.unsubscribe()
    this.#reading = undefined
    this.#flushLater()
  }

  #onChunk(chunk: Uint8Array): void {
    this.#context.traffic.bytesRead += chunk.length
    this.#readThisTurn += chunk.length
    if (this.#readThisTurn >= READ_BYTES_PER_TURN) this.#pause()
    try {
      if (this.#session) this.#read(this.#session, chunk)
      else this.#shake(chunk)
    } catch (error) {
      if (!(error instanceof ToxError)) throw error
      this.close(error.code === 'bad-handshake' ? 'bad-handshake' : 'protocol-violation')
    }
  }

  #shake(chunk: Uint8Array): void {
    const done = this.#handshake?.receive(chunk)
    if (!done) return
    const { random, clock } = this.#context
    this.#handshake = undefined
    this.#clientKey = done.clientKey
    this.#tail = done.response
    this.#session = new Session(done.channel, {
      random,
      now: () => clock.now(),
      window: { size: Number.POSITIVE_INFINITY },
      laneBytes: LANE_BYTES,
    })
    this.#flushLater()
    if (done.leftover.length > 0) this.#read(this.#session, done.leftover)
  }

  #read(session: Session, chunk: Uint8Array): void {
    session.receive(chunk, packet => this.#onPacket(packet))
    if (this.#closed) return
    if (session.received > 0) this.#confirm()
    if (!session.outbox.isEmpty) this.#flushLater()
  }

  #onPacket(packet: SessionPacket): void {
    this.#context.core.receive(this.#confirm(), packet)
  }

  /** A frame has opened, so this is no replay: now it is a client, and puts out an older one with the same key. */
  #confirm(): RelayClient {
    if (this.#client) return this.#client
    this.#client = this.#context.core.join(this.#clientKey ?? new Uint8Array(), this)
    this.#clientKey = undefined
    this.#context.confirmed(this)
    this.#after(PING_INTERVAL_MS, () => this.#ping())
    return this.#client
  }

  #ping(): void {
    this.#session?.ping()
    this.#flushLater()
    // After a long halt of this process the pong may lie unread in the socket: it is read first.
    this.#after(PONG_TIMEOUT_MS, () => this.#context.clock.defer(() => this.#requirePong()))
  }

  #requirePong(): void {
    if (this.#closed) return
    if (this.#session?.pings.openCount !== 0) this.close('ping-timeout')
    else this.#after(PING_INTERVAL_MS - PONG_TIMEOUT_MS, () => this.#ping())
  }

  #write(): void {
    while (this.#socket.room > 0) {
      const bytes = this.#tail ?? this.#session?.transmit(this.#socket.room)
      if (!bytes) return
      const taken = this.#socket.write(bytes)
      this.#context.traffic.bytesWritten += taken
      this.#tail = taken < bytes.length ? bytes.subarray(taken) : undefined
    }
  }

  #flushLater(): void {
    if (this.#flushing) return
    this.#flushing = true
    this.#context.flushLater(this)
  }

  /** One timer at a time. */
  #after(ms: number, call: () => void): void {
    const { clock } = this.#context
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(call, ms)
  }
}
