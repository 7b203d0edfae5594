/**
 * The status log: the last events, and new ones in batches, so that a thousand relays that fall at once are one
 * message. Answered pings are left out: they show in the round trips.
 */
import type { Status } from '../index.js'
import type { DashboardClock } from './dashboard-clock.js'
import type { Message } from './wire.js'

const ENTRIES_KEPT = 1_000
const BATCH_MS = 200
/** More entries than anybody reads in that time; the rest is counted. */
const MAX_BATCH = 500

export type LogBatch = Extract<Message, { type: 'log' }>

export class Journal {
  readonly #clock: DashboardClock
  readonly #tell: (batch: LogBatch) => void
  readonly #entries: Status[] = []
  #batch: Status[] = []
  #dropped = 0
  #timer: unknown

  constructor(clock: DashboardClock, tell: (batch: LogBatch) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** Oldest first. */
  get entries(): readonly Status[] {
    return this.#entries
  }

  note(status: Status): void {
    if (status.type === 'keepalive') return
    if (this.#entries.push(status) > ENTRIES_KEPT) this.#entries.shift()
    if (this.#batch.length < MAX_BATCH) this.#batch.push(status)
    else this.#dropped++
    this.#timer ??= this.#clock.setTimeout(() => this.flush(), BATCH_MS)
  }

  /** Tells at once what waits. */
  flush(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#batch.length === 0) return
    const [entries, dropped] = [this.#batch, this.#dropped]
    this.#batch = []
    this.#dropped = 0
    this.#tell({ type: 'log', entries, dropped })
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer)
  }
}
