/**
 * Two sockets joined by memory, that behave as two ends of a TCP connection do: bytes wait while nobody reads, fill
 * up, and come in pieces; an end comes after them, a reset at once. Knows nothing of addresses.
 */
import { AsyncSubject, Observable, Subject, type Subscriber } from 'rxjs'
import type { ByteSocket } from '../io/byte-socket.js'
import type { Clock } from '../io/clock.js'
import { ToxError } from '../protocol/errors.js'

/** How bytes travel between the two ends. Read anew each time, so that it may change at any moment. */
export interface Wire {
  /** One way, in milliseconds; with 0 what is written arrives at the end of the turn. */
  readonly latencyMs: number
  /** Nothing flows, in either direction; it waits. */
  readonly stalled: boolean
  /** Bytes that one end may have under way. */
  readonly roomBytes: number
  /** The most that arrives in one piece; a function is asked for each piece. */
  readonly chunkBytes: number | (() => number)
}

/** @param onClosed told of each end that closes */
export function socketPair(
  clock: Clock,
  wire: Wire,
  onClosed: (socket: MemorySocket) => void = () => {},
): [MemorySocket, MemorySocket] {
  const [a, b] = [new MemorySocket(onClosed), new MemorySocket(onClosed)]
  a.join(new Pipe(clock, wire, a, b), b)
  b.join(new Pipe(clock, wire, b, a), a)
  return [a, b]
}

export class MemorySocket implements ByteSocket {
  readonly data$ = new Observable<Uint8Array>(receiver => this.#readFor(receiver))
  readonly drain$ = new Subject<void>()
  readonly ended$ = new AsyncSubject<ToxError>()
  closed = false
  readonly #onClosed: (socket: MemorySocket) => void
  #peer: MemorySocket | undefined
  #out: Pipe | undefined
  #receiver: Subscriber<Uint8Array> | undefined
  #ending = false
  #full = false

  constructor(onClosed: (socket: MemorySocket) => void) {
    this.#onClosed = onClosed
  }

  join(out: Pipe, peer: MemorySocket): void {
    this.#out = out
    this.#peer = peer
  }

  get room(): number {
    return this.closed || this.#ending ? 0 : (this.#out?.room ?? 0)
  }

  /** Whether what arrives is wanted; after `end` it is taken and thrown away. */
  get reading(): boolean {
    return this.#receiver !== undefined || this.#ending
  }

  write(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room)
    if (taken > 0) this.#out?.push(bytes.subarray(0, taken))
    this.#full = taken < bytes.length || this.room === 0
    return taken
  }

  end(): void {
    if (this.closed || this.#ending) return
    this.#ending = true
    this.#out?.finish()
    this.#peer?.flow()
  }

  destroy(): void {
    if (this.closed) return
    this.closed = true
    this.#receiver = undefined
    this.#onClosed(this)
    this.#out?.finish()
    this.#peer?.flow()
    // Whoever hears of the end may dial again at once: by then this socket must not count as open.
    this.ended$.complete()
  }

  /** Ends both sides at once, as a reset does; what was under way is lost. */
  cut(): void {
    for (const end of [this, this.#peer]) end?.resetPeer()
  }

  resetPeer(): void {
    this.#out?.reset()
  }

  /** Goes on after whatever held our bytes up. */
  flow(): void {
    this.#out?.schedule()
  }

  take(bytes: Uint8Array): void {
    this.#receiver?.next(bytes)
  }

  /** The other side has taken what we sent. */
  drained(): void {
    if (!this.#full || this.room === 0) return
    this.#full = false
    this.drain$.next()
  }

  endWith(error: ToxError): void {
    if (this.closed) return
    this.ended$.next(error)
    this.destroy()
  }

  #readFor(receiver: Subscriber<Uint8Array>): () => void {
    this.#receiver = receiver
    this.#peer?.flow()
    return () => {
      if (this.#receiver === receiver) this.#receiver = undefined
    }
  }
}

interface Parcel {
  bytes: Uint8Array
  /** When it arrives. */
  readonly at: number
}

/** One direction. */
class Pipe {
  readonly #clock: Clock
  readonly #wire: Wire
  readonly #from: MemorySocket
  readonly #to: MemorySocket
  #parcels: Parcel[] = []
  #bytes = 0
  /** When the end arrives; undefined while the sender may still write. */
  #endAt: number | undefined
  #scheduled = false
  #timer: unknown

  constructor(clock: Clock, wire: Wire, from: MemorySocket, to: MemorySocket) {
    this.#clock = clock
    this.#wire = wire
    this.#from = from
    this.#to = to
  }

  get room(): number {
    return Math.max(0, this.#wire.roomBytes - this.#bytes)
  }

  push(bytes: Uint8Array): void {
    if (this.#to.closed) return
    this.#parcels.push({ bytes, at: this.#arrival() })
    this.#bytes += bytes.length
    this.schedule()
  }

  finish(): void {
    this.#endAt ??= this.#arrival()
    this.schedule()
  }

  reset(): void {
    this.#forget()
    this.#clock.defer(() => this.#to.endWith(new ToxError('reset')))
  }

  schedule(): void {
    if (this.#to.closed) this.#forget()
    const at = this.#parcels[0]?.at ?? this.#endAt
    if (this.#scheduled || at === undefined || !this.#flows) return
    this.#scheduled = true
    const delay = at - this.#clock.now()
    if (delay > 0) this.#timer = this.#clock.setTimeout(() => this.#arrive(), delay)
    else this.#clock.defer(() => this.#arrive())
  }

  get #flows(): boolean {
    return !this.#to.closed && !this.#wire.stalled && this.#to.reading
  }

  #arrival(): number {
    return this.#clock.now() + this.#wire.latencyMs
  }

  /** Hands over what is due now; what is written meanwhile waits for its own turn. */
  #arrive(): void {
    this.#scheduled = false
    const now = this.#clock.now()
    for (let due = this.#parcels.findLastIndex(parcel => parcel.at <= now) + 1; due > 0; due--) {
      if (!this.#handOver()) break
    }
    if (this.#parcels.length === 0 && this.#endAt !== undefined && this.#endAt <= now && this.#flows)
      this.#to.endWith(new ToxError('closed-by-relay'))
    else this.schedule()
    this.#from.drained()
  }

  /** Hands over the first parcel, piece by piece. @returns false when the receiver stopped reading on the way */
  #handOver(): boolean {
    for (let parcel = this.#parcels[0]; parcel; ) {
      if (!this.#flows) return false
      const limit = this.#wire.chunkBytes
      const piece = parcel.bytes.subarray(0, Math.max(1, typeof limit === 'number' ? limit : limit()))
      parcel.bytes = parcel.bytes.subarray(piece.length)
      this.#bytes -= piece.length
      const isLast = parcel.bytes.length === 0
      if (isLast) this.#parcels.shift()
      this.#to.take(piece)
      if (isLast) return true
    }
    return false
  }

  #forget(): void {
    this.#parcels = []
    this.#bytes = 0
    this.#endAt = undefined
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
