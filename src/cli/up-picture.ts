/** The picture of `up`: header, relays, friends, the latest news. Pure: plain values in, lines out. */
import type { Size } from './screen.js'
import { type Cell, type Column, cut, type Paint, type Tone, tableLines } from './table.js'
import type { FriendRow, RelayRow, UpRows } from './up-rows.js'
import { byteWords, clockWords, harmless, millisecondWords, shortKey, waitWords } from './words.js'

export interface UpPicture extends UpRows {
  readonly title: string
  readonly ownKey: string
  /** In ms. */
  readonly upFor: number
  /** The latest last. */
  readonly news: readonly string[]
}

/** At most `rows` lines, none wider than `columns`. */
export function drawUp(picture: UpPicture, { columns: width, rows }: Size, paint: Paint): string[] {
  const head = [...header(picture, width, paint), '']
  const tables = twoTables(picture, rows - head.length, { width, paint })
  const left = rows - head.length - tables.length - 1
  const news = left > 0 ? picture.news.slice(-left).map(each => paint(cut(each, width), 'dim')) : []
  return [...head, ...tables, ...(news.length > 0 ? ['', ...news] : [])].slice(0, rows)
}

function header({ title, ownKey, upFor, relays }: UpPicture, width: number, paint: Paint): string[] {
  const connected = relays.filter(({ state }) => state === 'established').length
  const line = `${title} · ${connected} of ${relays.length} relays connected · up ${clockWords(upFor)}`
  return [paint(cut(line, width), 'head'), cut(`you are ${ownKey} · Ctrl-C ends`, width)]
}

/** Lines of a table that are no rows: its titles. */
const TITLES = 1
/** The empty line between the two tables. */
const BETWEEN = 1

function twoTables(
  { relays, friends }: UpRows,
  room: number,
  layout: { readonly width: number; readonly paint: Paint },
): readonly string[] {
  const friendsWant = friends.length > 0 ? BETWEEN + TITLES + friends.length : 0
  const relaysGet = Math.max(room - friendsWant, Math.ceil(room / 2), 0)
  const first: readonly string[] = fitRows(
    tableLines(RELAY_COLUMNS, inOrder(relays, relaysGet), layout),
    relaysGet,
    'relays',
  )
  if (friends.length === 0) return first
  const second = tableLines(FRIEND_COLUMNS, friends, layout)
  return [...first, '', ...fitRows(second, room - first.length - BETWEEN, 'friends')]
}

/** As they were given, unless there are too many to show: then those that are up or on the way come first. */
function inOrder(relays: readonly RelayRow[], room: number): readonly RelayRow[] {
  if (relays.length + TITLES <= room) return relays
  const rank = ({ state }: RelayRow): number => RANKS.indexOf(TONES[state])
  return [...relays].sort((a, b) => rank(a) - rank(b))
}

function fitRows(lines: readonly string[], room: number, what: string): readonly string[] {
  if (lines.length <= room) return lines
  const shown = Math.max(0, room - 1)
  const hidden = lines.length - Math.max(shown, TITLES)
  return [...lines.slice(0, shown), `… and ${hidden} more ${what}`].slice(0, Math.max(0, room))
}

const TONES: Readonly<Record<RelayRow['state'], Tone>> = {
  established: 'good',
  queued: 'busy',
  connecting: 'busy',
  proxy: 'busy',
  handshake: 'busy',
  closing: 'busy',
  backoff: 'bad',
  quarantined: 'bad',
  sleeping: 'dim',
  closed: 'dim',
}
const RANKS: readonly Tone[] = ['good', 'busy', 'bad', 'dim']

const RELAY_COLUMNS: readonly Column<RelayRow>[] = [
  { title: 'RELAY', cell: row => row.address, expendable: 0, shrinksTo: 15 },
  { title: 'STATE', cell: row => ({ text: row.state, tone: TONES[row.state] }), expendable: 0 },
  { title: 'SINCE', cell: row => clockWords(row.inStateFor), align: 'right', expendable: 4 },
  { title: 'RTT', cell: row => rtt(row), align: 'right', expendable: 2 },
  { title: 'ROUTES', cell: row => `${row.online}/${row.tied}`, align: 'right', expendable: 3 },
  { title: 'IN', cell: row => byteWords(row.bytesIn), align: 'right', expendable: 5 },
  { title: 'OUT', cell: row => byteWords(row.bytesOut), align: 'right', expendable: 6 },
  { title: 'QUEUE', cell: row => String(row.queueDepth), align: 'right', expendable: 7 },
  { title: 'WHY', cell: why, expendable: 1, shrinksTo: 12 },
]

const FRIEND_COLUMNS: readonly Column<FriendRow>[] = [
  { title: 'FRIEND', cell: row => shortKey(row.key), expendable: 0 },
  { title: 'STATE', cell: row => ({ text: row.state, tone: friendTone(row.state) }), expendable: 0 },
  { title: 'SENT', cell: row => String(row.sent), align: 'right', expendable: 3 },
  { title: 'RECEIVED', cell: row => String(row.received), align: 'right', expendable: 2 },
  { title: 'ROUTES', cell: routeWords, expendable: 1, shrinksTo: 12 },
]

function rtt({ rttMs }: RelayRow): string {
  return rttMs === undefined ? '–' : millisecondWords(rttMs)
}

/** Why it is not connected, and when it is tried again. */
function why({ reason, nextAttemptIn }: RelayRow): Cell {
  const again = nextAttemptIn === undefined ? [] : [`again ${nextWords(nextAttemptIn)}`]
  return { text: [...(reason === undefined ? [] : [reason]), ...again].join(', '), tone: 'dim' }
}

const nextWords = (ms: number): string => (ms <= 0 ? 'now' : `in ${waitWords(ms)}`)

const friendTone = (state: string): Tone =>
  state === 'online' ? 'good' : state === 'connecting' ? 'busy' : 'dim'

/** `3 online`, or `1 online, 2 registered`. */
function routeWords({ routes }: FriendRow): string {
  const counts = new Map<string, number>()
  for (const { state } of routes) counts.set(state, (counts.get(state) ?? 0) + 1)
  return harmless([...counts].map(([state, count]) => `${count} ${state}`).join(', ')) || 'none'
}
