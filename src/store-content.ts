/**
 * What a store holds, as text: its schema, read and written. What is damaged is told and left out; what is good is
 * kept. Pure; knows no files.
 */
import type { Origin } from './actors/relay.js'
import { keyName } from './protocol/keys.js'
import { checkHostPort, type HostPort } from './protocol/relay-address.js'

export interface StoreContent {
  readonly relays: readonly StoredRelay[]
  readonly friends: readonly StoredFriend[]
}

export interface StoredRelay {
  /** 64 hex digits. */
  readonly publicKey: string
  /** At least one. */
  readonly addresses: readonly HostPort[]
  readonly origin: Origin
  readonly pinned: boolean
  readonly share: boolean
  /** How good it has been; absent for one that was never tried. */
  readonly score?: StoredScore
}

export interface StoredScore {
  /** Moving average of round trips, in ms; absent before the first. */
  readonly rttMs?: number
  /** Moving average of attempts that succeeded, 0–1. */
  readonly success: number
  /** Time connected in all, in ms. */
  readonly uptimeMs: number
}

export interface StoredFriend {
  /** 64 hex digits. */
  readonly publicKey: string
  /** Public keys of relays that he offered or was said to be on: without him they are of no use. */
  readonly relays: readonly string[]
}

export interface ContentRead {
  readonly content: StoreContent
  /** A sentence for each thing that could not be read. */
  readonly problems: readonly string[]
}

const FORMAT = 'tox-relays store'
const VERSION = 1

/** One entry a line, so that a file that is cut off loses one entry and not all. */
export function formatContent({ relays, friends }: StoreContent): string {
  const list = (entries: readonly object[]) => entries.map(entry => `\n${JSON.stringify(entry)}`).join(',')
  const head = `"format": ${JSON.stringify(FORMAT)}, "version": ${VERSION}`
  return `{ ${head},\n"relays": [${list(relays)}\n],\n"friends": [${list(friends)}\n] }\n`
}

/** @throws TypeError for a store of a newer version, which must not be written over */
export function parseContent(text: string): ContentRead {
  const problems: string[] = []
  const { relays, friends } = wholeEntries(text, problems) ?? salvage(text)
  const read = <T>(entries: readonly unknown[], what: string, parse: (entry: Fields) => T): T[] =>
    entries.flatMap((entry, index) => {
      try {
        return [parse(fieldsOf(entry))]
      } catch (error) {
        problems.push(`${what} ${index + 1}: ${error instanceof Error ? error.message : error}`)
        return []
      }
    })
  const content = {
    relays: read(relays, 'relay', parseRelayEntry),
    friends: read(friends, 'friend', parseFriendEntry),
  }
  return { content, problems }
}

interface Entries {
  readonly relays: readonly unknown[]
  readonly friends: readonly unknown[]
}

function wholeEntries(text: string, problems: string[]): Entries | undefined {
  const whole = jsonOf(text)
  if (!isFields(whole)) {
    problems.push('it is not JSON')
    return undefined
  }
  const { format, version, relays, friends } = whole
  if (format === FORMAT && typeof version === 'number' && version > VERSION)
    throw new TypeError(`store: wanted version ${VERSION}, got ${version} of a newer tox-relays`)
  if (format !== FORMAT || version !== VERSION) problems.push('it is not marked as a store')
  return { relays: listOf(relays, 'relays', problems), friends: listOf(friends, 'friends', problems) }
}

function listOf(value: unknown, name: string, problems: string[]): readonly unknown[] {
  if (Array.isArray(value)) return value
  problems.push(`it has no list of ${name}`)
  return []
}

/** The entries whose lines are whole. */
function salvage(text: string): Entries {
  const entries = text
    .split('\n')
    .map(line => jsonOf(line.replace(/,\s*$/, '')))
    .filter(isFields)
    .filter(({ publicKey }) => publicKey !== undefined)
  return {
    relays: entries.filter(({ addresses }) => addresses !== undefined),
    friends: entries.filter(({ addresses }) => addresses === undefined),
  }
}

type FieldName =
  | 'format'
  | 'version'
  | keyof StoreContent
  | keyof StoredRelay
  | keyof StoredScore
  | keyof HostPort
type Fields = Partial<Record<FieldName, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

function fieldsOf(value: unknown): Fields {
  if (!isFields(value)) throw new TypeError(`wanted an object, got ${value === null ? 'null' : typeof value}`)
  return value
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseRelayEntry({ publicKey, addresses, origin, pinned, share, score }: Fields): StoredRelay {
  if (!isOrigin(origin)) throw new TypeError('origin: wanted user, list or friend')
  if (typeof pinned !== 'boolean' || typeof share !== 'boolean')
    throw new TypeError('pinned and share: wanted true or false')
  return {
    publicKey: parseKeyField(publicKey),
    addresses: parseAddresses(addresses),
    origin,
    pinned,
    share,
    ...(score === undefined ? {} : { score: parseScore(fieldsOf(score)) }),
  }
}

function parseAddresses(value: unknown): HostPort[] {
  if (!Array.isArray(value) || value.length === 0) throw new TypeError('addresses: wanted at least one')
  return value.map(each => {
    const { host, port } = fieldsOf(each)
    if (typeof host !== 'string' || typeof port !== 'number')
      throw new TypeError('addresses: wanted host and port')
    return checkHostPort({ host, port })
  })
}

function parseScore({ rttMs, success, uptimeMs }: Fields): StoredScore {
  if (!isAmount(success) || success > 1 || !isAmount(uptimeMs) || !(rttMs === undefined || isAmount(rttMs)))
    throw new TypeError('score: wanted rttMs, success from 0 to 1, and uptimeMs')
  return { success, uptimeMs, ...(rttMs === undefined ? {} : { rttMs }) }
}

function parseFriendEntry({ publicKey, relays }: Fields): StoredFriend {
  if (!Array.isArray(relays)) throw new TypeError('relays: wanted a list')
  return { publicKey: parseKeyField(publicKey), relays: relays.map(parseKeyField) }
}

function parseKeyField(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('publicKey: wanted 64 hex digits')
  return keyName(value, 'publicKey')
}

const isOrigin = (value: unknown): value is Origin =>
  value === 'user' || value === 'list' || value === 'friend'

const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
