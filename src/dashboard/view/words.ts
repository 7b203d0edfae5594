/** Values as people read them: sizes, times, keys. */

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

export function bytes(count: number): string {
  let [value, unit] = [count, 0]
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`
}

export const rate = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`

/** Below 10 ms the tenths matter. */
export const milliseconds = (ms: number): string =>
  ms >= 9_999.5 ? `${(ms / 1_000).toFixed(1)} s` : `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The two largest units of a time span: `3 h 12 m`. */
export function duration(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / SECOND))} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m ${Math.floor((ms % MINUTE) / SECOND)} s`
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} m`
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`
}

/** The local time of day, with milliseconds: `14:03:07.250`. */
export function timeOfDay(at: number): string {
  const date = new Date(at)
  const [h, m, s] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(value =>
    `${value}`.padStart(2, '0'),
  )
  return `${h}:${m}:${s}.${`${date.getMilliseconds()}`.padStart(3, '0')}`
}

const KEY_LETTERS = 8

export const shortKey = (key: string): string => key.slice(0, KEY_LETTERS)

export const hostPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`
