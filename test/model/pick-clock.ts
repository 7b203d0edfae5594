/** A clock whose timers run when a test says, whichever comes first: what is right must not hang on their order. */
import type { Clock } from '../../src/io/clock.js'

interface Timer {
  readonly at: number
  readonly delay: number
  readonly call: () => void
}

export class PickClock implements Clock {
  readonly #timers = new Set<Timer>()
  readonly #deferred: (() => void)[] = []
  #now = 1_000_000

  now(): number {
    return this.#now
  }

  /** How long the timers that run were to take, in ms. */
  get delays(): number[] {
    return [...this.#timers].map(({ delay }) => delay).sort((a, b) => a - b)
  }

  setTimeout(call: (...args: unknown[]) => void, delay: number): unknown {
    const timer: Timer = { at: this.#now + delay, delay, call }
    this.#timers.add(timer)
    return timer
  }

  clearTimeout(timer: unknown): void {
    for (const each of this.#timers) if (each === timer) this.#timers.delete(each)
  }

  defer(call: () => void): void {
    this.#deferred.push(call)
  }

  /** Runs the timer of that delay; time goes on to its end. @throws Error when there is none */
  fire(delay: number): void {
    const timer = [...this.#timers].find(each => each.delay === delay)
    if (!timer) throw new Error(`no timer of ${delay} ms runs`)
    this.#timers.delete(timer)
    this.#now = Math.max(this.#now, timer.at)
    timer.call()
  }
}
