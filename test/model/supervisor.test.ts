/** The supervisor of a group against a table written by hand: relays come, end and break, in every order. */

import { afterAll, describe, expect, test } from 'vitest'
import { type ActorRefFrom, createActor, createMachine, type SnapshotFrom } from 'xstate'
import { TestModel } from 'xstate/graph'
import { type relayMachine, type SupervisorEvent, supervisorMachine } from '../../src/actors/machines.js'
import { writeCoverage } from './write-coverage.js'

const RELAYS = ['AA', 'BB'] as const
type Key = (typeof RELAYS)[number]
type What = 'spawn' | 'done' | 'break'
type Snapshot = SnapshotFrom<typeof supervisorMachine>

/** How many relays there are before, what happens to one, how many there are after, and whether that is told. */
const TABLE: readonly { before: number; what: What; after: number; told: boolean }[] = [
  { before: 0, what: 'spawn', after: 1, told: false },
  { before: 1, what: 'spawn', after: 2, told: false },
  { before: 1, what: 'done', after: 0, told: false },
  { before: 2, what: 'done', after: 1, told: false },
  { before: 1, what: 'break', after: 0, told: true },
  { before: 2, what: 'break', after: 1, told: true },
]

interface Step {
  readonly what: What
  readonly key: Key
}

const seen: Record<string, string> = {}
afterAll(() => writeCoverage('supervisor machine', { states: ['supervising'], pairs: seen }))

/** A relay's machine that does what its events say. */
const puppet = createMachine({
  initial: 'alive',
  states: {
    alive: {
      on: {
        end: 'ended',
        break: {
          actions: () => {
            throw new Error('a bug')
          },
        },
      },
    },
    ended: { type: 'final' },
  },
}) as unknown as typeof relayMachine

const input = (publicKey: string) => ({ publicKey, addresses: [], needed: false })

function allWays(): Step[][] {
  const toEvent = ({ what, key }: Step): SupervisorEvent => {
    if (what === 'spawn') return { type: 'relay.spawn', relay: input(key) }
    return { type: `xstate.${what === 'done' ? 'done' : 'error'}.actor.${key}` } as unknown as SupervisorEvent
  }
  const steps = RELAYS.flatMap(key => (['spawn', 'done', 'break'] as const).map(what => ({ what, key })))
  const keys = (snapshot: Snapshot) => `[${Object.keys(snapshot.context.relays).sort()}]`
  const isPossible = (snapshot: Snapshot, { what, key }: Step) =>
    (what === 'spawn') !== keys(snapshot).includes(key)
  const model = new TestModel<Snapshot, SupervisorEvent & { step?: Step }, unknown>(
    supervisorMachine.provide({ actors: { relay: puppet } }) as never,
    {
      events: snapshot =>
        steps.filter(step => isPossible(snapshot, step)).map(step => ({ ...toEvent(step), step })),
      serializeState: keys,
      serializeEvent: ({ step }) => JSON.stringify(step),
    },
  )
  const read = (events: readonly { step?: Step }[]): Step[] => events.flatMap(({ step }) => step ?? [])
  const shortest = new Map(
    model
      .getShortestPaths({ allowDuplicatePaths: true })
      .map(path => [keys(path.state), read(path.steps.map(({ event }) => event))]),
  )
  const situations: { state: Snapshot; transitions: Record<string, { event: { step?: Step } }> }[] =
    Object.values(model.getAdjacencyMap())
  return situations.flatMap(({ state, transitions }) =>
    Object.values(transitions).map(({ event }) => [...(shortest.get(keys(state)) ?? []), ...read([event])]),
  )
}

describe('the supervisor of a group', () => {
  test('lets go of relays that ended or broke, tells of those that broke, and outlives them', () => {
    const ways = allWays()
    expect(ways).toHaveLength(2 + 2 * 3 + 4)
    for (const way of ways) {
      const told: string[] = []
      const supervisor = createActor(supervisorMachine.provide({ actors: { relay: puppet } }))
      supervisor.on('relay.broke', ({ publicKey }) => told.push(publicKey))
      supervisor.start()
      const children = (): Record<string, ActorRefFrom<typeof relayMachine>> =>
        supervisor.getSnapshot().context.relays
      for (const { what, key } of way) {
        const before = Object.keys(children()).length
        const rule = TABLE.find(each => each.before === before && each.what === what)
        const child = children()[key]
        child?.subscribe({ error: () => {} })
        told.length = 0
        if (what === 'spawn') supervisor.send({ type: 'relay.spawn', relay: input(key) })
        else child?.send({ type: what === 'done' ? 'end' : 'break' } as never)
        expect(Object.keys(children())).toHaveLength(rule?.after ?? -1)
        expect(told).toEqual(rule?.told ? [key] : [])
        expect(Object.keys(supervisor.getSnapshot().children)).toEqual(Object.keys(children()))
        expect(supervisor.getSnapshot()).toMatchObject({ status: 'active', value: 'supervising' })
        seen[`${before} relays: ${what}`] = `${rule?.after} relays${rule?.told ? ', told' : ''}`
      }
      supervisor.stop()
    }
    expect(Object.keys(seen)).toHaveLength(TABLE.length)
  })
})
