/**
 * `tox-relays/testing`: time, a network and relays in memory, for tests. Re-exports, nothing else.
 *
 * @module tox-relays/testing
 */
export { HostileRelay, type HostileRelayOptions, hostileRelay, hostileTcpRelay } from './hostile-relay.js'
export { MemoryHost } from './memory-host.js'
export { MemoryNetwork } from './memory-network.js'
export { type Answer, type OnSocket, Place } from './memory-place.js'
export { MemoryRelay, type MemoryRelayOptions, startMemoryRelay } from './memory-relay.js'
export { MemorySocket, socketPair, type Wire } from './memory-socket.js'
export { type Handshake, type PacketOf, ScriptedEnd, scriptedClient } from './scripted-end.js'
export { VIRTUAL_EPOCH_MS, VirtualClock } from './virtual-clock.js'
