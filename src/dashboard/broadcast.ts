/**
 * What the pages are told, and when: everything at their start, then what a look at the relays finds different, the
 * status log in batches, and the steps of the relay that each of them watches. While no page is open, only the traffic
 * is looked at.
 */
import type { ServerResponse } from 'node:http'
import type { Observable, Subscription } from 'rxjs'
import type { Relay, RelayManager, Status } from '../index.js'
import { act } from './actions.js'
import { type DashboardClock, SYSTEM_CLOCK } from './dashboard-clock.js'
import { type EventStream, EventStreams } from './event-streams.js'
import { Journal } from './journal.js'
import { MachineHistory } from './machine-history.js'
import { Sampler } from './sampler.js'
import { Traffic } from './traffic.js'
import type { ActionResult, Message, Step, TrafficPoint } from './wire.js'

export interface BroadcastOptions {
  /** Also serves `/stately`, which hands these events to Stately's inspector on the internet. Off unless given. */
  readonly stately?: InspectionSource
  /** Time between two looks at the relays, in ms; 1,000 unless said otherwise. */
  readonly sampleMs?: number
  readonly clock?: DashboardClock
}

/** What `createInspectionStream` makes. */
export interface InspectionSource {
  /** Events that tell where every actor is now. */
  replay(): Iterable<object>
  readonly events$: Observable<object>
}

const SAMPLE_MS = 1_000

export class Broadcast {
  readonly #manager: RelayManager
  readonly #options: BroadcastOptions
  readonly #clock: DashboardClock
  readonly #streams = new EventStreams()
  readonly #inspections = new EventStreams()
  readonly #history: MachineHistory
  readonly #traffic: Traffic
  readonly #sampler: Sampler
  readonly #journal: Journal
  readonly #subscriptions: Subscription[]
  #timer: unknown

  constructor(manager: RelayManager, options: BroadcastOptions) {
    const clock = options.clock ?? SYSTEM_CLOCK
    this.#manager = manager
    this.#options = options
    this.#clock = clock
    this.#history = new MachineHistory(() => clock.now())
    this.#traffic = new Traffic(manager.relays, clock.now())
    this.#sampler = new Sampler(this.#traffic)
    this.#journal = new Journal(clock, batch => this.#send(batch))
    for (const relay of manager.relays) this.#history.watch(relay)
    this.#subscriptions = [
      manager.status$.subscribe(status => this.#hear(status)),
      this.#history.steps$.subscribe(({ key, step }) => this.#tellStep(key, step)),
    ]
    this.#planLook()
  }

  /** Begins to tell a page everything. */
  open(response: ServerResponse): void {
    // What was different until now goes to the others, so that everybody knows the same from here on.
    this.#tellChanges()
    this.#journal.flush()
    const stream = this.#streams.open(response)
    stream.send(this.#hello(stream))
  }

  /** Begins to tell a page what Stately's inspector is to show. */
  openInspection(response: ServerResponse): void {
    const { stately } = this.#options
    const stream = this.#inspections.open(response)
    const subscription = stately?.events$.subscribe(event => stream.send(event))
    response.on('close', () => subscription?.unsubscribe())
    for (const event of stately?.replay() ?? []) stream.send(event)
  }

  act(body: unknown): ActionResult {
    const result = act(body, {
      manager: this.#manager,
      watch: (stream, relay) => this.#watch(stream, relay),
    })
    // The one who asked sees at once what came of it.
    this.#tellChanges()
    return result
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer)
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    this.#journal.close()
    this.#history.close()
    this.#streams.close()
    this.#inspections.close()
  }

  #hear(status: Status): void {
    this.#journal.note(status)
    if (status.type === 'keepalive') this.#sampler.noteRoundTrip(status.relay, status.rttMs)
    // Its actor is started right after this is told, before the first event.
    if (status.type === 'relay-added') queueMicrotask(() => this.#meet(status.relay))
    if (status.type === 'relay-removed') this.#history.forget(status.relay)
  }

  #meet(key: string): void {
    const relay = this.#manager.relay(key)
    if (relay) this.#history.watch(relay)
  }

  #planLook(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#planLook()
      this.#tellChanges(this.#traffic.look(this.#manager.relays, this.#clock.now()))
    }, this.#options.sampleMs ?? SAMPLE_MS)
  }

  #tellChanges(traffic?: TrafficPoint): void {
    if (this.#streams.all.length === 0) return
    const changes = this.#sampler.look(this.#manager.relays, this.#manager.friends)
    this.#send({ type: 'sample', now: this.#clock.now(), ...changes, ...(traffic && { traffic }) })
    for (const stream of this.#streams.all) this.#tellDetail(stream)
  }

  #hello(stream: EventStream): Message {
    this.#sampler.look(this.#manager.relays, this.#manager.friends)
    return {
      type: 'hello',
      stream: stream.id,
      publicKey: Buffer.from(this.#manager.publicKey).toString('hex').toUpperCase(),
      now: this.#clock.now(),
      sampleMs: this.#options.sampleMs ?? SAMPLE_MS,
      ...this.#sampler.all(),
      traffic: this.#traffic.points,
      log: this.#journal.entries,
      stately: this.#options.stately !== undefined,
    }
  }

  #watch(id: string, { key }: Relay): void {
    const stream = this.#streams.get(id)
    if (!stream) throw new RangeError('stream: there is none of that name any more')
    stream.watched = key
    stream.send({ type: 'steps', relay: key, fresh: true, steps: this.#history.of(key) } satisfies Message)
    this.#tellDetail(stream)
  }

  #tellStep(key: string, step: Step): void {
    const message: Message = { type: 'steps', relay: key, fresh: false, steps: [step] }
    for (const stream of this.#streams.all) if (stream.watched === key) stream.send(message)
  }

  #tellDetail(stream: EventStream): void {
    const relay = stream.watched === undefined ? undefined : this.#manager.relay(stream.watched)
    if (!relay) return
    const { packetsIn, drops } = relay.stats
    stream.send({ type: 'detail', relay: relay.key, detail: { packetsIn, drops } } satisfies Message)
  }

  #send(message: Message): void {
    this.#streams.sendAll(message)
  }
}
