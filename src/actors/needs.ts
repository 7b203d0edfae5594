/**
 * Which relays are needed (behaviour §2, §3): pinned, tied to a friend who is awake, reserved for onion, or among the
 * best few that nobody uses. Pure: looks at relays and answers; others act.
 */
import type { Relay } from './relay.js'

export interface NeedLimits {
  /** Relays tied to nobody that stay connected. */
  readonly unused: number
  /** Relays wanted for onion use; 0 when onion is off. */
  readonly onion: number
}

export function neededRelays(relays: readonly Relay[], limits: NeedLimits): Set<Relay> {
  const available = relays.filter(relay => relay.isAvailable)
  const needed = new Set(available.filter(relay => relay.pinned || isTied(relay)))
  const unused = available.filter(relay => relay.ties.size === 0 && !relay.pinned)
  for (const relay of onionRelays(available, limits.onion)) needed.add(relay)
  for (const relay of best(unused, limits.unused)) needed.add(relay)
  return needed
}

/** The relays to be reserved for onion use; those that the user sent to sleep come last. */
export function onionRelays(relays: readonly Relay[], count: number): Relay[] {
  const present = relays.filter(relay => !relay.leaving)
  const [rested, ready] = [present.filter(({ asleep }) => asleep), present.filter(({ asleep }) => !asleep)]
  const first = best(ready, count)
  return [...first, ...best(rested, count - first.length)]
}

const isTied = (relay: Relay): boolean => {
  for (const tie of relay.ties) if (tie.friend.awake) return true
  return false
}

/**
 * Connected ones first, so that no other is woken in their place; then those that fail least and are fastest. One in
 * quarantine would take the place of one that can be reached.
 */
const best = (relays: readonly Relay[], count: number): Relay[] =>
  relays
    .filter(relay => relay.state.name !== 'quarantined')
    .sort((a, b) => worth(a) - worth(b))
    .slice(0, count)

/** Ranks by state first: a connected relay, one on the way, one at rest, one in trouble. */
const worth = (relay: Relay): number =>
  standing(relay) * COST_CEILING + Math.min(relay.score.cost, COST_CEILING - 1)

const COST_CEILING = 1_000_000

/**
 * Of those in trouble the one that failed least comes first, so that in time each of them is tried: whether they or
 * the network are to blame.
 */
function standing(relay: Relay): number {
  if (relay.isEstablished) return 0
  if (relay.isInTrouble) return 3 + relay.facts.failures
  return relay.needed ? 1 : 2
}
