/**
 * All relays of a manager: adds and removes them, has their actors spawned in groups, tells each whether it is needed,
 * and keeps their scores. Knows nothing of packets; of friends only that ties exist.
 */
import { type Actor, createActor, type InspectionEvent, type SnapshotFrom } from 'xstate'
import type { Clock } from '../io/clock.js'
import { faultOf } from '../protocol/errors.js'
import type { HostPort } from '../protocol/relay-address.js'
import { type NeedLimits, neededRelays } from './needs.js'
import { type Origin, Relay, type RelayState } from './relay.js'
import type { relayMachine } from './relay-machine.js'
import type { StatusEvent } from './status.js'
import { GROUP_SIZE, supervisorMachine } from './supervisor-machine.js'

export interface RelaysOptions {
  readonly clock: Clock
  /** In [0, 1). */
  readonly chance: () => number
  readonly limits: NeedLimits
  readonly machine: typeof relayMachine
  readonly inspect: ((event: InspectionEvent) => void) | undefined
  readonly tell: (status: StatusEvent) => void
  /** Relays came, went, or became good or bad: the choice for friends may be another now. */
  readonly changed: () => void
}

export interface NewRelay {
  readonly publicKey: Uint8Array
  readonly address: HostPort
  readonly origin: Origin
  readonly pinned: boolean
  readonly share: boolean
}

/** Attempts after "the network is back" are spread over this time, in ms (behaviour §2). */
const NETWORK_BACK_SPREAD_MS = 1_000
/** Failures shortly before the last relay was lost were the network's, too. */
const FORGIVE_MS = 15_000

export class Relays {
  readonly #options: RelaysOptions
  readonly #byKey = new Map<string, Relay>()
  readonly #groups: Actor<typeof supervisorMachine>[] = []
  #onion: number
  #established = 0
  #updatePlanned = false
  #closing = false
  #allGone: (() => void) | undefined

  constructor(options: RelaysOptions) {
    this.#options = options
    this.#onion = options.limits.onion
  }

  get all(): Relay[] {
    return [...this.#byKey.values()]
  }

  get(key: string): Relay | undefined {
    return this.#byKey.get(key)
  }

  /** @throws RangeError when there is none */
  need(key: string): Relay {
    const relay = this.#byKey.get(key)
    if (!relay) throw new RangeError('there is no such relay')
    return relay
  }

  /** Not one relay is connected: then the fault is the network's, not theirs. */
  get networkDown(): boolean {
    return this.#established === 0
  }

  add(input: NewRelay): Relay {
    const { clock, tell } = this.#options
    const relay = new Relay({ ...input, now: clock.now(), wished: () => this.#wished() })
    this.#byKey.set(relay.key, relay)
    tell({ type: 'relay-added', relay: relay.key, address: input.address, origin: input.origin })
    this.#spawn(relay)
    this.planUpdate()
    this.#options.changed()
    return relay
  }

  /** Another way to a relay that is known. */
  addAddress(relay: Relay, address: HostPort): void {
    if (relay.addresses.some(known => known.host === address.host && known.port === address.port)) return
    relay.addresses.push(address)
    relay.send({ type: 'address.added', address })
  }

  remove(relay: Relay): void {
    relay.send({ type: 'relay.remove' })
  }

  /** 0 switches onion use off. */
  setOnion(count: number): void {
    this.#onion = count
    this.planUpdate()
  }

  /** Every waiting relay tries at once, spread a little; every connected one is pinged. */
  networkChanged(): void {
    const { chance, clock } = this.#options
    for (const relay of this.#byKey.values())
      clock.setTimeout(() => relay.send({ type: 'network.changed' }), chance() * NETWORK_BACK_SPREAD_MS)
  }

  #wished(): void {
    this.planUpdate()
    this.#options.changed()
  }

  /** Looks again, at the end of this turn, which relays are needed. */
  planUpdate(): void {
    if (this.#updatePlanned || this.#closing) return
    this.#updatePlanned = true
    this.#options.clock.defer(() => {
      this.#updatePlanned = false
      if (!this.#closing) this.#updateNeeds()
    })
  }

  /** Says good-bye to every relay; resolves when all sockets are closed, after 2 s at most. */
  async close(): Promise<void> {
    this.#closing = true
    const gone = new Promise<void>(resolve => {
      this.#allGone = resolve
    })
    for (const relay of this.all) this.remove(relay)
    if (this.#byKey.size > 0) await gone
    for (const group of this.#groups.splice(0)) {
      group.stop()
      await new Promise<void>(resolve => this.#options.clock.defer(resolve))
    }
  }

  #updateNeeds(): void {
    const needed = neededRelays(this.all, { ...this.#options.limits, onion: this.#onion })
    for (const relay of this.#byKey.values()) {
      if (needed.has(relay) === relay.needed) continue
      relay.needed = !relay.needed
      relay.send({ type: relay.needed ? 'need.began' : 'need.ended' })
    }
  }

  #spawn(relay: Relay): void {
    const group = this.#groupWithRoom()
    group.send({
      type: 'relay.spawn',
      relay: { publicKey: relay.key, addresses: relay.addresses, needed: false },
    })
    const actor = group.getSnapshot().context.relays[relay.key]
    if (!actor) throw new RangeError('the supervisor did not spawn the relay')
    relay.actor = actor
    // A broken actor is told by its supervisor; unheard here, its error would be thrown a second time.
    actor.subscribe({ next: snapshot => this.#take(relay, snapshot), error: () => {} })
  }

  #groupWithRoom(): Actor<typeof supervisorMachine> {
    const group = this.#groups.find(
      each => Object.keys(each.getSnapshot().context.relays).length < GROUP_SIZE,
    )
    return group ?? this.#newGroup()
  }

  #newGroup(): Actor<typeof supervisorMachine> {
    const { clock, inspect, machine } = this.#options
    const logic = supervisorMachine.provide({ actors: { relay: machine } })
    const group = createActor(logic, { clock, ...(inspect ? { inspect: guarded(inspect) } : {}) })
    group.on('relay.broke', ({ publicKey }) => this.#broke(publicKey))
    group.start()
    this.#groups.push(group)
    return group
  }

  #take(relay: Relay, snapshot: SnapshotFrom<typeof relayMachine>): void {
    const { clock, tell } = this.#options
    const wasBad = relay.isBad
    const { rttMs: rttBefore, confirmedAt: confirmedBefore } = relay.facts
    const before = relay.take(snapshot, clock.now())
    const { confirmedAt, rttMs } = relay.facts
    if (before) this.#stateChanged(relay, before)
    if (confirmedAt !== undefined && confirmedBefore === undefined) this.#confirmed(relay)
    if (rttMs !== undefined && rttMs !== rttBefore) this.#answered(relay, rttMs)
    if (relay.isBad !== wasBad) this.#options.changed()
    if (relay.state.name === 'closed') this.#gone(relay)
    else if (before) tell({ type: 'relay-state', relay: relay.key, ...statusOf(relay.state) })
  }

  #stateChanged(relay: Relay, before: RelayState): void {
    const { clock } = this.#options
    const now = clock.now()
    if (relay.isEstablished) this.#setEstablished(this.#established + 1)
    if (before.name === 'established') {
      relay.score.uptimeMs += now - before.since
      this.#setEstablished(this.#established - 1)
    }
    const { name, reason } = relay.state
    const failed = name === 'backoff' || name === 'quarantined'
    if (failed && reason && faultOf(reason) !== 'proxy' && !this.networkDown) relay.score.noteFailure(now)
    this.planUpdate()
  }

  #setEstablished(count: number): void {
    const { clock, tell } = this.#options
    const before = this.#established
    this.#established = count
    if (before === 0) tell({ type: 'network-up' })
    if (count > 0) return
    tell({ type: 'network-down' })
    for (const relay of this.#byKey.values()) relay.score.forgive(clock.now() - FORGIVE_MS)
  }

  #confirmed(relay: Relay): void {
    relay.score.noteSuccess()
    this.#options.tell({ type: 'relay-confirmed', relay: relay.key })
  }

  #answered(relay: Relay, rttMs: number): void {
    relay.score.noteRtt(rttMs)
    for (const tie of relay.ties) tie.friend.reorder()
    this.#options.tell({ type: 'keepalive', relay: relay.key, rttMs })
  }

  #broke(key: string): void {
    const relay = this.#byKey.get(key)
    if (!relay) return
    if (relay.isEstablished) this.#setEstablished(this.#established - 1)
    this.#options.tell({ type: 'relay-broke', relay: key })
    this.#gone(relay)
  }

  #gone(relay: Relay): void {
    this.#byKey.delete(relay.key)
    for (const tie of [...relay.ties]) tie.friend.removeTie(tie)
    this.#options.tell({ type: 'relay-removed', relay: relay.key })
    this.#options.changed()
    this.planUpdate()
    if (this.#closing && this.#byKey.size === 0) this.#allGone?.()
  }
}

const statusOf = ({ name, address, reason, nextAttemptAt }: RelayState) => ({
  state: name,
  address,
  ...(reason === undefined ? {} : { reason }),
  ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
})

/** An observer that throws must not break a link: its error surfaces as an uncaught exception, like a subscriber's. */
const guarded =
  (inspect: (event: InspectionEvent) => void) =>
  (event: InspectionEvent): void => {
    try {
      inspect(event)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
