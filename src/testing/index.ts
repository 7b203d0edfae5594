/** `tox-relays/testing`: time and a network in memory, for tests. Re-exports, nothing else. */
export { MemoryHost } from './memory-host.js'
export { MemoryNetwork } from './memory-network.js'
export { type Answer, type OnSocket, Place } from './memory-place.js'
export { MemorySocket, socketPair, type Wire } from './memory-socket.js'
export { VIRTUAL_EPOCH_MS, VirtualClock } from './virtual-clock.js'
