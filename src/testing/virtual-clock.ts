/**
 * Time that stands still until a test moves it. Timers run one by one, in the order of their time, and behind each
 * of them all deferred calls and promises settle, as they would in a real event loop. Knows nothing of what runs on
 * it.
 */
import type { Clock } from '../io/clock.js'

/** Where virtual time begins: 2026-01-01, so that nobody takes a time for a duration unnoticed. */
export const VIRTUAL_EPOCH_MS = Date.UTC(2026, 0, 1)

/** So many turns at one moment are taken for a program that runs in a circle. */
const MAX_TURNS_AT_ONE_TIME = 100_000

export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap()
  #deferred: (() => void)[] = []
  #now = VIRTUAL_EPOCH_MS
  #started = 0
  #advancing = false

  now(): number {
    return this.#now
  }

  /** Timers and deferred calls that wait: zero when nothing was left behind. */
  get pending(): number {
    return this.#timers.waiting + this.#deferred.length
  }

  setTimeout(call: (...args: unknown[]) => void, delayMs: number): unknown {
    const timer = new Timer(this.#now + Math.max(0, delayMs), this.#started++, call)
    this.#timers.push(timer)
    return timer
  }

  clearTimeout(timer: unknown): void {
    if (timer instanceof Timer) this.#timers.cancel(timer)
  }

  defer(call: () => void): void {
    this.#deferred.push(call)
  }

  /** Runs what is due now: timers, deferred calls and promises, and what they start for now. */
  settle(): Promise<void> {
    return this.advance(0)
  }

  /**
   * Moves time on, and runs all that falls due in between.
   * @throws whatever a timer or a deferred call throws; time then stands where that happened
   */
  advance(ms: number): Promise<void> {
    const end = this.#now + ms
    return this.#exclusively(async () => {
      await this.#runUntil(end, () => false)
      this.#now = end
    })
  }

  /**
   * Moves time on until a condition holds, from timer to timer.
   * @param withinMs how long to wait, in virtual milliseconds
   * @returns how long it took, in milliseconds
   * @throws Error when the condition does not hold in time
   */
  until(condition: () => boolean, withinMs = 3_600_000): Promise<number> {
    const start = this.#now
    return this.#exclusively(async () => {
      if (await this.#runUntil(start + withinMs, condition)) return this.#now - start
      throw new Error(`not so within ${withinMs} ms: ${condition}`)
    })
  }

  /**
   * Moves time on until a promise settles.
   * @returns what it resolves with
   * @throws what it rejects with; Error when it does not settle in time
   */
  async run<T>(promise: Promise<T>, withinMs?: number): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    await this.until(() => settled, withinMs)
    return promise
  }

  /**
   * Lets real input and output happen while virtual time stands still, until a condition holds: for tests with real
   * sockets on this clock.
   * @param withinRealMs how long to wait, in milliseconds of the real world
   * @throws Error when the condition does not hold in time
   */
  standUntil(condition: () => boolean, withinRealMs = 10_000): Promise<void> {
    const giveUp = performance.now() + withinRealMs
    return this.#exclusively(async () => {
      for (;;) {
        await this.#runDeferred()
        if (condition()) return
        if (performance.now() > giveUp) throw new Error(`not so within ${withinRealMs} real ms: ${condition}`)
      }
    })
  }

  async #exclusively<T>(move: () => Promise<T>): Promise<T> {
    if (this.#advancing) throw new Error('the clock is being advanced already')
    this.#advancing = true
    try {
      return await move()
    } finally {
      this.#advancing = false
    }
  }

  async #runUntil(end: number, condition: () => boolean): Promise<boolean> {
    let turns = 0
    await this.#runDeferred()
    while (!condition()) {
      const timer = this.#timers.shift(end)
      if (!timer) return false
      turns = timer.at > this.#now ? 0 : turns + 1
      if (turns > MAX_TURNS_AT_ONE_TIME) throw new Error('timers start timers without end')
      this.#now = Math.max(this.#now, timer.at)
      timer.run()
      await this.#runDeferred()
    }
    return true
  }

  async #runDeferred(): Promise<void> {
    await turn()
    for (let turns = 0; this.#deferred.length > 0; turns++) {
      if (turns > MAX_TURNS_AT_ONE_TIME) throw new Error('deferred calls defer calls without end')
      const calls = this.#deferred
      this.#deferred = []
      for (const call of calls) call()
      await turn()
    }
  }
}

/** One turn of the real event loop: every promise that can settle has settled then. Costs about a microsecond. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

class Timer {
  readonly at: number
  /** Of two timers for one moment the one started first runs first. */
  readonly order: number
  #call: (() => void) | undefined

  constructor(at: number, order: number, call: () => void) {
    this.at = at
    this.order = order
    this.#call = call
  }

  /** Neither run nor cancelled. */
  get waits(): boolean {
    return this.#call !== undefined
  }

  run(): void {
    const call = this.#call
    this.#call = undefined
    call?.()
  }

  cancel(): void {
    this.#call = undefined
  }
}

/** The timers as a binary heap. A cancelled one stays in it until its time comes. */
class TimerHeap {
  waiting = 0
  readonly #timers: Timer[] = []

  push(timer: Timer): void {
    this.waiting++
    this.#timers.push(timer)
    this.#rise(this.#timers.length - 1, timer)
  }

  cancel(timer: Timer): void {
    if (!timer.waits) return
    timer.cancel()
    this.waiting--
  }

  /** Takes out the first timer that is due at `end`. */
  shift(end: number): Timer | undefined {
    for (let first = this.#timers[0]; first && first.at <= end; first = this.#timers[0]) {
      const last = this.#timers.pop()
      if (last && last !== first) this.#sink(0, last)
      if (!first.waits) continue
      this.waiting--
      return first
    }
    return undefined
  }

  #rise(from: number, timer: Timer): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = this.#timers[parent]
      if (!above || !isBefore(timer, above)) break
      this.#timers[index] = above
      index = parent
    }
    this.#timers[index] = timer
  }

  #sink(from: number, timer: Timer): void {
    let index = from
    for (;;) {
      let child = 2 * index + 1
      const [left, right] = [this.#timers[child], this.#timers[child + 1]]
      let below = left
      if (left && right && isBefore(right, left)) {
        child++
        below = right
      }
      if (!below || !isBefore(below, timer)) break
      this.#timers[index] = below
      index = child
    }
    this.#timers[index] = timer
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
