/**
 * All friends of a manager: ties each to relays on which he is likely to be met, follows links up and down, and hands
 * what arrives to whom it concerns. Knows nothing of sockets or retries of relays.
 */

import type { Clock } from '../io/clock.js'
import { toHex } from '../protocol/bytes.js'
import { checkRelay, type RelayInput } from '../protocol/relay-address.js'
import type { Route } from '../protocol/routes.js'
import { Friend, type FriendKeeper, type FriendPacket, type Offer } from './friend.js'
import type { Policies, Refusal } from './policies.js'
import type { Relay } from './relay.js'
import type { Relays } from './relays.js'
import { byRendezvous, pairSeed } from './rendezvous.js'
import type { StatusEvent } from './status.js'
import { Tie } from './tie.js'

/** Relays that a friend is tied to (protocol §6). */
export const RELAYS_PER_FRIEND = 3
export const MAX_RELAYS_PER_FRIEND = 6
/** A friend not met on his relays for this long, in ms, is looked for on as many as allowed. */
export const WIDEN_AFTER_MS = 30_000
/** Relays that a friend may offer within {@link OFFER_PERIOD_MS}. */
const MAX_OFFERS = 40
const OFFER_PERIOD_MS = 60_000

export interface FriendsOptions {
  readonly ownKey: Uint8Array
  readonly clock: Clock
  readonly relays: () => Relays
  readonly policies: Policies
  readonly tell: (status: StatusEvent) => void
  readonly received: (packet: FriendPacket) => void
  /** A packet out of band from somebody who is not tied to that relay. */
  readonly oobFromOthers: (relay: Relay, sender: Uint8Array, payload: Uint8Array) => void
}

/** What is kept of a friend besides himself. */
interface Record {
  readonly friend: Friend
  readonly seed: number
  readonly offers: number[]
  wide: boolean
  timer: unknown
}

export class Friends implements FriendKeeper {
  readonly #options: FriendsOptions
  readonly #records = new Map<string, Record>()
  #choicePlanned = false

  constructor(options: FriendsOptions) {
    this.#options = options
  }

  get all(): Friend[] {
    return [...this.#records.values()].map(({ friend }) => friend)
  }

  get(key: string): Friend | undefined {
    return this.#records.get(key)?.friend
  }

  add(publicKey: Uint8Array): Friend {
    const friend = new Friend(publicKey, this)
    const seed = pairSeed(this.#options.ownKey, publicKey)
    const record: Record = { friend, seed, offers: [], wide: false, timer: undefined }
    this.#records.set(friend.key, record)
    this.#options.tell({ type: 'friend-added', friend: friend.key })
    this.#choose(record)
    this.#watch(record)
    return friend
  }

  remove(friend: Friend): void {
    const record = this.#records.get(friend.key)
    if (record?.friend !== friend) return
    this.#options.clock.clearTimeout(record.timer)
    this.#records.delete(friend.key)
    friend.remove()
    this.#options.relays().planUpdate()
    this.#options.tell({ type: 'friend-removed', friend: friend.key })
  }

  /** Ends everything that waits. */
  close(): void {
    for (const friend of this.all) this.remove(friend)
  }

  /** Looks again, at the end of this turn, whether every friend has relays enough. */
  planChoice(): void {
    if (this.#choicePlanned) return
    this.#choicePlanned = true
    this.#options.clock.defer(() => {
      this.#choicePlanned = false
      for (const record of this.#neediestFirst()) this.#choose(record)
    })
  }

  /** Ties a friend to a relay that he is known to be on, if he has room for it. */
  tie(friend: Friend, relay: Relay): void {
    const tied = friend.ties.some(tie => tie.relay === relay)
    if (!tied && this.#makeRoom(friend)) this.#tie(friend, relay, false)
  }

  // What friends ask for ---------------------------------------------------------------------------------------------

  offer(friend: Friend, input: RelayInput): Offer {
    const address = checkRelay(input)
    const { policies, tell } = this.#options
    const record = this.#records.get(friend.key)
    const refusal = record ? (this.#tooOften(record) ?? policies.judgeOffer(address)) : 'closed'
    if (refusal) {
      tell({
        type: 'relay-refused',
        address: { host: address.host, port: address.port },
        refusal,
        friend: friend.key,
      })
      return { accepted: false, refusal }
    }
    return this.#tieOffered(friend, address)
  }

  tieChanged(friend: Friend, tie: Tie): void {
    this.#options.tell({ type: 'route', friend: friend.key, relay: tie.relay.key, state: tie.state })
    if (tie.state === 'refused') this.planChoice()
  }

  stateChanged(friend: Friend): void {
    this.#options.tell({ type: 'friend-state', friend: friend.key, state: friend.state })
    const record = this.#records.get(friend.key)
    if (record) this.#watch(record)
  }

  awakeChanged(friend: Friend): void {
    if (friend.awake) for (const tie of friend.ties) tie.ask()
    this.#options.relays().planUpdate()
  }

  // What links bring ---------------------------------------------------------------------------------------------------

  linkOpened(relay: Relay): void {
    for (const tie of relay.ties) tie.ask()
  }

  linkClosed(relay: Relay): void {
    for (const tie of relay.ties) tie.linkClosed()
  }

  roomAgain(relay: Relay): void {
    for (const tie of relay.ties) tie.friend.roomAgain()
  }

  routeChanged(route: Route<Tie>): void {
    route.owner.routeChanged(route)
  }

  data({ owner }: Route<Tie>, payload: Uint8Array): void {
    this.#options.received(owner.friend.receive(payload, owner.relay, false))
  }

  oob(relay: Relay, sender: Uint8Array, payload: Uint8Array): void {
    const friend = this.get(toHex(sender))
    if (friend?.ties.some(tie => tie.relay === relay))
      this.#options.received(friend.receive(payload, relay, true))
    else this.#options.oobFromOthers(relay, sender, payload)
  }

  // Which relays a friend gets -----------------------------------------------------------------------------------------

  /** A relay has 240 places: they go to those first who have the fewest elsewhere. */
  #neediestFirst(): Record[] {
    return [...this.#records.values()]
      .map(record => ({ record, ties: record.friend.ties.filter(isGood).length }))
      .sort((a, b) => a.ties - b.ties)
      .map(({ record }) => record)
  }

  /** Ties the friend to the first good relays of his ranking that he lacks, within what one friend may have. */
  #choose({ friend, seed, wide }: Record): void {
    const down = this.#options.relays().networkDown
    const wanted = wide ? MAX_RELAYS_PER_FRIEND : RELAYS_PER_FRIEND
    const missing = wanted - (down ? friend.ties.length : friend.ties.filter(isGood).length)
    if (missing <= 0) return
    const ranking = byRendezvous(seed, this.#candidates(friend))
    const usable = down ? ranking : ranking.filter(relay => !relay.isBad)
    for (const relay of usable.slice(0, missing)) {
      if (!this.#makeRoom(friend)) return
      this.#tie(friend, relay, true)
    }
    const lacking = Math.max(0, wanted - friend.ties.length)
    for (const relay of ranking.filter(relay => relay.isBad && !down).slice(0, lacking))
      this.#tie(friend, relay, true)
  }

  #candidates(friend: Friend): Relay[] {
    const tied = new Set(friend.ties.map(tie => tie.relay))
    return this.#options
      .relays()
      .all.filter(
        relay =>
          relay.origin !== 'friend' && !relay.asleep && relay.state.name !== 'closed' && !tied.has(relay),
      )
  }

  /** Gives up one of the ties that we chose and that do not serve, when the friend has all he may have. */
  #makeRoom(friend: Friend): boolean {
    if (friend.ties.length < MAX_RELAYS_PER_FRIEND) return true
    const victim = friend.ties.find(tie => tie.chosen && !isGood(tie))
    if (victim) friend.removeTie(victim)
    return victim !== undefined
  }

  #tie(friend: Friend, relay: Relay, chosen: boolean): void {
    const tie = new Tie(friend, relay, { chosen, clock: this.#options.clock })
    friend.addTie(tie)
    tie.ask()
    this.#options.relays().planUpdate()
  }

  #tieOffered(friend: Friend, address: ReturnType<typeof checkRelay>): Offer {
    const relays = this.#options.relays()
    const known = relays.get(toHex(address.publicKey))
    const tied = known && friend.ties.some(tie => tie.relay === known)
    if (!tied && !this.#makeRoom(friend) && !this.#widened(friend))
      return this.#refuse(friend, address, 'too-many-relays')
    const relay =
      known ??
      relays.add({ publicKey: address.publicKey, address, origin: 'friend', pinned: false, share: true })
    if (known?.origin === 'friend') relays.addAddress(known, { host: address.host, port: address.port })
    if (!tied) this.#tie(friend, relay, false)
    return { accepted: true, relay }
  }

  /** Gives up one of the ties that only widen the search. */
  #widened(friend: Friend): boolean {
    const chosen = friend.ties.filter(tie => tie.chosen && tie.state !== 'online')
    const victim = chosen.length > RELAYS_PER_FRIEND ? chosen.at(-1) : undefined
    if (victim) friend.removeTie(victim)
    return victim !== undefined
  }

  #refuse(friend: Friend, { host, port }: RelayInput, refusal: Refusal): Offer {
    this.#options.tell({ type: 'relay-refused', address: { host, port }, refusal, friend: friend.key })
    return { accepted: false, refusal }
  }

  #tooOften({ offers }: Record): Refusal | undefined {
    const now = this.#options.clock.now()
    while (offers[0] !== undefined && now - offers[0] >= OFFER_PERIOD_MS) offers.shift()
    if (offers.length >= MAX_OFFERS) return 'too-often'
    offers.push(now)
    return undefined
  }

  /** Starts or stops the time after which the search for a friend is widened. */
  #watch(record: Record): void {
    const { clock } = this.#options
    clock.clearTimeout(record.timer)
    record.timer = undefined
    if (record.friend.state === 'online' || !record.friend.awake || record.wide) return
    record.timer = clock.setTimeout(() => {
      record.wide = true
      this.#choose(record)
    }, WIDEN_AFTER_MS)
  }
}

/** Serves, or may yet: on a relay that works and does not refuse. */
const isGood = (tie: Tie): boolean => !tie.relay.isBad && tie.state !== 'refused'
