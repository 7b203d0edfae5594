/** What of a manager is worth remembering, and how it is put back. Pure but for the manager's parts that it is given. */
import type { Observable } from 'rxjs'
import type { Friends } from './actors/friends.js'
import type { Policies } from './actors/policies.js'
import type { Relay } from './actors/relay.js'
import type { Relays } from './actors/relays.js'
import type { Status, StatusEvent } from './actors/status.js'
import type { Clock } from './io/clock.js'
import { Memory } from './memory.js'
import { parseKey } from './protocol/keys.js'
import type { Store } from './store.js'
import type { StoreContent, StoredRelay } from './store-content.js'

function contentOf(relays: Relays, friends: Friends): StoreContent {
  return {
    relays: relays.all.map(storedRelay),
    friends: friends.all.map(({ key, ties }) => ({
      publicKey: key,
      relays: ties.filter(tie => !tie.chosen).map(tie => tie.relay.key),
    })),
  }
}

function storedRelay({ key, addresses, origin, pinned, share, score }: Relay): StoredRelay {
  const { rttMs, success, uptimeMs } = score
  return {
    publicKey: key,
    addresses,
    origin,
    pinned,
    share,
    score: { ...(rttMs === undefined ? {} : { rttMs }), success, uptimeMs },
  }
}

const WORTH_REMEMBERING: ReadonlySet<Status['type']> = new Set([
  'relay-added',
  'relay-removed',
  'relay-confirmed',
  'keepalive',
  'friend-added',
  'friend-removed',
])

export interface Rememberable {
  readonly clock: Clock
  readonly status$: Observable<Status>
  readonly tell: (status: StatusEvent) => void
  readonly relays: Relays
  readonly friends: Friends
}

/** Has the store follow what happens. */
export function remember(store: Store, { clock, friends, relays, status$, tell }: Rememberable): Memory {
  const memory = new Memory({
    store,
    clock,
    content: () => contentOf(relays, friends),
    failed: error =>
      tell({ type: 'store-failed', problem: error instanceof Error ? error.message : String(error) }),
  })
  status$.subscribe(({ type }) => WORTH_REMEMBERING.has(type) && memory.changed())
  return memory
}

/** Puts back what is not there already. Policies may have changed since: what they refuse now stays away. */
export function restore(content: StoreContent, relays: Relays, friends: Friends, policies: Policies): void {
  for (const stored of content.relays)
    if (!relays.get(stored.publicKey)) restoreRelay(stored, relays, policies)
  for (const { publicKey, relays: tied } of content.friends) {
    const key = parseKey(publicKey)
    if (policies.isOwn(key)) continue
    const friend = friends.get(publicKey) ?? friends.add(key)
    for (const relay of tied.flatMap(name => relays.get(name) ?? [])) friends.tie(friend, relay)
  }
}

function restoreRelay(
  { addresses, origin, pinned, score, share, ...stored }: StoredRelay,
  relays: Relays,
  policies: Policies,
): void {
  const publicKey = parseKey(stored.publicKey)
  const judge = origin === 'friend' ? policies.judgeOffer.bind(policies) : policies.judge.bind(policies)
  const [first, ...others] = addresses.filter(address => judge({ ...address, publicKey }) === undefined)
  if (!first) return
  const relay = relays.add({ publicKey, address: first, origin, pinned, share })
  for (const address of others) relays.addAddress(relay, address)
  if (score) relay.score.restore(score)
}
