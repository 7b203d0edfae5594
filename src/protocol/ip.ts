/** IP addresses as text and as bytes. Text in, 4 or 16 bytes out, and back. */
import { byteAt, toHex } from './bytes.js'

const IPV4_SIZE = 4
const IPV6_GROUPS = 8

/** @returns 4 or 16 bytes; undefined for anything that is not an IP address, a name for example */
export const parseIp = (text: string): Uint8Array | undefined =>
  text.includes(':') ? parseIpv6(text) : parseIpv4(text)

export const formatIp = (bytes: Uint8Array): string =>
  bytes.length === IPV4_SIZE ? bytes.join('.') : formatIpv6(bytes)

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  const valid =
    parts.length === IPV4_SIZE && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
  return valid ? Uint8Array.from(parts, Number) : undefined
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = withoutDots(text).split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(half => groupsOf(half))
  if (!head || (halves.length === 2 && !tail)) return undefined
  const gap = IPV6_GROUPS - head.length - (tail?.length ?? 0)
  if (tail ? gap < 1 : gap !== 0) return undefined
  const groups = [...head, ...Array.from({ length: gap }, () => 0), ...(tail ?? [])]
  return Uint8Array.from(groups.flatMap(group => [group >> 8, group & 0xff]))
}

/** The same address with the dotted IPv4 address that may stand at its end, and only there, as two groups. */
function withoutDots(text: string): string {
  const start = text.lastIndexOf(':') + 1
  const v4 = parseIpv4(text.slice(start))
  return v4 ? `${text.slice(0, start)}${toHex(v4.subarray(0, 2))}:${toHex(v4.subarray(2))}` : text
}

/** The 16-bit groups of one side of `::`. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  return parts.every(part => /^[0-9a-f]{1,4}$/i.test(part))
    ? parts.map(part => Number.parseInt(part, 16))
    : undefined
}

/** As RFC 5952 writes it: lower case, the longest run of two or more zero groups as `::`, the first of equals. */
function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from(
    { length: IPV6_GROUPS },
    (_, i) => byteAt(bytes, 2 * i) * 256 + byteAt(bytes, 2 * i + 1),
  )
  const hex = groups.map(group => group.toString(16))
  const { start, length } = longestZeroRun(groups)
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > best.length) best = { start: index - length + 1, length }
  }
  return best
}
