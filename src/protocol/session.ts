/**
 * One encrypted session, sans-IO, the same for both roles: bytes in become packets, waiting packets become bytes out.
 * It answers pings and keeps the books of its own; everything else is handed up. Knows nothing of sockets, timers or
 * friends.
 */
import { isZero } from './bytes.js'
import { MAX_FRAME_SIZE } from './constants.js'
import { BATCH_SIZE, Channel, type Random } from './crypto.js'
import { violation } from './errors.js'
import { FrameReader } from './frames.js'
import { Outbox } from './outbox.js'
import { decodePacket, encodePacket, type Packet } from './packets.js'
import { type OpenPing, Pings } from './pings.js'
import { SendWindow, type SendWindowOptions } from './send-window.js'

/** Packets that a session hands up; it keeps pings and pongs to itself. */
export type SessionPacket = Exclude<Packet, { kind: 'ping' | 'pong' }>

export interface SessionOptions {
  readonly random: Random
  /** Milliseconds. */
  readonly now: () => number
  /** How much may be under way. */
  readonly window?: SendWindowOptions
  readonly laneBytes?: number
}

/** Room for a ping is always left behind the last frame of a batch. */
const MAX_BATCH_SIZE = BATCH_SIZE - 2 * MAX_FRAME_SIZE

export class Session {
  readonly outbox: Outbox
  readonly window: SendWindow
  readonly pings: Pings
  /** Pings with a zero id and pongs that nobody waited for: ignored and counted. */
  ignored = 0
  /** Frames opened. */
  received = 0
  readonly #channel: Channel
  readonly #frames = new FrameReader()
  readonly #now: () => number

  constructor(channel: Channel, options: SessionOptions) {
    this.#channel = channel
    this.#now = options.now
    this.outbox = new Outbox(options.laneBytes)
    this.window = new SendWindow(options.window)
    this.pings = new Pings(options.random)
  }

  get closed(): boolean {
    return this.#channel.closed
  }

  /**
   * Opens every frame that is complete and hands its packet up, in order. Stops when `onPacket` closes the session.
   * @param onPong told of each ping that was answered
   * @throws ToxError `protocol-violation`
   */
  receive(
    chunk: Uint8Array,
    onPacket: (packet: SessionPacket) => void,
    onPong?: (ping: OpenPing) => void,
  ): void {
    this.#frames.push(chunk, cipher => {
      const plain = this.#channel.open(cipher)
      if (!plain) throw violation('a frame does not decrypt')
      this.received++
      const packet = decodePacket(plain)
      if (packet.kind === 'ping') this.#owePong(packet.pingId)
      else if (packet.kind === 'pong') this.#takePong(packet.pingId, onPong)
      else onPacket(packet)
      return !this.#channel.closed
    })
  }

  /** Queues a ping that the caller wants answered; its 10 s begin now. False when too many are open. */
  ping(): boolean {
    const ping = this.pings.open(this.#now(), true)
    if (ping) this.outbox.pushControl(encodePacket({ kind: 'ping', pingId: ping.pingId }), ping)
    return ping !== undefined
  }

  /**
   * Seals waiting packets into one piece of bytes: control first, then data as far as the window allows, and a ping
   * after every half window.
   * @param room how many bytes the socket takes now; the last frame may go beyond
   * @returns undefined when nothing may leave
   */
  transmit(room: number): Uint8Array | undefined {
    const limit = Math.min(room, MAX_BATCH_SIZE)
    let size = 0
    while (size < limit) {
      const next = this.outbox.shift(this.window.room)
      if (!next) break
      const end = this.#channel.seal(size, next.payload, next.id)
      this.window.sent(end - size)
      size = end
      if (next.ping) next.ping.position = this.window.pingSent()
      else if (this.window.pingDue) size = this.#sealWindowPing(size)
    }
    return size === 0 ? undefined : Channel.takeBatch(size)
  }

  /** Wipes the session's keys. Harmless when repeated. */
  close(): void {
    this.#channel.close()
  }

  #sealWindowPing(offset: number): number {
    const ping = this.pings.open(this.#now(), false)
    if (!ping) return offset
    const end = this.#channel.seal(offset, encodePacket({ kind: 'ping', pingId: ping.pingId }))
    this.window.sent(end - offset)
    ping.position = this.window.pingSent()
    return end
  }

  #owePong(pingId: Uint8Array): void {
    if (isZero(pingId)) this.ignored++
    else this.outbox.pushPong(pingId)
  }

  #takePong(pingId: Uint8Array, onPong?: (ping: OpenPing) => void): void {
    const ping = this.pings.answer(pingId)
    if (ping?.position === undefined) {
      this.ignored++
      return
    }
    this.window.acknowledge(ping.position)
    onPong?.(ping)
  }
}
