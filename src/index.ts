/**
 * `tox-relays`: the public API. Re-exports, nothing else.
 *
 * @module tox-relays
 */
export type { BackoffOptions } from './actors/backoff.js'
export type { DropCause, LinkCounters } from './actors/counters.js'
export type { Friend, FriendPacket, FriendState, Offer, RouteView, SendResult } from './actors/friend.js'
export type { NeedLimits } from './actors/needs.js'
export type { PolicyOptions, Refusal } from './actors/policies.js'
export type { Origin, Relay, RelayState, RelayStateName, RelayStats } from './actors/relay.js'
export type { Status, StatusEvent } from './actors/status.js'
export type { StatusStream } from './actors/status-stream.js'
export type { TieState } from './actors/tie.js'
export type { ByteSocket } from './io/byte-socket.js'
export type { Clock } from './io/clock.js'
export type { Credentials } from './io/credentials.js'
export type { Dial, DialOptions, DialStage } from './io/dial.js'
export type { Exceptions } from './io/exceptions.js'
export {
  type HttpProxySettings,
  type ProxyKind,
  type ProxyOptions,
  type ProxySettings,
  proxyOptionsOf,
  type Socks4Settings,
  type Socks5Settings,
} from './io/proxy.js'
export { generateKeyPair } from './key-pair.js'
export type { OobPacket, OobSendResult, OtherSendResult, RelayedPacket } from './loose-packets.js'
export {
  createRelayManager,
  type RelayManager,
} from './manager.js'
export type { ManagedRelayInput, ManagerOptions, ProxyInput } from './options.js'
export type { KeyPair, Random } from './protocol/crypto.js'
export { explain, type Fault, faultOf, type Reason, ToxError } from './protocol/errors.js'
export type { Key } from './protocol/keys.js'
export {
  type Node,
  type NodesRead,
  packNodes,
  parseNodeList,
  type Transport,
  unpackNodes,
} from './protocol/nodes.js'
export type { ForwardTarget } from './protocol/packets.js'
export {
  formatHostPort,
  formatRelay,
  type HostPort,
  parseRelay,
  type RelayAddress,
  type RelayInput,
} from './protocol/relay-address.js'
export type { FriendSnapshot, ManagerSnapshot, RelaySnapshot } from './snapshot.js'
export { openStore, type Store, type StoreOptions } from './store.js'
export type { StoreContent, StoredFriend, StoredRelay, StoredScore } from './store-content.js'
