/** A manager at one moment, as plain values that JSON can hold: for logs, stores and dashboards. No secret in it. */
import type { Friend, FriendState } from './actors/friend.js'
import type { Origin, Relay, RelayState, RelayStats } from './actors/relay.js'
import type { TieState } from './actors/tie.js'
import { toHex } from './protocol/bytes.js'
import type { HostPort } from './protocol/relay-address.js'

export interface RelaySnapshot {
  readonly publicKey: string
  readonly addresses: readonly HostPort[]
  readonly origin: Origin
  readonly pinned: boolean
  readonly share: boolean
  readonly asleep: boolean
  readonly state: RelayState
  readonly stats: RelayStats
}

export interface FriendSnapshot {
  readonly publicKey: string
  readonly state: FriendState
  readonly awake: boolean
  readonly routes: readonly { readonly relay: string; readonly state: TieState }[]
}

export interface ManagerSnapshot {
  readonly time: number
  readonly publicKey: string
  readonly relays: readonly RelaySnapshot[]
  readonly friends: readonly FriendSnapshot[]
}

export function snapshotOf(
  time: number,
  publicKey: Uint8Array,
  relays: readonly Relay[],
  friends: readonly Friend[],
): ManagerSnapshot {
  return {
    time,
    publicKey: toHex(publicKey),
    relays: relays.map(relaySnapshot),
    friends: friends.map(friendSnapshot),
  }
}

const relaySnapshot = ({
  key,
  addresses,
  origin,
  pinned,
  share,
  asleep,
  state,
  stats,
}: Relay): RelaySnapshot => ({
  publicKey: key,
  addresses,
  origin,
  pinned,
  share,
  asleep,
  state,
  stats,
})

const friendSnapshot = ({ key, state, awake, routes }: Friend): FriendSnapshot => ({
  publicKey: key,
  state,
  awake,
  routes: routes.map(route => ({ relay: route.relay.key, state: route.state })),
})
