import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkHostPort,
  checkRelay,
  formatHostPort,
  formatRelay,
  parseRelay,
} from '../../src/protocol/relay-address.js'
import { prop, someBytes } from './ends.js'

const KEY = Uint8Array.from({ length: 32 }, (_, i) => 0xa0 + i)
const KEY_HEX = Buffer.from(KEY).toString('hex').toUpperCase()

describe('a relay as text', () => {
  test.each([
    ['192.0.2.1:443', '192.0.2.1', 443],
    ['relay.example.org:33445', 'relay.example.org', 33445],
    ['abcdef.onion:1', 'abcdef.onion', 1],
    ['[2001:db8::1]:65535', '2001:db8::1', 65535],
    ['[::1]:3389', '::1', 3389],
  ])('%s:KEY', (start, host, port) => {
    expect(parseRelay(`${start}:${KEY_HEX}`)).toEqual({ host, port, publicKey: KEY })
    expect(parseRelay(`${start}:${KEY_HEX.toLowerCase()}`)).toEqual({ host, port, publicKey: KEY })
    expect(formatHostPort({ host, port })).toBe(start)
    expect(formatRelay({ host, port, publicKey: KEY })).toBe(`${start}:${KEY_HEX}`)
  })

  test.each([
    '',
    'host',
    'host:443',
    `:443:${KEY_HEX}`,
    `host::${KEY_HEX}`,
    `host:https:${KEY_HEX}`,
    `host:-1:${KEY_HEX}`,
    `2001:db8::1:443:${KEY_HEX}`,
    `[]:443:${KEY_HEX}`,
    `[::1:443:${KEY_HEX}`,
    `::1]:443:${KEY_HEX}`,
    `x[::1]:443:${KEY_HEX}`,
    `[::1]x:443:${KEY_HEX}`,
    `host:443:${KEY_HEX}:`,
    `\nhost:4:4:${KEY_HEX}`,
  ])('%j is none, and the message shows how one looks', text => {
    expect(() => parseRelay(text)).toThrow(
      new TypeError(`relay: wanted host:port:PUBLICKEY, got ${JSON.stringify(text)}`),
    )
  })

  test.each([
    [`host:0:${KEY_HEX}`, 'port: wanted 1–65535, got 0'],
    [`host:65536:${KEY_HEX}`, 'port: wanted 1–65535, got 65536'],
    ['host:443:', 'public key of relay host:443: wanted 64 hex digits, got 0 digits'],
    [`host:443:${KEY_HEX.slice(1)}`, 'public key of relay host:443: wanted 64 hex digits, got 63 digits'],
    [`two words:443:${KEY_HEX}`, 'host: wanted an address or a name, got "two words"'],
  ])('%j: the message says which part is wrong', (text, message) => {
    expect(() => parseRelay(text)).toThrow(message)
  })

  const name = fc.stringMatching(/^[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){0,3}$/)
  prop([fc.oneof(name, fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65535 }), someBytes(32)])(
    'is undone by parsing',
    (host, port, publicKey) => {
      expect(parseRelay(formatRelay({ host, port, publicKey }))).toEqual({ host, port, publicKey })
    },
  )
})

describe('a relay as an object', () => {
  test('is taken with its key as bytes or digits, and stripped of what is not its address', () => {
    const publicKey = KEY
    expect(checkRelay({ host: 'h', port: 1, publicKey: KEY_HEX, pinned: true, share: false })).toEqual({
      host: 'h',
      port: 1,
      publicKey,
    })
    expect(checkRelay({ host: 'h', port: 65535, publicKey }).publicKey).toEqual(KEY)
  })

  test.each(['', 'a b', 'a\tb', 'user@host', 'host/path', 'a\0b', 'h\n', 'x'.repeat(256)])(
    'with the host %j is refused',
    host => {
      expect(() => checkHostPort({ host, port: 1 })).toThrow(
        new TypeError(`host: wanted an address or a name, got ${JSON.stringify(host)}`),
      )
    },
  )

  test('takes a host of up to 255 characters', () => {
    expect(checkHostPort({ host: 'x'.repeat(255), port: 1 }).host).toHaveLength(255)
  })

  test('with a host that is no text is refused', () => {
    expect(() => Reflect.apply(checkHostPort, undefined, [{ host: 7, port: 1 }])).toThrow(
      new TypeError('host: wanted an address or a name, got 7'),
    )
  })

  test.each([0, -1, 65536, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('with port %d is refused', port => {
    expect(() => checkHostPort({ host: 'h', port })).toThrow(
      new RangeError(`port: wanted 1–65535, got ${port}`),
    )
  })

  test('with a port that is no number is refused', () => {
    expect(() => Reflect.apply(checkHostPort, undefined, [{ host: 'h', port: '443' }])).toThrow(RangeError)
  })
})
