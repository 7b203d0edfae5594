/**
 * Which relays a friend gets (behaviour §3): some of ours on which he is likely to be met, and those that he is said
 * to be on. Ties and unties; knows nothing of routes or packets.
 */
import type { Clock } from '../io/clock.js'
import { toHex } from '../protocol/bytes.js'
import { checkRelay, type RelayAddress, type RelayInput } from '../protocol/relay-address.js'
import { ChoiceQueue } from './choice-queue.js'
import type { Friend, Offer } from './friend.js'
import type { Policies, Refusal } from './policies.js'
import type { Relay } from './relay.js'
import type { Relays } from './relays.js'
import { firstByRendezvous, pairSeed } from './rendezvous.js'
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

export interface RelayChoiceOptions {
  readonly ownKey: Uint8Array
  readonly clock: Clock
  readonly relays: () => Relays
  readonly policies: Policies
  readonly tell: (status: StatusEvent) => void
}

/** The search for one friend. */
export interface Search {
  readonly friend: Friend
  readonly seed: number
  /** When he offered relays, lately. */
  readonly offers: number[]
  /** He was not met for a while: as many relays as allowed. */
  wide: boolean
  timer: unknown
  /** The friend is removed. */
  ended: boolean
}

/** Relays that friends may get. */
interface Candidates {
  readonly all: readonly Relay[]
  readonly good: readonly Relay[]
  readonly bad: readonly Relay[]
}

export class RelayChoice {
  readonly #options: RelayChoiceOptions
  readonly #queue: ChoiceQueue
  #candidates: Candidates | undefined

  constructor(options: RelayChoiceOptions) {
    this.#options = options
    this.#queue = new ChoiceQueue({
      clock: options.clock,
      choose: search => this.#choose(search),
      served: ({ friend }) => friend.ties.filter(serves).length,
    })
  }

  searchFor(friend: Friend): Search {
    const seed = pairSeed(this.#options.ownKey, friend.publicKey)
    return { friend, seed, offers: [], wide: false, timer: undefined, ended: false }
  }

  begin(search: Search): void {
    this.#queue.now(search)
    this.watch(search)
  }

  end(search: Search): void {
    search.ended = true
    this.#options.clock.clearTimeout(search.timer)
    this.#queue.forget(search)
  }

  /** Ends everything that waits. */
  close(): void {
    this.#queue.close()
  }

  /** Looks again, at the end of this turn, whether these friends have relays enough, and all who lack some. */
  look(searches: Iterable<Search>): void {
    this.#candidates = undefined
    this.#queue.later(searches)
  }

  /**
   * Ties the friend to the first good relays of his ranking that he lacks, within what one friend may have.
   * @returns false when he lacks some still
   */
  #choose(search: Search): boolean {
    const { friend, seed, wide } = search
    const down = this.#options.relays().networkDown
    const wanted = wide ? MAX_RELAYS_PER_FRIEND : RELAYS_PER_FRIEND
    const own = () => friend.ties.filter(tie => tie.relay.origin !== 'friend')
    const missing = () => wanted - (down ? own() : own().filter(serves)).length
    if (missing() <= 0) return true
    const { all, bad, good } = this.#available()
    const isNew = (relay: Relay) => !friend.ties.some(tie => tie.relay === relay)
    for (const relay of firstByRendezvous(seed, down ? all : good, missing(), isNew)) {
      // Whoever heard of the last tie may have removed the friend.
      if (search.ended || !makeRoom(friend, tie => isIdle(tie) || isEmptyOffer(tie))) return false
      this.#tie(friend, relay, true)
    }
    // Rather a bad one than none: it is tried again and again all the same.
    const lacking = Math.min(wanted - own().length, MAX_RELAYS_PER_FRIEND - friend.ties.length)
    for (const relay of firstByRendezvous(seed, down ? [] : bad, lacking, isNew))
      if (!search.ended) this.#tie(friend, relay, true)
    return missing() <= 0
  }

  /** Ties a friend to a relay that he is known to be on, if he has room for it. */
  tie(friend: Friend, relay: Relay): void {
    const tied = friend.ties.some(tie => tie.relay === relay)
    if (!tied && makeRoom(friend, isIdle)) this.#tie(friend, relay, false)
  }

  /**
   * Ties a friend to a relay that he offers.
   * @throws TypeError, RangeError when it is no relay at all
   */
  offer(search: Search, input: RelayInput): Offer {
    // Packed nodes can hold a port 0: a friend's fault, not the caller's.
    const early = this.#tooOften(search) ?? (input.port === 0 ? 'bad-port' : undefined)
    if (early) return this.refuse(search.friend, input, early)
    const address = checkRelay(input)
    const refusal = this.#options.policies.judgeOffer(address)
    return refusal ? this.refuse(search.friend, address, refusal) : this.#tieOffered(search.friend, address)
  }

  refuse(friend: Friend, { host, port }: RelayInput, refusal: Refusal): Offer {
    this.#options.tell({ type: 'relay-refused', address: { host, port }, refusal, friend: friend.key })
    return { accepted: false, refusal }
  }

  /** Starts or stops the time after which the search for a friend is widened. */
  watch(search: Search): void {
    const { clock } = this.#options
    clock.clearTimeout(search.timer)
    search.timer = undefined
    if (search.ended || search.friend.state === 'online' || !search.friend.awake || search.wide) return
    search.timer = clock.setTimeout(() => this.#widen(search), WIDEN_AFTER_MS)
  }

  /** While no relay is connected nobody can be met, however many relays are asked. */
  #widen(search: Search): void {
    search.wide = !this.#options.relays().networkDown
    if (search.wide) this.#queue.later([search])
    else this.watch(search)
  }

  /** Looked up once for all who choose in this turn. */
  #available(): Candidates {
    if (this.#candidates) return this.#candidates
    const all = this.#options.relays().all.filter(relay => relay.origin !== 'friend' && relay.isAvailable)
    const [good, bad] = [all.filter(relay => !relay.isBad), all.filter(relay => relay.isBad)]
    this.#options.clock.defer(() => {
      this.#candidates = undefined
    })
    this.#candidates = { all, good, bad }
    return this.#candidates
  }

  #tie(friend: Friend, relay: Relay, chosen: boolean): void {
    const tie = new Tie(friend, relay, { chosen, clock: this.#options.clock })
    friend.addTie(tie)
    tie.ask()
    this.#options.relays().planUpdate()
  }

  #tieOffered(friend: Friend, { publicKey, ...address }: RelayAddress): Offer {
    const relays = this.#options.relays()
    const known = relays.get(toHex(publicKey))
    const input = { ...address, publicKey }
    if (known?.leaving) return this.refuse(friend, input, 'closed')
    const tied = friend.ties.some(tie => tie.relay === known)
    if (!tied && !makeRoom(friend, isIdle) && !narrow(friend))
      return this.refuse(friend, input, 'too-many-relays')
    const relay = known ?? relays.add({ publicKey, address, origin: 'friend' })
    // What a friend offers never adds an address to a relay of the user's own.
    if (relay.origin === 'friend') relays.addAddress(relay, address)
    if (!tied) this.#tie(friend, relay, false)
    return { accepted: true, relay }
  }

  #tooOften({ offers }: Search): Refusal | undefined {
    const now = this.#options.clock.now()
    while (offers[0] !== undefined && now - offers[0] >= OFFER_PERIOD_MS) offers.shift()
    if (offers.length >= MAX_OFFERS) return 'too-often'
    offers.push(now)
    return undefined
  }
}

/** Serves, or may yet: on a relay that works and does not refuse. */
const serves = ({ relay, state }: Tie): boolean => relay.isAvailable && !relay.isBad && state !== 'refused'

/** Chosen by us, and of no use. What the user or a friend named does not give way to what friends offer. */
const isIdle = (tie: Tie): boolean => tie.chosen && !serves(tie)

/** Offered by a friend, and not to be reached. */
const isEmptyOffer = ({ relay }: Tie): boolean => relay.origin === 'friend' && relay.isInTrouble

/** Gives up a tie, when the friend has all he may have. @returns false when none may go */
function makeRoom(friend: Friend, mayGo: (tie: Tie) => boolean): boolean {
  if (friend.ties.length < MAX_RELAYS_PER_FRIEND) return true
  const victim = friend.ties.find(mayGo)
  if (victim) friend.removeTie(victim)
  return victim !== undefined
}

/** Gives up one of the ties that only widen the search. */
function narrow(friend: Friend): boolean {
  const chosen = friend.ties.filter(tie => tie.chosen && tie.state !== 'online')
  const victim = chosen.length > RELAYS_PER_FRIEND ? chosen.at(-1) : undefined
  if (victim) friend.removeTie(victim)
  return victim !== undefined
}
