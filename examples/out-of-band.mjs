/**
 * A packet to somebody who is no friend yet, as for a friend request: it arrives if he is on the relay just now.
 *
 * Prints:
 *   alice sends: sent-oob
 *   bob hears from alice: may I be your friend?
 */
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const relay = await startRelay()
const alice = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })
const bob = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })

// A relay counts a client in when his first ping arrives.
const pinged = manager => firstValueFrom(manager.status$.pipe(filter(({ type }) => type === 'keepalive')))
await Promise.all([pinged(alice), pinged(bob)])

const heard = firstValueFrom(bob.oob$)
console.log('alice sends:', alice.sendOob(bob.publicKey, Buffer.from('may I be your friend?')))
const { publicKey, data } = await heard
const sender = Buffer.from(alice.publicKey).equals(publicKey) ? 'alice' : 'somebody'
console.log(`bob hears from ${sender}: ${Buffer.from(data)}`)

await Promise.all([alice.close(), bob.close()])
await relay.close()
