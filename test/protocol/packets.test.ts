import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import {
  decodePacket,
  type EncodablePacket,
  encodePacket,
  PACKET_IDS,
  type PacketKind,
} from '../../src/protocol/packets.js'
import { expectToxError, hex, join, prop, runs, someBytes } from './ends.js'

const KEY = Uint8Array.from({ length: 32 }, (_, i) => 0xe0 + (i % 32))
const KEY_HEX = Buffer.from(KEY).toString('hex')
const connectionId = (id: number): ConnectionId => id as ConnectionId
const some = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i + 1)

/** Each layout of docs/protocol.md §4, written out. */
const LAYOUTS: [string, Uint8Array, EncodablePacket][] = [
  ['0 routing request', hex(`00 ${KEY_HEX}`), { kind: 'routingRequest', publicKey: KEY }],
  [
    '1 routing response, accepted',
    hex(`01 10 ${KEY_HEX}`),
    { kind: 'routingResponse', connectionId: connectionId(16), publicKey: KEY },
  ],
  [
    '1 routing response, refused',
    hex(`01 00 ${KEY_HEX}`),
    { kind: 'routingResponse', connectionId: undefined, publicKey: KEY },
  ],
  ['2 connect notification', hex('02 ff'), { kind: 'connectNotification', connectionId: connectionId(255) }],
  [
    '3 disconnect notification',
    hex('03 11'),
    { kind: 'disconnectNotification', connectionId: connectionId(17) },
  ],
  ['4 ping', hex('04 0102030405060708'), { kind: 'ping', pingId: some(8) }],
  ['5 pong', hex('05 0102030405060708'), { kind: 'pong', pingId: some(8) }],
  ['6 OOB send', hex(`06 ${KEY_HEX} 010203`), { kind: 'oobSend', publicKey: KEY, payload: some(3) }],
  ['7 OOB recv', hex(`07 ${KEY_HEX} 01`), { kind: 'oobRecv', publicKey: KEY, payload: some(1) }],
  ['8 onion request', join(hex('08'), some(159)), { kind: 'onionRequest', payload: some(159) }],
  ['9 onion response', hex('09 0102'), { kind: 'onionResponse', payload: some(2) }],
  ['9 onion response, empty', hex('09'), { kind: 'onionResponse', payload: some(0) }],
  [
    '10 forward request, IPv4',
    hex('0a 02 c0000201 82a5 010203'),
    { kind: 'forwardRequest', target: { address: hex('c0000201'), port: 33445 }, payload: some(3) },
  ],
  [
    '10 forward request, IPv6',
    hex(`0a 0a 20010db8${'00'.repeat(11)}01 01bb`),
    {
      kind: 'forwardRequest',
      target: { address: hex(`20010db8${'00'.repeat(11)}01`), port: 443 },
      payload: some(0),
    },
  ],
  [
    '10 forward request, to port 0',
    hex('0a 02 c0000201 0000'),
    { kind: 'forwardRequest', target: { address: hex('c0000201'), port: 0 }, payload: some(0) },
  ],
  [
    '10 forward request, to port 65535',
    hex('0a 02 c0000201 ffff'),
    { kind: 'forwardRequest', target: { address: hex('c0000201'), port: 65535 }, payload: some(0) },
  ],
  ['11 forwarding', hex('0b 01'), { kind: 'forwarding', payload: some(1) }],
  ['11 forwarding, empty', hex('0b'), { kind: 'forwarding', payload: some(0) }],
  ['16 data', hex('10 0102'), { kind: 'data', connectionId: connectionId(16), payload: some(2) }],
  ['255 data', hex('ff 01'), { kind: 'data', connectionId: connectionId(255), payload: some(1) }],
  ['200 data, empty', hex('c8'), { kind: 'data', connectionId: connectionId(200), payload: some(0) }],
]

describe('the layout of a packet is that of the docs, both ways', () => {
  test.each(LAYOUTS)('%s', (_, bytes, packet) => {
    expect(encodePacket(packet)).toEqual(bytes)
    expect(decodePacket(bytes)).toEqual(packet)
  })

  test('and every kind is among them', () => {
    const kinds = new Set<PacketKind>(LAYOUTS.map(([, , packet]) => packet.kind))
    expect([...kinds].sort()).toEqual([...Object.keys(PACKET_IDS), 'data'].sort())
  })
})

/** Every size of plaintext that §4 allows for a packet id. */
const SIZES: [number, (size: number) => boolean][] = [
  [0, size => size === 33],
  [1, size => size === 34],
  [2, size => size === 2],
  [3, size => size === 2],
  [4, size => size === 9],
  [5, size => size === 9],
  [6, size => size >= 34 && size <= 33 + 1024],
  [7, size => size >= 34],
  [8, size => size >= 160 && size <= 1400],
  [9, () => true],
  [11, () => true],
  [12, size => size >= 2],
  [13, size => size >= 2],
  [14, size => size >= 2],
  [15, size => size >= 2],
  [16, () => true],
  [255, () => true],
]

describe('a size that the docs do not allow breaks the protocol', () => {
  test.each(SIZES)('packet %i', (id, allowed) => {
    for (let size = 1; size <= 2032; size++) {
      const plain = new Uint8Array(size).fill(16)
      plain[0] = id
      if (allowed(size)) decodePacket(plain)
      else {
        const error = expectToxError(() => decodePacket(plain), 'protocol-violation')
        expect(error.message).toContain(`packet ${id} of ${size} bytes`)
      }
    }
  })

  test.each([
    [2, 4],
    [10, 16],
  ])('packet 10 with family %i', (family, addressSize) => {
    for (let size = 1; size <= 2032; size++) {
      const plain = new Uint8Array(size).fill(family)
      plain[0] = 10
      if (size >= 4 + addressSize && size <= 4 + addressSize + 1792) decodePacket(plain)
      else expectToxError(() => decodePacket(plain), 'protocol-violation')
    }
  })

  test('packet 10 with any other family', () => {
    for (let family = 0; family < 256; family++) {
      if (family === 2 || family === 10) continue
      const error = expectToxError(
        () => decodePacket(join(Uint8Array.of(10, family), new Uint8Array(100))),
        'protocol-violation',
      )
      expect(error.message).toContain(`family ${family}`)
    }
  })

  test('case 9: of the one-byte packets, data is empty data, 9 and 11 are empty, all others break the protocol', () => {
    for (let id = 0; id < 256; id++) {
      const plain = Uint8Array.of(id)
      if (id === 9 || id === 11 || id >= 16)
        expect(decodePacket(plain)).toMatchObject({ payload: new Uint8Array() })
      else expectToxError(() => decodePacket(plain), 'protocol-violation')
    }
  })
})

describe('a connection id', () => {
  test.each([1, 2, 3])('from 1 to 15 in packet %i breaks the protocol', packetId => {
    for (let id = 0; id < 256; id++) {
      const plain = join(Uint8Array.of(packetId, id), packetId === 1 ? KEY : new Uint8Array())
      const allowed = id >= 16 || (id === 0 && packetId === 1)
      if (allowed) decodePacket(plain)
      else {
        const error = expectToxError(() => decodePacket(plain), 'protocol-violation')
        expect(error.message).toContain(`connection id ${id} in packet ${packetId}`)
      }
    }
  })
})

test('packets 12 to 15 are reserved, whatever is in them', () => {
  for (const id of [12, 13, 14, 15])
    expect(decodePacket(join(Uint8Array.of(id), some(50)))).toEqual({ kind: 'reserved', id })
})

test('what is decoded shares no memory with what came, which is a passing view', () => {
  for (const [, bytes, packet] of LAYOUTS) {
    const passing = Buffer.from(bytes)
    const decoded = decodePacket(passing)
    passing.fill(0xee)
    expect(decoded).toEqual(packet)
  }
})

const key = someBytes(32)
const id = fc.integer({ min: 16, max: 255 }).map(connectionId)
const target = fc.record({
  address: fc.oneof(someBytes(4), someBytes(16)),
  port: fc.integer({ min: 0, max: 65535 }),
})
const anyPacket: fc.Arbitrary<EncodablePacket> = fc.oneof(
  fc.record({ kind: fc.constant('routingRequest' as const), publicKey: key }),
  fc.record({
    kind: fc.constant('routingResponse' as const),
    connectionId: fc.option(id, { nil: undefined }),
    publicKey: key,
  }),
  fc.record({ kind: fc.constantFrom('connectNotification', 'disconnectNotification'), connectionId: id }),
  fc.record({ kind: fc.constantFrom('ping', 'pong'), pingId: someBytes(8) }),
  fc.record({ kind: fc.constant('oobSend' as const), publicKey: key, payload: someBytes(1, 1024) }),
  fc.record({ kind: fc.constant('oobRecv' as const), publicKey: key, payload: someBytes(1, 1999) }),
  fc.record({ kind: fc.constant('onionRequest' as const), payload: someBytes(159, 1399) }),
  fc.record({ kind: fc.constantFrom('onionResponse', 'forwarding'), payload: someBytes(0, 2031) }),
  fc.record({ kind: fc.constant('forwardRequest' as const), target, payload: someBytes(0, 1792) }),
  fc.record({ kind: fc.constant('data' as const), connectionId: id, payload: someBytes(0, 2031) }),
)

prop([anyPacket], runs(1000))('decoding undoes encoding, for every kind', packet => {
  const plain = encodePacket(packet)
  expect(plain.length).toBeLessThanOrEqual(2032)
  expect(decodePacket(plain)).toEqual(packet)
})

prop([someBytes(1, 2032)], runs(1000))('encoding undoes decoding', plain => {
  const packet = (() => {
    try {
      return decodePacket(plain)
    } catch {
      return undefined
    }
  })()
  if (packet && packet.kind !== 'reserved') expect(encodePacket(packet)).toEqual(plain)
})

describe('what the wire does not allow is not encoded, and the message says what was wanted and got', () => {
  test.each<[EncodablePacket, string]>([
    [{ kind: 'routingRequest', publicKey: some(31) }, 'public key: wanted 32 bytes, got 31'],
    [
      { kind: 'routingResponse', connectionId: undefined, publicKey: some(33) },
      'public key: wanted 32 bytes, got 33',
    ],
    [{ kind: 'ping', pingId: some(7) }, 'ping id: wanted 8 bytes, got 7'],
    [{ kind: 'pong', pingId: some(9) }, 'ping id: wanted 8 bytes, got 9'],
    [{ kind: 'oobSend', publicKey: KEY, payload: some(0) }, 'OOB data: wanted 1–1024 bytes, got 0'],
    [{ kind: 'oobSend', publicKey: KEY, payload: some(1025) }, 'OOB data: wanted 1–1024 bytes, got 1025'],
    [{ kind: 'oobSend', publicKey: some(0), payload: some(1) }, 'public key: wanted 32 bytes, got 0'],
    [{ kind: 'oobRecv', publicKey: KEY, payload: some(0) }, 'OOB: wanted 1–1999 bytes, got 0'],
    [{ kind: 'oobRecv', publicKey: KEY, payload: some(2000) }, 'OOB: wanted 1–1999 bytes, got 2000'],
    [{ kind: 'oobRecv', publicKey: some(2), payload: some(1) }, 'public key: wanted 32 bytes, got 2'],
    [{ kind: 'onionRequest', payload: some(158) }, 'onion request: wanted 159–1399 bytes, got 158'],
    [{ kind: 'onionRequest', payload: some(1400) }, 'onion request: wanted 159–1399 bytes, got 1400'],
    [{ kind: 'onionResponse', payload: some(2032) }, 'payload: wanted 0–2031 bytes, got 2032'],
    [{ kind: 'forwarding', payload: some(2032) }, 'payload: wanted 0–2031 bytes, got 2032'],
    [
      { kind: 'data', connectionId: connectionId(16), payload: some(2032) },
      'data: wanted 0–2031 bytes, got 2032',
    ],
    [
      { kind: 'forwardRequest', target: { address: some(5), port: 1 }, payload: some(1) },
      'address: wanted 16 bytes, got 5',
    ],
    [
      { kind: 'forwardRequest', target: { address: some(4), port: 1 }, payload: some(1793) },
      'forwarded data: wanted 0–1792 bytes, got 1793',
    ],
    ...[-1, 65536, 1.5, Number.NaN].map((port): [EncodablePacket, string] => [
      { kind: 'forwardRequest', target: { address: some(4), port }, payload: some(1) },
      `port: wanted 0–65535, got ${port}`,
    ]),
  ])('%#: $1', (packet, message) => {
    expect(() => encodePacket(packet)).toThrow(new RangeError(message))
  })
})
