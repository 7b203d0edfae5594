/** Bytes per look, over all relays and of each. A relay that goes takes nothing of what was counted with it. */
import type { Relay } from '../index.js'
import type { TrafficPoint } from './wire.js'

/** Ten minutes at a look a second. */
const POINTS_KEPT = 600

interface Count {
  readonly bytesIn: number
  readonly bytesOut: number
  /** Bytes a second since the look before. */
  readonly inRate: number
  readonly outRate: number
}

export class Traffic {
  readonly #points: TrafficPoint[] = []
  #counts = new Map<Relay, Count>()
  #lookedAt: number

  /** What the relays have carried until now is not counted. */
  constructor(relays: readonly Relay[], now: number) {
    this.#lookedAt = now
    for (const relay of relays) this.#counts.set(relay, countOf(relay, undefined, 1))
  }

  get points(): readonly TrafficPoint[] {
    return this.#points
  }

  rates(relay: Relay): Pick<Count, 'inRate' | 'outRate'> {
    return this.#counts.get(relay) ?? NO_RATES
  }

  look(relays: readonly Relay[], now: number): TrafficPoint {
    const seconds = Math.max(MIN_SECONDS, (now - this.#lookedAt) / 1_000)
    const counts = new Map<Relay, Count>()
    let [bytesIn, bytesOut] = [0, 0]
    for (const relay of relays) {
      const before = this.#counts.get(relay) ?? NOTHING
      const count = countOf(relay, before, seconds)
      bytesIn += count.bytesIn - before.bytesIn
      bytesOut += count.bytesOut - before.bytesOut
      counts.set(relay, count)
    }
    this.#counts = counts
    this.#lookedAt = now
    const point: TrafficPoint = [now, bytesIn, bytesOut]
    if (this.#points.push(point) > POINTS_KEPT) this.#points.shift()
    return point
  }
}

/** Two looks at the same moment must not make a rate endless. */
const MIN_SECONDS = 0.001
const NO_RATES = { inRate: 0, outRate: 0 } as const
const NOTHING: Count = { bytesIn: 0, bytesOut: 0, ...NO_RATES }

function countOf(
  { counters: { bytesIn, bytesOut } }: Relay,
  before: Count | undefined,
  seconds: number,
): Count {
  if (!before) return { bytesIn, bytesOut, ...NO_RATES }
  return {
    bytesIn,
    bytesOut,
    inRate: Math.round((bytesIn - before.bytesIn) / seconds),
    outRate: Math.round((bytesOut - before.bytesOut) / seconds),
  }
}
