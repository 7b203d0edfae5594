/**
 * The machines of all relays, in groups that are small enough to be stopped without a pause (see
 * {@link GROUP_SIZE}). Knows nothing of what the machines do.
 */
import { type Actor, type ActorRefFrom, createActor, type InspectionEvent } from 'xstate'
import type { Clock } from '../io/clock.js'
import type { RelayMachineInput } from './relay-events.js'
import type { relayMachine } from './relay-machine.js'
import { GROUP_SIZE, supervisorMachine } from './supervisor-machine.js'

export interface RelayGroupsOptions {
  readonly clock: Clock
  readonly machine: typeof relayMachine
  readonly inspect: ((event: InspectionEvent) => void) | undefined
}

export class RelayGroups {
  readonly #options: RelayGroupsOptions
  readonly #broke: (publicKey: string) => void
  readonly #groups: Actor<typeof supervisorMachine>[] = []

  /** @param broke told of a relay whose actor broke, and is gone */
  constructor(options: RelayGroupsOptions, broke: (publicKey: string) => void) {
    this.#options = options
    this.#broke = broke
  }

  spawn(relay: RelayMachineInput): ActorRefFrom<typeof relayMachine> {
    const group = this.#groupWithRoom()
    group.send({ type: 'relay.spawn', relay })
    const actor = group.getSnapshot().context.relays[relay.publicKey]
    if (!actor) throw new RangeError('the supervisor did not spawn the relay')
    return actor
  }

  /** Stops a group a turn. */
  async close(): Promise<void> {
    for (const group of this.#groups.splice(0)) {
      group.stop()
      await new Promise<void>(resolve => this.#options.clock.defer(resolve))
    }
  }

  #groupWithRoom(): Actor<typeof supervisorMachine> {
    const group = this.#groups.findLast(
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
}

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
