/**
 * Whose relays have to be looked at again: a change of one relay concerns those who are tied to it and those who lack
 * one, not everybody. Done at the end of the turn, and when there are many, for a few milliseconds a turn. Knows
 * nothing of what makes a relay the right one.
 */
import type { Clock } from '../io/clock.js'
import type { Search } from './relay-choice.js'
import { inTurns, Planned } from './turns.js'

export interface ChoiceQueueOptions {
  readonly clock: Clock
  /** Gives a friend the relays he lacks. @returns false when he lacks some still */
  readonly choose: (search: Search) => boolean
  /** How many relays serve him. */
  readonly served: (search: Search) => number
}

export class ChoiceQueue {
  readonly #options: ChoiceQueueOptions
  readonly #planned: Planned
  readonly #due = new Set<Search>()
  readonly #lacking = new Set<Search>()

  constructor(options: ChoiceQueueOptions) {
    this.#options = options
    this.#planned = new Planned(options.clock, () => this.#work())
  }

  /** Looks at one friend now. */
  now(search: Search): void {
    this.#due.delete(search)
    if (this.#options.choose(search)) this.#lacking.delete(search)
    else if (!search.ended) this.#lacking.add(search)
  }

  /** Looks at these later, and at everybody who lacks a relay. */
  later(searches: Iterable<Search>): void {
    for (const search of searches) this.#due.add(search)
    for (const search of this.#lacking) this.#due.add(search)
    if (this.#due.size > 0) this.#planned.plan()
  }

  /** A friend who is removed. */
  forget(search: Search): void {
    this.#due.delete(search)
    this.#lacking.delete(search)
  }

  close(): void {
    this.#planned.cancel()
  }

  #work(): Promise<void> {
    return inTurns(this.#options.clock, this.#neediestFirst(), search => {
      if (this.#due.has(search)) this.now(search)
    })
  }

  /** A relay has 240 places: they go to those first who have the fewest elsewhere. */
  #neediestFirst(): Search[] {
    const byServed: Search[][] = []
    for (const search of this.#due) {
      const served = this.#options.served(search)
      byServed[served] ??= []
      byServed[served].push(search)
    }
    return byServed.flat()
  }
}
