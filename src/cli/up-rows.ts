/** What `up` shows of a manager at one moment, as plain values. */
import type { Friend, Relay, RelayManager, RelayStateName } from '../index.js'
import { formatHostPort } from '../protocol/index.js'
import type { FriendCounts, Traffic } from './traffic.js'

export interface RelayRow {
  readonly address: string
  readonly state: RelayStateName
  /** In ms. */
  readonly inStateFor: number
  readonly rttMs: number | undefined
  /** Friends who are online through it, and friends tied to it. */
  readonly online: number
  readonly tied: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly queueDepth: number
  readonly reason: string | undefined
  /** In ms. */
  readonly nextAttemptIn: number | undefined
}

export interface FriendRow extends Readonly<FriendCounts> {
  readonly key: string
  readonly state: string
  /** The state of each of his routes. */
  readonly routes: readonly { readonly relay: string; readonly state: string }[]
}

export interface UpRows {
  readonly relays: readonly RelayRow[]
  readonly friends: readonly FriendRow[]
}

export function upRows(manager: RelayManager, traffic: Traffic, now: number): UpRows {
  const { relays, friends } = manager
  const online = countOnline(friends)
  return {
    relays: relays.map(relay => relayRow(relay, online.get(relay) ?? 0, now)),
    friends: friends.map(friend => friendRow(friend, traffic)),
  }
}

function countOnline(friends: readonly Friend[]): Map<Relay, number> {
  const counts = new Map<Relay, number>()
  for (const { relay, state } of friends.flatMap(friend => friend.routes))
    if (state === 'online') counts.set(relay, (counts.get(relay) ?? 0) + 1)
  return counts
}

function relayRow(relay: Relay, online: number, now: number): RelayRow {
  const { state, stats } = relay
  return {
    address: formatHostPort(state.address),
    state: state.name,
    inStateFor: now - state.since,
    rttMs: stats.rttMs,
    online,
    tied: stats.friends,
    bytesIn: stats.bytesIn,
    bytesOut: stats.bytesOut,
    queueDepth: stats.queueDepth,
    reason: state.reason,
    nextAttemptIn: state.nextAttemptAt === undefined ? undefined : state.nextAttemptAt - now,
  }
}

function friendRow(friend: Friend, traffic: Traffic): FriendRow {
  return {
    key: friend.key,
    state: friend.state,
    routes: friend.routes.map(({ relay, state }) => ({ relay: formatHostPort(relay.state.address), state })),
    ...traffic.of(friend),
  }
}
