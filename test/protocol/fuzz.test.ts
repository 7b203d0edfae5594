/**
 * What a hostile network can send, by the hundred thousand: bytes that are no frames, frames that are no packets,
 * handshakes that are none. Nothing but ToxError is thrown, nothing is handed up that was not sealed for us, and no
 * memory grows. `FUZZ=10` goes ten times as deep; a failure names the seed to run again.
 */
import { libsodium } from 'libsodium-wrappers'
import { describe, expect, test } from 'vitest'
import { Channel, keyPairFromSecret } from '../../src/protocol/crypto.js'
import { ToxError } from '../../src/protocol/errors.js'
import { FrameReader } from '../../src/protocol/frames.js'
import { ClientHandshake, RelayHandshake } from '../../src/protocol/handshake.js'
import { unpackNodes } from '../../src/protocol/nodes.js'
import { decodePacket } from '../../src/protocol/packets.js'
import { Session } from '../../src/protocol/session.js'
import { CLIENT, channelPair, RELAY, runs, seededRandom } from './ends.js'
import { answerHandshake, startHandshake } from './reference.js'

const { SEED: GIVEN = Date.now() % 1_000_000 } = process.env
const SEED = Number(GIVEN)
const EVERY_LENGTH_UNDER = 2033

/** A cheap source of many numbers and bytes: pieces of a pool of random bytes. */
function dice(seed: number) {
  const pool = seededRandom(seed)(1 << 16)
  let state = seed
  const number = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  }
  const random = (size: number): Uint8Array => {
    const at = number(pool.length - size)
    return pool.slice(at, at + size)
  }
  /** Some size, small ones far more often than large ones. */
  const size = (below: number): number => 1 + number(number(8) === 0 ? below - 1 : Math.min(60, below - 1))
  return { random, number, size }
}

/** Runs `call`; a ToxError is an answer. @returns whether it was thrown */
function refused(call: () => unknown): boolean {
  try {
    call()
    return false
  } catch (error) {
    if (error instanceof ToxError) return true
    throw new Error(`seed ${SEED}`, { cause: error })
  }
}

describe('of anything that comes, nothing is thrown but ToxError', () => {
  test('a hundred thousand random plaintexts', () => {
    const { random, number, size } = dice(SEED)
    let taken = 0
    for (let n = runs(100_000).numRuns; n > 0; n--) {
      const plain = random(size(EVERY_LENGTH_UNDER))
      plain[0] = number(24)
      if (!refused(() => decodePacket(plain))) taken++
    }
    expect(taken).toBeGreaterThan(0)
  })

  test('a hundred thousand random plaintexts sealed as frames, in streams that are cut anywhere', () => {
    const { random, number, size } = dice(SEED)
    const heap = libsodium.HEAPU8.length
    const options = { random, now: () => 0 }
    const [ours, theirs] = channelPair()
    for (let n = runs(100_000).numRuns; n > 0; ) {
      const session = new Session(ours, options)
      for (let broken = false; !broken && n > 0; n--) {
        const plain = random(size(EVERY_LENGTH_UNDER))
        // Mostly packets that may be good, or no session would live long.
        if (number(20) > 0) plain[0] = 16 + number(240)
        const frame = Channel.takeBatch(theirs.seal(0, plain))
        const cut = number(frame.length + 1)
        broken = refused(() => {
          session.receive(frame.subarray(0, cut), () => {})
          session.receive(frame.subarray(cut), () => {})
        })
        if (session.outbox.controlDepth > 32)
          throw new Error(`seed ${SEED}: ${session.outbox.controlDepth} pongs`)
      }
    }
    expect(libsodium.HEAPU8.length).toBe(heap)
  })

  test('two hundred thousand random chunks, of which no frame opens', () => {
    const { random, number, size } = dice(SEED)
    const options = { random, now: () => 0 }
    const [ours] = channelPair()
    for (let n = runs(200_000).numRuns; n > 0; ) {
      const session = new Session(ours, options)
      for (let broken = false; !broken && n > 0; n--) {
        const chunk = random(size(300))
        // Lengths that a frame may have, or the first two bytes would end it nearly always.
        if (number(2) === 0) chunk[0] = number(8)
        broken = refused(() =>
          session.receive(chunk, () => {
            throw new Error('handed up')
          }),
        )
      }
      expect(session.received).toBe(0)
    }
  })

  test('random lengths: never more than 2,050 bytes are kept', () => {
    const { random, number } = dice(SEED)
    for (let n = runs(20_000).numRuns; n > 0; ) {
      const reader = new FrameReader()
      for (let broken = false; !broken && n > 0; n--) {
        const chunk = random(1 + number(3000))
        chunk[0] = number(8)
        broken = refused(() => reader.push(chunk, () => true))
        if (reader.buffered > 2050) throw new Error(`seed ${SEED}: ${reader.buffered} bytes kept`)
      }
    }
  })

  test('random packed nodes', () => {
    const { random, number, size } = dice(SEED)
    for (let n = runs(50_000).numRuns; n > 0; n--) {
      const bytes = random(size(400))
      for (let at = 0; at < bytes.length; at += 39 + 12 * number(2))
        bytes[at] = [2, 10, 130, 138][number(4)] ?? 0
      if (unpackNodes(bytes).problems.length > 1) throw new Error(`seed ${SEED}`)
    }
  })
})

describe('of handshakes, only a true one is taken', () => {
  test('thousands of responses with some bytes changed, or made up', () => {
    const { random, number } = dice(SEED)
    for (let n = runs(2_000).numRuns; n > 0; n--) {
      const handshake = new ClientHandshake(CLIENT, RELAY.publicKey, random)
      const { response } = answerHandshake(handshake.request, RELAY)
      const changed = number(2) === 0 ? random(96) : mutated(response, number)
      if (!refused(() => handshake.receive(changed))) throw new Error(`seed ${SEED}: taken`)
    }
  })

  test('thousands of requests with some bytes changed, or made up', () => {
    const { random, number } = dice(SEED)
    const relay = keyPairFromSecret(Uint8Array.from(RELAY.secretKey))
    const { request } = startHandshake(RELAY, relay.publicKey)
    for (let n = runs(2_000).numRuns; n > 0; n--) {
      const changed = number(2) === 0 ? random(128) : mutated(request, number)
      if (!refused(() => new RelayHandshake(relay, random).receive(changed)))
        throw new Error(`seed ${SEED}: taken`)
    }
  })

  const mutated = (bytes: Uint8Array, number: (below: number) => number): Uint8Array => {
    const copy = Uint8Array.from(bytes)
    for (let changes = 1 + number(4); changes > 0; changes--) {
      const at = number(copy.length)
      copy[at] = (bytes[at] ?? 0) ^ (1 + number(255))
    }
    return copy
  }
})
