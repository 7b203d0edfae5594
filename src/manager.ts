/**
 * The manager: the one place where the parts are put together, and what a user holds in his hands. It keeps relays
 * connected, ties friends to them and carries packets; docs/architecture.md tells who does what.
 */
import { Subject } from 'rxjs'
import type { InspectionEvent } from 'xstate'
import { type BackoffOptions, backoffMs, DEFAULT_BACKOFF } from './actors/backoff.js'
import { DialGate } from './actors/dial-gate.js'
import type { Friend, FriendPacket, SendResult } from './actors/friend.js'
import { Friends } from './actors/friends.js'
import { oobPacket } from './actors/link.js'
import type { NeedLimits } from './actors/needs.js'
import { Policies, type PolicyOptions, type Refusal } from './actors/policies.js'
import type { Origin, Relay } from './actors/relay.js'
import { relayIo, type Traffic } from './actors/relay-io.js'
import { createRelayMachine } from './actors/relay-machine.js'
import { Relays } from './actors/relays.js'
import type { StatusEvent } from './actors/status.js'
import { StatusStream } from './actors/status-stream.js'
import { type Clock, systemClock } from './io/clock.js'
import { DIRECT_BUDGET_MS, type Dial, dial } from './io/dial.js'
import { toHex } from './protocol/bytes.js'
import { MAX_FORWARD_SIZE, MAX_ONION_REQUEST_SIZE, MAX_OOB_SIZE } from './protocol/constants.js'
import {
  cryptoReady,
  type KeyPair,
  keyPairFromSecret,
  newKeyPair,
  type Random,
  systemRandom,
} from './protocol/crypto.js'
import { type Key, keyName, parseKey } from './protocol/keys.js'
import type { NodesRead } from './protocol/nodes.js'
import { encodePacket, type ForwardTarget } from './protocol/packets.js'
import { checkRelay, type RelayAddress, type RelayInput } from './protocol/relay-address.js'

export interface ManagerOptions {
  /** Our DHT key pair, the long-term key of every link. */
  readonly keyPair: { readonly publicKey: Key; readonly secretKey: Key }
  /** Relays to begin with: given one by one, or as `parseNodeList` and `unpackNodes` read them. */
  readonly relays?: readonly RelayInput[] | NodesRead<RelayAddress>
  readonly limits?: Partial<NeedLimits> & { readonly dials?: number }
  readonly reconnect?: Partial<BackoffOptions>
  readonly policies?: PolicyOptions
  readonly clock?: Clock
  readonly random?: Random
  /** Sees every event of every actor, as XState's own `inspect` does. */
  readonly inspect?: (event: InspectionEvent) => void
  /** Closes the manager when aborted. */
  readonly signal?: AbortSignal
  /** Opens sockets; another one is for tests and other transports. */
  readonly dial?: Dial
}

/** What became of {@link RelayManager.addRelay}. */
export type Added =
  | { readonly accepted: true; readonly relay: Relay }
  | { readonly accepted: false; readonly refusal: Refusal }

/** A packet out of band from somebody who is no friend tied to that relay. */
export interface OobPacket {
  readonly publicKey: Uint8Array
  readonly data: Uint8Array
  readonly relay: Relay
}

/** An opaque packet that a relay passed on: an onion response, or something forwarded. */
export interface RelayedPacket {
  readonly data: Uint8Array
  readonly relay: Relay
}

/** What came of a packet that is not for a friend's route. */
export type OtherSendResult = Exclude<SendResult, 'sent-oob'>

const DEFAULT_LIMITS: NeedLimits = { unused: 3, onion: 0 }
/** Relays kept for onion use when no number is given (protocol §6). */
const ONION_RELAYS = 3
/** Relays tried for an OOB packet to somebody who is no friend. */
const OOB_RELAYS = 3
/** `drain()` closes after this time even if something still waits, in ms. */
const DRAIN_TIMEOUT_MS = 10_000
const DRAIN_LOOK_MS = 10

/** A fresh identity. */
export async function generateKeyPair(random: Random = systemRandom): Promise<KeyPair> {
  await cryptoReady()
  return newKeyPair(random)
}

/** @throws TypeError, RangeError for options that are wrong */
export async function createRelayManager(options: ManagerOptions): Promise<RelayManager> {
  await cryptoReady()
  return new RelayManager(options)
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
  readonly #policies: Policies
  readonly #relays: Relays
  readonly #friends: Friends
  #closing: Promise<void> | undefined
  #resolveClosed = (): void => {}

  /** Use {@link createRelayManager}, which loads the crypto first. */
  constructor(options: ManagerOptions) {
    const keyPair = checkKeyPair(options.keyPair)
    const clock = options.clock ?? systemClock
    const tell = (status: StatusEvent) => this.status$.tell({ time: clock.now(), ...status })
    this.publicKey = keyPair.publicKey
    this.closed = new Promise(resolve => {
      this.#resolveClosed = resolve
    })
    this.#clock = clock
    this.#policies = new Policies(keyPair.publicKey, options.policies)
    this.#relays = this.#makeRelays(options, keyPair, tell)
    this.#friends = new Friends({
      ownKey: keyPair.publicKey,
      clock,
      relays: () => this.#relays,
      policies: this.#policies,
      tell,
      received: packet => this.packets$.next(packet),
      oobFromOthers: (relay, publicKey, data) => this.oob$.next({ publicKey, data, relay }),
    })
    const { relays = [], signal } = options
    if ('nodes' in relays) for (const relay of relays.nodes) this.#add(relay, 'list')
    else for (const relay of relays) this.addRelay(relay)
    signal?.addEventListener('abort', () => void this.close(), { once: true })
    if (signal?.aborted) void this.close()
  }

  get relays(): readonly Relay[] {
    return this.#relays.all
  }

  get friends(): readonly Friend[] {
    return this.#friends.all
  }

  relay(publicKey: Key): Relay | undefined {
    return this.#relays.get(keyName(publicKey))
  }

  friend(publicKey: Key): Friend | undefined {
    return this.#friends.get(keyName(publicKey))
  }

  /**
   * Adds a relay, or another address to one that is known.
   * @throws TypeError, RangeError when it is no relay at all
   */
  addRelay(relay: RelayInput): Added {
    return this.#add(relay, 'user')
  }

  /** Says good-bye to a relay and forgets it. Unknown ones are no matter. */
  removeRelay(publicKey: Key): void {
    const relay = this.relay(publicKey)
    if (relay) this.#relays.remove(relay)
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
    const friend = this.#friends.get(toHex(key)) ?? this.#friends.add(key)
    for (const relay of relays) friend.addRelay(relay)
    return friend
  }

  /** Drops a friend on every relay, whether he is online or not. Unknown ones are no matter. */
  removeFriend(publicKey: Key): void {
    const friend = this.friend(publicKey)
    if (friend) this.#friends.remove(friend)
  }

  /** Connected relays that may be named to friends: `count` at most, best first. */
  connectedRelays(count: number): Relay[] {
    return this.#established()
      .filter(relay => relay.share)
      .slice(0, count)
  }

  /** Keeps relays connected for onion use. @param relays how many; true for 3, false for none */
  setOnion(relays: number | boolean): void {
    this.#relays.setOnion(typeof relays === 'number' ? relays : relays ? ONION_RELAYS : 0)
  }

  /** Sends out of band to anybody who may be on our relays. @param relay the only one to use */
  sendOob(publicKey: Key, data: Uint8Array, relay?: Relay): Exclude<SendResult, 'sent'> {
    const key = parseKey(publicKey, 'publicKey')
    requireBytes(data)
    if (data.length > MAX_OOB_SIZE) return 'too-large'
    const packet = oobPacket(key, data)
    const links = (relay ? [relay] : this.#established().slice(0, OOB_RELAYS)).flatMap(
      ({ link }) => link ?? [],
    )
    if (links.length === 0) return 'offline'
    return links.filter(link => link.sendLossy(packet)).length > 0 ? 'sent-oob' : 'full'
  }

  /** @param data an onion request behind its id byte: 159–1,399 bytes */
  sendOnion(data: Uint8Array, relay?: Relay): OtherSendResult {
    if (data.length >= MAX_ONION_REQUEST_SIZE) return 'too-large'
    return this.#sendThrough(encodePacket({ kind: 'onionRequest', payload: data }), relay)
  }

  /** Asks a relay to forward a packet over UDP. */
  sendForward(target: ForwardTarget, data: Uint8Array, relay?: Relay): OtherSendResult {
    if (data.length > MAX_FORWARD_SIZE) return 'too-large'
    return this.#sendThrough(encodePacket({ kind: 'forwardRequest', target, payload: data }), relay)
  }

  /** Tell the manager when the network is back or another: every waiting relay is tried at once. */
  networkChanged(): void {
    this.#relays.networkChanged()
  }

  /** Sends what waits, then closes; after 10 s it closes all the same. */
  async drain(): Promise<void> {
    const deadline = this.#clock.now() + DRAIN_TIMEOUT_MS
    while (this.relays.some(({ link }) => (link?.queueDepth ?? 0) > 0) && this.#clock.now() < deadline)
      await new Promise<void>(resolve => this.#clock.setTimeout(() => resolve(), DRAIN_LOOK_MS))
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
    this.#friends.close()
    await this.#relays.close()
    for (const stream of [this.packets$, this.oob$, this.onion$, this.forwarded$, this.status$])
      stream.complete()
    this.#resolveClosed()
  }

  #makeRelays(options: ManagerOptions, keyPair: KeyPair, tell: (status: StatusEvent) => void): Relays {
    const random = options.random ?? systemRandom
    const chance = () => chanceFrom(random)
    const reconnect = { ...DEFAULT_BACKOFF, ...options.reconnect }
    const machine = createRelayMachine({
      clock: this.#clock,
      chance,
      budgetMs: DIRECT_BUDGET_MS,
      retryMs: (failures, luck) => backoffMs(failures, luck, reconnect),
    })
    const io = relayIo({
      keyPair,
      clock: this.#clock,
      random,
      dial: options.dial ?? dial,
      gate: new DialGate(options.limits?.dials),
      proxyFor: () => undefined,
      relay: key => this.#relayOf(key),
      traffic: this.#traffic(),
    })
    return new Relays({
      clock: this.#clock,
      chance,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      machine: machine.provide({ actors: { io } }),
      inspect: options.inspect,
      tell,
      changed: () => this.#friends.planChoice(),
    })
  }

  #traffic(): Traffic {
    return {
      linkOpened: relay => this.#friends.linkOpened(relay),
      linkClosed: relay => this.#friends.linkClosed(relay),
      roomAgain: relay => this.#friends.roomAgain(relay),
      routeChanged: route => this.#friends.routeChanged(route),
      data: (route, payload) => this.#friends.data(route, payload),
      oob: (relay, sender, payload) => this.#friends.oob(relay, sender, payload),
      onion: (relay, data) => this.onion$.next({ data, relay }),
      forwarded: (relay, data) => this.forwarded$.next({ data, relay }),
    }
  }

  #relayOf(key: string): Relay {
    const relay = this.#relays.get(key)
    if (!relay) throw new RangeError('an actor for no relay')
    return relay
  }

  #add(input: RelayInput, origin: Origin): Added {
    this.#requireOpen()
    const address = checkRelay(input)
    const { host, port, publicKey } = address
    const refusal = this.#policies.judge(address)
    if (refusal) {
      this.status$.tell({ time: this.#clock.now(), type: 'relay-refused', address: { host, port }, refusal })
      return { accepted: false, refusal }
    }
    const known = this.#relays.get(toHex(publicKey))
    if (known) this.#relays.addAddress(known, { host, port })
    const { pinned = false, share = true } = input
    const relay = known ?? this.#relays.add({ publicKey, address: { host, port }, origin, pinned, share })
    return { accepted: true, relay }
  }

  #sendThrough(packet: Uint8Array, relay?: Relay): OtherSendResult {
    const links = (relay ? [relay] : this.#established()).flatMap(({ link }) => link ?? [])
    if (links.length === 0) return 'offline'
    return links.some(link => link.sendLossy(packet)) ? 'sent' : 'full'
  }

  /** Connected relays, best first. */
  #established(): Relay[] {
    return this.#relays.all.filter(relay => relay.isEstablished).sort((a, b) => a.score.cost - b.score.cost)
  }

  #requireOpen(): void {
    if (this.#closing) throw new TypeError('the manager is closed')
  }
}

function checkKeyPair(keyPair: ManagerOptions['keyPair']): KeyPair {
  if (typeof keyPair !== 'object' || keyPair === null)
    throw new TypeError(`keyPair: wanted an object, got ${typeof keyPair}`)
  const publicKey = parseKey(keyPair.publicKey, 'keyPair.publicKey')
  const pair = keyPairFromSecret(parseKey(keyPair.secretKey, 'keyPair.secretKey'))
  if (toHex(pair.publicKey) !== toHex(publicKey))
    throw new TypeError('keyPair: the public key does not belong to the secret key')
  return pair
}

function requireBytes(data: Uint8Array): void {
  if (!(data instanceof Uint8Array)) throw new TypeError(`data: wanted a Uint8Array, got ${typeof data}`)
  if (data.length === 0) throw new RangeError('data: wanted at least 1 byte, got 0')
}

/** A number in [0, 1) from four random bytes. */
const chanceFrom = (random: Random): number => random(4).reduce((value, byte) => (value + byte) / 256, 0)
