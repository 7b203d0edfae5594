/**
 * A virtual clock on a laptop: it can be closed for a while. Then no timer runs, and when it is opened again all that
 * fell due meanwhile runs once, late.
 */
import type { Clock } from '../../src/io/clock.js'
import type { VirtualClock } from '../../src/testing/index.js'

interface Sleeper {
  readonly at: number
  readonly call: () => void
  timer: unknown
}

export class SleepyClock implements Clock {
  readonly #clock: VirtualClock
  readonly #waiting = new Set<Sleeper>()
  #slept = 0

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now() + this.#slept
  }

  setTimeout(call: (...args: unknown[]) => void, delayMs: number): unknown {
    const sleeper: Sleeper = { at: this.now() + Math.max(0, delayMs), call, timer: undefined }
    this.#waiting.add(sleeper)
    this.#start(sleeper)
    return sleeper
  }

  clearTimeout(timer: unknown): void {
    for (const sleeper of this.#waiting) {
      if (sleeper !== timer) continue
      this.#waiting.delete(sleeper)
      this.#clock.clearTimeout(sleeper.timer)
    }
  }

  defer(call: () => void): void {
    this.#clock.defer(call)
  }

  /** Closes the laptop for so long. */
  sleep(ms: number): void {
    this.#slept += ms
    for (const sleeper of this.#waiting) {
      this.#clock.clearTimeout(sleeper.timer)
      this.#start(sleeper)
    }
  }

  #start(sleeper: Sleeper): void {
    sleeper.timer = this.#clock.setTimeout(() => {
      this.#waiting.delete(sleeper)
      sleeper.call()
    }, sleeper.at - this.now())
  }
}
