/**
 * The open pings of one link: a bounded ring, each with its own deadline and its own place in the sent stream. A pong
 * counts only for the ping whose 8 bytes it repeats. Knows nothing of clocks: time is given.
 */
import { equalBytes, isZero } from './bytes.js'
import { PING_ID_SIZE, PONG_TIMEOUT_MS } from './constants.js'
import type { Random } from './crypto.js'

/** More cannot be open: pings that clock the window come every half window, and the window waits for pongs. */
const MAX_OPEN_PINGS = 16

export interface OpenPing {
  readonly pingId: Uint8Array
  /** When it was queued, in the clock's milliseconds. */
  since: number
  /** One that the machine asked for, as against those that clock the send window. */
  readonly keepalive: boolean
  /** Bytes sent up to and including this ping; undefined until it is sealed. */
  position: number | undefined
}

export class Pings {
  #open: OpenPing[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  get openCount(): number {
    return this.#open.length
  }

  /** @returns undefined when too many are open already */
  open(now: number, keepalive: boolean): OpenPing | undefined {
    if (this.#open.length >= MAX_OPEN_PINGS) return undefined
    const ping = { pingId: this.#newId(), since: now, keepalive, position: undefined }
    this.#open.push(ping)
    return ping
  }

  /** The ping that a pong answers, which is then no longer open; undefined for a pong that nobody waits for. */
  answer(pingId: Uint8Array): OpenPing | undefined {
    const index = this.#open.findIndex(ping => ping.position !== undefined && equalBytes(ping.pingId, pingId))
    return index < 0 ? undefined : this.#open.splice(index, 1)[0]
  }

  /** When the first unanswered ping is overdue (§6), in the clock's milliseconds. */
  get deadline(): number | undefined {
    const first = this.#open[0]
    return first && first.since + PONG_TIMEOUT_MS
  }

  /** Gives every open ping its full time again, from `now` on. */
  postpone(now: number): void {
    for (const ping of this.#open) ping.since = now
  }

  #newId(): Uint8Array {
    for (;;) {
      const pingId = this.#random(PING_ID_SIZE)
      if (!isZero(pingId)) return pingId
    }
  }
}
