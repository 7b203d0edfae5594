/**
 * All relays of a manager: adds and removes them, has their actors spawned in groups, tells each whether it is needed,
 * and keeps their scores. Knows nothing of packets; of friends only that ties exist.
 */
import type { SnapshotFrom } from 'xstate'
import { toHex } from '../protocol/bytes.js'
import type { HostPort } from '../protocol/relay-address.js'
import { Blame } from './blame.js'
import { type NeedLimits, neededRelays, onionRelays } from './needs.js'
import { type Origin, Relay, type RelayState } from './relay.js'
import type { RelayEmitted } from './relay-events.js'
import { RelayGroups, type RelayGroupsOptions } from './relay-groups.js'
import type { relayMachine } from './relay-machine.js'
import type { StatusEvent } from './status.js'
import { inTurns, Planned } from './turns.js'

export interface RelaysOptions extends RelayGroupsOptions {
  /** In [0, 1). */
  readonly chance: () => number
  readonly limits: NeedLimits
  readonly tell: (status: StatusEvent) => void
  /**
   * A relay came, is about to go, or became good or bad; without one, all of them may have: the choice for friends may
   * be another now.
   */
  readonly changed: (relay?: Relay) => void
}

export interface NewRelay {
  readonly publicKey: Uint8Array
  readonly address: HostPort
  readonly origin: Origin
  readonly pinned?: boolean | undefined
  readonly share?: boolean | undefined
}

/** Attempts after "the network is back" are spread over this time, in ms (behaviour §2). */
const NETWORK_BACK_SPREAD_MS = 1_000

export class Relays {
  readonly #options: RelaysOptions
  readonly #byKey = new Map<string, Relay>()
  readonly #groups: RelayGroups
  readonly #blame: Blame
  #onion: number
  readonly #updates: Planned
  #closing = false
  #allGone: (() => void) | undefined
  /** Timers of the last "the network is back" signal. */
  #signals: unknown[] = []

  constructor(options: RelaysOptions) {
    this.#options = options
    this.#groups = new RelayGroups(options, key => this.#broke(key))
    const { clock, tell } = options
    this.#blame = new Blame({ clock, tell, relays: () => this.#byKey.values() })
    this.#updates = new Planned(clock, () => this.#updateNeeds())
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
    return this.#blame.networkDown
  }

  /** Adds a relay. For one that is known: another address, and what the user wishes of it now. */
  add(input: NewRelay): Relay {
    const known = this.#byKey.get(toHex(input.publicKey))
    if (!known) return this.#addNew(input)
    this.addAddress(known, input.address)
    if (trust(input.origin) > trust(known.origin)) known.origin = input.origin
    known.share = input.share ?? known.share
    if (input.pinned !== undefined) known.pin(input.pinned)
    if (known.leaving) this.#keep(known)
    this.#wished(known)
    return known
  }

  #addNew(input: NewRelay): Relay {
    const { clock, tell } = this.#options
    const relay = new Relay({ ...input, now: clock.now(), wished: () => this.#wished(relay) })
    this.#byKey.set(relay.key, relay)
    tell({ type: 'relay-added', relay: relay.key, address: input.address, origin: input.origin })
    this.#spawn(relay)
    this.#wished(relay)
    return relay
  }

  /** Another way to a relay that is known. */
  addAddress(relay: Relay, address: HostPort): void {
    if (relay.addresses.some(known => known.host === address.host && known.port === address.port)) return
    relay.addresses.push(address)
    relay.send({ type: 'address.added', address })
  }

  /** Unties its friends, says good-bye and forgets it. */
  remove(relay: Relay): void {
    relay.leaving = true
    this.#untie(relay)
    relay.send({ type: 'relay.remove' })
  }

  #keep(relay: Relay): void {
    relay.leaving = false
    relay.send({ type: 'relay.keep' })
  }

  /** 0 switches onion use off. Relays that the user sent to sleep are woken when too few others are there. */
  setOnion(count: number): void {
    this.#onion = count
    this.rouse(onionRelays(this.all, count))
    this.planUpdate()
  }

  /** What the user sent to sleep may be needed again. */
  rouse(relays: Iterable<Relay>): void {
    for (const relay of relays) if (relay.asleep) relay.wake()
  }

  /** Every waiting relay tries at once, spread a little; every connected one is pinged. */
  networkChanged(): void {
    const { chance, clock } = this.#options
    this.#forgetSignals()
    this.#signals = this.all.map(relay =>
      clock.setTimeout(() => relay.send({ type: 'network.changed' }), chance() * NETWORK_BACK_SPREAD_MS),
    )
  }

  #forgetSignals(): void {
    for (const timer of this.#signals.splice(0)) this.#options.clock.clearTimeout(timer)
  }

  #wished(relay: Relay): void {
    this.planUpdate()
    this.#options.changed(relay)
  }

  /** Looks again, at the end of this turn, which relays are needed. */
  planUpdate(): void {
    this.#updates.plan()
  }

  /** Says good-bye to every relay; resolves when all sockets are closed, 2 s after the last good-bye at most. */
  async close(): Promise<void> {
    this.#closing = true
    this.#updates.cancel()
    this.#forgetSignals()
    const gone = new Promise<void>(resolve => {
      this.#allGone = resolve
    })
    await inTurns(this.#options.clock, this.all, relay => this.remove(relay))
    if (this.#byKey.size > 0) await gone
    await this.#groups.close()
  }

  #updateNeeds(): Promise<void> {
    const needed = neededRelays(this.all, { ...this.#options.limits, onion: this.#onion })
    return inTurns(this.#options.clock, this.all, relay => {
      if (needed.has(relay) === relay.needed || this.#closing) return
      relay.needed = !relay.needed
      relay.send({ type: relay.needed ? 'need.began' : 'need.ended' })
    })
  }

  #spawn(relay: Relay): void {
    const { addresses, key: publicKey } = relay
    const actor = this.#groups.spawn({ publicKey, addresses: [...addresses], needed: false })
    relay.actor = actor
    // A broken actor is told by its supervisor; unheard here, its error would be thrown a second time.
    actor.subscribe({ next: snapshot => this.#take(relay, snapshot), error: () => {} })
    actor.on('*', event => this.#heard(relay, event))
  }

  #take(relay: Relay, snapshot: SnapshotFrom<typeof relayMachine>): void {
    const { clock, tell } = this.#options
    const [wasBad, wasDown] = [relay.isBad, this.networkDown]
    const before = relay.take(snapshot, clock.now())
    if (before) {
      this.#blame.stateChanged(relay, before)
      this.planUpdate()
    }
    if (this.networkDown !== wasDown) this.#options.changed()
    else if (relay.isBad !== wasBad) this.#options.changed(relay)
    if (relay.state.name === 'closed') this.#gone(relay)
    else if (before) tell({ type: 'relay-state', relay: relay.key, ...statusOf(relay.state) })
  }

  #heard({ key, score, ties }: Relay, event: RelayEmitted): void {
    const { tell } = this.#options
    if (event.type === 'attempt.failed') {
      const { address, reason } = event
      tell({ type: 'attempt-failed', relay: key, address, reason })
    } else if (event.type === 'link.confirmed') {
      score.noteSuccess()
      tell({ type: 'relay-confirmed', relay: key })
    } else {
      score.noteRtt(event.rttMs)
      for (const tie of ties) tie.friend.reorder()
      tell({ type: 'keepalive', relay: key, rttMs: event.rttMs })
    }
  }

  #broke(key: string): void {
    const relay = this.#byKey.get(key)
    if (!relay) return
    this.#blame.stateChanged(relay, relay.giveUp(this.#options.clock.now()))
    this.#options.tell({ type: 'relay-broke', relay: key })
    this.#gone(relay)
  }

  #gone(relay: Relay): void {
    this.#byKey.delete(relay.key)
    relay.actor = undefined
    this.#untie(relay)
    this.#options.tell({ type: 'relay-removed', relay: relay.key })
    this.planUpdate()
    if (this.#closing && this.#byKey.size === 0) this.#allGone?.()
  }

  #untie(relay: Relay): void {
    this.#options.changed(relay)
    for (const tie of [...relay.ties]) tie.friend.removeTie(tie)
  }
}

/** Who names a relay decides what it may be used for. */
const trust = (origin: Origin): number => ['friend', 'list', 'user'].indexOf(origin)

const statusOf = ({ name, address, reason, nextAttemptAt }: RelayState) => ({
  state: name,
  address,
  ...(reason === undefined ? {} : { reason }),
  ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
})
