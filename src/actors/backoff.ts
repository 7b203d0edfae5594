/** How long to wait before the next attempt: exponential, half of it fixed and half random (behaviour §2). */

export interface BackoffOptions {
  /** The first delay, in ms. */
  readonly firstMs: number
  /** No delay is longer, in ms. */
  readonly capMs: number
}

export const DEFAULT_BACKOFF: BackoffOptions = { firstMs: 500, capMs: 5 * 60_000 }

/** A link that lasted this long resets the backoff, in ms. */
export const STABLE_AFTER_MS = 60_000

/**
 * @param failures in a row, at least 1
 * @param chance in [0, 1): full jitter would allow near-zero delays, which break case 28, so only half is random
 */
export function backoffMs(
  failures: number,
  chance: number,
  options: BackoffOptions = DEFAULT_BACKOFF,
): number {
  const whole = Math.min(options.capMs, options.firstMs * 2 ** (failures - 1))
  return whole / 2 + (whole / 2) * chance
}
