import { describe, expect, it } from 'vitest'
import { nameRelay, newsOf } from '../../src/cli/news.js'
import type { StatusEvent } from '../../src/index.js'

const RELAY = 'AB'.repeat(32)
const FRIEND = 'CD'.repeat(32)
const TIME = new Date(2026, 10, 25, 4, 5, 6).getTime()
const ADDRESS = { host: '2001:db8::1', port: 443 }

const news = (status: StatusEvent) => newsOf({ time: TIME, ...status }, () => 'relay.example:443')

describe('the news', () => {
  it.each<[StatusEvent, string]>([
    [{ type: 'relay-added', relay: RELAY, address: ADDRESS, origin: 'user' }, '[2001:db8::1]:443 added'],
    [{ type: 'relay-removed', relay: RELAY }, 'relay.example:443 removed'],
    [
      { type: 'relay-state', relay: RELAY, state: 'established', address: ADDRESS },
      'relay.example:443 connected',
    ],
    [
      { type: 'relay-state', relay: RELAY, state: 'sleeping', address: ADDRESS },
      'relay.example:443 sleeping',
    ],
    [
      {
        type: 'relay-state',
        relay: RELAY,
        state: 'backoff',
        address: ADDRESS,
        reason: 'ping-timeout',
        nextAttemptAt: TIME + 1_500,
      },
      'relay.example:443 not connected: no pong within 10 s of a ping; next attempt in 2 s',
    ],
    [
      {
        type: 'relay-state',
        relay: RELAY,
        state: 'quarantined',
        address: ADDRESS,
        reason: 'protocol-violation',
        nextAttemptAt: TIME + 3_600_000,
      },
      'relay.example:443 is left alone: the relay broke the protocol; next attempt in 60 min',
    ],
    [
      { type: 'relay-refused', address: ADDRESS, refusal: 'private-address', friend: FRIEND },
      '[2001:db8::1]:443 not taken: private-address',
    ],
    [{ type: 'relay-broke', relay: RELAY }, 'relay.example:443 removed after a fault of ours'],
    [{ type: 'network-down' }, 'no relay is connected'],
    [{ type: 'friend-state', friend: FRIEND, state: 'online' }, 'friend CDCDCDCD… is online'],
    [
      { type: 'route', friend: FRIEND, relay: RELAY, state: 'online' },
      'friend CDCDCDCD… online through relay.example:443',
    ],
    [
      { type: 'route', friend: FRIEND, relay: RELAY, state: 'refused' },
      'friend CDCDCDCD… refused through relay.example:443',
    ],
  ])('of %j is a sentence', (status, sentence) => {
    expect(news(status)).toBe(`04:05:06 ${sentence}`)
  })

  it.each<[StatusEvent]>([
    [{ type: 'keepalive', relay: RELAY, rttMs: 1 }],
    [{ type: 'relay-confirmed', relay: RELAY }],
    [{ type: 'relay-state', relay: RELAY, state: 'connecting', address: ADDRESS }],
    [{ type: 'route', friend: FRIEND, relay: RELAY, state: 'requested' }],
    [{ type: 'network-up' }],
  ])('of %j is not worth a line', status => {
    expect(news(status)).toBeUndefined()
  })

  it('lets no host name move the cursor', () => {
    const address = { host: '\x1b[2J', port: 1 }
    expect(news({ type: 'relay-added', relay: RELAY, address, origin: 'list' })).toBe('04:05:06 ?[2J:1 added')
  })

  it('names a relay that is gone by its key', () => {
    expect(nameRelay(() => undefined)(RELAY)).toBe('ABABABAB…')
  })
})
