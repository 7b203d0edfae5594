/** Our ends of the wire, ready made for the tests of this folder, and what those tests say over and over. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  Channel,
  cryptoReady,
  type KeyPair,
  keyPairFromSecret,
  type Random,
} from '../../src/protocol/crypto.js'
import { type Reason, ToxError } from '../../src/protocol/errors.js'
import { ClientHandshake } from '../../src/protocol/handshake.js'
import { Session, type SessionOptions } from '../../src/protocol/session.js'
import { answerHandshake, type ReferenceEnd, referenceKeys } from './reference.js'

await cryptoReady()

export const CLIENT: KeyPair = keyPairFromSecret(new Uint8Array(32).fill(1))
export const RELAY = referenceKeys(2)

/** Bytes that are the same in every run, and differ from call to call. */
export function seededRandom(seed = 1): Random {
  let state = seed
  return size =>
    Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state >>> 24
    })
}

/** Our client's session, and the reference's end of it. */
export function sessionAndPeer(options: Partial<SessionOptions> = {}): {
  session: Session
  peer: ReferenceEnd
} {
  const handshake = new ClientHandshake(CLIENT, RELAY.publicKey, seededRandom())
  const { response, end } = answerHandshake(handshake.request, RELAY)
  const established = handshake.receive(response)
  if (!established) throw new Error('no handshake')
  const session = new Session(established.channel, { random: seededRandom(2), now: () => 0, ...options })
  return { session, peer: end }
}

/** Two channels that talk to each other, with a key and nonces of the test's choice. */
export function channelPair(
  forth: Uint8Array = new Uint8Array(24),
  back: Uint8Array = new Uint8Array(24),
): [Channel, Channel] {
  const [a, b] = [referenceKeys(3), referenceKeys(4)]
  const here = Channel.between(Uint8Array.from(a.secretKey), b.publicKey, forth, back)
  const there = Channel.between(Uint8Array.from(b.secretKey), a.publicKey, back, forth)
  if (!here || !there) throw new Error('no channel')
  return [here, there]
}

/** The frames of `packets`, sealed by `channel` in one batch. */
export function sealAll(channel: Channel, packets: readonly Uint8Array[]): Uint8Array {
  return Channel.takeBatch(packets.reduce((offset, packet) => channel.seal(offset, packet), 0))
}

/** What `call` throws must be a ToxError with this code. */
export function expectToxError(call: () => unknown, code: Reason): ToxError {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(ToxError)
    if (!(error instanceof ToxError)) throw error
    expect(error.code).toBe(code)
    return error
  }
  throw new Error(`nothing was thrown, wanted ${code}`)
}

export const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))

export const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

export const flipped = (bytes: Uint8Array, at: number, mask = 1): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ mask : byte))

/** `bytes` cut at `cuts`, in any order, doubles allowed. */
export function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.map(cut => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
}

export const someBytes = (minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength })

const { FUZZ = '1', SEED } = process.env

/** How often a property runs: `FUZZ=10 npx vitest run …` goes ten times as deep, and mutation testing less deep. */
export const runs = (count: number): { numRuns: number } => ({
  numRuns: Math.max(1, Math.round(count * Number(FUZZ))),
})

type Arbitraries<T> = { [K in keyof T]: fc.Arbitrary<T[K]> }

/**
 * A property as a test. A failure names its seed: `SEED=… npx vitest run …` runs it again. (@fast-check/vitest would do
 * the same, but takes two seconds to load.)
 */
export const prop =
  <T extends [unknown, ...unknown[]]>(arbitraries: Arbitraries<T>, parameters = runs(100)) =>
  (name: string, check: (...values: T) => void): void =>
    test(name, () => {
      const seed = SEED === undefined ? {} : { seed: Number(SEED) }
      fc.assert(fc.property<T>(...arbitraries, check), { ...parameters, ...seed })
    })
