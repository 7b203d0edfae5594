import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader } from '../../src/protocol/frames.js'
import { expectToxError, hex, join, pieces, prop, runs, someBytes } from './ends.js'
import { frameOf } from './reference.js'

/** What a reader hands up, copied, since it gives passing views. */
function reading(): { reader: FrameReader; frames: Uint8Array[]; push: (chunk: Uint8Array) => void } {
  const reader = new FrameReader()
  const frames: Uint8Array[] = []
  const push = (chunk: Uint8Array): void =>
    reader.push(chunk, cipher => {
      frames.push(Uint8Array.from(cipher))
      return true
    })
  return { reader, frames, push }
}

const cipher = (size: number, fill = size): Uint8Array => new Uint8Array(size).fill(fill)

describe('the length', () => {
  test('stands in two bytes, the high one first', () => {
    const { push, frames } = reading()
    push(join(hex('0102'), cipher(0x0102, 7)))
    expect(frames).toEqual([cipher(258, 7)])
  })

  test.each([0, 1, 15, 16, 2049, 2050, 4096, 65535])(
    'case 9: of %i breaks the protocol, told before any of the body is there',
    size => {
      const { push, reader, frames } = reading()
      const error = expectToxError(() => push(Uint8Array.of(size >> 8, size & 0xff)), 'protocol-violation')
      expect(error.message).toContain(`frame length ${size}`)
      expect(reader.buffered).toBe(0)
      expect(frames).toEqual([])
    },
  )

  test.each([0, 16, 2049])('case 9: of %i is told when its second byte comes alone', size => {
    const { push, reader } = reading()
    push(Uint8Array.of(size >> 8))
    expectToxError(() => push(Uint8Array.of(size & 0xff)), 'protocol-violation')
    expect(reader.buffered).toBeLessThanOrEqual(2)
  })

  test.each([17, 18, 255, 256, 2047, 2048])('case 9: of %i is taken', size => {
    const { push, reader, frames } = reading()
    push(frameOf(cipher(size)))
    expect(frames).toEqual([cipher(size)])
    expect(reader.buffered).toBe(0)
  })
})

describe('a frame in part', () => {
  test('case 7: cut at any offset, its length prefix too, is handed up once and whole', () => {
    const frame = frameOf(cipher(300, 5))
    for (let cut = 1; cut < frame.length; cut++) {
      const { push, reader, frames } = reading()
      push(frame.subarray(0, cut))
      expect(frames).toEqual([])
      expect(reader.buffered).toBe(cut)
      push(frame.subarray(cut))
      expect(frames).toEqual([cipher(300, 5)])
      expect(reader.buffered).toBe(0)
    }
  })

  test('case 7: byte by byte, with nothing between, is handed up at its last byte', () => {
    const { push, frames } = reading()
    const stream = join(frameOf(cipher(17)), frameOf(cipher(2048)), frameOf(cipher(18)))
    const told: number[] = []
    for (const [at, byte] of stream.entries()) {
      push(Uint8Array.of(byte))
      push(new Uint8Array())
      if (frames.length > told.length) told.push(at + 1)
    }
    expect(told).toEqual([19, 19 + 2050, 19 + 2050 + 20])
    expect(frames).toEqual([cipher(17), cipher(2048), cipher(18)])
  })

  test('is kept, not the chunk that it came in', () => {
    const { push, frames } = reading()
    const chunk = Buffer.from(frameOf(cipher(20)))
    push(chunk.subarray(0, 10))
    const rest = Uint8Array.from(chunk.subarray(10))
    chunk.fill(0)
    push(rest)
    expect(frames).toEqual([cipher(20)])
  })

  test('takes what belongs to it of the next chunk, and the frames behind it follow', () => {
    const { push, frames } = reading()
    const [one, two, three] = [frameOf(cipher(20)), frameOf(cipher(30)), frameOf(cipher(40))]
    push(one.subarray(0, 1))
    push(join(one.subarray(1), two, three.subarray(0, 5)))
    expect(frames).toEqual([cipher(20), cipher(30)])
    push(three.subarray(5))
    expect(frames).toEqual([cipher(20), cipher(30), cipher(40)])
  })

  test('never keeps more than 2,049 bytes', () => {
    const { push, reader } = reading()
    const frame = frameOf(cipher(2048))
    push(frame.subarray(0, 2049))
    expect(reader.buffered).toBe(2049)
  })
})

describe('many frames', () => {
  test('case 8: fifty in one segment are handed up, all and in order', () => {
    const { push, frames } = reading()
    const ciphers = Array.from({ length: 50 }, (_, i) => cipher(17 + i * 40, i))
    push(join(...ciphers.map(frameOf)))
    expect(frames).toEqual(ciphers)
  })

  test('stop when the one who takes them says so, and the rest of the chunk is dropped', () => {
    const stream = join(frameOf(cipher(17)), frameOf(cipher(18)), frameOf(cipher(19)), hex('0011'))
    for (const first of [0, 5, 19]) {
      const reader = new FrameReader()
      const frames: number[] = []
      const take = (bytes: Uint8Array): boolean => frames.push(bytes.length) < 2
      reader.push(stream.subarray(0, first), take)
      reader.push(stream.subarray(first), take)
      expect(frames).toEqual([17, 18])
      expect(reader.buffered).toBe(0)
    }
  })

  test('stop even when the frame that came in pieces is the last one wanted', () => {
    const reader = new FrameReader()
    const frames: number[] = []
    const stop = (bytes: Uint8Array): boolean => frames.push(bytes.length) < 1
    const stream = join(frameOf(cipher(17)), frameOf(cipher(18)))
    reader.push(stream.subarray(0, 5), stop)
    reader.push(stream.subarray(5), stop)
    expect(frames).toEqual([17])
    expect(reader.buffered).toBe(0)
  })

  prop([fc.array(someBytes(17, 400), { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 30 })], runs(500))(
    'are the same however the stream is cut, and never more than one is kept',
    (ciphers, cuts) => {
      const { push, reader, frames } = reading()
      for (const piece of pieces(join(...ciphers.map(frameOf)), cuts)) {
        push(piece)
        expect(reader.buffered).toBeLessThanOrEqual(2049)
      }
      expect(frames).toEqual(ciphers)
      expect(reader.buffered).toBe(0)
    },
  )
})
