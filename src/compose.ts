/** Puts the parts of a manager together: machines with their I/O, relays, friends. Holds nothing itself. */
import { backoffMs, DEFAULT_BACKOFF } from './actors/backoff.js'
import type { FriendPacket } from './actors/friend.js'
import { Friends } from './actors/friends.js'
import type { NeedLimits } from './actors/needs.js'
import type { Policies } from './actors/policies.js'
import type { Relay } from './actors/relay.js'
import { relayIo, type Traffic } from './actors/relay-io.js'
import { createRelayMachine } from './actors/relay-machine.js'
import { Relays } from './actors/relays.js'
import type { StatusEvent } from './actors/status.js'
import { Ways } from './actors/ways.js'
import type { Clock } from './io/clock.js'
import { dial } from './io/dial.js'
import { isolate } from './io/isolation.js'
import { type ProxySettings, parseProxy } from './io/proxy.js'
import type { ManagerOptions, ProxyInput } from './options.js'
import { type KeyPair, type Random, systemRandom } from './protocol/crypto.js'

const DEFAULT_LIMITS: NeedLimits = { unused: 3, onion: 0 }

/** Where what relays bring goes. */
export interface Streams {
  received(packet: FriendPacket): void
  oob(relay: Relay, sender: Uint8Array, payload: Uint8Array): void
  onion(relay: Relay, payload: Uint8Array): void
  forwarded(relay: Relay, payload: Uint8Array): void
  tell(status: StatusEvent): void
}

export interface Parts {
  readonly relays: Relays
  readonly friends: Friends
  readonly ways: Ways
}

export function compose(
  options: ManagerOptions,
  {
    keyPair,
    clock,
    policies,
    streams,
  }: { keyPair: KeyPair; clock: Clock; policies: Policies; streams: Streams },
): Parts {
  const random = options.random ?? systemRandom
  const chance = () => chanceFrom(random)
  const { tell } = streams
  const proxy = options.proxy === undefined ? undefined : checkProxy(options.proxy, keyPair)
  const ways = new Ways({ clock, chance, proxy, dials: options.limits?.dials })
  const friends: Friends = new Friends({
    ownKey: keyPair.publicKey,
    clock,
    relays: () => relays,
    policies,
    tell,
    received: packet => streams.received(packet),
    oobFromOthers: (relay, sender, payload) => streams.oob(relay, sender, payload),
  })
  const io = relayIo({
    keyPair,
    clock,
    random,
    dial: options.dial ?? dial,
    ways,
    relay: key => relays.need(key),
    traffic: trafficTo(friends, streams),
  })
  const reconnect = { ...DEFAULT_BACKOFF, ...options.reconnect }
  const machine = createRelayMachine({
    clock,
    chance,
    budgetMs: (key, address) => ways.to(key, address).budgetMs,
    viaProxy: (key, address) => ways.to(key, address).proxy !== undefined,
    retryMs: (failures, luck) => backoffMs(failures, luck, reconnect),
  })
  const relays: Relays = new Relays({
    clock,
    chance,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    machine: machine.provide({ actors: { io } }),
    inspect: options.inspect,
    tell,
    changed: relay => friends.relayChanged(relay),
  })
  return { relays, friends, ways }
}

/** @throws TypeError, RangeError that show no password */
export const checkProxy = (proxy: ProxyInput, { publicKey }: KeyPair): ProxySettings =>
  isolate(parseProxy(proxy), publicKey)

const trafficTo = (friends: Friends, streams: Streams): Traffic => ({
  linkOpened: relay => friends.linkOpened(relay),
  linkClosed: relay => friends.linkClosed(relay),
  roomAgain: relay => friends.roomAgain(relay),
  routeChanged: route => friends.routeChanged(route),
  data: (route, payload) => friends.data(route, payload),
  oob: (relay, sender, payload) => friends.oob(relay, sender, payload),
  onion: (relay, payload) => streams.onion(relay, payload),
  forwarded: (relay, payload) => streams.forwarded(relay, payload),
})

/** A number in [0, 1) from four random bytes. */
const chanceFrom = (random: Random): number => random(4).reduce((value, byte) => (value + byte) / 256, 0)
