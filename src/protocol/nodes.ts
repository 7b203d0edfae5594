/**
 * Lists of nodes (§7): the packed form that friends share, and the JSON that public node lists come in. What is
 * damaged is told and left out; what is good is kept.
 */
import { byteAt, concatBytes, copyBytes } from './bytes.js'
import { KEY_SIZE } from './constants.js'
import { formatIp, parseIp } from './ip.js'
import { parseKey } from './keys.js'
import { checkRelay, type RelayAddress } from './relay-address.js'

export type Transport = 'udp' | 'tcp'

export interface Node extends RelayAddress {
  readonly transport: Transport
}

/** What could be read, and a sentence for each thing that could not. */
export interface NodesRead<T extends RelayAddress> {
  readonly nodes: readonly T[]
  readonly problems: readonly string[]
}

const IPV4_SIZE = 4
const IPV6_SIZE = 16
const PORT_SIZE = 2
const KINDS = [
  { type: 2, transport: 'udp', addressSize: IPV4_SIZE },
  { type: 10, transport: 'udp', addressSize: IPV6_SIZE },
  { type: 130, transport: 'tcp', addressSize: IPV4_SIZE },
  { type: 138, transport: 'tcp', addressSize: IPV6_SIZE },
] as const

/** @throws RangeError for a host that is a name: packed nodes hold addresses only */
export function packNodes(nodes: readonly Node[]): Uint8Array {
  return concatBytes(...nodes.map(packNode))
}

function packNode({ host, port, publicKey, transport }: Node): Uint8Array {
  const address = parseIp(host)
  const kind = KINDS.find(kind => kind.transport === transport && kind.addressSize === address?.length)
  if (!address || !kind) throw new RangeError(`host: wanted an IP address, got ${JSON.stringify(host)}`)
  return concatBytes(Uint8Array.of(kind.type), address, Uint8Array.of(port >> 8, port & 0xff), publicKey)
}

/** Reads nodes up to the end or to the first that cannot be read: behind it nobody knows where the next begins. */
export function unpackNodes(bytes: Uint8Array): NodesRead<Node> {
  const nodes: Node[] = []
  let offset = 0
  while (offset < bytes.length) {
    const type = byteAt(bytes, offset)
    const kind = KINDS.find(kind => kind.type === type)
    if (!kind) return { nodes, problems: [`node ${nodes.length + 1}: unknown family ${type}`] }
    const end = offset + 1 + kind.addressSize + PORT_SIZE + KEY_SIZE
    if (end > bytes.length)
      return { nodes, problems: [`node ${nodes.length + 1}: cut off after ${bytes.length - offset} bytes`] }
    nodes.push(unpackNode(bytes.subarray(offset + 1, end), kind.addressSize, kind.transport))
    offset = end
  }
  return { nodes, problems: [] }
}

function unpackNode(bytes: Uint8Array, addressSize: number, transport: Transport): Node {
  return {
    host: formatIp(bytes.subarray(0, addressSize)),
    port: byteAt(bytes, addressSize) * 256 + byteAt(bytes, addressSize + 1),
    publicKey: copyBytes(bytes, addressSize + PORT_SIZE),
    transport,
  }
}

/**
 * The TCP relays of a public node list: one entry for each address and port of a node.
 * @throws TypeError when it is not a node list at all
 */
export function parseNodeList(json: string): NodesRead<RelayAddress> {
  const problems = new Set<string>()
  const nodes = nodesOf(parseJson(json)).flatMap((entry, index) => {
    const tell = (problem: string): unknown => problems.add(`node ${index + 1}: ${problem}`)
    return attempt(() => relaysOf(entry, tell), tell).flat()
  })
  return { nodes, problems: [...problems] }
}

/** What `read` gives; nothing when it throws, which is told. */
function attempt<T>(read: () => T, tell: (problem: string) => void): T[] {
  try {
    return [read()]
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error))
    return []
  }
}

interface RawList {
  readonly nodes?: unknown
}

interface RawNode {
  readonly ipv4?: unknown
  readonly ipv6?: unknown
  readonly public_key?: unknown
  readonly tcp_ports?: unknown
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new TypeError('node list: not JSON')
  }
}

function nodesOf(list: unknown): readonly unknown[] {
  const nodes = Array.isArray(list) ? list : isObject(list) ? list.nodes : undefined
  if (!Array.isArray(nodes)) throw new TypeError('node list: wanted { "nodes": [ … ] }')
  return nodes
}

const NO_ADDRESS = '-'

function relaysOf(node: unknown, tell: (problem: string) => void): RelayAddress[] {
  if (!isObject(node)) throw new TypeError('not an object')
  if (typeof node.public_key !== 'string') throw new TypeError('no public_key')
  const publicKey = parseKey(node.public_key, 'public_key')
  const ports: readonly unknown[] = Array.isArray(node.tcp_ports) ? node.tcp_ports : []
  const hosts = [node.ipv4, node.ipv6].filter(isHost)
  return hosts.flatMap(host =>
    ports.flatMap(port => attempt(() => checkRelay({ host, port: portOf(port), publicKey }), tell)),
  )
}

const portOf = (value: unknown): number =>
  typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN

const isHost = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value !== NO_ADDRESS

const isObject = (value: unknown): value is RawList & RawNode => typeof value === 'object' && value !== null
