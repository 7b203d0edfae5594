/**
 * A host and port on the network in memory: who listens there, and all that can be wrong there. Knows nothing of
 * other places.
 */
import type { Clock } from '../io/clock.js'
import { SOCKET_BUFFER_BYTES } from '../io/tcp-socket.js'
import { abortable } from './abortable.js'
import type { MemoryHost } from './memory-host.js'
import { type MemorySocket, socketPair, type Wire } from './memory-socket.js'

export type OnSocket = (socket: MemorySocket) => void

/** How a place meets who dials it: `silence` never answers, as a firewall that drops packets. */
export type Answer = 'accept' | 'refuse' | 'silence' | 'unreachable'

/** One host and port. */
export class Place {
  /** One way, in milliseconds. */
  latencyMs = 0
  /** Bytes that one end of a connection may have under way. */
  roomBytes = SOCKET_BUFFER_BYTES
  /** The most that arrives in one piece; a function is asked for each piece. */
  chunkBytes: number | (() => number) = Number.POSITIVE_INFINITY
  /** Dials so far. */
  dials = 0
  readonly #ways = new Set<Way>()
  readonly #changed = new Set<() => void>()
  #onSocket: OnSocket | undefined
  #answer: Answer = 'accept'
  #stalled = false

  get answer(): Answer {
    return this.#answer === 'accept' && !this.#onSocket ? 'refuse' : this.#answer
  }

  set answer(answer: Answer) {
    this.#answer = answer
    this.change()
  }

  /** Connections stand, new ones too, but no byte flows: as with a stopped process. */
  get stalled(): boolean {
    return this.#stalled
  }

  set stalled(stalled: boolean) {
    this.#stalled = stalled
    this.change()
  }

  /** Connections that the dialling side has not closed. */
  get openSockets(): number {
    return [...this.#ways].filter(way => way.isOpen).length
  }

  /** Resets every connection. */
  cut(): void {
    for (const way of this.#ways) way.cut()
  }

  listen(onSocket: OnSocket): () => void {
    if (this.#onSocket) throw new Error('somebody listens there already')
    this.#onSocket = onSocket
    return () => {
      if (this.#onSocket === onSocket) this.#onSocket = undefined
    }
  }

  connect(clock: Clock, host: MemoryHost, onClosed: () => void): MemorySocket {
    const way = new Way(this, host)
    this.#ways.add(way)
    const [near, far] = way.open(clock, socket => {
      if (socket === near) onClosed()
      if (near.closed && far.closed) this.#ways.delete(way)
    })
    this.#onSocket?.(far)
    return near
  }

  /** Tells everything that waits here to look again. */
  change(): void {
    for (const way of this.#ways) way.flow()
    for (const look of [...this.#changed]) look()
  }

  /** Resolves as soon as a condition holds; looks at each change. */
  async when(condition: () => boolean, signal: AbortSignal): Promise<void> {
    if (condition()) return
    await abortable(signal, resolve => {
      const look = (): void => {
        if (condition()) resolve()
      }
      this.#changed.add(look)
      return () => this.#changed.delete(look)
    })
  }
}

/** The way between a host and a place, for one connection. */
class Way implements Wire {
  readonly #place: Place
  readonly #host: MemoryHost
  #ends: [MemorySocket, MemorySocket] | undefined

  constructor(place: Place, host: MemoryHost) {
    this.#place = place
    this.#host = host
  }

  get latencyMs(): number {
    return this.#place.latencyMs
  }

  get stalled(): boolean {
    return this.#place.stalled || !this.#host.online || this.#host.hasLost(this.#place)
  }

  get roomBytes(): number {
    return this.#place.roomBytes
  }

  get chunkBytes(): number | (() => number) {
    return this.#place.chunkBytes
  }

  /** @returns the end of the one who dialled, then the other */
  open(clock: Clock, onClosed: (socket: MemorySocket) => void): [MemorySocket, MemorySocket] {
    this.#ends = socketPair(clock, this, onClosed)
    return this.#ends
  }

  /** On the side of the one who dialled. */
  get isOpen(): boolean {
    return this.#ends?.[0].closed === false
  }

  flow(): void {
    for (const end of this.#ends ?? []) end.flow()
  }

  cut(): void {
    this.#ends?.[0].cut()
  }
}
