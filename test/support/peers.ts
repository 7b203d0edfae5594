/** The real programs that our tests meet: one door to all of it. */
export { runCData, startCEcho } from './peer-c-client.js'
export { freePort } from './peer-ports.js'
export { describeWithPeer, type Peer } from './peer-presence.js'
export { type PeerProcess, startProcess } from './peer-process.js'
export { type PeerRelay, startBootstrapd, startCRelay } from './peer-relay.js'
