/** What a page knows: the server's messages, put together. Knows nothing of how it is shown. */
import type { Status } from '../../index.js'
import {
  type FriendRow,
  type Message,
  NUMBERS,
  type NumberName,
  type RelayDetail,
  type RelayFacts,
  type RelayNumbers,
  type Step,
  type TrafficPoint,
} from '../wire.js'

const ROUND_TRIPS_KEPT = 40
const LOG_KEPT = 2_000
const TRAFFIC_KEPT = 600
const STEPS_KEPT = 400

/** A relay as it is shown. */
export interface RelayView {
  readonly facts: RelayFacts
  readonly numbers: Readonly<Record<NumberName, number>>
  /** Newest last, in ms. */
  readonly roundTrips: readonly number[]
}

/** The relay that the page looks at closely. */
export interface Watched {
  readonly key: string
  readonly steps: readonly Step[]
  readonly detail: RelayDetail
}

export class Model {
  readonly relays = new Map<number, RelayView>()
  readonly friends = new Map<string, FriendRow>()
  traffic: readonly TrafficPoint[] = []
  /** Oldest first. */
  log: readonly Status[] = []
  logDropped = 0
  watched: Watched | undefined
  publicKey = ''
  /** The server's name for our stream. */
  stream = ''
  stately = false
  /** The server's time minus ours, in ms. */
  clockSkewMs = 0

  /** @param receivedAt our time, in ms since the epoch */
  apply(message: Message, receivedAt: number): void {
    switch (message.type) {
      case 'hello':
        this.#start(message, receivedAt)
        return
      case 'sample':
        this.#sample(message)
        return
      case 'log':
        this.log = lastOf([...this.log, ...message.entries], LOG_KEPT)
        this.logDropped += message.dropped
        return
      case 'steps':
        this.#takeSteps(message)
        return
      case 'detail':
        if (this.watched?.key === message.relay) this.watched = { ...this.watched, detail: message.detail }
        return
    }
  }

  relayByKey(key: string): RelayView | undefined {
    for (const relay of this.relays.values()) if (relay.facts.key === key) return relay
    return undefined
  }

  #start(message: Extract<Message, { type: 'hello' }>, receivedAt: number): void {
    this.relays.clear()
    this.friends.clear()
    this.#takeRelays(message)
    this.#takeFriends(message.friends)
    this.traffic = message.traffic
    this.log = message.log
    this.logDropped = 0
    this.publicKey = message.publicKey
    this.stream = message.stream
    this.stately = message.stately
    this.clockSkewMs = message.now - receivedAt
  }

  /** What is gone goes first: it may be there again under the same name. */
  #sample(message: Extract<Message, { type: 'sample' }>): void {
    for (const id of message.gone) this.relays.delete(id)
    for (const key of message.friendsGone) this.friends.delete(key)
    this.#takeRelays(message)
    this.#takeFriends(message.friends)
    if (message.traffic) this.traffic = lastOf([...this.traffic, message.traffic], TRAFFIC_KEPT)
  }

  #takeRelays(
    message: Pick<Extract<Message, { type: 'sample' }>, 'relays' | 'numbers' | 'roundTrips'>,
  ): void {
    for (const facts of message.relays) {
      const known = this.relays.get(facts.id)
      this.relays.set(facts.id, { numbers: NO_NUMBERS, roundTrips: [], ...known, facts })
    }
    for (const row of message.numbers) {
      const numbers = named(row)
      const known = this.relays.get(numbers.id)
      if (known) this.relays.set(numbers.id, { ...known, numbers })
    }
    for (const [id, fresh] of message.roundTrips) {
      const known = this.relays.get(id)
      const roundTrips = lastOf([...(known?.roundTrips ?? []), ...fresh], ROUND_TRIPS_KEPT)
      if (known) this.relays.set(id, { ...known, roundTrips })
    }
  }

  #takeFriends(friends: readonly FriendRow[]): void {
    for (const friend of friends) this.friends.set(friend.key, friend)
  }

  #takeSteps({ relay, fresh, steps }: Extract<Message, { type: 'steps' }>): void {
    if (fresh) this.watched = { key: relay, steps, detail: NO_DETAIL }
    else if (this.watched?.key === relay)
      this.watched = { ...this.watched, steps: lastOf([...this.watched.steps, ...steps], STEPS_KEPT) }
  }
}

const NO_DETAIL: RelayDetail = { packetsIn: {}, drops: {} }

const named = (row: RelayNumbers): Record<NumberName, number> =>
  Object.fromEntries(NUMBERS.map((name, index) => [name, row[index] ?? 0])) as Record<NumberName, number>

const NO_NUMBERS = named([])

const lastOf = <T>(list: readonly T[], count: number): readonly T[] =>
  list.length > count ? list.slice(-count) : list
