/**
 * Watches the open pings of one link with one timer. The timer is left to run when its ping is answered and looks again
 * when it fires: pings are answered far more often than they are overdue.
 */
import type { Clock } from '../io/clock.js'
import type { Pings } from '../protocol/pings.js'

/** A timer that fires this much late means that the machine slept: the pings get a second chance. */
const SLEPT_MS = 5_000

export interface PingWatchOptions {
  readonly pings: Pings
  readonly clock: Clock
  /** A ping has gone unanswered for 10 s (protocol §6). */
  readonly overdue: () => void
}

export class PingWatch {
  readonly #options: PingWatchOptions
  #timer: unknown

  constructor(options: PingWatchOptions) {
    this.#options = options
  }

  /** There may be an open ping that is not watched yet. */
  look(): void {
    const { clock, pings } = this.#options
    const { deadline } = pings
    if (this.#timer !== undefined || deadline === undefined) return
    this.#timer = clock.setTimeout(() => this.#fired(), deadline - clock.now())
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer)
  }

  #fired(): void {
    const { clock, overdue, pings } = this.#options
    this.#timer = undefined
    const late = clock.now() - (pings.deadline ?? Number.POSITIVE_INFINITY)
    if (late >= 0 && late < SLEPT_MS) {
      overdue()
      return
    }
    // After a laptop's sleep the pongs may wait unread: every ping gets its time again.
    if (late >= SLEPT_MS) pings.postpone(clock.now())
    this.look()
  }
}
