import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plain } from '../../src/cli/table.js'
import { drawUp, type UpPicture } from '../../src/cli/up-picture.js'
import type { FriendRow, RelayRow } from '../../src/cli/up-rows.js'

const KEY = 'AB'.repeat(32)

const UP: RelayRow = {
  address: '192.0.2.1:443',
  state: 'established',
  inStateFor: 65_000,
  rttMs: 12.34,
  online: 1,
  tied: 2,
  bytesIn: 1_234,
  bytesOut: 5_600_000,
  queueDepth: 7,
  reason: undefined,
  nextAttemptIn: undefined,
}

const DOWN: RelayRow = {
  ...UP,
  address: '[2001:db8::1]:33445',
  state: 'backoff',
  rttMs: undefined,
  reason: 'refused',
  nextAttemptIn: 4_000,
}

const FRIEND: FriendRow = {
  key: 'CD'.repeat(32),
  state: 'online',
  sent: 12,
  received: 11,
  routes: [
    { relay: '192.0.2.1:443', state: 'online' },
    { relay: '192.0.2.2:443', state: 'registered' },
    { relay: '192.0.2.3:443', state: 'registered' },
  ],
}

const PICTURE: UpPicture = {
  title: 'tox-relays',
  ownKey: KEY,
  upFor: 3_723_000,
  relays: [UP, DOWN],
  friends: [FRIEND],
  news: ['04:05:06 first', '04:05:07 second'],
}

const draw = (picture: Partial<UpPicture>, columns = 110, rows = 30) =>
  drawUp({ ...PICTURE, ...picture }, { columns, rows }, plain)

describe('the picture of up', () => {
  it('shows relays, friends and the latest news', () => {
    expect(draw({})).toEqual([
      'tox-relays · 1 of 2 relays connected · up 1:02:03',
      `you are ${KEY} · Ctrl-C ends`,
      '',
      'RELAY                STATE        SINCE      RTT  ROUTES      IN     OUT  QUEUE  WHY',
      '192.0.2.1:443        established   1:05  12.3 ms     1/2  1.2 kB  5.6 MB      7',
      '[2001:db8::1]:33445  backoff       1:05        –     1/2  1.2 kB  5.6 MB      7  refused, again in 4 s',
      '',
      'FRIEND     STATE   SENT  RECEIVED  ROUTES',
      'CDCDCDCD…  online    12        11  1 online, 2 registered',
      '',
      '04:05:06 first',
      '04:05:07 second',
    ])
  })

  it('leaves out what there is not: friends, news, reasons', () => {
    expect(draw({ friends: [], news: [], relays: [UP] })).toEqual([
      'tox-relays · 1 of 1 relays connected · up 1:02:03',
      `you are ${KEY} · Ctrl-C ends`,
      '',
      'RELAY          STATE        SINCE      RTT  ROUTES      IN     OUT  QUEUE',
      '192.0.2.1:443  established   1:05  12.3 ms     1/2  1.2 kB  5.6 MB      7',
    ])
  })

  it('keeps relay, state and reason in a narrow terminal', () => {
    expect(draw({ friends: [], news: [] }, 44)).toEqual([
      'tox-relays · 1 of 2 relays connected · up 1…',
      `you are ${KEY.slice(0, 35)}…`,
      '',
      'RELAY              STATE        WHY',
      '192.0.2.1:443      established',
      '[2001:db8::1]:33…  backoff      refused, ag…',
    ])
  })

  it('shows the newest of the news that have room', () => {
    const lines = draw({}, 110, 11)
    expect(lines).toHaveLength(11)
    expect(lines.at(-1)).toBe('04:05:07 second')
    expect(draw({}, 110, 10).at(-1)).toContain('CDCDCDCD…')
  })

  it('shows connected relays first when there is no room for all, and says how many it leaves out', () => {
    const relays = [...Array.from({ length: 20 }, () => DOWN), UP]
    const lines = draw({ relays, friends: [] }, 100, 9)
    expect(lines).toHaveLength(9)
    expect(lines[4]).toContain('established')
    expect(lines.at(-1)).toBe('… and 17 more relays')
  })

  it('gives friends their half of the room', () => {
    const lines = draw(
      { relays: Array.from({ length: 50 }, () => UP), friends: Array.from({ length: 50 }, () => FRIEND) },
      100,
      23,
    )
    expect(lines).toHaveLength(23)
    expect(lines.filter(line => line.startsWith('192.0.2.1:443'))).toHaveLength(8)
    expect(lines.filter(line => line.startsWith('CDCDCDCD…'))).toHaveLength(7)
    expect(lines.filter(line => line.startsWith('… and'))).toEqual([
      '… and 42 more relays',
      '… and 43 more friends',
    ])
  })

  it('says how many rows it leaves out, not how many lines', () => {
    expect(draw({ relays: [UP, UP, UP] }, 110, 8).slice(3)).toEqual([
      'RELAY          STATE        SINCE      RTT  ROUTES      IN     OUT  QUEUE',
      '192.0.2.1:443  established   1:05  12.3 ms     1/2  1.2 kB  5.6 MB      7',
      '… and 2 more relays',
      '',
      '… and 1 more friends',
    ])
  })

  it.each([
    [-5, 'again now'],
    [0, 'again now'],
    [59_000, 'again in 59 s'],
    [3_600_000, 'again in 60 min'],
  ])('tells when the next attempt in %i ms is: %s', (nextAttemptIn, words) => {
    expect(draw({ relays: [{ ...DOWN, reason: undefined, nextAttemptIn }] }).join('\n')).toContain(words)
  })

  it('fits into every terminal', () => {
    const many = fc.integer({ min: 0, max: 40 })
    fc.assert(
      fc.property(many, many, many, many, many, (relays, friends, news, columns, rows) => {
        const picture = {
          relays: Array.from({ length: relays }, () => DOWN),
          friends: Array.from({ length: friends }, () => FRIEND),
          news: Array.from({ length: news }, () => 'x'.repeat(200)),
        }
        const lines = draw(picture, 32 + columns, 4 + rows)
        expect(lines.length).toBeLessThanOrEqual(4 + rows)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(32 + columns)
      }),
    )
  })
})
