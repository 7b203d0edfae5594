import { describe, expect, test } from 'vitest'
import { Policies, type PolicyOptions } from '../../src/actors/policies.js'

const OWN = new Uint8Array(32).fill(1)
const OTHER = new Uint8Array(32).fill(2)
const at = (host: string, publicKey = OTHER) => ({ host, port: 443, publicKey })
const judge = (host: string, options?: PolicyOptions) => new Policies(OWN, options).judge(at(host))
const judgeOffer = (host: string, options?: PolicyOptions) => new Policies(OWN, options).judgeOffer(at(host))

describe('what a friend offers', () => {
  test.each([
    ['0.0.0.0', '0.255.255.255', '1.0.0.0'],
    ['10.0.0.0', '10.255.255.255', '11.0.0.0'],
    ['100.64.0.0', '100.127.255.255', '100.128.0.0'],
    ['127.0.0.0', '127.255.255.255', '128.0.0.0'],
    ['169.254.0.0', '169.254.255.255', '169.255.0.0'],
    ['172.16.0.0', '172.31.255.255', '172.32.0.0'],
    ['192.0.0.0', '192.0.0.255', '192.0.1.0'],
    ['192.0.2.0', '192.0.2.255', '192.0.3.0'],
    ['192.168.0.0', '192.168.255.255', '192.169.0.0'],
    ['198.18.0.0', '198.19.255.255', '198.20.0.0'],
    ['198.51.100.0', '198.51.100.255', '198.51.101.0'],
    ['203.0.113.0', '203.0.113.255', '203.0.114.0'],
    ['224.0.0.0', '255.255.255.255', '223.255.255.255'],
    ['::', '::1', '2a00::1'],
    ['64:ff9b::', '64:ff9b::ffff:ffff', '64:ff9b:2::'],
    ['64:ff9b:1::', '64:ff9b:1:ffff::', '64:ff9c::'],
    ['100::', '100::ffff', '101::'],
    ['2001::', '2001:0:ffff::', '2001:1::'],
    ['2001:db8::', '2001:db8:ffff::', '2001:db9::'],
    ['2002::', '2002:ffff::', '2003::'],
    ['fc00::', 'fdff::', 'fb00::'],
    ['fe80::', 'febf::', 'fe00::'],
    ['fec0::', 'feff::', 'fa00::'],
    ['ff00::', 'ffff::', 'f000::'],
    ['::ffff:10.0.0.1', '::ffff:127.0.0.1', '::ffff:11.0.0.1'],
  ])('is refused from %s to %s and taken at %s', (first, last, outside) => {
    expect([judgeOffer(first), judgeOffer(last)]).toEqual(['private-address', 'private-address'])
    expect(judgeOffer(outside)).toBeUndefined()
  })

  test.each(['relay.example', 'localhost', '010.0.0.1', '127.1', '0x7f.0.0.1', '2130706433'])(
    'is refused when %s is a name, for which a name server would have to be asked',
    host => {
      expect(judgeOffer(host)).toBe('name-not-allowed')
      expect(judge(host)).toBeUndefined()
    },
  )

  test('may be anything when a policy says so, but our own key', () => {
    expect(judgeOffer('127.0.0.1', { allowPrivate: true })).toBeUndefined()
    expect(judgeOffer('relay.example', { allowPrivate: true })).toBeUndefined()
    expect(new Policies(OWN, { allowPrivate: true }).judgeOffer(at('11.0.0.1', OWN))).toBe('own-key')
  })
})

describe('anybody’s relay', () => {
  test('is refused with our own key', () => {
    expect(new Policies(OWN).judge(at('11.0.0.1', OWN))).toBe('own-key')
    expect([new Policies(OWN).isOwn(OWN), new Policies(OWN).isOwn(OTHER)]).toEqual([true, false])
  })

  test('is refused by lists of keys and of networks', () => {
    expect(judge('11.0.0.1', { allowKeys: [OTHER] })).toBeUndefined()
    expect(judge('11.0.0.1', { allowKeys: ['03'.repeat(32)] })).toBe('key-not-allowed')
    expect(judge('11.0.0.1', { denyKeys: ['02'.repeat(32)] })).toBe('key-denied')
    expect(judge('11.0.0.1', { denyKeys: ['03'.repeat(32)] })).toBeUndefined()
    expect(judge('11.0.0.1', { allowNetworks: ['11.0.0.0/8', 'fe80::/10'] })).toBeUndefined()
    expect(judge('12.0.0.1', { allowNetworks: ['11.0.0.0/8'] })).toBe('network-not-allowed')
    expect(judge('relay.example', { allowNetworks: ['11.0.0.0/8'] })).toBe('network-not-allowed')
    expect(judge('11.0.0.1', { denyNetworks: ['11.0.0.1'] })).toBe('network-denied')
    expect(judge('11.0.0.2', { denyNetworks: ['11.0.0.1'] })).toBeUndefined()
    expect(judge('2a00::1', { denyNetworks: ['2a00::1'] })).toBe('network-denied')
    expect(judge('2a00::2', { denyNetworks: ['2a00::1'] })).toBeUndefined()
    expect(judge('relay.example', { denyNetworks: ['0.0.0.0/0', '::/0'] })).toBeUndefined()
  })

  test.each(['', 'relay.example', '11.0.0.0/x', '11.0.0.0/1.5', '11.0.0/8'])(
    'network %j is none',
    network => {
      expect(() => new Policies(OWN, { denyNetworks: [network] })).toThrow(TypeError)
    },
  )

  test('with a key that is none in a policy throws', () => {
    expect(() => new Policies(OWN, { denyKeys: ['x'] })).toThrow(/denyKeys/)
    expect(() => new Policies(OWN, { allowKeys: ['x'] })).toThrow(/allowKeys/)
  })
})
