/**
 * How much may be under way to a relay. A c-toxcore relay that is sent too much at once is wedged for ever (§8.1), so
 * at most 64 KiB are unacknowledged; a pong acknowledges everything sent before its ping, since relays handle frames
 * in order. Counts bytes, knows nothing of packets.
 */
import { SEND_WINDOW_BYTES } from './constants.js'

export class SendWindow {
  #sent = 0
  #acknowledged = 0
  #pinged = 0
  readonly #size: number

  /** @param size in bytes; Infinity switches the window off (a relay's own side needs none) */
  constructor(size = SEND_WINDOW_BYTES) {
    this.#size = size
  }

  get unacknowledged(): number {
    return this.#sent - this.#acknowledged
  }

  /** Bytes that may still be sent now; below zero when control packets went beyond the window. */
  get room(): number {
    return this.#size - this.unacknowledged
  }

  /** Whether half a window has gone since the last ping, so that the next is due: that keeps full speed (§8.1). */
  get pingDue(): boolean {
    return this.#sent - this.#pinged >= this.#size / 2
  }

  sent(bytes: number): void {
    this.#sent += bytes
  }

  /** Notes that what was just sent was a ping. @returns its position in the stream */
  pingSent(): number {
    this.#pinged = this.#sent
    return this.#sent
  }

  acknowledge(position: number): void {
    if (position > this.#acknowledged) this.#acknowledged = position
  }
}
