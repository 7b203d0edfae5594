/**
 * What a relay must be like after each event: follows the table, and keeps the books that decide where it goes. Written
 * from the rules, not from the machine, which it must never import.
 */
import {
  type Command,
  type Decision,
  ENTERING,
  type EventName,
  INSIDE,
  LEAVING,
  type Rule,
  type State,
  TABLE,
} from './relay-table.js'

export interface ModelEvent {
  readonly name: EventName
  readonly reason?: string
  readonly rttMs?: number
}

/** What one event did. */
export interface Outcome {
  /** States on the way, the last one included; empty for an event that is ignored or changes no state. */
  readonly via: readonly (State | Decision)[]
  readonly does: readonly Command[]
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const STABLE_MS = MINUTE_MS
const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 5 * MINUTE_MS
const VIOLATIONS_WITHIN_MS = 10 * MINUTE_MS
const LONGEST_QUARANTINE_MS = 24 * HOUR_MS

export class RelayOracle {
  state: State = 'sleeping'
  needed = false
  removed = false
  resting = false
  addresses = 1
  address = 0
  failures = 0
  quarantines = 0
  retryAt = 0
  confirmedAt: number | undefined
  reason: string | undefined
  rttMs: number | undefined
  #tried = 0
  #violations: number[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  take(event: ModelEvent): Outcome {
    const rule = this.#rule(event.name)
    if (!rule) return { via: [], does: [] }
    this.#note(event)
    this.reason = rule.reason ?? this.reason
    const does: Command[] = []
    const via: (State | Decision)[] = []
    if (rule.to) this.#go(rule.to, rule.does ?? [], via, does)
    else if (this.state === 'sleeping') this.#decide('sleeping', via, does)
    return { via, does }
  }

  #rule(name: EventName): Rule | undefined {
    const row: { readonly [E in EventName]?: Rule } = TABLE[this.state]
    return row[name]
  }

  /** What an event tells, whatever state follows. */
  #note({ name, reason, rttMs }: ModelEvent): void {
    const linked = this.state === 'pinging' || this.state === 'quiet'
    if (name === 'need.began') [this.needed, this.resting] = [true, false]
    if (name === 'need.ended') [this.needed, this.resting] = [false, linked]
    if (name === 'relay.remove') this.removed = this.state === 'closing' || linked
    if (name === 'relay.keep') this.removed = false
    if (name === 'address.added') this.addresses++
    if (name === 'network.changed' && (this.state === 'sleeping' || this.state === 'backoff'))
      this.retryAt = 0
    if (name === 'link.confirmed') [this.confirmedAt, this.reason] = [this.#now(), undefined]
    if (name === 'keepalive.answered') this.rttMs = rttMs
    if (reason === undefined || this.state === 'closing') return
    this.reason = reason
    if (reason === 'protocol-violation') this.#violations.push(this.#now())
  }

  #go(to: State | Decision, first: readonly Command[], via: (State | Decision)[], does: Command[]): void {
    const from = this.state
    const inside = INSIDE.some(group => group.includes(from) && (group as readonly string[]).includes(to))
    if (!inside) does.push(...(LEAVING[from] ?? []))
    does.push(...first)
    if (!inside && (from === 'pinging' || from === 'quiet')) this.#linkEnded()
    if (to === 'sleeping' || to === 'pinging') this.#tried = 0
    this.#enter(to, inside, via, does)
  }

  #enter(to: State | Decision, inside: boolean, via: (State | Decision)[], does: Command[]): void {
    via.push(to)
    if (to === 'failed' || to === 'lost' || to === 'hungUp' || to === 'sleeping') {
      if (to === 'sleeping') this.state = to
      this.#decide(to, via, does)
      return
    }
    this.state = to
    if (!inside) does.push(...(ENTERING[to] ?? []))
  }

  #decide(at: Decision | 'sleeping', via: (State | Decision)[], does: Command[]): void {
    const next = this.#next(at)
    if (next) this.#enter(next, false, via, does)
  }

  #next(at: Decision | 'sleeping'): State | Decision | undefined {
    switch (at) {
      case 'failed':
        return this.#nextAddress() ? 'queued' : 'lost'
      case 'hungUp':
        return this.removed ? 'closed' : 'sleeping'
      case 'lost':
        return this.#lost()
      case 'sleeping':
        if (!this.needed) return undefined
        return this.retryAt > this.#now() ? 'backoff' : 'queued'
    }
  }

  /** The relay's other addresses, once each. */
  #nextAddress(): boolean {
    this.#tried++
    if (this.#tried === this.addresses) {
      this.#tried = 0
      return false
    }
    this.address = (this.address + 1) % this.addresses
    return true
  }

  #lost(): State {
    const now = this.#now()
    this.#violations = this.#violations.filter(at => now - at < VIOLATIONS_WITHIN_MS)
    if (this.#violations.length >= 3) {
      this.#violations = []
      this.retryAt = now + Math.min(LONGEST_QUARANTINE_MS, HOUR_MS * 2 ** this.quarantines++)
      return 'quarantined'
    }
    const failures = this.failures + 1
    // The proxy's own faults are not the relay's.
    if (!this.reason?.startsWith('proxy-')) this.failures = failures
    this.retryAt = now + Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1))
    return this.needed ? 'backoff' : 'sleeping'
  }

  #linkEnded(): void {
    const stood = this.confirmedAt === undefined ? 0 : this.#now() - this.confirmedAt
    if (stood >= STABLE_MS) this.failures = 0
    this.confirmedAt = undefined
    this.resting = false
  }
}
