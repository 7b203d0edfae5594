/**
 * The life of a relay as a table, written by hand from docs and rules, not from the machine: what each event does in
 * each state. The model tests hold the machine against it; it must never import the machine.
 */

/** States in which a relay can be found. */
export const STATES = [
  'sleeping',
  'queued',
  'connecting',
  'proxy',
  'handshake',
  'pinging',
  'quiet',
  'closing',
  'backoff',
  'quarantined',
  'closed',
] as const
/** States that only decide where to go next: nothing ever waits in them. */
export const DECISIONS = ['failed', 'lost', 'hungUp'] as const

export type State = (typeof STATES)[number]
export type Decision = (typeof DECISIONS)[number]
export type Command = 'wait.turn' | 'dial' | 'give.up' | 'ping' | 'hang.up' | 'destroy'

/** What the machine is told, and the times that it waits for. */
export const EVENTS = [
  'need.began',
  'need.ended',
  'relay.remove',
  'relay.keep',
  'network.changed',
  'address.added',
  'turn.came',
  'proxy.reached',
  'socket.opened',
  'handshake.done',
  'attempt.failed',
  'link.confirmed',
  'link.lost',
  'link.hungUp',
  'keepalive.answered',
  'pong.overdue',
  'time.budget',
  'time.ping',
  'time.rest',
  'time.close',
  'time.retry',
] as const
export type EventName = (typeof EVENTS)[number]

export interface Rule {
  readonly to?: State | Decision
  /** What the I/O is told besides what leaving and entering states does. */
  readonly does?: readonly Command[]
  readonly reason?: string
}

const stay: Rule = {}
/** Wherever a relay is: the wish is noted, the address added. */
const always = {
  'need.began': stay,
  'need.ended': stay,
  'address.added': stay,
  'relay.remove': { to: 'closed' },
} as const

const attempt = {
  ...always,
  'need.ended': { to: 'sleeping' },
  'network.changed': { to: 'queued' },
  'attempt.failed': { to: 'failed' },
  'handshake.done': { to: 'pinging' },
} as const

const established = {
  ...always,
  'relay.remove': { to: 'closing' },
  'link.confirmed': stay,
  'link.lost': { to: 'lost' },
  'pong.overdue': { to: 'lost', does: ['destroy'], reason: 'ping-timeout' },
  'time.rest': { to: 'closing' },
} as const

/** What is not here is ignored. */
export const TABLE = {
  sleeping: { ...always, 'network.changed': stay },
  queued: {
    ...always,
    'need.ended': { to: 'sleeping', does: ['give.up'] },
    'turn.came': { to: 'connecting' },
  },
  connecting: {
    ...attempt,
    'proxy.reached': { to: 'proxy' },
    'socket.opened': { to: 'handshake' },
    'time.budget': { to: 'failed', reason: 'connect-timeout' },
  },
  proxy: {
    ...attempt,
    'socket.opened': { to: 'handshake' },
    'time.budget': { to: 'failed', reason: 'proxy-timeout' },
  },
  handshake: { ...attempt, 'time.budget': { to: 'failed', reason: 'handshake-timeout' } },
  pinging: { ...established, 'keepalive.answered': { to: 'quiet' } },
  quiet: {
    ...established,
    'time.ping': { to: 'pinging', does: ['ping'] },
    'network.changed': { to: 'pinging', does: ['ping'] },
  },
  closing: {
    ...always,
    'relay.remove': stay,
    'relay.keep': stay,
    'link.hungUp': { to: 'hungUp' },
    'link.lost': { to: 'hungUp' },
    'time.close': { to: 'hungUp' },
  },
  backoff: {
    ...always,
    'need.ended': { to: 'sleeping' },
    'network.changed': { to: 'queued' },
    'time.retry': { to: 'queued' },
  },
  quarantined: { ...always, 'time.retry': { to: 'sleeping' } },
  closed: {},
} as const satisfies { readonly [S in State]: { readonly [E in EventName]?: Rule } }

/** Told to the I/O on the way into a state and out of it. A stay in `established` counts as one for both its states. */
export const ENTERING: Partial<Record<State, readonly Command[]>> = {
  queued: ['wait.turn'],
  connecting: ['dial'],
  closing: ['hang.up'],
  closed: ['destroy'],
}
export const LEAVING: Partial<Record<State, readonly Command[]>> = {
  connecting: ['give.up'],
  proxy: ['give.up'],
  handshake: ['give.up'],
  closing: ['destroy'],
}
/** States that a relay passes through without leaving the attempt, or the link, that it is at. */
export const INSIDE: readonly (readonly State[])[] = [
  ['connecting', 'proxy', 'handshake'],
  ['pinging', 'quiet'],
]

/** Timers that run in a state; `rest` runs in both states of a link when nobody needs it any more. */
export const TIMERS: Partial<Record<State, readonly EventName[]>> = {
  connecting: ['time.budget'],
  proxy: ['time.budget'],
  handshake: ['time.budget'],
  pinging: ['time.rest'],
  quiet: ['time.ping', 'time.rest'],
  closing: ['time.close'],
  backoff: ['time.retry'],
  quarantined: ['time.retry'],
}

/** Time is over only where a timer runs. */
export const canHappen = (state: State, event: EventName): boolean =>
  !event.startsWith('time.') || (TIMERS[state]?.includes(event) ?? false)
