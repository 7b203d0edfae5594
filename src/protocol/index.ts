/**
 * `tox-relays/protocol`: the sans-IO core, for transports of your own. Re-exports, nothing else.
 *
 * @module tox-relays/protocol
 */
export * from './connection-id.js'
export * from './constants.js'
export {
  Channel,
  cryptoReady,
  type KeyPair,
  keyPairFromSecret,
  newKeyPair,
  type Random,
  systemRandom,
} from './crypto.js'
export { explain, type Fault, faultOf, type ProxySaid, type Reason, ToxError } from './errors.js'
export { FrameReader } from './frames.js'
export { type Answered, ClientHandshake, type Established, RelayHandshake } from './handshake.js'
export { type Key, keyName, parseKey } from './keys.js'
export { type Node, type NodesRead, packNodes, parseNodeList, type Transport, unpackNodes } from './nodes.js'
export { DATA_LANE_BYTES, Outbox, type Waiting } from './outbox.js'
export * from './packets.js'
export { type OpenPing, Pings } from './pings.js'
export {
  checkRelay,
  formatHostPort,
  formatRelay,
  type HostPort,
  parseRelay,
  type RelayAddress,
  type RelayInput,
} from './relay-address.js'
export { Route, type RouteState, Routes, type RoutesOptions } from './routes.js'
export { SendWindow, type SendWindowOptions } from './send-window.js'
export { Session, type SessionOptions, type SessionPacket } from './session.js'
