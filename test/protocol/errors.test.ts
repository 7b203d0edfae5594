import { describe, expect, test } from 'vitest'
import { explain, type Fault, faultOf, type Reason, ToxError, violation } from '../../src/protocol/errors.js'

const FAULTS: [Fault, Reason[]][] = [
  [
    'network',
    [
      'refused',
      'unreachable',
      'name-not-found',
      'reset',
      'connect-timeout',
      'handshake-timeout',
      'ping-timeout',
      'closed-by-relay',
      'socks-general-failure',
      'socks-network-unreachable',
      'socks-host-unreachable',
      'socks-refused',
      'socks-ttl-expired',
      'socks-rejected',
      'proxy-said-500',
      'proxy-said-502',
      'proxy-said-503',
      'proxy-said-504',
    ],
  ],
  ['relay', ['handshake-closed', 'not-a-relay', 'bad-handshake', 'protocol-violation']],
  [
    'proxy',
    [
      'proxy-unreachable',
      'proxy-timeout',
      'proxy-closed',
      'proxy-bad-reply',
      'proxy-auth-required',
      'proxy-auth-refused',
      'proxy-auth-unsupported',
      'socks-not-allowed',
      'socks-command-unsupported',
      'socks-address-unsupported',
      'socks-ident-unreachable',
      'socks-ident-mismatch',
      'socks4-no-ipv6',
      'proxy-said-403',
      'proxy-said-404',
      'proxy-said-405',
      'proxy-said-599',
    ],
  ],
]
const REASONS = FAULTS.flatMap(([fault, reasons]) => reasons.map(reason => [reason, fault] as const))

describe('a reason', () => {
  test.each(REASONS)('%s is the fault of the %s', (reason, fault) => {
    expect(faultOf(reason)).toBe(fault)
    expect(new ToxError(reason).fault).toBe(fault)
  })

  test('has a sentence of its own', () => {
    const sentences = REASONS.map(([reason]) => explain(reason))
    for (const sentence of sentences) expect(sentence).toMatch(/^\S+( \S+){3,}$/)
    expect(new Set(sentences).size).toBe(REASONS.length)
  })

  test('is spelt in kebab-case', () => {
    for (const [reason] of REASONS) expect(reason).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  })

  test("of an HTTP proxy names the proxy's status", () => {
    expect(explain('proxy-said-418')).toBe('the HTTP proxy refused with status 418: see its log')
  })
})

describe('an error', () => {
  test('says its reason in words, then what exactly happened', () => {
    expect(new ToxError('refused').message).toBe('nothing listens on that port')
    expect(new ToxError('refused', '10.0.0.1:443').message).toBe(
      'nothing listens on that port (10.0.0.1:443)',
    )
  })

  test('is an Error with a name, a code and the error behind it', () => {
    const behind = new Error('ECONNREFUSED')
    const error = new ToxError('refused', undefined, { cause: behind })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'ToxError', code: 'refused', cause: behind })
    expect(new ToxError('refused').cause).toBeUndefined()
  })

  test('of a broken rule is the fault of the relay', () => {
    expect(violation('frame length 0')).toMatchObject({
      code: 'protocol-violation',
      fault: 'relay',
      message: 'the relay broke the protocol (frame length 0)',
    })
  })
})
