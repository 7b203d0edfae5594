import { describe, expect, test } from 'vitest'
import { requireSize, sized } from '../../src/protocol/sizes.js'
import { expectToxError, hex } from './ends.js'

describe('what arrives', () => {
  test('must have the size that its kind allows', () => {
    requireSize(hex('0710'), 2)
    requireSize(hex('0710'), 1, 2)
    requireSize(hex('0710'), 2, 3)
    for (const [least, most] of [
      [1, 1],
      [3, 3],
      [3, Number.POSITIVE_INFINITY],
    ] as const) {
      const error = expectToxError(() => requireSize(hex('0710'), least, most), 'protocol-violation')
      expect(error.message).toContain('packet 7 of 2 bytes')
    }
  })
})

describe('what we would send', () => {
  test('is given back when its size is allowed, else refused with what was wanted', () => {
    const bytes = hex('0102')
    expect(sized('x', bytes, 2, 2)).toBe(bytes)
    expect(sized('x', bytes, 1, 3)).toBe(bytes)
    expect(() => sized('x', bytes, 3, 3)).toThrow(new RangeError('x: wanted 3 bytes, got 2'))
    expect(() => sized('x', bytes, 0, 1)).toThrow(new RangeError('x: wanted 0–1 bytes, got 2'))
  })
})
