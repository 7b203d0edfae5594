/** Which states a relay was in, and which events it took there. */

import { canHappen, DECISIONS, EVENTS, type EventName, STATES, type State } from './relay-table.js'
import type { Seen } from './write-coverage.js'

export class Coverage {
  readonly #ways = new Map<string, Set<string>>()
  readonly states = new Set<string>(['sleeping'])

  note(state: State, event: EventName, via: readonly string[]): void {
    const pair = `${state} ${event}`
    const ways = this.#ways.get(pair) ?? new Set()
    this.#ways.set(pair, ways.add(via.join(' › ')))
    for (const each of via) this.states.add(each)
  }

  /** Where each event led from each state; `—` where it changed no state. */
  get pairs(): Record<string, string> {
    const pairs = STATES.flatMap(state => EVENTS.map(event => `${state} ${event}`))
    return Object.fromEntries(
      pairs.flatMap(pair => {
        const ways = this.#ways.get(pair)
        return ways ? [[pair, [...ways].map(way => way || '—').join(', ')]] : []
      }),
    )
  }

  has(state: State, event: EventName): boolean {
    return this.#ways.has(`${state} ${event}`)
  }

  missingStates(): string[] {
    return [...STATES, ...DECISIONS].filter(state => !this.states.has(state))
  }

  missingPairs(): string[] {
    return STATES.filter(state => state !== 'closed').flatMap(state =>
      EVENTS.filter(event => canHappen(state, event) && !this.has(state, event)).map(
        event => `${state} ${event}`,
      ),
    )
  }

  get seen(): Seen {
    const missing = [...this.missingStates(), ...this.missingPairs()]
    return { states: [...this.states], pairs: this.pairs, missing }
  }
}
