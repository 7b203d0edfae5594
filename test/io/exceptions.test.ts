import { describe, expect, test } from 'vitest'
import { Exceptions } from '../../src/io/exceptions.js'

const exceptions = new Exceptions([
  '192.168.0.0/16',
  '10.1.2.3',
  'fd00::/8',
  '::1',
  'lan',
  '.Dotted.example',
  '*.starred.example.',
])

describe('exceptions from the proxy', () => {
  test.each([
    '192.168.7.1',
    '::ffff:192.168.7.1',
    '10.1.2.3',
    'fd12::1',
    '::1',
    '0:0:0:0:0:0:0:1',
    'relay.lan',
    'RELAY.LAN.',
    'lan',
    'dotted.example',
    'a.b.dotted.example',
    'starred.example',
  ])('cover %s', host => expect(exceptions.covers(host)).toBe(true))

  test.each([
    '192.169.0.1',
    '10.1.2.4',
    'fe80::1',
    'fe80::1%eth0',
    '::2',
    'plan',
    'relay.lan.example',
    'undotted.example',
    'localhost',
    '192.168.7.1.example',
    // Names that a resolver would read as addresses are names all the same.
    '0xc0a80701',
    '3232237313',
    '192.168.1',
    '',
  ])('do not cover %j', host => expect(exceptions.covers(host)).toBe(false))

  test('cover nothing when there are none', () => {
    for (const host of ['127.0.0.1', '::1', 'localhost', ''])
      expect(new Exceptions([]).covers(host)).toBe(false)
  })

  test.each([
    '',
    '*',
    '.',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '::/129',
    '10.0.0',
    'a b',
    'lan/8',
    'a..b',
    '[::1]',
  ])('%j is refused', entry => expect(() => new Exceptions([entry])).toThrow(TypeError))

  test('of 0.0.0.0/0 cover all IPv4 and nothing else', () => {
    const all = new Exceptions(['0.0.0.0/0'])
    expect(all.covers('203.0.113.1')).toBe(true)
    expect(all.covers('2001:db8::1')).toBe(false)
    expect(all.covers('relay.example')).toBe(false)
  })
})
