/** Numbers, times and keys as people read them in a terminal. Pure. */

const SECOND_MS = 1_000
const MINUTE_S = 60
const HOUR_S = 3_600
const DAY_S = 86_400

/** `0:07`, `12:03`, `1:02:03`, `3 d 04:05`. */
export function clockWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS))
  const [days, hours] = [Math.floor(seconds / DAY_S), Math.floor((seconds % DAY_S) / HOUR_S)]
  const minutes = Math.floor((seconds % HOUR_S) / MINUTE_S)
  if (days > 0) return `${days} d ${twoDigits(hours)}:${twoDigits(minutes)}`
  const rest = twoDigits(seconds % MINUTE_S)
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${rest}` : `${minutes}:${rest}`
}

/** `0.42 ms`, `12.3 ms`, `142 ms`, `1.2 s`. */
export function millisecondWords(ms: number): string {
  if (ms >= SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`
  return `${ms.toFixed(ms < 1 ? 2 : ms < 100 ? 1 : 0)} ms`
}

/** How long until something: `now`, `4 s`, `3 min`, `2 h`. */
export function waitWords(ms: number): string {
  const seconds = Math.ceil(ms / SECOND_MS)
  if (seconds <= 0) return 'now'
  if (seconds < 2 * MINUTE_S) return `${seconds} s`
  return seconds < 2 * HOUR_S ? `${Math.round(seconds / MINUTE_S)} min` : `${Math.round(seconds / HOUR_S)} h`
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** `512 B`, `1.2 kB`, `34 MB`; a kB is 1,000 bytes. */
export function byteWords(bytes: number): string {
  let [value, unit] = [bytes, 0]
  for (; value >= 999.5 && unit < BYTE_UNITS.length - 1; unit++) value /= 1000
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[unit]}`
}

/** A key in hex, as Tox writes it. */
export const keyWords = (key: Uint8Array): string => Buffer.from(key).toString('hex').toUpperCase()

const SHORT_KEY_DIGITS = 8

export const shortKey = (hex: string): string => `${hex.slice(0, SHORT_KEY_DIGITS)}…`

/** The local time of day. */
export function timeOfDay(ms: number): string {
  const date = new Date(ms)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')
}

/** Text from elsewhere that must not move the cursor or colour the screen: control characters are shown as `?`. */
export const harmless = (text: string): string => text.replaceAll(CONTROL_CHARACTERS, '?')

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const twoDigits = (value: number): string => String(value).padStart(2, '0')
