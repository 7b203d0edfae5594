/**
 * Two nodes meet on a relay and talk.
 *
 * Prints:
 *   alice sees bob: connecting
 *   alice sees bob: online
 *   alice sends: sent
 *   bob hears: hello bob
 *   alice sees bob: offline
 */
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const relay = await startRelay()
const alice = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })
const bob = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })

// A route comes up when both ask the relay for each other.
const toBob = alice.addFriend(bob.publicKey)
const toAlice = bob.addFriend(alice.publicKey)

toBob.state$.subscribe(state => console.log('alice sees bob:', state))
await firstValueFrom(toBob.state$.pipe(filter(state => state === 'online')))

const heard = firstValueFrom(toAlice.packets$)
console.log('alice sends:', toBob.send(Buffer.from('hello bob')))
console.log('bob hears:', Buffer.from((await heard).data).toString())

await alice.close()
await bob.close()
await relay.close()
