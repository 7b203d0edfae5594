/**
 * What the server and the page say to each other, as JSON. Relays go by small numbers, and what changes every second
 * goes as rows of numbers, so that a thousand relays fit into one small message.
 */
import type { FriendState, HostPort, Origin, Reason, RelayStateName, Status, TieState } from '../index.js'

/** What changes seldom about a relay. */
export interface RelayFacts {
  /** By which the other messages name it; never used twice while the server runs. */
  readonly id: number
  /** The public key in hex. */
  readonly key: string
  readonly origin: Origin
  readonly addresses: readonly HostPort[]
  readonly pinned: boolean
  readonly share: boolean
  /** Sent to sleep by the user. */
  readonly asleep: boolean
  readonly state: RelayStateName
  readonly since: number
  /** The address in use. */
  readonly address: HostPort
  readonly reason?: Reason
  /** The reason as a sentence. */
  readonly why?: string
  readonly nextAttemptAt?: number
}

/** What changes all the time, in the order of {@link NUMBERS}; the first is the relay's id, -1 stands for unknown. */
export type RelayNumbers = readonly number[]

export const NUMBERS = [
  'id',
  'rttMs',
  /** Lower is better: round trip over success. */
  'score',
  /** Attempts that succeed, in percent. */
  'success',
  'routesOnline',
  'routes',
  'bytesIn',
  'bytesOut',
  /** Bytes a second. */
  'inRate',
  'outRate',
  /** Packets that wait. */
  'queue',
  /** Bytes that the relay has not acknowledged. */
  'window',
  /** Time connected before the present link, in ms. */
  'uptimeMs',
] as const

export type NumberName = (typeof NUMBERS)[number]

export interface FriendRow {
  readonly key: string
  readonly state: FriendState
  readonly awake: boolean
  readonly routes: readonly (readonly [relay: number, state: TieState])[]
}

/** Bytes since the point before, over all relays. */
export type TrafficPoint = readonly [time: number, bytesIn: number, bytesOut: number]

/** One transition of a relay's machine. */
export interface Step {
  readonly at: number
  /** Empty when the machine went on by itself. */
  readonly event: string
  /** What came with the event, in words. */
  readonly detail: string
  /** Ids of the transitions taken, as `transitionId` makes them. */
  readonly transitions: readonly string[]
  /** The state afterwards, for example `attempt.proxy`. */
  readonly state: string
}

/** A relay's round trips, newest last, in ms. */
export type RoundTrips = readonly [relay: number, roundTripsMs: readonly number[]]

/** What is told of the one relay that a page looks at. */
export interface RelayDetail {
  readonly packetsIn: Readonly<Record<string, number>>
  readonly drops: Readonly<Record<string, number>>
}

export type Message =
  /** The first on every stream: everything. */
  | {
      readonly type: 'hello'
      /** Names the stream in a `watch`. */
      readonly stream: string
      readonly publicKey: string
      readonly now: number
      readonly sampleMs: number
      readonly relays: readonly RelayFacts[]
      readonly numbers: readonly RelayNumbers[]
      readonly roundTrips: readonly RoundTrips[]
      readonly friends: readonly FriendRow[]
      readonly traffic: readonly TrafficPoint[]
      readonly log: readonly Status[]
      /** Whether there is a page /stately. */
      readonly stately: boolean
    }
  /** What changed since the last sample. */
  | {
      readonly type: 'sample'
      readonly now: number
      readonly relays: readonly RelayFacts[]
      readonly gone: readonly number[]
      readonly numbers: readonly RelayNumbers[]
      readonly roundTrips: readonly RoundTrips[]
      readonly friends: readonly FriendRow[]
      readonly friendsGone: readonly string[]
      readonly traffic?: TrafficPoint
    }
  | { readonly type: 'log'; readonly entries: readonly Status[]; readonly dropped: number }
  /** Steps of the relay that this stream watches: all that are kept, then each as it happens. */
  | {
      readonly type: 'steps'
      readonly relay: string
      readonly fresh: boolean
      readonly steps: readonly Step[]
    }
  | { readonly type: 'detail'; readonly relay: string; readonly detail: RelayDetail }

/** What a page asks for, by POST to /action. */
export type Action =
  | { readonly type: 'relay.add'; readonly relay: string; readonly pinned: boolean }
  | { readonly type: 'relay.remove'; readonly key: string }
  | { readonly type: 'relay.pin'; readonly key: string; readonly pinned: boolean }
  | { readonly type: 'relay.sleep'; readonly key: string }
  | { readonly type: 'relay.wake'; readonly key: string }
  | { readonly type: 'relay.retry'; readonly key: string }
  | { readonly type: 'friend.add'; readonly key: string }
  | { readonly type: 'friend.remove'; readonly key: string }
  | { readonly type: 'friend.awake'; readonly key: string; readonly awake: boolean }
  | { readonly type: 'network.back' }
  | { readonly type: 'watch'; readonly stream: string; readonly key: string }

export type ActionResult = { readonly ok: true } | { readonly ok: false; readonly message: string }
