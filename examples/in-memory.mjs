/**
 * A test of your own node: relays on a network in memory, on a clock that stands still until it is told otherwise. An
 * hour without a network takes milliseconds, and nothing is left to chance.
 *
 * Prints:
 *   online
 *   after an hour without a network: connecting, 0 relays connected
 *   with the network back: online
 *   left behind: 0 sockets, 0 timers
 */
import assert from 'node:assert/strict'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { MemoryNetwork, startMemoryRelay, VirtualClock } from 'tox-relays/testing'

const HOUR_MS = 3_600_000

const clock = new VirtualClock()
const network = new MemoryNetwork({ clock })
const relays = [
  await startMemoryRelay({ network, host: '192.0.2.1', port: 443 }),
  await startMemoryRelay({ network, host: '192.0.2.2', port: 443 }),
]

// Each node runs on a computer of its own, which can be cut off.
const [aliceHost, bobHost] = [network.host(), network.host()]
const node = async ({ dial }) => createRelayManager({ keyPair: await generateKeyPair(), relays, clock, dial })
const [alice, bob] = [await node(aliceHost), await node(bobHost)]
const toBob = alice.addFriend(bob.publicKey)
bob.addFriend(alice.publicKey)

await clock.until(() => toBob.state === 'online')
console.log(toBob.state)

aliceHost.online = false
await clock.advance(HOUR_MS)
const connected = alice.relays.filter(({ state }) => state.name === 'established').length
console.log(`after an hour without a network: ${toBob.state}, ${connected} relays connected`)

aliceHost.online = true
alice.networkChanged()
const took = await clock.until(() => toBob.state === 'online')
assert(took < 2_000, 'all is back within two seconds of virtual time')
console.log(`with the network back: ${toBob.state}`)

await clock.run(Promise.all([alice.close(), bob.close()]))
for (const relay of relays) relay.stop()
await clock.settle()
console.log(`left behind: ${network.openSockets} sockets, ${clock.pending} timers`)
