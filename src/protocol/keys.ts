/** Public and secret keys as users give them: 32 bytes or 64 hex digits. */
import { copyBytes, fromHex, toHex } from './bytes.js'
import { KEY_SIZE } from './constants.js'

/** A key wherever one is taken: 32 bytes or 64 hex digits. */
export type Key = Uint8Array | string

/**
 * @param name of the argument, for the message; the key itself is never shown, since it may be a secret
 * @throws TypeError when it is anything but 32 bytes or 64 hex digits
 */
export function parseKey(key: Key, name = 'key'): Uint8Array {
  if (key instanceof Uint8Array) {
    if (key.length === KEY_SIZE) return copyBytes(key)
    throw new TypeError(`${name}: wanted ${KEY_SIZE} bytes, got ${key.length}`)
  }
  if (typeof key !== 'string')
    throw new TypeError(`${name}: wanted ${KEY_SIZE} bytes or 64 hex digits, got ${typeof key}`)
  const bytes = fromHex(key)
  if (bytes?.length === KEY_SIZE) return bytes
  const got = bytes === undefined && key.length % 2 === 0 ? 'other characters' : `${key.length} digits`
  throw new TypeError(`${name}: wanted ${2 * KEY_SIZE} hex digits, got ${got}`)
}

/** The upper-case hex by which a key is named everywhere. */
export const keyName = (key: Key, name?: string): string => toHex(parseKey(key, name))
