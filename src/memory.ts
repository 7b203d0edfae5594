/**
 * Keeps a manager's store up to date: saves a while after something changed, and at the end. Knows neither files nor
 * what a store holds.
 */
import type { Clock } from './io/clock.js'
import type { Store } from './store.js'
import type { StoreContent } from './store-content.js'

/** Changes come in bursts: a save waits this long after the first of them, in ms. */
const SAVE_DELAY_MS = 1_000

export interface MemoryOptions {
  readonly store: Store
  readonly clock: Clock
  readonly content: () => StoreContent
  /** Told of a save that failed; the next one is tried all the same. */
  readonly failed: (error: unknown) => void
}

export class Memory {
  readonly #options: MemoryOptions
  #timer: unknown
  #closed = false
  #saving: Promise<void> = Promise.resolve()

  constructor(options: MemoryOptions) {
    this.#options = options
  }

  /** Something is worth remembering. */
  changed(): void {
    if (this.#closed) return
    const { clock } = this.#options
    this.#timer ??= clock.setTimeout(() => this.#save(), SAVE_DELAY_MS)
  }

  /** Saves now for the last time, and resolves when that is done or has failed. */
  async close(): Promise<void> {
    this.#closed = true
    this.#save()
    await this.#saving
  }

  #save(): void {
    const { clock, content, failed, store } = this.#options
    clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#saving = store.save(content()).catch(failed)
  }
}
