import { describe, expect, test } from 'vitest'
import { inTurns, Planned, REST_FACTOR, TURN_BUDGET_MS } from '../../src/actors/turns.js'
import { VirtualClock } from '../../src/testing/virtual-clock.js'

/** A clock on which work takes time, and which notes each turn. */
class BusyClock extends VirtualClock {
  turns = 0
  #spent = 0

  spend(ms: number): void {
    this.#spent += ms
  }

  override now(): number {
    return super.now() + this.#spent
  }

  override defer(call: () => void): void {
    this.turns++
    super.defer(call)
  }
}

describe('work on a list', () => {
  const numbers = [...Array(20).keys()]

  test('that takes no time is done at once, in order', async () => {
    const clock = new BusyClock()
    const done: number[] = []
    await inTurns(clock, numbers, number => done.push(number))
    expect([done, clock.turns]).toEqual([numbers, 0])
  })

  test('that takes a while goes on in the next turn, and the next, in order', async () => {
    const clock = new BusyClock()
    const done: number[] = []
    const work = inTurns(clock, numbers, number => {
      done.push(number)
      clock.spend(1)
    })
    expect(done).toHaveLength(TURN_BUDGET_MS)
    await clock.run(work)
    expect([done, clock.turns]).toEqual([numbers, numbers.length / TURN_BUDGET_MS - 1])
  })
})

describe('planned work', () => {
  test('that is asked for many times in a turn is done once, at the end of it', async () => {
    const clock = new BusyClock()
    let done = 0
    const planned = new Planned(clock, () => void done++)
    for (let i = 0; i < 5; i++) planned.plan()
    expect(done).toBe(0)
    await clock.settle()
    expect(done).toBe(1)
    planned.plan()
    await clock.settle()
    expect(done).toBe(2)
  })

  test('that is asked for while it is being done is done once more afterwards', async () => {
    const clock = new BusyClock()
    let begun = 0
    let finish = (): void => {}
    const planned = new Planned(clock, () => {
      begun++
      return new Promise(resolve => {
        finish = resolve
      })
    })
    planned.plan()
    await clock.settle()
    for (let i = 0; i < 5; i++) planned.plan()
    await clock.settle()
    expect(begun).toBe(1)
    finish()
    await clock.settle()
    expect(begun).toBe(2)
    finish()
    await clock.settle()
    expect([begun, clock.pending]).toEqual([2, 0])
  })

  test('that took 4 ms rests for ten times as long, and is done then', async () => {
    const clock = new BusyClock()
    let done = 0
    const planned = new Planned(clock, () => {
      done++
      clock.spend(4)
    })
    planned.plan()
    await clock.settle()
    planned.plan()
    await clock.advance(REST_FACTOR * 4 - 1)
    expect(done).toBe(1)
    await clock.advance(1)
    expect(done).toBe(2)
  })

  test('that fails fails alone: the next time it is done again', async () => {
    const clock = new BusyClock()
    const failures: unknown[] = []
    const note = (error: unknown) => failures.push(error)
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note)
    let tries = 0
    const planned = new Planned(clock, () => {
      if (tries++ === 0) throw new Error('once')
    })
    planned.plan()
    await clock.settle()
    planned.plan()
    await clock.settle()
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
    expect([tries, failures]).toMatchObject([2, [{ message: 'once' }]])
  })

  test('that is cancelled is never done again, and leaves no timer', async () => {
    const clock = new BusyClock()
    let done = 0
    const planned = new Planned(clock, () => {
      done++
      clock.spend(4)
    })
    planned.plan()
    await clock.settle()
    planned.plan()
    planned.cancel()
    planned.plan()
    await clock.advance(1_000)
    expect([done, clock.pending]).toEqual([1, 0])
  })
})
