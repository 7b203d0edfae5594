import { describe, expect, it } from 'vitest'
import {
  byteWords,
  clockWords,
  harmless,
  keyWords,
  millisecondWords,
  shortKey,
  timeOfDay,
  waitWords,
} from '../../src/cli/words.js'

describe('words', () => {
  it.each([
    [0, '0:00'],
    [-1, '0:00'],
    [59_999, '0:59'],
    [60_000, '1:00'],
    [3_599_999, '59:59'],
    [3_600_000, '1:00:00'],
    [86_399_999, '23:59:59'],
    [86_400_000, '1 d 00:00'],
    [90_061_000, '1 d 01:01'],
  ])('say how long %i ms are: %s', (ms, words) => {
    expect(clockWords(ms)).toBe(words)
  })

  it.each([
    [0.4219, '0.42 ms'],
    [12.34, '12.3 ms'],
    [142.4, '142 ms'],
    [999, '999 ms'],
    [1_234, '1.2 s'],
  ])('say what a round trip of %f ms is: %s', (ms, words) => {
    expect(millisecondWords(ms)).toBe(words)
  })

  it.each([
    [-5, 'now'],
    [0, 'now'],
    [1, '1 s'],
    [119_000, '119 s'],
    [120_000, '2 min'],
    [7_199_000, '120 min'],
    [7_200_000, '2 h'],
    [86_400_000, '24 h'],
  ])('say when something in %i ms is: %s', (ms, words) => {
    expect(waitWords(ms)).toBe(words)
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [99_400, '99.4 kB'],
    [99_600, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [3_400_000_000_000_000, '3400 TB'],
  ])('say what %i bytes are: %s', (bytes, words) => {
    expect(byteWords(bytes)).toBe(words)
  })

  it('name keys in upper-case hex, or by their beginning', () => {
    expect(keyWords(new Uint8Array(32).fill(0xab))).toBe('AB'.repeat(32))
    expect(shortKey('AB'.repeat(32))).toBe('ABABABAB…')
  })

  it('tell the local time of day', () => {
    expect(timeOfDay(new Date(2026, 10, 25, 4, 5, 6).getTime())).toBe('04:05:06')
  })

  it('leave nothing in foreign text that could move the cursor, colour the screen or turn the writing round', () => {
    expect(harmless('a\x1b[2J\r\n\x9bb\u202ec')).toBe('a?[2J???b?c')
    expect(harmless('größe 中')).toBe('größe 中')
  })
})
