/** Byte strings: hex, equality, joining. Knows nothing of their meaning. */

/** The byte at `index`; a RangeError outside, so that a slip never reads as zero. */
export function byteAt(bytes: Uint8Array, index: number): number {
  const byte = bytes[index]
  if (byte === undefined) throw new RangeError(`byte ${index} of ${bytes.length}`)
  return byte
}

const HEX_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0').toUpperCase())

/** Upper-case hex, as Tox writes keys. */
export const toHex = (bytes: Uint8Array): string => Array.from(bytes, byte => HEX_DIGITS[byte]).join('')

/** The bytes of an even number of hex digits of either case; undefined if it is anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  )
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** A copy of a part that shares no memory with `bytes` (a Buffer's own `slice` does not copy). */
export const copyBytes = (bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array =>
  new Uint8Array(bytes.subarray(start, end))

export const isZero = (bytes: Uint8Array): boolean => bytes.every(byte => byte === 0)
