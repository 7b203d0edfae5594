/**
 * A friend: the one the user talks to, through whichever of his relays works. Chooses among the ties he has for each
 * packet; which ties he gets, others decide.
 */
import { BehaviorSubject, type Observable, Subject } from 'rxjs'
import { toHex } from '../protocol/bytes.js'
import { MAX_DATA_SIZE, MAX_OOB_SIZE } from '../protocol/constants.js'
import type { RelayInput } from '../protocol/relay-address.js'
import type { Refusal } from './policies.js'
import type { Relay } from './relay.js'
import { HYSTERESIS } from './score.js'
import type { Tie, TieState } from './tie.js'

/** online: a route is online; connecting: a route is wanted, requested or registered; offline: otherwise. */
export type FriendState = 'offline' | 'connecting' | 'online'

/** What became of a packet (behaviour §4). */
export type SendResult = 'sent' | 'sent-oob' | 'full' | 'offline' | 'too-large'

/** A packet that a friend sent. */
export interface FriendPacket {
  readonly friend: Friend
  readonly data: Uint8Array
  readonly relay: Relay
  /** It came out of band: unordered, perhaps several times. */
  readonly oob: boolean
}

/** One friend through one relay. */
export interface RouteView {
  readonly relay: Relay
  readonly state: TieState
}

/** What became of a relay that was offered. */
export type Offer =
  | { readonly accepted: true; readonly relay: Relay }
  | { readonly accepted: false; readonly refusal: Refusal }

/** What a friend needs of those who look after all friends. */
export interface FriendKeeper {
  offer(friend: Friend, relay: RelayInput): Offer
  /** A tie's state, or the friend's, is another now. */
  tieChanged(friend: Friend, tie: Tie): void
  stateChanged(friend: Friend): void
  awakeChanged(friend: Friend): void
}

export class Friend {
  readonly publicKey: Uint8Array
  /** The public key in hex. */
  readonly key: string
  readonly packets$ = new Subject<FriendPacket>()
  /** Fires when it is worth sending again after `full`. */
  readonly drain$ = new Subject<void>()
  readonly ties: Tie[] = []
  readonly #keeper: FriendKeeper
  readonly #state$ = new BehaviorSubject<FriendState>('offline')
  readonly #routes$ = new BehaviorSubject<readonly RouteView[]>([])
  /** Online ties in order of preference. */
  #online: Tie[] = []
  #awake = true
  #removed = false
  #wasFull = false

  constructor(publicKey: Uint8Array, keeper: FriendKeeper) {
    this.publicKey = publicKey
    this.key = toHex(publicKey)
    this.#keeper = keeper
  }

  get state(): FriendState {
    return this.#state$.value
  }

  /** Current value first; completes when the friend is removed. */
  get state$(): Observable<FriendState> {
    return this.#state$
  }

  get routes(): readonly RouteView[] {
    return this.#routes$.value
  }

  get routes$(): Observable<readonly RouteView[]> {
    return this.#routes$
  }

  /** Awake: needs relays. Asleep: reachable otherwise, over UDP for example. */
  get awake(): boolean {
    return this.#awake && !this.#removed
  }

  setAwake(awake: boolean): void {
    if (awake === this.#awake) return
    this.#awake = awake
    this.#keeper.awakeChanged(this)
    this.#update()
  }

  /**
   * Ties the friend to a relay that he is said to be on. What comes from friends is not trusted: see `policies`.
   * @throws TypeError, RangeError when it is no relay at all
   */
  addRelay(relay: RelayInput): Offer {
    return this.#keeper.offer(this, relay)
  }

  /**
   * Sends to the friend through the best route that takes it; out of band when he is only known to be on a relay.
   * Never throws for what the network does.
   * @param data 1–2,031 bytes; copied
   * @throws TypeError, RangeError for misuse: not bytes, no bytes
   */
  send(data: Uint8Array): SendResult {
    if (!(data instanceof Uint8Array)) throw new TypeError(`data: wanted a Uint8Array, got ${typeof data}`)
    if (data.length === 0) throw new RangeError('data: wanted at least 1 byte, got 0')
    if (data.length > MAX_DATA_SIZE) return 'too-large'
    if (!this.awake) return 'offline'
    // A pooled copy, a third cheaper than a buffer of its own; it waits for a moment only.
    const payload = Buffer.from(data)
    return this.#online.length > 0 ? this.#sendOnline(payload) : this.#sendOob(payload)
  }

  #sendOnline(payload: Uint8Array): SendResult {
    for (const tie of this.#online) if (tie.send(payload)) return 'sent'
    this.#wasFull = true
    return 'full'
  }

  #sendOob(payload: Uint8Array): SendResult {
    const registered = this.ties.filter(tie => tie.state === 'registered')
    if (registered.length === 0 || payload.length > MAX_OOB_SIZE) return 'offline'
    const queued = registered.filter(tie => tie.sendOob(payload))
    if (queued.length > 0) return 'sent-oob'
    this.#wasFull = true
    return 'full'
  }

  // For those who look after friends -----------------------------------------------------------------------------

  receive(data: Uint8Array, relay: Relay, oob: boolean): FriendPacket {
    const packet = { friend: this, data, relay, oob }
    this.packets$.next(packet)
    return packet
  }

  addTie(tie: Tie): void {
    this.ties.push(tie)
    this.#update()
  }

  removeTie(tie: Tie): void {
    const index = this.ties.indexOf(tie)
    if (index >= 0) this.ties.splice(index, 1)
    tie.end()
    this.#update()
  }

  tieChanged(tie: Tie): void {
    this.#keeper.tieChanged(this, tie)
    this.#update()
    if (tie.state === 'online' || tie.state === 'registered') this.roomAgain()
  }

  /** A relay of his has room again, or he has a route that was not there when all were full. */
  roomAgain(): void {
    if (!this.#wasFull) return
    this.#wasFull = false
    this.drain$.next()
  }

  /** Puts the online routes in order: by score, but the first one stays unless another is clearly better. */
  reorder(): void {
    const [preferred] = this.#online
    const online = this.ties.filter(tie => tie.state === 'online')
    online.sort((a, b) => rank(a, preferred) - rank(b, preferred))
    this.#online = online
  }

  /** Ends all ties and completes the streams. */
  remove(): void {
    this.#removed = true
    for (const tie of this.ties.splice(0)) tie.end()
    this.#update()
    this.packets$.complete()
    this.drain$.complete()
    this.#state$.complete()
    this.#routes$.complete()
  }

  #update(): void {
    this.reorder()
    this.#routes$.next(this.ties.map(({ relay, state }) => ({ relay, state })))
    const state = this.#currentState()
    if (state === this.#state$.value) return
    this.#state$.next(state)
    this.#keeper.stateChanged(this)
  }

  #currentState(): FriendState {
    if (!this.awake) return 'offline'
    if (this.#online.length > 0) return 'online'
    return this.ties.some(tie => tie.state !== 'refused') ? 'connecting' : 'offline'
  }
}

const rank = (tie: Tie, preferred: Tie | undefined): number =>
  tie.relay.score.cost * (tie === preferred ? 1 - HYSTERESIS : 1)
