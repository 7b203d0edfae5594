/** When a relay that breaks the protocol is left alone, and for how long (behaviour §2). */

const VIOLATIONS = 3
const WITHIN_MS = 10 * 60_000
const FIRST_MS = 60 * 60_000
const CAP_MS = 24 * 60 * 60_000

/** Violations that still count at `now`. */
export const recentViolations = (times: readonly number[], now: number): number[] =>
  times.filter(time => now - time < WITHIN_MS)

export const deservesQuarantine = (recent: readonly number[]): boolean => recent.length >= VIOLATIONS

/** @param earlier quarantines of that relay */
export const quarantineMs = (earlier: number): number => Math.min(CAP_MS, FIRST_MS * 2 ** earlier)
