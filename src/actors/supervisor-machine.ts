/**
 * Supervises one group of relays: spawns an actor for each, lets go of those that are done, and outlives one that
 * breaks. Groups are small (see {@link GROUP_SIZE}) and each is a root of its own, because stopping many children of
 * one parent blocks: 900 ms for 1,000, 6 ms for 100. Which relays there are, and which are needed, others decide.
 */
import { type ActorRefFrom, assign, emit, setup, stopChild } from 'xstate'
import type { RelayMachineInput } from './relay-events.js'
import { relayMachine } from './relay-machine.js'

/** Relays in one group at most. */
export const GROUP_SIZE = 100

export type SupervisorEvent = { readonly type: 'relay.spawn'; readonly relay: RelayMachineInput }

export interface SupervisorContext {
  readonly relays: Readonly<Record<string, ActorRefFrom<typeof relayMachine>>>
}

export const supervisorMachine = setup({
  types: {} as {
    context: SupervisorContext
    events: SupervisorEvent
    emitted: { type: 'relay.broke'; publicKey: string }
  },
  actors: { relay: relayMachine },
  actions: {
    spawnRelay: assign(({ context, event, spawn }) => {
      const { publicKey } = event.relay
      return {
        relays: { ...context.relays, [publicKey]: spawn('relay', { id: publicKey, input: event.relay }) },
      }
    }),
    /** A done or broken child would otherwise stay in the snapshot for ever. */
    stopRelay: stopChild(({ event }) => childOf(event.type)),
    forgetRelay: assign(({ context, event }) => {
      const { [childOf(event.type)]: _, ...relays } = context.relays
      return { relays }
    }),
    reportBroken: emit(({ event }) => ({ type: 'relay.broke' as const, publicKey: childOf(event.type) })),
  },
}).createMachine({
  id: 'supervisor',
  description: 'One group of relays.',
  context: { relays: {} },
  initial: 'supervising',
  states: {
    supervising: {
      description: 'Relays come and go.',
      on: {
        'relay.spawn': { actions: 'spawnRelay' },
        'xstate.done.actor.*': { actions: ['stopRelay', 'forgetRelay'] },
        'xstate.error.actor.*': { actions: ['stopRelay', 'forgetRelay', 'reportBroken'] },
      },
    },
  },
})

/** The child's id at the end of `xstate.done.actor.ID` or `xstate.error.actor.ID`. */
const childOf = (eventType: string): string => eventType.slice(eventType.lastIndexOf('.') + 1)
