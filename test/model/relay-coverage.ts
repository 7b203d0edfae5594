/** Which states a relay was in, and which events it took there. */
import { DECISIONS, EVENTS, type EventName, STATES, type State, TIMERS } from './relay-table.js'

export class Coverage {
  /** Where each event led from each state, the last time; `—` when it changed no state. */
  readonly pairs: Record<string, string> = {}
  readonly states = new Set<string>(['sleeping'])

  note(state: State, event: EventName, via: readonly string[]): void {
    const pair = `${state} ${event}`
    const to = via.join(' › ') || '—'
    if (!this.pairs[pair] || this.pairs[pair] === '—') this.pairs[pair] = to
    for (const each of via) this.states.add(each)
  }

  missingStates(): string[] {
    return [...STATES, ...DECISIONS].filter(state => !this.states.has(state))
  }

  missingPairs(): string[] {
    return STATES.filter(state => state !== 'closed')
      .flatMap(state => EVENTS.filter(event => canHappen(state, event)).map(event => `${state} ${event}`))
      .filter(pair => !this.pairs[pair])
  }

  toJSON(): unknown {
    return { states: [...this.states], pairs: this.pairs }
  }
}

/** Time is over only where a timer runs. */
export const canHappen = (state: State, event: EventName): boolean =>
  !event.startsWith('time.') || (TIMERS[state]?.includes(event) ?? false)
