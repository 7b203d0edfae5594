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
  const willing = relays.filter(relay => !relay.asleep && relay.state.name !== 'closed')
  const needed = new Set(willing.filter(relay => relay.pinned || isTied(relay)))
  for (const relay of bestFirst(willing).slice(0, limits.onion)) needed.add(relay)
  const unused = willing.filter(relay => relay.ties.size === 0 && !needed.has(relay))
  for (const relay of bestFirst(unused).slice(0, limits.unused)) needed.add(relay)
  return needed
}

const isTied = (relay: Relay): boolean => {
  for (const tie of relay.ties) if (tie.friend.awake) return true
  return false
}

/** Connected ones first, so that no other is woken in their place; then those that fail least and are fastest. */
const bestFirst = (relays: readonly Relay[]): Relay[] => [...relays].sort((a, b) => worth(a) - worth(b))

/** Ranks by state first: a connected relay, one on the way, one at rest, one in trouble. */
const worth = (relay: Relay): number =>
  standing(relay) * COST_CEILING + Math.min(relay.score.cost, COST_CEILING - 1)

const COST_CEILING = 1_000_000

function standing(relay: Relay): number {
  if (relay.isEstablished) return 0
  if (relay.isBad) return 3
  return relay.needed ? 1 : 2
}
