import { describe, expect, test } from 'vitest'
import { keyName, parseKey } from '../../src/protocol/keys.js'

const BYTES = Uint8Array.from({ length: 32 }, (_, i) => i * 8)
const LOWER = '0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8'

describe('a key', () => {
  test('is 32 bytes or 64 hex digits of either case', () => {
    expect(parseKey(BYTES)).toEqual(BYTES)
    expect(parseKey(LOWER)).toEqual(BYTES)
    expect(parseKey(LOWER.toUpperCase())).toEqual(BYTES)
  })

  test('is copied, so that its giver may wipe or change it', () => {
    const given = Uint8Array.from(BYTES)
    const taken = parseKey(given)
    given.fill(0)
    expect(taken).toEqual(BYTES)
  })

  test('is named by upper-case hex', () => {
    expect(keyName(BYTES)).toBe(LOWER.toUpperCase())
    expect(keyName(LOWER)).toBe(LOWER.toUpperCase())
  })
})

describe('anything else is refused, and the message names the argument, what was wanted and got', () => {
  test.each([
    [new Uint8Array(31), 'key: wanted 32 bytes, got 31'],
    [new Uint8Array(33), 'key: wanted 32 bytes, got 33'],
    [LOWER.slice(1), 'key: wanted 64 hex digits, got 63 digits'],
    [`${LOWER}0`, 'key: wanted 64 hex digits, got 65 digits'],
    [LOWER.slice(2), 'key: wanted 64 hex digits, got 62 digits'],
    [`${LOWER}00`, 'key: wanted 64 hex digits, got 66 digits'],
    ['', 'key: wanted 64 hex digits, got 0 digits'],
    [`zz${LOWER.slice(2)}`, 'key: wanted 64 hex digits, got other characters'],
  ])('%j', (key, message) => {
    expect(() => parseKey(key)).toThrow(new TypeError(message))
  })

  test.each([
    [undefined, 'undefined'],
    [null, 'object'],
    [7, 'number'],
    [Array.from(BYTES), 'object'],
  ])('what is neither bytes nor text: %j', (key, got) => {
    const call = () => Reflect.apply(parseKey, undefined, [key])
    expect(call).toThrow(new TypeError(`key: wanted 32 bytes or 64 hex digits, got ${got}`))
  })

  test('under the name that the caller gives it', () => {
    expect(() => parseKey('', 'secretKey')).toThrow('secretKey: wanted')
    expect(() => keyName(new Uint8Array(3), 'friend')).toThrow('friend: wanted')
  })

  test('the key itself, which may be a secret, is not shown', () => {
    const secret = `q${LOWER.slice(1)}`
    expect(() => parseKey(secret)).toThrow(/^(?!.*10182028).*$/)
  })
})
