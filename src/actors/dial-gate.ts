/**
 * Lets at most so many dials run at once, first come, first served (behaviour §2). While a proxy is in trouble it lets
 * one dial at a time find out whether the proxy is well again, so a dead proxy is tried with one backoff for all relays
 * (behaviour §6). Knows not what is dialled.
 */
import type { Clock } from '../io/clock.js'
import { backoffMs } from './backoff.js'

/** Dials that run at once at most. */
const MAX_DIALS = 64

export interface DialGateOptions {
  readonly clock: Clock
  /** In [0, 1). */
  readonly chance: () => number
  readonly limit?: number | undefined
}

export class DialGate {
  readonly #options: DialGateOptions
  readonly #waiting = new Set<() => void>()
  #running = 0
  /** Troubles in a row; 0 when all is well. */
  #troubles = 0
  #retryAt = 0
  #timer: unknown

  constructor(options: DialGateOptions) {
    this.#options = options
  }

  /**
   * @param begin called when a slot is free: at once, or later
   * @returns gives up the place or the slot; harmless when repeated
   */
  enter(begin: () => void): () => void {
    let left = false
    const start = () => {
      this.#running++
      begin()
    }
    this.#waiting.add(start)
    this.#admit()
    return () => {
      if (left) return
      left = true
      if (!this.#waiting.delete(start)) this.#running--
      if (this.#waiting.size > 0) this.#admit()
      else this.#options.clock.clearTimeout(this.#timer)
    }
  }

  /** The proxy failed: from now on one dial at a time, and not before a backoff is over. */
  trouble(): void {
    const { chance, clock } = this.#options
    if (this.#troubles > 0 && clock.now() < this.#retryAt) return
    this.#troubles++
    this.#retryAt = clock.now() + backoffMs(this.#troubles, chance())
  }

  /** The proxy answered: everyone may go. */
  wellAgain(): void {
    if (this.#troubles === 0) return
    this.#troubles = 0
    this.#admit()
  }

  /** The network is back: the next dial need not wait for the backoff. */
  retryNow(): void {
    this.#retryAt = 0
    this.#admit()
  }

  #admit(): void {
    const { clock, limit = MAX_DIALS } = this.#options
    const most = this.#troubles > 0 ? 1 : limit
    for (const start of this.#waiting) {
      if (this.#running >= most) return
      if (this.#troubles > 0 && clock.now() < this.#retryAt) {
        this.#admitLater()
        return
      }
      this.#waiting.delete(start)
      start()
    }
  }

  #admitLater(): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(() => this.#admit(), this.#retryAt - clock.now())
  }
}
