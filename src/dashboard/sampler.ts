/**
 * Looks at all relays and friends now and then, and tells what is different. Packets do not pass here, so that a node
 * at full load pays for a look a second and for nothing else.
 */
import { explain, type Friend, type Relay } from '../index.js'
import type { Traffic } from './traffic.js'
import { type FriendRow, NUMBERS, type RelayFacts, type RelayNumbers, type RoundTrips } from './wire.js'

/** Points of a sparkline. */
const ROUND_TRIPS_KEPT = 40
const UNKNOWN = -1

/** What was told last of a relay. */
interface Known {
  readonly relay: Relay
  readonly id: number
  facts: RelayFacts
  numbers: RelayNumbers
  readonly roundTrips: number[]
  /** Round trips that no sample has told yet. */
  untold: number
}

export interface Changes {
  readonly relays: RelayFacts[]
  readonly gone: number[]
  readonly numbers: RelayNumbers[]
  readonly roundTrips: RoundTrips[]
  readonly friends: FriendRow[]
  readonly friendsGone: string[]
}

export class Sampler {
  readonly #relays = new Map<string, Known>()
  readonly #friends = new Map<Friend, { row: FriendRow; routes: Friend['routes'] }>()
  readonly #traffic: Traffic
  #ids = 0

  constructor(traffic: Traffic) {
    this.#traffic = traffic
  }

  /** A ping of a relay was answered. */
  noteRoundTrip(key: string, rttMs: number): void {
    const known = this.#relays.get(key)
    if (!known) return
    if (known.roundTrips.push(Math.round(rttMs * 100) / 100) > ROUND_TRIPS_KEPT) known.roundTrips.shift()
    known.untold++
  }

  /** What is different since the last look. */
  look(relays: readonly Relay[], friends: readonly Friend[]): Changes {
    const changes: Changes = {
      relays: [],
      gone: [],
      numbers: [],
      roundTrips: [],
      friends: [],
      friendsGone: [],
    }
    for (const relay of relays) this.#lookAtRelay(relay, changes)
    this.#dropGone(relays, changes)
    for (const friend of friends) this.#lookAtFriend(friend, changes)
    this.#dropGoneFriends(friends, changes)
    return changes
  }

  /** Everything as it was told last. */
  all(): Pick<Changes, 'relays' | 'numbers' | 'roundTrips' | 'friends'> {
    const relays = [...this.#relays.values()]
    return {
      relays: relays.map(({ facts }) => facts),
      numbers: relays.map(({ numbers }) => numbers),
      roundTrips: relays.map(({ id, roundTrips }) => [id, roundTrips]),
      friends: [...this.#friends.values()].map(({ row }) => row),
    }
  }

  #lookAtRelay(relay: Relay, changes: Changes): void {
    const known = this.#relays.get(relay.key)
    if (known?.relay !== relay) {
      if (known) changes.gone.push(known.id)
      const fresh = this.#meet(relay)
      changes.relays.push(fresh.facts)
      changes.numbers.push(fresh.numbers)
      return
    }
    if (factsDiffer(known.facts, relay)) {
      known.facts = factsOf(known.id, relay)
      changes.relays.push(known.facts)
    }
    const numbers = numbersOf(known.id, relay, this.#traffic)
    if (numbers.some((value, index) => value !== known.numbers[index])) changes.numbers.push(numbers)
    known.numbers = numbers
    if (known.untold > 0) changes.roundTrips.push([known.id, known.roundTrips.slice(-known.untold)])
    known.untold = 0
  }

  #meet(relay: Relay): Known {
    const id = ++this.#ids
    const facts = factsOf(id, relay)
    const known: Known = {
      relay,
      id,
      facts,
      numbers: numbersOf(id, relay, this.#traffic),
      roundTrips: [],
      untold: 0,
    }
    this.#relays.set(relay.key, known)
    return known
  }

  #dropGone(relays: readonly Relay[], changes: Changes): void {
    if (relays.length === this.#relays.size) return
    const present = new Set(relays.map(({ key }) => key))
    for (const [key, { id }] of this.#relays) {
      if (present.has(key)) continue
      this.#relays.delete(key)
      changes.gone.push(id)
    }
  }

  #lookAtFriend(friend: Friend, changes: Changes): void {
    const { routes, state, awake } = friend
    const known = this.#friends.get(friend)
    if (known && known.routes === routes && known.row.state === state && known.row.awake === awake) return
    const told = routes.map(route => [this.#relays.get(route.relay.key)?.id ?? UNKNOWN, route.state] as const)
    const row: FriendRow = { key: friend.key, state, awake, routes: told }
    this.#friends.set(friend, { row, routes })
    changes.friends.push(row)
  }

  #dropGoneFriends(friends: readonly Friend[], changes: Changes): void {
    if (friends.length === this.#friends.size) return
    const present = new Set(friends)
    for (const friend of this.#friends.keys()) {
      if (present.has(friend)) continue
      this.#friends.delete(friend)
      changes.friendsGone.push(friend.key)
    }
  }
}

function factsDiffer(facts: RelayFacts, { state, pinned, asleep, addresses }: Relay): boolean {
  return (
    facts.state !== state.name ||
    facts.since !== state.since ||
    facts.pinned !== pinned ||
    facts.asleep !== asleep ||
    facts.addresses.length !== addresses.length
  )
}

function factsOf(id: number, { key, origin, addresses, pinned, share, asleep, state }: Relay): RelayFacts {
  const { name, ...rest } = state
  const why = state.reason && { why: explain(state.reason) }
  return { id, key, origin, addresses: [...addresses], pinned, share, asleep, state: name, ...rest, ...why }
}

function numbersOf(id: number, relay: Relay, traffic: Traffic): RelayNumbers {
  const { stats, score, ties } = relay
  let online = 0
  for (const tie of ties) if (tie.state === 'online') online++
  const numbers: Record<(typeof NUMBERS)[number], number> = {
    id,
    rttMs: stats.rttMs === undefined ? UNKNOWN : Math.round(stats.rttMs * 10) / 10,
    score: Math.round(score.cost * 10) / 10,
    success: Math.round(stats.success * 100),
    routesOnline: online,
    routes: ties.size,
    bytesIn: stats.bytesIn,
    bytesOut: stats.bytesOut,
    ...traffic.rates(relay),
    queue: stats.queueDepth,
    window: stats.unacknowledgedBytes,
    uptimeMs: Math.round(stats.uptimeMs),
  }
  return NUMBERS.map(name => numbers[name])
}
