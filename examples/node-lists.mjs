/**
 * Relays as the Tox world hands them round: the public JSON list, and the packed nodes that friends share. What is
 * damaged is told; what is good is kept.
 *
 * Prints:
 *   relay.example:443
 *   relay.example:33445
 *   [2001:db8::1]:443
 *   [2001:db8::1]:33445
 *   node 2: public_key: wanted 64 hex digits, got 3 digits
 *   packed: 51 bytes
 *   unpacked: tcp [2001:db8::1]:443
 *   the last one is damaged: node 2: cut off after 10 bytes
 */
import { formatHostPort, packNodes, parseNodeList, unpackNodes } from 'tox-relays'

const publicKey = 'AB'.repeat(32)
const json = JSON.stringify({
  nodes: [
    { ipv4: 'relay.example', ipv6: '2001:db8::1', public_key: publicKey, tcp_ports: [443, 33445] },
    { ipv4: '192.0.2.1', ipv6: '-', public_key: 'ABC', tcp_ports: [443] },
  ],
})
const list = parseNodeList(json)
for (const relay of list.nodes) console.log(formatHostPort(relay))
for (const problem of list.problems) console.log(problem)

// A manager takes the list as it is: createRelayManager({ keyPair, relays: list })

const packed = packNodes([{ transport: 'tcp', ...list.nodes[2] }])
console.log(`packed: ${packed.length} bytes`)
const [node] = unpackNodes(packed).nodes
console.log('unpacked:', node.transport, formatHostPort(node))
const damaged = unpackNodes(Buffer.concat([packed, packed.subarray(0, 10)]))
console.log('the last one is damaged:', damaged.problems.join())
