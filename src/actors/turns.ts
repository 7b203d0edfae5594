/** Long work in pieces, so that packets do not wait for it. Knows nothing of what the work is. */
import type { Clock } from '../io/clock.js'

/** After so long, in ms, work goes on in the next turn of the event loop. */
export const TURN_BUDGET_MS = 5
/** Work that is asked for again and again rests for so many times as long as its first turn took. */
export const REST_FACTOR = 10

export const nextTurn = (clock: Clock): Promise<void> => new Promise(resolve => clock.defer(resolve))

/** Does something with each of the items, for a few milliseconds a turn. */
export async function inTurns<T>(clock: Clock, items: Iterable<T>, work: (item: T) => void): Promise<void> {
  let start = clock.now()
  for (const item of items) {
    if (clock.now() - start >= TURN_BUDGET_MS) {
      await nextTurn(clock)
      start = clock.now()
    }
    work(item)
  }
}

/**
 * Work that many events ask for and that is done once for all of them: at the end of the turn, or, when it takes long,
 * as often as leaves most of the time to others.
 */
export class Planned {
  readonly #clock: Clock
  readonly #work: () => void | Promise<void>
  #planned = false
  #running = false
  #cancelled = false
  #notBefore = 0
  #timer: unknown

  constructor(clock: Clock, work: () => void | Promise<void>) {
    this.#clock = clock
    this.#work = work
  }

  /** Asks for the work to be done, once more if it is being done. */
  plan(): void {
    if (this.#planned || this.#cancelled) return
    this.#planned = true
    if (!this.#running) this.#schedule()
  }

  /** Never again. What is being done is finished. */
  cancel(): void {
    this.#cancelled = true
    this.#clock.clearTimeout(this.#timer)
  }

  #schedule(): void {
    const rest = this.#notBefore - this.#clock.now()
    if (rest > 0) this.#timer = this.#clock.setTimeout(() => void this.#run(), rest)
    else this.#clock.defer(() => void this.#run())
  }

  async #run(): Promise<void> {
    if (this.#cancelled) return
    this.#planned = false
    this.#running = true
    const start = this.#clock.now()
    try {
      const done = this.#work()
      const now = this.#clock.now()
      this.#notBefore = now + REST_FACTOR * (now - start)
      await done
    } finally {
      this.#running = false
      if (this.#planned) this.#schedule()
    }
  }
}
