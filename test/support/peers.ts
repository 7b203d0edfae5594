/** The real programs that our tests meet: one door to all of it. */
export {
  type CDataOptions,
  type CDataResult,
  type CEcho,
  type CEchoEvent,
  type CEchoOptions,
  runCData,
  startCEcho,
} from './peer-c-client.js'
export { freePort } from './peer-ports.js'
export { describeWithPeer, findProgram, type Peer } from './peer-presence.js'
export { type PeerProcess, type ProcessOptions, startProcess } from './peer-process.js'
export { type BootstrapdOptions, type PeerRelay, startBootstrapd, startCRelay } from './peer-relay.js'
