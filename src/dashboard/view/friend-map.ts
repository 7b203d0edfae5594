/** Which friend is reached through which relay, as two columns and the lines between them. */
import type { FriendState, TieState } from '../../index.js'
import type { FriendRow } from '../wire.js'
import type { RelayView } from './model.js'

/** More than this nobody can tell apart; the rest is counted. */
const MAX_ROWS = 30

export interface MapNode {
  /** From the top, in rows. */
  readonly row: number
}

export interface MapRelay extends MapNode {
  readonly relay: RelayView
}

export interface MapFriend extends MapNode {
  readonly key: string
  readonly state: FriendState
}

export interface MapLink {
  readonly relay: MapRelay
  readonly friend: MapFriend
  readonly state: TieState
}

export interface FriendMap {
  readonly relays: readonly MapRelay[]
  readonly friends: readonly MapFriend[]
  readonly links: readonly MapLink[]
  readonly rows: number
  /** Relays and friends that found no place. */
  readonly otherRelays: number
  readonly otherFriends: number
}

export function friendMap(relays: ReadonlyMap<number, RelayView>, friends: Iterable<FriendRow>): FriendMap {
  const all = [...friends].sort(byState)
  const shown = all.slice(0, MAX_ROWS)
  const wanted = relaysFor(shown, relays)
  const idle = [...relays.values()].filter(relay => isUp(relay) && !wanted.includes(relay))
  const placed = [...wanted, ...idle].slice(0, MAX_ROWS)
  const rows = Math.max(placed.length, shown.length)
  const mapRelays = spread(placed, rows, (relay, row) => ({ relay, row }))
  const mapFriends = spread(shown, rows, ({ key, state }, row) => ({ key, state, row }))
  return {
    relays: mapRelays,
    friends: mapFriends,
    links: linksBetween(mapRelays, mapFriends, shown),
    rows,
    otherRelays: relays.size - placed.length,
    otherFriends: all.length - shown.length,
  }
}

const STATE_ORDER: readonly FriendState[] = ['online', 'connecting', 'offline']

const byState = (a: FriendRow, b: FriendRow): number =>
  STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state) || a.key.localeCompare(b.key)

const isUp = ({ facts }: RelayView): boolean => facts.state !== 'sleeping' && facts.state !== 'closed'

/** Each relay stands at the mean height of its friends, so that few lines cross. */
function relaysFor(friends: readonly FriendRow[], relays: ReadonlyMap<number, RelayView>): RelayView[] {
  const heights = new Map<number, number[]>()
  friends.forEach(({ routes }, row) => {
    for (const [id] of routes) heights.set(id, [...(heights.get(id) ?? []), row])
  })
  return [...heights]
    .sort(([a, rowsA], [b, rowsB]) => mean(rowsA) - mean(rowsB) || a - b)
    .flatMap(([id]) => relays.get(id) ?? [])
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Spreads a column evenly over the height of the longer one. */
function spread<In, Out>(column: readonly In[], rows: number, place: (each: In, row: number) => Out): Out[] {
  return column.map((each, index) => place(each, ((index + 0.5) * rows) / column.length))
}

function linksBetween(
  relays: readonly MapRelay[],
  friends: readonly MapFriend[],
  rows: readonly FriendRow[],
): MapLink[] {
  const byId = new Map(relays.map(node => [node.relay.facts.id, node]))
  return friends.flatMap((friend, index) =>
    (rows[index]?.routes ?? []).flatMap(([id, state]) => {
      const relay = byId.get(id)
      return relay ? [{ relay, friend, state }] : []
    }),
  )
}
