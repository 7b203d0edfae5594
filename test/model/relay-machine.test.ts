/**
 * The relay's machine against the table, in every situation with every event, whichever timer is over first: where it
 * goes, by which states, what it tells its I/O, which timers run, what it remembers.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { createActor, fromCallback, type InspectionEvent } from 'xstate'
import { backoffMs } from '../../src/actors/backoff.js'
import { createRelayMachine, type RelayCommand } from '../../src/actors/machines.js'
import type { RelayIoInput } from '../../src/actors/relay-events.js'
import { PickClock } from './pick-clock.js'
import { Coverage } from './relay-coverage.js'
import { type ModelEvent, type Outcome, RelayOracle } from './relay-oracle.js'
import { ADDRESSES, allWays, BUDGET_MS, toMachineEvent } from './relay-paths.js'
import { type EventName, STATES, TIMERS } from './relay-table.js'
import { writeCoverage } from './write-coverage.js'

const coverage = new Coverage()
afterAll(() => writeCoverage('relay machine', coverage.seen))

const DELAYS: Partial<Record<EventName, number>> = {
  'time.budget': BUDGET_MS,
  'time.ping': 30_000,
  'time.rest': 10_000,
  'time.close': 2_000,
}

/** The machine with I/O that only remembers what it was told. */
class Subject {
  readonly clock = new PickClock()
  readonly oracle = new RelayOracle(() => this.clock.now())
  #does: string[] = []
  #via: string[] = []
  readonly #actor

  constructor() {
    const machine = createRelayMachine({
      clock: this.clock,
      chance: () => 1,
      budgetMs: () => BUDGET_MS,
      viaProxy: () => false,
      retryMs: (failures, chance) => backoffMs(failures, chance),
    }).provide({
      actors: {
        io: fromCallback<RelayCommand, RelayIoInput>(({ receive }) =>
          receive(({ type }) => this.#does.push(type)),
        ),
      },
    })
    this.#actor = createActor(machine, {
      clock: this.clock,
      input: { publicKey: 'AA', addresses: ADDRESSES.slice(0, 1), needed: false },
      inspect: event => this.#inspect(event),
    })
    this.#actor.start()
  }

  get state(): string {
    return leaf(this.#actor.getSnapshot().value)
  }

  /** Lets an event happen and says what it did; undefined when it cannot happen now. */
  take(event: ModelEvent): Outcome | undefined {
    const { actor, before } = { actor: this.#actor, before: this.state }
    this.#does = []
    this.#via = []
    const delay = this.#delayOf(event.name)
    if (event.name.startsWith('time.')) {
      if (!this.expectedTimers.includes(delay)) return undefined
      this.clock.fire(delay)
    } else if (actor.getSnapshot().status === 'active') {
      actor.send(toMachineEvent(event, this.oracle.addresses))
    }
    const states = [before, ...this.#via]
    return { via: states.filter((state, i) => i > 0 && state !== states[i - 1]), does: this.#does } as Outcome
  }

  /** What it remembers, as far as the oracle keeps the same books. */
  get books(): unknown {
    const { context } = this.#actor.getSnapshot()
    const { addressIndex, confirmedAt, failures, needed, quarantines, reason, removed, retryAt, rttMs } =
      context
    return {
      address: addressIndex,
      confirmedAt,
      failures,
      needed,
      quarantines,
      reason,
      removed,
      retryAt,
      rttMs,
    }
  }

  get expectedBooks(): unknown {
    const { address, confirmedAt, failures, needed, quarantines, reason, removed, retryAt, rttMs } =
      this.oracle
    return { address, confirmedAt, failures, needed, quarantines, reason, removed, retryAt, rttMs }
  }

  get expectedTimers(): number[] {
    const { resting, state } = this.oracle
    return (TIMERS[state] ?? [])
      .filter(timer => timer !== 'time.rest' || resting)
      .map(timer => this.#delayOf(timer))
      .sort((a, b) => a - b)
  }

  stop(): void {
    this.#actor.stop()
  }

  #delayOf(name: EventName): number {
    return DELAYS[name] ?? this.oracle.retryAt - this.clock.now()
  }

  #inspect(event: InspectionEvent): void {
    if (event.type !== '@xstate.microstep' || !('value' in event.snapshot)) return
    this.#via.push(leaf(event.snapshot.value))
  }
}

const leaf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? String(Object.values(value)[0]) : String(value)

describe('the relay’s machine', () => {
  test('does what the table says, in every situation with every event', () => {
    for (const { events: way } of allWays()) {
      const subject = new Subject()
      for (const [i, event] of way.entries()) {
        const { state } = subject.oracle
        const outcome = subject.take(event)
        if (!outcome) break
        const expected = subject.oracle.take(event)
        const story = way.slice(0, i + 1).map(({ name, reason = '' }) => `${name} ${reason}`.trim())
        const where = `${story.join(' → ')}, from ${state}`
        expect(outcome, where).toEqual(expected)
        expect(subject.state, where).toBe(subject.oracle.state)
        expect(subject.books, where).toEqual(subject.expectedBooks)
        expect(subject.clock.delays, where).toEqual(subject.expectedTimers)
        coverage.note(state, event.name, [...expected.via])
      }
      subject.stop()
    }
  }, 60_000)

  test('was taken through every state, every decision and every event in every state', () => {
    expect(coverage.missingStates()).toEqual([])
    expect(coverage.missingPairs()).toEqual([])
    expect(STATES.length).toBe(11)
  })
})
