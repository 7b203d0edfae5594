/** The relay with sockets, in memory and real ones, against the same table: every state, every event that can happen. */
import { beforeAll, describe, expect, test } from 'vitest'
import { cryptoReady } from '../../src/protocol/crypto.js'
import { VirtualClock } from '../../src/testing/index.js'
import { type Ground, memoryGround, tcpGround } from './ground.js'
import { Coverage } from './relay-coverage.js'
import type { ModelEvent } from './relay-oracle.js'
import { allWays, hasRoomForAddress, type Place, type Possible } from './relay-paths.js'
import { EVENTS, type EventName, STATES, type State } from './relay-table.js'
import { SocketSubject } from './socket-subject.js'
import { writeCoverage } from './write-coverage.js'

beforeAll(cryptoReady)

const LINKED: readonly State[] = ['pinging', 'quiet']

/** In which states the world can bring an event about. */
const WHERE: Partial<Record<EventName, readonly State[]>> = {
  'turn.came': ['queued'],
  'proxy.reached': ['connecting'],
  'socket.opened': ['connecting', 'proxy'],
  'handshake.done': ['handshake'],
  'link.confirmed': LINKED,
  'link.lost': [...LINKED, 'closing'],
  'link.hungUp': ['closing'],
  'keepalive.answered': ['pinging'],
  'pong.overdue': ['pinging'],
  'time.budget': ['connecting', 'proxy', 'handshake'],
  'time.ping': ['quiet'],
  'time.rest': LINKED,
  'time.close': ['closing'],
  'time.retry': ['backoff', 'quarantined'],
}

/** Which failure comes from where. */
const FAILURES: Partial<Record<State, string>> = {
  connecting: 'refused',
  proxy: 'proxy-unreachable',
  handshake: 'bad-handshake',
}

const canHappenInMemory: Possible = (place: Place, { name, reason }: ModelEvent) => {
  const { context, restFirst, state } = place
  const where = WHERE[name]
  if (where && !where.includes(state)) return false
  switch (name) {
    case 'need.began':
      return !context.needed
    case 'need.ended':
      return context.needed
    case 'relay.keep':
      return context.removed
    case 'address.added':
      return hasRoomForAddress(place)
    case 'attempt.failed':
      return FAILURES[state] === reason
    case 'link.confirmed':
      return context.confirmedAt === undefined
    case 'link.lost':
      return state !== 'closing' || reason === 'reset'
    case 'pong.overdue':
      return !restFirst
    case 'time.ping':
      return context.needed
    case 'time.rest':
      return !context.needed && (state === 'quiet' || restFirst)
    default:
      return true
  }
}

/** Real sockets cannot be held while they close, nor are good-byes left unanswered. */
const canHappenOnTcp: Possible = (place, event) =>
  canHappenInMemory(place, event) && (place.state !== 'closing' || event.name === 'link.hungUp')

/** Of all ways one to each event in each state, needed or not. */
function someWays(possible: Possible): (readonly ModelEvent[])[] {
  const chosen = new Map<string, readonly ModelEvent[]>()
  for (const { events, from } of allWays(possible)) {
    const { context, restFirst, state } = from
    const key = JSON.stringify([state, context.needed, context.removed, restFirst, events.at(-1)])
    const known = chosen.get(key)
    if (!known || events.length < known.length) chosen.set(key, events)
  }
  return [...chosen.values()]
}

async function walk(
  ways: readonly (readonly ModelEvent[])[],
  ground: (clock: VirtualClock) => Promise<Ground>,
): Promise<Coverage> {
  const coverage = new Coverage()
  for (const way of ways) {
    const clock = new VirtualClock()
    const subject = new SocketSubject(clock, await ground(clock))
    const story: string[] = []
    for (const event of way) {
      const { state } = subject.oracle
      story.push(`${event.name} ${event.reason ?? ''}`.trim())
      await subject.take(event)
      const where = `${story.join(' → ')}, from ${state}`
      expect(subject.state, where).toBe(subject.oracle.state)
      expect(subject.books, where).toEqual(subject.expectedBooks)
      expect(subject.connections, where).toBe(subject.expectedConnections)
      coverage.note(state, event.name, [subject.oracle.state])
    }
    for (const state of subject.states) coverage.states.add(state)
    await subject.close()
    expect({ timers: clock.pending, connections: subject.connections }, story.join(' → ')).toEqual({
      timers: 0,
      connections: 0,
    })
  }
  return coverage
}

describe('a relay with sockets', () => {
  test('in memory does what the table says, wherever the world takes it, and leaves nothing behind', async () => {
    const coverage = await walk(someWays(canHappenInMemory), memoryGround)
    expect(STATES.filter(state => !coverage.states.has(state))).toEqual([])
    const missing = EVENTS.flatMap(event =>
      (WHERE[event] ?? []).filter(state => !coverage.has(state, event)).map(state => `${state} ${event}`),
    )
    writeCoverage('relay with sockets in memory', { ...coverage.seen, missing })
    expect(missing).toEqual([])
  }, 120_000)

  test('real ones does the same', async () => {
    const coverage = await walk(someWays(canHappenOnTcp), tcpGround)
    writeCoverage('relay with TCP sockets', { ...coverage.seen, missing: [] })
    expect(STATES.filter(state => !coverage.states.has(state))).toEqual([])
  }, 120_000)
})
