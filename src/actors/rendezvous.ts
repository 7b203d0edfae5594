/**
 * Which relays two friends meet on, without a word between them: both rank every relay that they know by a hash of
 * the relay's key and both friends' keys, and take the first (behaviour §3). Pure. Thousands of friends look through
 * thousands of relays: a rank costs a few nanoseconds, and nothing is sorted.
 */
import { KEY_SIZE } from '../protocol/constants.js'

/** A relay that can be ranked. */
export interface Ranked {
  readonly publicKey: Uint8Array
  /** See {@link keyHash}. */
  readonly keyHash: number
}

/** Mixes both friends' keys into one seed, the same on either side. */
export function pairSeed(a: Uint8Array, b: Uint8Array): number {
  const [first, second] = compare(a, b) < 0 ? [a, b] : [b, a]
  return mixKey(mixKey(0, first), second)
}

/** All that a rank needs of a relay's key. */
export const keyHash = (relayKey: Uint8Array): number => mixKey(0, relayKey)

/** The rank of a relay for a pair: higher is better. Keys are random, so a fast mix spreads as well as a slow hash. */
export const rendezvousRank = (seed: number, relayKeyHash: number): number => scramble(seed ^ relayKeyHash)

/** The first few relays of a pair's ranking, best first. */
export function firstByRendezvous<T extends Ranked>(
  seed: number,
  relays: Iterable<T>,
  count: number,
  accepts: (relay: T) => boolean = () => true,
): T[] {
  if (count <= 0) return []
  const first: { readonly relay: T; readonly rank: number }[] = []
  let worst = Number.NEGATIVE_INFINITY
  for (const relay of relays) {
    const rank = rendezvousRank(seed, relay.keyHash)
    if (rank < worst || !accepts(relay)) continue
    const place = first.findIndex(better => isBefore(relay, rank, better))
    first.splice(place < 0 ? first.length : place, 0, { relay, rank })
    if (first.length > count) first.pop()
    if (first.length === count) worst = first.at(-1)?.rank ?? Number.POSITIVE_INFINITY
  }
  return first.map(({ relay }) => relay)
}

/** Relays of one rank are told apart by their keys, the same on either side. */
const isBefore = (relay: Ranked, rank: number, other: { relay: Ranked; rank: number }): boolean =>
  rank > other.rank || (rank === other.rank && compare(relay.publicKey, other.relay.publicKey) < 0)

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
