/** Lets at most so many dials run at once, first come, first served (behaviour §2). Knows not what is dialled. */

/** Dials that run at once at most. */
export const MAX_DIALS = 64

/** Takes a place in the queue; the answer gives the place, or the slot, back. */
export class DialGate {
  readonly #limit: number
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(limit = MAX_DIALS) {
    this.#limit = limit
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
    const leave = () => {
      if (left) return
      left = true
      if (!this.#waiting.delete(start)) this.#leave()
    }
    if (this.#running < this.#limit) start()
    else this.#waiting.add(start)
    return leave
  }

  #leave(): void {
    this.#running--
    const [next] = this.#waiting
    if (!next) return
    this.#waiting.delete(next)
    next()
  }
}
