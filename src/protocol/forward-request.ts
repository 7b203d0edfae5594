/** The one packet with an address in it (§4, id 10): a request to forward something over UDP. */
import { byteAt, concatBytes, copyBytes } from './bytes.js'
import { MAX_FORWARD_SIZE } from './constants.js'
import { violation } from './errors.js'
import { requireSize, sized } from './sizes.js'

/** Where a relay is asked to forward a packet to, over UDP. */
export interface ForwardTarget {
  /** 4 bytes (IPv4) or 16 (IPv6). */
  readonly address: Uint8Array
  readonly port: number
}

export interface ForwardRequest {
  readonly target: ForwardTarget
  readonly payload: Uint8Array
}

const FORWARD_REQUEST_ID = 10
const IPV4_FAMILY = 2
const IPV6_FAMILY = 10
const IPV4_SIZE = 4
const IPV6_SIZE = 16
const PORT_SIZE = 2

/** @throws RangeError when a field has a size that the wire does not allow */
export function encodeForwardRequest(target: ForwardTarget, payload: Uint8Array): Uint8Array {
  const family = target.address.length === IPV4_SIZE ? IPV4_FAMILY : IPV6_FAMILY
  if (family === IPV6_FAMILY) sized('address', target.address, IPV6_SIZE, IPV6_SIZE)
  if (!Number.isInteger(target.port) || target.port < 0 || target.port > 0xffff)
    throw new RangeError(`port: wanted 0–65535, got ${target.port}`)
  const port = [target.port >> 8, target.port & 0xff]
  const head = concatBytes(Uint8Array.of(FORWARD_REQUEST_ID, family), target.address, Uint8Array.from(port))
  return concatBytes(head, sized('forwarded data', payload, 0, MAX_FORWARD_SIZE))
}

/** @throws ToxError `protocol-violation` */
export function decodeForwardRequest(plain: Uint8Array): ForwardRequest {
  requireSize(plain, 2, Number.POSITIVE_INFINITY)
  const family = byteAt(plain, 1)
  if (family !== IPV4_FAMILY && family !== IPV6_FAMILY)
    throw violation(`forward request with family ${family}`)
  const start = 2 + (family === IPV4_FAMILY ? IPV4_SIZE : IPV6_SIZE)
  requireSize(plain, start + PORT_SIZE, start + PORT_SIZE + MAX_FORWARD_SIZE)
  const port = byteAt(plain, start) * 256 + byteAt(plain, start + 1)
  return {
    target: { address: copyBytes(plain, 2, start), port },
    payload: copyBytes(plain, start + PORT_SIZE),
  }
}
