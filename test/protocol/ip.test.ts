import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatIp, parseIp } from '../../src/protocol/ip.js'
import { hex, prop, runs, someBytes } from './ends.js'

/** How the WHATWG URL standard writes a host, which for addresses is RFC 5952's way. */
const normalized = (text: string): string =>
  new URL(`http://${text.includes(':') ? `[${text}]` : text}/`).hostname.replace(/^\[|\]$/g, '')

describe('reading', () => {
  test.each([
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'ffffffff'],
    ['192.0.2.1', 'c0000201'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:db8::8:800:200c:417a', '20010db80000000000080800200c417a'],
    ['2001:DB8:0:0:8:800:200C:417A', '20010db80000000000080800200c417a'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['1:2:3:4:5:6:192.0.2.1', '000100020003000400050006c0000201'],
  ])('%s', (text, bytes) => {
    expect(parseIp(text)).toEqual(hex(bytes))
  })

  test.each([
    '',
    'localhost',
    'relay.example.org',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.04',
    '01.2.3.4',
    '1.2.3.-4',
    '1.2.3.4 ',
    '1.2..4',
    '0x1.2.3.4',
    '1.2.3.1000',
    ':',
    ':::',
    '1',
    '1:2',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1:2:3:4:5:6:7:8::g',
    'g::1:2:3:4:5:6:7:8',
    '::1:2:3:4:5:6:7:8',
    '1::2::3',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    'g::',
    '::1.2.3',
    '::1.2.3.256',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1.2.3.4::',
    '1.2.3.4::1',
    '::1.2.3.4:5',
    '1.2.3.4:5:6:7:8:9:10',
    'fe80::1%eth0',
    '[::1]',
    '::1/64',
  ])('%j is no address', text => {
    expect(parseIp(text)).toBeUndefined()
  })

  prop([fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-fA-F:.]{0,24}$/))], runs(5000))(
    'takes what node:net takes, and nothing else',
    text => {
      const bytes = parseIp(text)
      expect(bytes?.length).toBe({ 0: undefined, 4: 4, 6: 16 }[isIP(text)])
      if (bytes) expect(formatIp(bytes)).toBe(normalized(text))
    },
  )

  const group = fc.constantFrom('0', '1', 'ff', 'abcd', '', '1.2.3.4', '12345', '0.0.0')
  prop([fc.array(group, { maxLength: 9 })], runs(5000))(
    'agrees with node:net on what is nearly an address',
    groups => {
      const text = groups.join(':')
      expect(parseIp(text)?.length).toBe({ 0: undefined, 4: 4, 6: 16 }[isIP(text)])
    },
  )
})

describe('writing', () => {
  test.each([
    ['00000000', '0.0.0.0'],
    ['c0000201', '192.0.2.1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['00010000000000000000000000000000', '1::'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['0001000200030004000500060000abcd', '1:2:3:4:5:6:0:abcd'],
    ['00010002000300040005000600000000', '1:2:3:4:5:6::'],
  ])('%s', (bytes, text) => {
    expect(formatIp(hex(bytes))).toBe(text)
  })

  const sparse = fc
    .array(fc.constantFrom(0, 0, 0, 1, 0xabcd), { minLength: 8, maxLength: 8 })
    .map(groups => Uint8Array.from(groups.flatMap(group => [group >> 8, group & 0xff])))
  prop([fc.oneof(someBytes(4), someBytes(16), sparse)], runs(3000))(
    "is undone by reading, and is the URL standard's own spelling",
    bytes => {
      const text = formatIp(bytes)
      expect(parseIp(text)).toEqual(bytes)
      expect(text).toBe(normalized(text))
    },
  )
})
