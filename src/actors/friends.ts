/**
 * All friends of a manager: follows links up and down, and hands what arrives to whom it concerns. Which relays each
 * friend gets, others choose. Knows nothing of sockets or retries of relays.
 */
import { toHex } from '../protocol/bytes.js'
import type { RelayInput } from '../protocol/relay-address.js'
import type { Route } from '../protocol/routes.js'
import { Friend, type FriendKeeper, type FriendPacket, type Offer } from './friend.js'
import type { Relay } from './relay.js'
import { RelayChoice, type RelayChoiceOptions, type Search } from './relay-choice.js'
import type { Tie } from './tie.js'
import { inTurns } from './turns.js'

export interface FriendsOptions extends RelayChoiceOptions {
  readonly received: (packet: FriendPacket) => void
  /** A packet out of band from somebody who is not tied to that relay. */
  readonly oobFromOthers: (relay: Relay, sender: Uint8Array, payload: Uint8Array) => void
}

export class Friends implements FriendKeeper {
  readonly #options: FriendsOptions
  readonly #choice: RelayChoice
  readonly #byKey = new Map<string, Friend>()
  readonly #searches = new Map<Friend, Search>()

  constructor(options: FriendsOptions) {
    this.#options = options
    this.#choice = new RelayChoice(options)
  }

  get all(): Friend[] {
    return [...this.#byKey.values()]
  }

  get(key: string): Friend | undefined {
    return this.#byKey.get(key)
  }

  add(publicKey: Uint8Array): Friend {
    const friend = new Friend(publicKey, this)
    this.#byKey.set(friend.key, friend)
    const search = this.#choice.searchFor(friend)
    this.#searches.set(friend, search)
    this.#options.tell({ type: 'friend-added', friend: friend.key })
    this.#choice.begin(search)
    return friend
  }

  remove(friend: Friend): void {
    const search = this.#searches.get(friend)
    if (!search) return
    this.#choice.end(search)
    this.#searches.delete(friend)
    this.#byKey.delete(friend.key)
    friend.remove()
    this.#options.relays().planUpdate()
    this.#options.tell({ type: 'friend-removed', friend: friend.key })
  }

  /** Removes all friends, for a few milliseconds a turn. */
  async close(): Promise<void> {
    this.#choice.close()
    await inTurns(this.#options.clock, this.all, friend => this.remove(friend))
  }

  /** A relay came, is about to go, or became good or bad; without one, all of them: friends may need others now. */
  relayChanged(relay: Relay | undefined): void {
    if (relay) this.#choice.look([...relay.ties].flatMap(({ friend }) => this.#searches.get(friend) ?? []))
    else this.#choice.look(this.#searches.values())
  }

  /** Ties a friend to a relay that he is known to be on, if he has room for it. */
  tie(friend: Friend, relay: Relay): void {
    this.#choice.tie(friend, relay)
  }

  // What friends ask for ---------------------------------------------------------------------------------------------

  offer(friend: Friend, relay: RelayInput): Offer {
    const search = this.#searches.get(friend)
    return search ? this.#choice.offer(search, relay) : this.#choice.refuse(friend, relay, 'closed')
  }

  tieChanged(friend: Friend, tie: Tie): void {
    this.#options.tell({ type: 'route', friend: friend.key, relay: tie.relay.key, state: tie.state })
    const search = this.#searches.get(friend)
    if (search && tie.state === 'refused') this.#choice.look([search])
  }

  stateChanged(friend: Friend): void {
    this.#options.tell({ type: 'friend-state', friend: friend.key, state: friend.state })
    const search = this.#searches.get(friend)
    if (search) this.#choice.watch(search)
  }

  /** A friend who wakes needs his relays, even those that were sent to sleep before. */
  awakeChanged(friend: Friend): void {
    if (friend.awake) this.#options.relays().rouse(friend.ties.map(({ relay }) => relay))
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
}
