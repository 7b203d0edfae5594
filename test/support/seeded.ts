/** Chance that a test can repeat: bytes that follow from a seed. */
import type { Random } from '../../src/protocol/crypto.js'

/** The same bytes for the same seed (xorshift32, good enough for keys that protect nothing). */
export function seededRandom(seed: number): Random {
  let state = seed ^ 0x9e3779b9 || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 24
  }
  for (let i = 0; i < WARM_UP; i++) next()
  return size => Uint8Array.from({ length: size }, next)
}

/** Small seeds differ in a few bits only, which takes some rounds to spread. */
const WARM_UP = 16
