/**
 * The manager: the one place where the parts are put together, and what a user holds in his hands. It keeps relays
 * connected, ties friends to them and carries packets; docs/architecture.md tells who does what.
 */
import { Subject } from 'rxjs'
import type { Friend, FriendPacket, Offer } from './actors/friend.js'
import { Policies } from './actors/policies.js'
import type { Origin, Relay } from './actors/relay.js'
import type { StatusEvent } from './actors/status.js'
import { StatusStream } from './actors/status-stream.js'
import { admit, givenRelays } from './admission.js'
import { allSent } from './all-sent.js'
import { compose, type Parts, type Streams } from './compose.js'
import { type Clock, systemClock } from './io/clock.js'
import {
  type OobPacket,
  type OobSendResult,
  type OtherSendResult,
  type RelayedPacket,
  sendForward,
  sendOnion,
  sendOob,
} from './loose-packets.js'
import type { Memory } from './memory.js'
import { checkKeyPair, type ManagedRelayInput, type ManagerOptions, requireBytes } from './options.js'
import { toHex } from './protocol/bytes.js'
import { cryptoReady, type KeyPair } from './protocol/crypto.js'
import { type Key, keyName, parseKey } from './protocol/keys.js'
import type { ForwardTarget } from './protocol/packets.js'
import type { RelayInput } from './protocol/relay-address.js'
import { remember, restore } from './remembering.js'
import { type ManagerSnapshot, snapshotOf } from './snapshot.js'
import type { StoreContent } from './store-content.js'

/** Relays kept for onion use when no number is given (protocol §6). */
const ONION_RELAYS = 3

/** @throws TypeError, RangeError for options that are wrong */
export async function createRelayManager(options: ManagerOptions): Promise<RelayManager> {
  await cryptoReady()
  const remembered = await options.store?.load()
  return new RelayManager(options, remembered)
}

export class RelayManager {
  readonly publicKey: Uint8Array
  /** Every packet of every friend. */
  readonly packets$ = new Subject<FriendPacket>()
  /** Packets out of band from everybody else. */
  readonly oob$ = new Subject<OobPacket>()
  readonly onion$ = new Subject<RelayedPacket>()
  readonly forwarded$ = new Subject<RelayedPacket>()
  readonly status$ = new StatusStream()
  /** Resolves when the manager is closed. */
  readonly closed: Promise<void>
  readonly #clock: Clock
  readonly #keyPair: KeyPair
  readonly #policies: Policies
  readonly #parts: Parts
  readonly #memory: Memory | undefined
  #closing: Promise<void> | undefined
  #resolveClosed = (): void => {}

  /** Use {@link createRelayManager}, which loads the crypto first. */
  constructor(options: ManagerOptions, remembered?: StoreContent) {
    const keyPair = checkKeyPair(options.keyPair)
    const clock = options.clock ?? systemClock
    const policies = new Policies(keyPair.publicKey, options.policies)
    const given = givenRelays(options.relays ?? [], keyPair)
    this.publicKey = keyPair.publicKey
    this.closed = new Promise(resolve => {
      this.#resolveClosed = resolve
    })
    this.#clock = clock
    this.#keyPair = keyPair
    this.#policies = policies
    this.#parts = compose(options, { keyPair, clock, policies, streams: this.#streams() })
    for (const { input, origin } of given) this.#add(input, origin)
    const { friends: allFriends, relays: allRelays } = this.#parts
    if (remembered) restore(remembered, allRelays, allFriends, policies)
    if (options.store)
      this.#memory = remember(options.store, {
        clock,
        status$: this.status$,
        tell: status => this.#tell(status),
        ...this.#parts,
      })
    options.signal?.addEventListener('abort', () => void this.close(), { once: true })
    if (options.signal?.aborted) void this.close()
  }

  get relays(): readonly Relay[] {
    return this.#parts.relays.all
  }

  get friends(): readonly Friend[] {
    return this.#parts.friends.all
  }

  relay(publicKey: Key): Relay | undefined {
    return this.#parts.relays.get(keyName(publicKey))
  }

  friend(publicKey: Key): Friend | undefined {
    return this.#parts.friends.get(keyName(publicKey))
  }

  /**
   * Adds a relay, or another address to one that is known.
   * @throws TypeError, RangeError when it is no relay at all
   */
  addRelay(relay: ManagedRelayInput): Offer {
    return this.#add(relay, 'user')
  }

  /** Says good-bye to a relay and forgets it. Unknown ones are no matter. */
  removeRelay(publicKey: Key): void {
    const relay = this.relay(publicKey)
    if (relay) this.#parts.relays.remove(relay)
  }

  /**
   * Adds a friend, tied to the best relays of ours and to those he is said to be on. One who is known is given back.
   * @throws RangeError for our own key
   */
  addFriend(publicKey: Key, { relays = [] }: { readonly relays?: readonly RelayInput[] } = {}): Friend {
    this.#requireOpen()
    const key = parseKey(publicKey, 'publicKey')
    if (toHex(key) === toHex(this.publicKey))
      throw new RangeError('publicKey: wanted a friend’s, got our own')
    const friend = this.#parts.friends.get(toHex(key)) ?? this.#parts.friends.add(key)
    for (const relay of relays) friend.addRelay(relay)
    return friend
  }

  /** Drops a friend on every relay, whether he is online or not. Unknown ones are no matter. */
  removeFriend(publicKey: Key): void {
    const friend = this.friend(publicKey)
    if (friend) this.#parts.friends.remove(friend)
  }

  /** Connected relays that may be named to friends: `count` at most, best first. */
  connectedRelays(count: number): Relay[] {
    return this.#established()
      .filter(relay => relay.share)
      .slice(0, count)
  }

  /** Keeps relays connected for onion use. @param relays how many; true for 3, false for none */
  setOnion(relays: number | boolean): void {
    this.#parts.relays.setOnion(typeof relays === 'number' ? relays : relays ? ONION_RELAYS : 0)
  }

  /**
   * Sends out of band to anybody who may be on our relays.
   * @param data 1–1,024 bytes
   * @param relay the only one to use
   */
  sendOob(publicKey: Key, data: Uint8Array, relay?: Relay): OobSendResult {
    requireBytes(data)
    return sendOob(this.#candidates(relay), parseKey(publicKey, 'publicKey'), data)
  }

  /** @param data an onion request behind its id byte: 159–1,399 bytes */
  sendOnion(data: Uint8Array, relay?: Relay): OtherSendResult {
    return sendOnion(this.#candidates(relay), data)
  }

  /** Asks a relay to forward a packet of at most 1,792 bytes over UDP. */
  sendForward(target: ForwardTarget, data: Uint8Array, relay?: Relay): OtherSendResult {
    return sendForward(this.#candidates(relay), target, data)
  }

  /** Everything as it is now, in plain values. */
  snapshot(): ManagerSnapshot {
    return snapshotOf(this.#clock.now(), this.publicKey, this.relays, this.friends)
  }

  /** Tell the manager when the network is back or another: every waiting relay is tried at once. */
  networkChanged(): void {
    this.#parts.ways.networkChanged()
    this.#parts.relays.networkChanged()
  }

  /** Sends what waits, then closes; after 10 s it closes all the same. */
  async drain(): Promise<void> {
    await allSent(this.#parts.relays, this.#clock)
    await this.close()
  }

  /** Says good-bye to friends and relays and closes every socket, within 2 s. Harmless when repeated. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await this.#memory?.close()
    await this.#parts.friends.close()
    await this.#parts.relays.close()
    for (const stream of [this.packets$, this.oob$, this.onion$, this.forwarded$, this.status$])
      stream.complete()
    this.#resolveClosed()
  }

  #tell(status: StatusEvent): void {
    this.status$.tell({ time: this.#clock.now(), ...status })
  }

  #streams(): Streams {
    return {
      received: packet => this.packets$.next(packet),
      oob: (relay, publicKey, data) => this.oob$.next({ publicKey, data, relay }),
      onion: (relay, data) => this.onion$.next({ data, relay }),
      forwarded: (relay, data) => this.forwarded$.next({ data, relay }),
      tell: status => this.#tell(status),
    }
  }

  #add(input: ManagedRelayInput, origin: Origin): Offer {
    this.#requireOpen()
    const tell = (status: StatusEvent) => this.#tell(status)
    return admit(input, origin, {
      parts: this.#parts,
      policies: this.#policies,
      keyPair: this.#keyPair,
      tell,
    })
  }

  #candidates(relay: Relay | undefined): readonly Relay[] {
    return relay ? [relay] : this.#established()
  }

  /** Connected relays, best first. */
  #established(): Relay[] {
    return this.#parts.relays.all
      .filter(relay => relay.isEstablished)
      .sort((a, b) => a.score.cost - b.score.cost)
  }

  #requireOpen(): void {
    if (this.#closing) throw new TypeError('the manager is closed')
  }
}
