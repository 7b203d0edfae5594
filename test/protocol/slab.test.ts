import { describe, expect, test } from 'vitest'
import { Slab } from '../../src/protocol/slab.js'
import { hex } from './ends.js'

describe('a slab', () => {
  test('copies what follows a place, and shares no memory with it', () => {
    const source = hex('0102030405')
    const slab = new Slab()
    const [whole, rest, none] = [slab.copy(source, 0), slab.copy(source, 2), slab.copy(source, 5)]
    source.fill(0xee)
    expect([whole, rest, none]).toEqual([hex('0102030405'), hex('030405'), new Uint8Array()])
  })

  test('lays small pieces one behind the other in a buffer of 16 KiB, then takes a new one', () => {
    const slab = new Slab()
    const pieces = Array.from({ length: 9 }, (_, n) => slab.copy(new Uint8Array(2048).fill(n), 0))
    const [first, ...rest] = pieces
    expect(first?.buffer.byteLength).toBe(16_384)
    for (const piece of rest.slice(0, 7)) expect(piece.buffer).toBe(first?.buffer)
    expect(rest[7]?.buffer).not.toBe(first?.buffer)
    expect(pieces.map(piece => new Set(piece))).toEqual(pieces.map((_, n) => new Set([n])))
  })

  test('gives what is larger a buffer of its own', () => {
    const slab = new Slab()
    const large = slab.copy(new Uint8Array(20_001).fill(1), 1)
    expect(large).toEqual(new Uint8Array(20_000).fill(1))
    expect(large.buffer.byteLength).toBe(20_000)
    expect(slab.copy(hex('02'), 0).buffer.byteLength).toBe(16_384)
  })
})
