/**
 * Ways through the life of a relay that take every event in every situation, found by XState's TestModel. The machine
 * only says which ways there are; whether they lead where they should, the oracle says.
 */
import type { SnapshotFrom } from 'xstate'
import { TestModel } from 'xstate/graph'
import { backoffMs } from '../../src/actors/backoff.js'
import { createRelayMachine, type RelayCommand, type RelayEvent } from '../../src/actors/machines.js'
import type { ModelEvent } from './relay-oracle.js'
import { canHappen, EVENTS, type EventName, type State } from './relay-table.js'

export const BUDGET_MS = 12_345
export const ADDRESSES = Array.from({ length: 3 }, (_, i) => ({ host: `11.0.0.${i}`, port: 443 }))
const MAX_ADDRESSES = 2

type Snapshot = SnapshotFrom<ReturnType<typeof createRelayMachine>>
type MachineEvent = RelayEvent | RelayCommand

/** All events, with every reason that makes a difference. */
export const MODEL_EVENTS: readonly ModelEvent[] = EVENTS.flatMap((name): ModelEvent[] => {
  if (name === 'attempt.failed')
    return ['refused', 'proxy-unreachable', 'bad-handshake'].map(reason => ({ name, reason }))
  if (name === 'link.lost') return ['reset', 'protocol-violation'].map(reason => ({ name, reason }))
  if (name === 'pong.overdue') return [{ name, reason: 'ping-timeout' }]
  return name === 'keepalive.answered' ? [{ name, rttMs: 42 }] : [{ name }]
})

const TIMER_EVENTS: Partial<Record<EventName, (snapshot: Snapshot) => string>> = {
  'time.budget': () => 'xstate.after.budget.relay.attempt',
  'time.ping': () => 'xstate.after.pingInterval.relay.established.quiet',
  'time.close': () => 'xstate.after.closeTimeout.relay.closing',
  'time.retry': ({ value }) => `xstate.after.retryDelay.relay.${String(value)}`,
  'time.rest': () => 'rest.over',
}

export const toMachineEvent = ({ name, reason, rttMs }: ModelEvent, addresses: number): MachineEvent =>
  ({ type: name, reason, rttMs, address: ADDRESSES[addresses] }) as unknown as MachineEvent

/** Decides which events are tried in a situation. */
export type Possible = (at: Place, event: ModelEvent) => boolean

/** Where a relay is on its way. */
export interface Place {
  readonly state: State
  readonly context: Snapshot['context']
  /** A rest began before the ping that is open. */
  readonly restFirst: boolean
}

/** A way from the beginning to an event. */
export interface Way {
  /** Where the last event happens. */
  readonly from: Place
  readonly events: readonly ModelEvent[]
}

/** @returns for each situation and each event one way there */
export function allWays(possible: Possible = isConceivable): Way[] {
  const { model, place, situation } = explore(possible)
  const shortest = new Map(
    model
      .getShortestPaths({ allowDuplicatePaths: true })
      .map(({ state, steps }) => [situation(state), steps.slice(1).map(({ event }) => modelEvent(event))]),
  )
  const situations: { state: Snapshot; transitions: object }[] = Object.values(model.getAdjacencyMap())
  return situations.flatMap(({ state, transitions }) => {
    const edges: { event: MachineEvent }[] = Object.values(transitions)
    return edges.map(({ event }) => ({
      from: place(state),
      events: [...(shortest.get(situation(state)) ?? []), modelEvent(event)],
    }))
  })
}

/** The model of a machine whose time goes on when it has waited for something. */
function explore(possible: Possible) {
  let now = 0
  const times = new WeakMap<object, number>()
  const restFirst = new WeakMap<object, boolean>()
  const machine = createRelayMachine({
    clock: { now: () => now },
    chance: () => 1,
    budgetMs: () => BUDGET_MS,
    viaProxy: () => false,
    retryMs: (failures, chance) => backoffMs(failures, chance),
  })
  const logic: typeof machine = Object.create(machine, {
    transition: {
      value: (snapshot: Snapshot, event: MachineEvent, scope: never) => {
        const before = times.get(snapshot) ?? 0
        now = event.type.includes('retryDelay') ? Math.max(before, snapshot.context.retryAt) : before
        const next = machine.transition(snapshot, event, scope)
        times.set(next, now)
        const [from, to] = [leaf(snapshot), leaf(next)]
        const rests = !next.context.needed && to === 'pinging'
        restFirst.set(next, rests && (from === 'quiet' || (restFirst.get(snapshot) ?? false)))
        return next
      },
    },
  })
  /** All that decides what an event does. */
  const situation = (snapshot: Snapshot): string => {
    const { addresses, needed, removed, retryAt, tried, violations } = snapshot.context
    const waits = retryAt > (times.get(snapshot) ?? 0)
    const first = restFirst.get(snapshot) ?? false
    const facts = [needed, removed, addresses.length, tried, violations.length, waits, first]
    return JSON.stringify([snapshot.value, ...facts])
  }
  const place = (snapshot: Snapshot): Place => ({
    state: leaf(snapshot),
    context: snapshot.context,
    restFirst: restFirst.get(snapshot) ?? false,
  })
  const model = new TestModel<Snapshot, MachineEvent, unknown>(logic as never, {
    input: { publicKey: 'AA', addresses: ADDRESSES.slice(0, 1), needed: false },
    events: snapshot =>
      MODEL_EVENTS.filter(event => possible(place(snapshot), event)).map(event => asEvent(snapshot, event)),
    filterEvents: snapshot => snapshot.status === 'active',
    serializeState: snapshot => situation(snapshot),
    serializeEvent: event => JSON.stringify(event),
  })
  return { model, place, situation }
}

/** What the machine is told carries along what it stands for. */
const asEvent = (snapshot: Snapshot, event: ModelEvent): MachineEvent => {
  const type = TIMER_EVENTS[event.name]?.(snapshot) ?? event.name
  const machineEvent = toMachineEvent(event, snapshot.context.addresses.length)
  return { ...machineEvent, type, model: event } as unknown as MachineEvent
}

const modelEvent = (event: object): ModelEvent => (event as { model: ModelEvent }).model

/** A timer can be over only where it runs; addresses are few. */
function isConceivable({ context, state }: Place, { name }: ModelEvent): boolean {
  if (name === 'address.added') return context.addresses.length < MAX_ADDRESSES
  if (name === 'time.rest' && context.needed) return false
  return canHappen(state, name)
}

export const hasRoomForAddress = ({ context }: Place): boolean => context.addresses.length < MAX_ADDRESSES

const leaf = ({ value }: Snapshot): State =>
  (typeof value === 'string' ? value : Object.values(value)[0]) as State
