import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../src/store.js'
import { formatContent, parseContent, type StoreContent } from '../src/store-content.js'

const KEY_A = 'A'.repeat(64)
const KEY_B = 'B'.repeat(64)
const KEY_C = 'C'.repeat(64)

const CONTENT: StoreContent = {
  relays: [
    {
      publicKey: KEY_A,
      addresses: [
        { host: 'relay.example', port: 443 },
        { host: '2001:db8::1', port: 33445 },
      ],
      origin: 'user',
      pinned: true,
      share: false,
      score: { rttMs: 12.5, success: 0.75, uptimeMs: 3_600_000 },
    },
    {
      publicKey: KEY_B,
      addresses: [{ host: '192.0.2.1', port: 33445 }],
      origin: 'list',
      pinned: false,
      share: true,
    },
  ],
  friends: [{ publicKey: KEY_C, relays: [KEY_A] }],
}

let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'store-'))
  file = join(directory, 'store.json')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

describe('a store in a file', () => {
  it('gives back what was saved', async () => {
    await openStore(file).save(CONTENT)
    expect(await openStore(file).load()).toEqual(CONTENT)
  })

  it('is empty before the first save, and makes no file for that', async () => {
    expect(await openStore(file).load()).toEqual({ relays: [], friends: [] })
    expect(await readdir(directory)).toEqual([])
  })

  it('is readable by its owner only', async () => {
    await openStore(file).save(CONTENT)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('holds the last of many saves that overlap, and leaves nothing beside the file', async () => {
    const store = openStore(file)
    const saves = Array.from({ length: 20 }, (_, i) => store.save({ ...CONTENT, friends: friends(i) }))
    await Promise.all(saves)
    expect((await store.load()).friends).toHaveLength(19)
    expect(await readdir(directory)).toEqual(['store.json'])
  })

  it('goes on saving after a save that failed', async () => {
    const later = join(directory, 'later')
    const store = openStore(join(later, 'store.json'))
    await expect(store.save(CONTENT)).rejects.toThrow('ENOENT')
    await mkdir(later)
    await store.save(CONTENT)
    expect(await store.load()).toEqual(CONTENT)
  })

  it('sets a damaged file aside, tells where, and keeps the good part', async () => {
    await openStore(file).save(CONTENT)
    const damaged = (await readFile(file, 'utf8')).replace('"port":443', '"port":99999')
    await writeFile(file, damaged)
    const problems: string[] = []
    const clock = { now: () => Date.UTC(2026, 10, 25, 12) }
    const content = await openStore(file, { report: problem => problems.push(problem), clock }).load()
    const aside = `${file}.damaged-2026-11-25T12-00-00.000Z`
    expect(content).toEqual({ ...CONTENT, relays: CONTENT.relays.slice(1) })
    expect(await readFile(aside, 'utf8')).toBe(damaged)
    expect(problems).toEqual([
      `${file} is damaged (relay 1: port: wanted 1–65535, got 99999): 1 relays and 1 friends could be read; it is kept as ${aside}`,
    ])
    expect(await openStore(file).load()).toEqual(content)
  })

  it('refuses a file of a newer version, and does not touch it', async () => {
    await openStore(file).save(CONTENT)
    const newer = (await readFile(file, 'utf8')).replace('"version": 1', '"version": 2')
    await writeFile(file, newer)
    await expect(openStore(file).load()).rejects.toThrow(
      'store: wanted version 1, got 2 of a newer tox-relays',
    )
    expect(await readFile(file, 'utf8')).toBe(newer)
  })

  it('fails for a file that cannot be read', async () => {
    await expect(openStore(directory).load()).rejects.toThrow('EISDIR')
  })
})

describe('the text of a store', () => {
  it('says what was given, in each part', () => {
    expect(parseContent(formatContent(CONTENT))).toEqual({ content: CONTENT, problems: [] })
    const nothing = { relays: [], friends: [] }
    expect(parseContent(formatContent(nothing))).toEqual({ content: nothing, problems: [] })
  })

  it('keeps every entry that is whole, wherever it is cut off', () => {
    const text = formatContent(CONTENT)
    const entries = [...CONTENT.relays, ...CONTENT.friends]
    for (let end = 0; end < text.trimEnd().length; end++) {
      const { content, problems } = parseContent(text.slice(0, end))
      const whole = entries.filter(entry => text.slice(0, end).includes(JSON.stringify(entry)))
      expect([...content.relays, ...content.friends]).toEqual(whole)
      expect(problems).toEqual(['it is not JSON'])
    }
  })

  it.each([
    ['nothing', '', 'it is not JSON'],
    ['binary', '\0\x01\x02', 'it is not JSON'],
    ['a list', '[]', 'it is not marked as a store'],
    ['null', 'null', 'it is not JSON'],
    ['something else', '{"nodes":[]}', 'it is not marked as a store'],
  ])('of %s is empty, with a reason', (_, text, problem) => {
    const { content, problems } = parseContent(text)
    expect(content).toEqual({ relays: [], friends: [] })
    expect(problems[0]).toBe(problem)
  })

  it.each([
    ['a key of 63 digits', { publicKey: 'A'.repeat(63) }, 'publicKey: wanted 64 hex digits, got 63 digits'],
    ['a key that is a number', { publicKey: 7 }, 'publicKey: wanted 64 hex digits'],
    ['no address', { addresses: [] }, 'addresses: wanted at least one'],
    ['an address without a port', { addresses: [{ host: 'a' }] }, 'addresses: wanted host and port'],
    ['an unknown origin', { origin: 'moon' }, 'origin: wanted user, list or friend'],
    ['a pin that is a word', { pinned: 'yes' }, 'pinned and share: wanted true or false'],
    [
      'a score without a success',
      { score: { uptimeMs: 1 } },
      'score: wanted rttMs, success from 0 to 1, and uptimeMs',
    ],
    [
      'a success over 1',
      { score: { success: 2, uptimeMs: 1 } },
      'score: wanted rttMs, success from 0 to 1, and uptimeMs',
    ],
    [
      'a negative round trip',
      { score: { success: 1, uptimeMs: 1, rttMs: -1 } },
      'score: wanted rttMs, success from 0 to 1, and uptimeMs',
    ],
  ])('leaves out a relay with %s', (_, wrong, problem) => {
    const [first, second] = CONTENT.relays
    const whole = JSON.parse(formatContent(CONTENT))
    const read = parseContent(JSON.stringify({ ...whole, relays: [{ ...first, ...wrong }, second] }))
    expect(read.content.relays).toEqual([second])
    expect(read.problems).toEqual([`relay 1: ${problem}`])
  })

  it.each([
    ['a string', 'x', 'wanted an object, got string'],
    ['null', null, 'wanted an object, got null'],
    ['one without relays', { publicKey: KEY_A }, 'relays: wanted a list'],
    [
      'one whose relay is no key',
      { publicKey: KEY_A, relays: ['x'] },
      'publicKey: wanted 64 hex digits, got 1 digits',
    ],
  ])('leaves out a friend who is %s', (_, wrong, problem) => {
    const whole = JSON.parse(formatContent(CONTENT))
    const read = parseContent(JSON.stringify({ ...whole, friends: [wrong, ...CONTENT.friends] }))
    expect(read.content.friends).toEqual(CONTENT.friends)
    expect(read.problems).toEqual([`friend 1: ${problem}`])
  })
})

const friends = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ publicKey: String(i).padStart(64, '0'), relays: [] }))
