/** One JSON object a line, for programs. Times are ISO 8601. */
import type { Status } from '../index.js'

/** Numbers to three decimals, a millisecond's microseconds: more is noise. */
export const jsonLine = (value: object): string => `${JSON.stringify(value, rounded)}\n`

/** A status event as it is, its times made readable. */
export function statusLine(status: Status): string {
  const { time, ...rest } = status
  const next = 'nextAttemptAt' in rest ? { nextAttemptAt: isoTime(rest.nextAttemptAt) } : {}
  return jsonLine({ time: isoTime(time), ...rest, ...next })
}

const isoTime = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()

const DECIMALS = 1_000

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * DECIMALS) / DECIMALS : value
}
