/**
 * The last steps of every relay's machine, for the live statechart and its playback. Looks through XState's own
 * inspection; takes over names, times, reasons and addresses only, by allow-list. Knows nothing of who watches.
 */
import { Subject } from 'rxjs'
import type { AnyEventObject, AnyTransitionDefinition, InspectedMicrostepEvent, Subscription } from 'xstate'
import type { Relay } from '../index.js'
import { eventName, pathOf, transitionId } from './statechart.js'
import type { Step } from './wire.js'

/** Steps kept of one relay: an idle one takes four a minute. */
const STEPS_KEPT = 120
/** Steps are kept this long, in ms. */
const KEPT_MS = 15 * 60_000

type System = NonNullable<Relay['actor']>['system']

export class MachineHistory {
  /** Each step as it happens, with the relay's key. */
  readonly steps$ = new Subject<{ readonly key: string; readonly step: Step }>()
  readonly #now: () => number
  readonly #steps = new Map<string, Step[]>()
  readonly #systems = new Map<System, Subscription>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Relays come in groups, each a system of actors of its own; a group that is watched already stays so. */
  watch(relay: Relay): void {
    if (!relay.actor) return
    const { system } = relay.actor
    this.#steps.set(relay.key, [
      { ...START, at: relay.state.since, state: stateOf(relay.actor.getSnapshot()) },
    ])
    if (this.#systems.has(system)) return
    const subscription = system.inspect(event => {
      if (event.type === '@xstate.microstep') this.#took(event)
    })
    this.#systems.set(system, subscription)
  }

  forget(key: string): void {
    this.#steps.delete(key)
  }

  /** Oldest first; the first one may only tell where the machine was. */
  of(key: string): readonly Step[] {
    const steps = this.#steps.get(key) ?? []
    const since = this.#now() - KEPT_MS
    return steps.filter((step, index) => step.at >= since || index === steps.length - 1)
  }

  close(): void {
    for (const subscription of this.#systems.values()) subscription.unsubscribe()
    this.#systems.clear()
    this.steps$.complete()
  }

  #took({ actorRef, event, snapshot, _transitions }: InspectedMicrostepEvent): void {
    const key = 'id' in actorRef && typeof actorRef.id === 'string' ? actorRef.id : ''
    const steps = this.#steps.get(key)
    const [first] = _transitions
    if (!steps || !first) return
    const step = {
      at: this.#now(),
      event: eventName(first),
      detail: first.eventType === '' ? '' : detailOf(event),
      transitions: _transitions.map(idOf),
      state: stateOf(snapshot),
    }
    if (steps.push(step) > STEPS_KEPT) steps.shift()
    this.steps$.next({ key, step })
  }
}

const START = { event: '', detail: '', transitions: [] } as const

/** A machine has few transitions and takes them a thousand times. */
const ids = new WeakMap<AnyTransitionDefinition, string>()

function idOf(transition: AnyTransitionDefinition): string {
  const id = ids.get(transition) ?? transitionId(transition)
  ids.set(transition, id)
  return id
}

const stateOf = (snapshot: object): string => ('value' in snapshot ? pathOf(snapshot.value) : '')

/** What an operator wants to hear of an event; nothing else of it is looked at. */
function detailOf({ reason, rttMs, address }: AnyEventObject): string {
  if (typeof reason === 'string') return reason
  if (typeof rttMs === 'number') return `${rttMs.toFixed(rttMs < 10 ? 1 : 0)} ms`
  return typeof address?.host === 'string' ? `${address.host}:${address.port}` : ''
}
