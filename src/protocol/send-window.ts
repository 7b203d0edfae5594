/**
 * How much may be under way to a relay. A c-toxcore relay that is sent too much at once is wedged for ever (§8.1), so
 * at most 64 KiB are unacknowledged; a pong acknowledges everything sent before its ping, since relays handle frames
 * in order. Counts bytes, knows nothing of packets.
 */
import { MAX_FRAME_SIZE, SEND_WINDOW_BYTES } from './constants.js'

/**
 * A burst through a proxy, in bytes. Some proxies cut frames in two; then the relay's buffer never runs empty, and its
 * kernel may close it within the usual window too. With a rest after each burst it did not (docs/limits.md).
 */
export const BURST_BYTES = 48 * 1024

export interface SendWindowOptions {
  /** Unacknowledged bytes at most; Infinity switches the window off (a relay's own side needs none). */
  readonly size?: number
  /** Whether everything must be acknowledged after each window before the next begins. */
  readonly inBursts?: boolean
}

export class SendWindow {
  #sent = 0
  #acknowledged = 0
  #pinged = 0
  #burstStart = 0
  /** The place of the ping that ends this burst: it is full, and its pong is awaited. */
  #burstEnd: number | undefined
  readonly #size: number
  readonly #inBursts: boolean

  constructor({ size = SEND_WINDOW_BYTES, inBursts = false }: SendWindowOptions = {}) {
    this.#size = size
    this.#inBursts = inBursts
  }

  get unacknowledged(): number {
    return this.#sent - this.#acknowledged
  }

  /** Bytes that may still be sent now; below zero when control packets went beyond the window. */
  get room(): number {
    if (this.#burstEnd !== undefined) return 0
    return this.#size - (this.#inBursts ? this.#sent - this.#burstStart : this.unacknowledged)
  }

  /**
   * Whether a ping is due: after half a window, which keeps full speed (§8.1); in bursts, when the burst has no room
   * for another frame.
   */
  get pingDue(): boolean {
    if (this.#inBursts) return this.#burstEnd === undefined && this.room < MAX_FRAME_SIZE
    return this.#sent - this.#pinged >= this.#size / 2
  }

  sent(bytes: number): void {
    this.#sent += bytes
  }

  /** Notes that what was just sent was a ping. @returns its position in the stream */
  pingSent(): number {
    if (this.#inBursts && this.pingDue) this.#burstEnd = this.#sent
    this.#pinged = this.#sent
    return this.#sent
  }

  acknowledge(position: number): void {
    if (position > this.#acknowledged) this.#acknowledged = position
    if (this.#burstEnd === undefined || position < this.#burstEnd) return
    this.#burstEnd = undefined
    this.#burstStart = this.#sent
  }
}
