/**
 * Which relays two friends meet on, without a word between them: both rank every relay that they know by a hash of
 * the relay's key and both friends' keys, and take the first (behaviour §3). Pure.
 */
import { KEY_SIZE } from '../protocol/constants.js'

/** Mixes both friends' keys into one seed, the same on either side. */
export function pairSeed(a: Uint8Array, b: Uint8Array): number {
  const [first, second] = compare(a, b) < 0 ? [a, b] : [b, a]
  return mixKey(mixKey(0, first), second)
}

/** The rank of a relay for a pair: higher is better. Keys are random, so a fast mix spreads as well as a slow hash. */
const rendezvousRank = (seed: number, relayKey: Uint8Array): number => mixKey(seed, relayKey)

/** The relays, best first. */
export function byRendezvous<T extends { readonly publicKey: Uint8Array }>(
  seed: number,
  relays: readonly T[],
): T[] {
  return relays
    .map(relay => ({ relay, rank: rendezvousRank(seed, relay.publicKey) }))
    .sort((x, y) => y.rank - x.rank || compare(x.relay.publicKey, y.relay.publicKey))
    .map(({ relay }) => relay)
}

function mixKey(seed: number, key: Uint8Array): number {
  let hash = seed
  for (let i = 0; i < KEY_SIZE; i += 4) {
    const word =
      ((key[i] ?? 0) << 24) | ((key[i + 1] ?? 0) << 16) | ((key[i + 2] ?? 0) << 8) | (key[i + 3] ?? 0)
    hash = scramble(hash ^ word)
  }
  return hash
}

/** The finalizer of MurmurHash3 (public domain): every input bit changes every output bit half of the time. */
function scramble(value: number): number {
  let x = (value + 0x9e3779b9) | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < KEY_SIZE; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
