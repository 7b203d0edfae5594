/**
 * A friend who is reached otherwise, over UDP say, needs no relays: they are let go after ten seconds, and are back
 * when he needs them. On virtual time, so that nobody waits.
 *
 * Prints:
 *   bob is online through 1 relay
 *   asleep: the relay is established
 *   ten seconds later: the relay is sleeping
 *   awake: the relay is established, bob is online
 */
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { MemoryNetwork, startMemoryRelay, VirtualClock } from 'tox-relays/testing'

const clock = new VirtualClock()
const network = new MemoryNetwork({ clock })
const relay = await startMemoryRelay({ network, host: '192.0.2.1', port: 443 })
const options = { relays: [relay], clock, dial: network.dial }
const alice = await createRelayManager({ keyPair: await generateKeyPair(), ...options })
const bob = await createRelayManager({ keyPair: await generateKeyPair(), ...options })
const toBob = alice.addFriend(bob.publicKey)
bob.addFriend(alice.publicKey)
const [known] = alice.relays

await clock.until(() => toBob.state === 'online')
console.log(`bob is online through ${toBob.routes.length} relay`)

toBob.setAwake(false)
await clock.settle()
console.log(`asleep: the relay is ${known.state.name}`)

await clock.advance(15_000)
console.log(`ten seconds later: the relay is ${known.state.name}`)

toBob.setAwake(true)
await clock.until(() => toBob.state === 'online')
console.log(`awake: the relay is ${known.state.name}, bob is ${toBob.state}`)

await clock.run(Promise.all([alice.close(), bob.close()]))
relay.stop()
