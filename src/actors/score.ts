/**
 * How good a relay has been: round trips, successes and uptime as one cost, lower is better (behaviour §3). Knows
 * nothing of why an attempt failed: who calls it decides what counts.
 */

/** Weight of the newest value in the moving averages. */
const NEWEST = 0.25
/** Assumed until the first pong, in ms. */
const UNKNOWN_RTT_MS = 500
/** Of two routes the one in use stays unless the other is this much better, so that routes do not flap. */
export const HYSTERESIS = 0.2
/** No relay counts as worse than this, so that one bad day is made up for. */
const LEAST_SUCCESS = 0.05

export class Score {
  /** Moving average of round trips, in ms; undefined before the first. */
  rttMs: number | undefined
  /** Moving average of attempts that succeeded, 0–1. */
  success = 1
  /** Time connected in all, in ms. */
  uptimeMs = 0
  /** The failures since the last success, the latest of them, each with what `success` was before it. */
  #penalties: { readonly at: number; readonly before: number }[] = []

  /** Takes over what was remembered from before. */
  restore(facts: { readonly rttMs?: number; readonly success: number; readonly uptimeMs: number }): void {
    this.rttMs = facts.rttMs
    this.success = facts.success
    this.uptimeMs = facts.uptimeMs
  }

  noteRtt(rttMs: number): void {
    this.rttMs = this.rttMs === undefined ? rttMs : blend(this.rttMs, rttMs)
  }

  noteSuccess(): void {
    this.success = blend(this.success, 1)
    this.#penalties = []
  }

  noteFailure(now: number): void {
    this.#penalties.push({ at: now, before: this.success })
    if (this.#penalties.length > REMEMBERED_PENALTIES) this.#penalties.shift()
    this.success = blend(this.success, 0)
  }

  /** Takes back failures since `time`: they turned out to be the network's fault. */
  forgive(time: number): void {
    const first = this.#penalties.findIndex(({ at }) => at >= time)
    const [forgiven] = first < 0 ? [] : this.#penalties.splice(first)
    if (forgiven) this.success = forgiven.before
  }

  /** Failures in a row that were its own. */
  get strikes(): number {
    return this.#penalties.length
  }

  /** Lower is better; a relay never reached counts as an average one. */
  get cost(): number {
    const steadiness = this.uptimeMs / (this.uptimeMs + STEADY_MS)
    const rttMs = (this.rttMs ?? UNKNOWN_RTT_MS) * (1 - STEADY_BONUS * steadiness)
    return rttMs / Math.max(LEAST_SUCCESS, this.success)
  }
}

/** What a long uptime is worth at most, and after how many ms it is worth half of that. */
const STEADY_BONUS = 0.1
const STEADY_MS = 24 * 3_600_000

/** More cannot be taken back; so many failures in a minute are not the network's. */
const REMEMBERED_PENALTIES = 16

const blend = (average: number, newest: number): number => average + (newest - average) * NEWEST
