import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatIp } from '../../src/protocol/ip.js'
import { type Node, packNodes, parseNodeList, unpackNodes } from '../../src/protocol/nodes.js'
import { hex, join, prop, runs, someBytes } from './ends.js'

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i + 1)
const KEY_HEX = Buffer.from(KEY).toString('hex')
const V6_HEX = '20010db8000000000000000000000001'

/** docs/protocol.md §7, written out: type, address, port, key. */
const PACKED: [string, number, Uint8Array, Node][] = [
  [
    'UDP over IPv4',
    39,
    hex(`02 c0000201 82a5 ${KEY_HEX}`),
    { transport: 'udp', host: '192.0.2.1', port: 33445, publicKey: KEY },
  ],
  [
    'UDP over IPv6',
    51,
    hex(`0a ${V6_HEX} 01bb ${KEY_HEX}`),
    { transport: 'udp', host: '2001:db8::1', port: 443, publicKey: KEY },
  ],
  [
    'TCP over IPv4',
    39,
    hex(`82 c0000201 0d3d ${KEY_HEX}`),
    { transport: 'tcp', host: '192.0.2.1', port: 3389, publicKey: KEY },
  ],
  [
    'TCP over IPv6',
    51,
    hex(`8a ${V6_HEX} ffff ${KEY_HEX}`),
    { transport: 'tcp', host: '2001:db8::1', port: 65535, publicKey: KEY },
  ],
]
const ALL = join(...PACKED.map(([, , bytes]) => bytes))
const NODES = PACKED.map(([, , , node]) => node)

describe('a packed node', () => {
  test.each(PACKED)('of %s takes %i bytes', (_, size, bytes, node) => {
    expect(bytes).toHaveLength(size)
    expect(packNodes([node])).toEqual(bytes)
    expect(unpackNodes(bytes)).toEqual({ nodes: [node], problems: [] })
  })

  test('follows the one before without a count', () => {
    expect(packNodes(NODES)).toEqual(ALL)
    expect(unpackNodes(ALL)).toEqual({ nodes: NODES, problems: [] })
    expect(packNodes([])).toEqual(new Uint8Array())
    expect(unpackNodes(new Uint8Array())).toEqual({ nodes: [], problems: [] })
  })

  test('shares no memory with what it came in, a Buffer for example', () => {
    const came = Buffer.from(ALL)
    const { nodes } = unpackNodes(came)
    came.fill(0)
    expect(nodes).toEqual(NODES)
  })

  test('cannot hold a name', () => {
    const node: Node = { transport: 'tcp', host: 'relay.example.org', port: 443, publicKey: KEY }
    expect(() => packNodes([node])).toThrow(
      new RangeError('host: wanted an IP address, got "relay.example.org"'),
    )
  })

  test('has no other transport', () => {
    const node = { transport: 'quic', host: '192.0.2.1', port: 443, publicKey: KEY }
    expect(() => Reflect.apply(packNodes, undefined, [[node]])).toThrow(RangeError)
  })

  const node: fc.Arbitrary<Node> = fc.record({
    transport: fc.constantFrom('tcp', 'udp'),
    host: fc.oneof(someBytes(4), someBytes(16)).map(formatIp),
    port: fc.integer({ min: 0, max: 65535 }),
    publicKey: someBytes(32),
  })
  prop([fc.array(node, { maxLength: 8 })], runs(500))('is undone by unpacking', nodes => {
    expect(unpackNodes(packNodes(nodes))).toEqual({ nodes, problems: [] })
  })
})

describe('case 37: a list that is damaged', () => {
  test('by an unknown family: the good ones before it are kept, and it is told', () => {
    for (let family = 0; family < 256; family++) {
      if ([2, 10, 130, 138].includes(family)) continue
      const read = unpackNodes(join(ALL, Uint8Array.of(family), new Uint8Array(60)))
      expect(read).toEqual({ nodes: NODES, problems: [`node 5: unknown family ${family}`] })
    }
  })

  test('by being cut off anywhere: the whole ones are kept, and it is told', () => {
    const ends = [0, 39, 90, 129, 180]
    for (let size = 0; size <= ALL.length; size++) {
      const whole = ends.filter(end => end > 0 && end <= size).length
      const rest = size - (ends[whole] ?? 0)
      expect(unpackNodes(ALL.subarray(0, size))).toEqual({
        nodes: NODES.slice(0, whole),
        problems: rest === 0 ? [] : [`node ${whole + 1}: cut off after ${rest} bytes`],
      })
    }
  })

  prop([someBytes(0, 300)], runs(2000))('in any way: nothing is thrown', bytes => {
    const { nodes, problems } = unpackNodes(bytes)
    expect(problems.length).toBeLessThanOrEqual(1)
    expect(packNodes(nodes)).toEqual(bytes.subarray(0, packNodes(nodes).length))
  })
})

describe('a public node list', () => {
  const entry = { ipv4: '192.0.2.1', ipv6: '-', port: 33445, tcp_ports: [443, 3389], public_key: KEY_HEX }
  const list = (...nodes: unknown[]): string => JSON.stringify({ last_scan: 1, last_refresh: 2, nodes })

  test('gives one relay for each address and port of a node', () => {
    const both = { ...entry, ipv6: '2001:db8::1', maintainer: 'x', status_tcp: true }
    expect(parseNodeList(list(both, { ...entry, tcp_ports: [33445] }))).toEqual({
      nodes: [
        { host: '192.0.2.1', port: 443, publicKey: KEY },
        { host: '192.0.2.1', port: 3389, publicKey: KEY },
        { host: '2001:db8::1', port: 443, publicKey: KEY },
        { host: '2001:db8::1', port: 3389, publicKey: KEY },
        { host: '192.0.2.1', port: 33445, publicKey: KEY },
      ],
      problems: [],
    })
  })

  test('may be the bare array of nodes', () => {
    expect(parseNodeList(JSON.stringify([entry])).nodes).toHaveLength(2)
  })

  test('may hold names for addresses, and - or nothing for none', () => {
    const named = { ...entry, ipv4: 'relay.example.org', ipv6: '', tcp_ports: [443] }
    expect(parseNodeList(list(named)).nodes).toEqual([
      { host: 'relay.example.org', port: 443, publicKey: KEY },
    ])
    for (const none of ['-', '', undefined, null, 7])
      expect(parseNodeList(list({ ...entry, ipv4: none }))).toEqual({ nodes: [], problems: [] })
  })

  test.each([undefined, null, '443', {}, []])(
    'without TCP ports (%j) gives no relay, and no problem',
    ports => {
      expect(parseNodeList(list({ ...entry, tcp_ports: ports }))).toEqual({ nodes: [], problems: [] })
    },
  )

  test('may spell ports as text', () => {
    expect(parseNodeList(list({ ...entry, tcp_ports: ['443'] })).nodes).toMatchObject([{ port: 443 }])
  })

  test('case 37: keeps the good nodes beside bad ones, and says of each what is wrong', () => {
    const read = parseNodeList(
      list(
        null,
        7,
        {},
        { ...entry, public_key: KEY_HEX.slice(1) },
        { ...entry, public_key: 7 },
        { ...entry, ipv4: 'two words' },
        entry,
      ),
    )
    expect(read.nodes).toHaveLength(2)
    expect(read.problems).toEqual([
      'node 1: not an object',
      'node 2: not an object',
      'node 3: no public_key',
      'node 4: public_key: wanted 64 hex digits, got 63 digits',
      'node 5: no public_key',
      'node 6: host: wanted an address or a name, got "two words"',
    ])
  })

  test('case 37: keeps the good ports of a node beside bad ones, each told once', () => {
    const ports = [0, 443, 65536, true, null, [80], 1.5, '', 'x', 33445]
    const read = parseNodeList(list({ ...entry, ipv6: '::1', tcp_ports: ports }))
    expect(read.nodes.map(({ host, port }) => `${host} ${port}`)).toEqual([
      '192.0.2.1 443',
      '192.0.2.1 33445',
      '::1 443',
      '::1 33445',
    ])
    expect(read.problems).toEqual([
      'node 1: port: wanted 1–65535, got 0',
      'node 1: port: wanted 1–65535, got 65536',
      'node 1: port: wanted 1–65535, got NaN',
      'node 1: port: wanted 1–65535, got 1.5',
    ])
  })

  test.each(['', '{', 'nonsense', '<html>'])('that is not JSON (%j) is refused as such', text => {
    expect(() => parseNodeList(text)).toThrow(new TypeError('node list: not JSON'))
  })

  test.each(['{}', '7', 'null', '"x"', '{"nodes":{}}', '{"nodes":null}'])(
    'that is JSON but no list (%s) is refused as such',
    text => {
      expect(() => parseNodeList(text)).toThrow(new TypeError('node list: wanted { "nodes": [ … ] }'))
    },
  )
})
