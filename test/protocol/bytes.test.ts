import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  byteAt,
  concatBytes,
  copyBytes,
  equalBytes,
  fromHex,
  isZero,
  toHex,
} from '../../src/protocol/bytes.js'
import { prop, someBytes } from './ends.js'

describe('a byte at an index', () => {
  test('is the byte there', () => {
    expect(byteAt(Uint8Array.of(7, 0, 9), 0)).toBe(7)
    expect(byteAt(Uint8Array.of(7, 0, 9), 1)).toBe(0)
    expect(byteAt(Uint8Array.of(7, 0, 9), 2)).toBe(9)
  })

  test('outside throws and says where, instead of reading zero', () => {
    expect(() => byteAt(Uint8Array.of(7, 8), 2)).toThrow(new RangeError('byte 2 of 2'))
    expect(() => byteAt(new Uint8Array(), 0)).toThrow(RangeError)
    expect(() => byteAt(Uint8Array.of(7), -1)).toThrow(RangeError)
  })
})

describe('hex', () => {
  test('is written in upper case, two digits a byte', () => {
    expect(toHex(Uint8Array.of(0x00, 0x0f, 0xa0, 0xff))).toBe('000FA0FF')
    expect(toHex(new Uint8Array())).toBe('')
  })

  test('is read in either case', () => {
    expect(fromHex('000fA0Ff')).toEqual(Uint8Array.of(0x00, 0x0f, 0xa0, 0xff))
    expect(fromHex('')).toEqual(new Uint8Array())
  })

  test.each(['0', '000', '0g', 'g0', ' 00', '00 ', '0x00', '+1', '-1', '00\n', 'ab zz'])(
    '%j is not hex',
    text => {
      expect(fromHex(text)).toBeUndefined()
    },
  )

  prop([someBytes(0, 100)])('agrees with Buffer both ways', bytes => {
    const text = Buffer.from(bytes).toString('hex')
    expect(toHex(bytes)).toBe(text.toUpperCase())
    expect(fromHex(text)).toEqual(bytes)
  })
})

describe('equality', () => {
  test.each([
    [[], [], true],
    [[1, 2], [1, 2], true],
    [[1, 2], [1, 3], false],
    [[2, 1], [1, 1], false],
    [[1, 2], [1, 2, 3], false],
    [[1, 2, 3], [1, 2], false],
  ])('of %j and %j is %s', (a, b, equal) => {
    expect(equalBytes(Uint8Array.from(a), Uint8Array.from(b))).toBe(equal)
  })
})

describe('joining', () => {
  prop([fc.array(someBytes(0, 20), { maxLength: 5 })])('agrees with Buffer', parts => {
    expect(concatBytes(...parts)).toEqual(new Uint8Array(Buffer.concat(parts)))
  })
})

describe('a copy', () => {
  test('shares no memory, not even with a Buffer, whose own slice does', () => {
    const original = Buffer.from([1, 2, 3])
    const copy = copyBytes(original)
    original[0] = 9
    expect(copy).toEqual(Uint8Array.of(1, 2, 3))
  })
})

describe('zero', () => {
  test('is what has no other byte', () => {
    expect(isZero(new Uint8Array(8))).toBe(true)
    expect(isZero(Uint8Array.of(0, 0, 1))).toBe(false)
    expect(isZero(Uint8Array.of(1, 0, 0))).toBe(false)
  })
})
