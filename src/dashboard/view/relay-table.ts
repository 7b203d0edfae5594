/** Which relays a table shows, in which order, and which of its rows are in sight. */
import type { RelayStateName } from '../../index.js'
import type { NumberName } from '../wire.js'
import type { RelayView } from './model.js'
import { hostPort } from './words.js'

export type Column = 'state' | 'address' | 'since' | 'reason' | Exclude<NumberName, 'id'>

export interface Order {
  readonly column: Column
  readonly descending: boolean
}

export interface Filter {
  /** In the address, the key, the state, the origin or the reason. */
  readonly text: string
  /** All states when empty. */
  readonly states: ReadonlySet<RelayStateName>
}

/** In the order in which an operator wants to see them. */
export const STATES: readonly RelayStateName[] = [
  'established',
  'handshake',
  'proxy',
  'connecting',
  'queued',
  'closing',
  'backoff',
  'quarantined',
  'sleeping',
  'closed',
]

export function arrange(relays: Iterable<RelayView>, filter: Filter, order: Order): RelayView[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = [...relays].filter(relay => matches(relay, filter.states, words))
  const sign = order.descending ? -1 : 1
  return shown.sort((a, b) => sign * compare(a, b, order.column) || a.facts.id - b.facts.id)
}

function matches({ facts }: RelayView, states: Filter['states'], words: readonly string[]): boolean {
  if (states.size > 0 && !states.has(facts.state)) return false
  if (words.length === 0) return true
  const { key, state, origin, reason = '', addresses, pinned } = facts
  const text = [key, state, origin, reason, pinned ? 'pinned' : '', ...addresses.map(hostPort)]
    .join(' ')
    .toLowerCase()
  return words.every(word => text.includes(word))
}

/** Unknown numbers are -1; they stand behind the known ones. */
const weight = (value: number): number => (value < 0 ? Number.MAX_VALUE : value)

function compare(a: RelayView, b: RelayView, column: Column): number {
  switch (column) {
    case 'state':
      return STATES.indexOf(a.facts.state) - STATES.indexOf(b.facts.state)
    case 'address':
      return hostPort(a.facts.address).localeCompare(hostPort(b.facts.address), undefined, { numeric: true })
    case 'since':
      return a.facts.since - b.facts.since
    case 'reason':
      return (a.facts.reason ?? '~').localeCompare(b.facts.reason ?? '~')
    default:
      return weight(a.numbers[column]) - weight(b.numbers[column])
  }
}

/** The rows in sight and some around them, so that scrolling shows no gap. */
export function rowsInSight(options: {
  readonly scrollTop: number
  readonly height: number
  readonly rowHeight: number
  readonly count: number
}): { readonly first: number; readonly end: number } {
  const { scrollTop, height, rowHeight, count } = options
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - ROWS_AROUND)
  return { first, end: Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + ROWS_AROUND) }
}

const ROWS_AROUND = 6
