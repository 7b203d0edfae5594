/**
 * The plaintext packets of §4: kinds, layouts, sizes. Encodes and decodes; knows neither who may send what nor what
 * to do about it.
 *
 * | id | kind | layout |
 * |---|---|---|
 * | 0 | routingRequest | `[0][pk 32]` |
 * | 1 | routingResponse | `[1][connection id, 0 = refused][pk 32]` |
 * | 2 | connectNotification | `[2][connection id]` |
 * | 3 | disconnectNotification | `[3][connection id]` |
 * | 4 | ping | `[4][8 bytes]` |
 * | 5 | pong | `[5][the same 8 bytes]` |
 * | 6 | oobSend | `[6][destination pk 32][data 1–1024]` |
 * | 7 | oobRecv | `[7][sender pk 32][data ≥ 1]` |
 * | 8 | onionRequest | `[8][nonce, ip-port, pk, box]`, 160–1400 |
 * | 9 | onionResponse | `[9][payload]` |
 * | 10 | forwardRequest | `[10][family 2 or 10][4 or 16 address bytes][port][data ≤ 1792]` |
 * | 11 | forwarding | `[11][data]` |
 * | 12–15 | reserved | |
 * | 16–255 | data | `[connection id][data]` |
 */
import { byteAt, concatBytes, copyBytes } from './bytes.js'
import { type ConnectionId, isConnectionId } from './connection-id.js'
import {
  KEY_SIZE,
  MAX_DATA_SIZE,
  MAX_ONION_REQUEST_SIZE,
  MAX_OOB_SIZE,
  MIN_ONION_REQUEST_SIZE,
  PING_ID_SIZE,
  REFUSED_ID,
} from './constants.js'
import { violation } from './errors.js'
import { decodeForwardRequest, encodeForwardRequest, type ForwardTarget } from './forward-request.js'
import { requireSize, sized } from './sizes.js'

export const PACKET_IDS = {
  routingRequest: 0,
  routingResponse: 1,
  connectNotification: 2,
  disconnectNotification: 3,
  ping: 4,
  pong: 5,
  oobSend: 6,
  oobRecv: 7,
  onionRequest: 8,
  onionResponse: 9,
  forwardRequest: 10,
  forwarding: 11,
} as const

export type Packet =
  | { readonly kind: 'routingRequest'; readonly publicKey: Uint8Array }
  | {
      readonly kind: 'routingResponse'
      /** undefined: the relay refused. */
      readonly connectionId: ConnectionId | undefined
      readonly publicKey: Uint8Array
    }
  | { readonly kind: 'connectNotification'; readonly connectionId: ConnectionId }
  | { readonly kind: 'disconnectNotification'; readonly connectionId: ConnectionId }
  | { readonly kind: 'ping'; readonly pingId: Uint8Array }
  | { readonly kind: 'pong'; readonly pingId: Uint8Array }
  | { readonly kind: 'oobSend'; readonly publicKey: Uint8Array; readonly payload: Uint8Array }
  | { readonly kind: 'oobRecv'; readonly publicKey: Uint8Array; readonly payload: Uint8Array }
  | { readonly kind: 'onionRequest'; readonly payload: Uint8Array }
  | { readonly kind: 'onionResponse'; readonly payload: Uint8Array }
  | { readonly kind: 'forwardRequest'; readonly target: ForwardTarget; readonly payload: Uint8Array }
  | { readonly kind: 'forwarding'; readonly payload: Uint8Array }
  | { readonly kind: 'reserved'; readonly id: number }
  | {
      readonly kind: 'data'
      readonly connectionId: ConnectionId
      /** Empty when a friend sent an empty packet (§3). */
      readonly payload: Uint8Array
    }

export type PacketKind = Packet['kind']

export type { ForwardTarget }

/**
 * Kind and exact length are checked together before a field is read. Payloads are copies.
 * @param plain one packet, id first; may be a passing view
 * @throws ToxError `protocol-violation`: a length or an id that §4 does not allow
 */
export function decodePacket(plain: Uint8Array): Packet {
  const id = byteAt(plain, 0)
  if (isConnectionId(id)) return { kind: 'data', connectionId: id, payload: copyBytes(plain, 1) }
  switch (id) {
    case PACKET_IDS.routingRequest:
      requireSize(plain, 1 + KEY_SIZE)
      return { kind: 'routingRequest', publicKey: copyBytes(plain, 1) }
    case PACKET_IDS.routingResponse:
      requireSize(plain, 2 + KEY_SIZE)
      return {
        kind: 'routingResponse',
        connectionId: byteAt(plain, 1) === REFUSED_ID ? undefined : connectionIdIn(plain),
        publicKey: copyBytes(plain, 2),
      }
    case PACKET_IDS.connectNotification:
      requireSize(plain, 2)
      return { kind: 'connectNotification', connectionId: connectionIdIn(plain) }
    case PACKET_IDS.disconnectNotification:
      requireSize(plain, 2)
      return { kind: 'disconnectNotification', connectionId: connectionIdIn(plain) }
    case PACKET_IDS.ping:
      requireSize(plain, 1 + PING_ID_SIZE)
      return { kind: 'ping', pingId: copyBytes(plain, 1) }
    case PACKET_IDS.pong:
      requireSize(plain, 1 + PING_ID_SIZE)
      return { kind: 'pong', pingId: copyBytes(plain, 1) }
    case PACKET_IDS.oobSend:
      requireSize(plain, 2 + KEY_SIZE, 1 + KEY_SIZE + MAX_OOB_SIZE)
      return {
        kind: 'oobSend',
        publicKey: copyBytes(plain, 1, 1 + KEY_SIZE),
        payload: copyBytes(plain, 1 + KEY_SIZE),
      }
    case PACKET_IDS.oobRecv:
      requireSize(plain, 2 + KEY_SIZE, Number.POSITIVE_INFINITY)
      return {
        kind: 'oobRecv',
        publicKey: copyBytes(plain, 1, 1 + KEY_SIZE),
        payload: copyBytes(plain, 1 + KEY_SIZE),
      }
    case PACKET_IDS.onionRequest:
      requireSize(plain, MIN_ONION_REQUEST_SIZE, MAX_ONION_REQUEST_SIZE)
      return { kind: 'onionRequest', payload: copyBytes(plain, 1) }
    case PACKET_IDS.onionResponse:
      return { kind: 'onionResponse', payload: copyBytes(plain, 1) }
    case PACKET_IDS.forwardRequest:
      return { kind: 'forwardRequest', ...decodeForwardRequest(plain) }
    case PACKET_IDS.forwarding:
      return { kind: 'forwarding', payload: copyBytes(plain, 1) }
    default:
      requireSize(plain, 2, Number.POSITIVE_INFINITY)
      return { kind: 'reserved', id }
  }
}

/** What may be encoded: every packet but the reserved ones. */
export type EncodablePacket = Exclude<Packet, { kind: 'reserved' }>

/** @throws RangeError when a field has a size that the wire does not allow */
export function encodePacket(packet: EncodablePacket): Uint8Array {
  switch (packet.kind) {
    case 'routingRequest':
      return encodeRoutingRequest(packet.publicKey)
    case 'routingResponse':
      return join([PACKET_IDS.routingResponse, packet.connectionId ?? REFUSED_ID], keyOf(packet.publicKey))
    case 'connectNotification':
    case 'disconnectNotification':
      return Uint8Array.of(PACKET_IDS[packet.kind], packet.connectionId)
    case 'ping':
    case 'pong':
      return join([PACKET_IDS[packet.kind]], sized('ping id', packet.pingId, PING_ID_SIZE, PING_ID_SIZE))
    case 'oobSend':
      return encodeOobSend(packet.publicKey, packet.payload)
    case 'oobRecv':
      return join(
        [PACKET_IDS.oobRecv],
        keyOf(packet.publicKey),
        sized('OOB', packet.payload, 1, MAX_DATA_SIZE - KEY_SIZE),
      )
    case 'onionRequest':
      return encodeOnionRequest(packet.payload)
    case 'onionResponse':
    case 'forwarding':
      return join([PACKET_IDS[packet.kind]], sized('payload', packet.payload, 0, MAX_DATA_SIZE))
    case 'forwardRequest':
      return encodeForwardRequest(packet.target, packet.payload)
    case 'data':
      return join([packet.connectionId], sized('data', packet.payload, 0, MAX_DATA_SIZE))
  }
}

const encodeRoutingRequest = (publicKey: Uint8Array): Uint8Array =>
  join([PACKET_IDS.routingRequest], keyOf(publicKey))

const encodeOobSend = (publicKey: Uint8Array, payload: Uint8Array): Uint8Array =>
  join([PACKET_IDS.oobSend], keyOf(publicKey), sized('OOB data', payload, 1, MAX_OOB_SIZE))

const encodeOnionRequest = (payload: Uint8Array): Uint8Array =>
  join(
    [PACKET_IDS.onionRequest],
    sized('onion request', payload, MIN_ONION_REQUEST_SIZE - 1, MAX_ONION_REQUEST_SIZE - 1),
  )

function connectionIdIn(plain: Uint8Array): ConnectionId {
  const id = byteAt(plain, 1)
  if (!isConnectionId(id)) throw violation(`connection id ${id} in packet ${byteAt(plain, 0)}`)
  return id
}

const join = (head: readonly number[], ...parts: Uint8Array[]): Uint8Array =>
  concatBytes(Uint8Array.from(head), ...parts)

const keyOf = (publicKey: Uint8Array): Uint8Array => sized('public key', publicKey, KEY_SIZE, KEY_SIZE)
