/**
 * What a node knows of itself: a snapshot in plain values, for logs and dashboards. No secret is in it.
 *
 * Prints:
 *   relay established, origin user, 1 friend, round trip known: true
 *   sent and received: true
 *   data packets received: 1
 *   friend online on 1 route
 *   as JSON it has no secret key: true
 */
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const relay = await startRelay()
const keyPair = await generateKeyPair()
const alice = await createRelayManager({ keyPair, relays: [relay] })
const bob = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })
const toBob = alice.addFriend(bob.publicKey)
const toAlice = bob.addFriend(alice.publicKey)
await firstValueFrom(alice.status$.pipe(filter(({ type }) => type === 'keepalive')))
await firstValueFrom(toAlice.state$.pipe(filter(state => state === 'online')))
const heard = firstValueFrom(toBob.packets$)
toAlice.send(Buffer.from('hello'))
await heard

const snapshot = alice.snapshot()
const [{ origin, state, stats }] = snapshot.relays
const known = stats.rttMs !== undefined
console.log(`relay ${state.name}, origin ${origin}, ${stats.friends} friend, round trip known: ${known}`)
console.log('sent and received:', stats.bytesOut > 0 && stats.bytesIn > 0)
console.log('data packets received:', stats.packetsIn.data)
const [friend] = snapshot.friends
console.log(`friend ${friend.state} on ${friend.routes.length} route`)
const json = JSON.stringify(snapshot).toLowerCase()
console.log('as JSON it has no secret key:', !json.includes(Buffer.from(keyPair.secretKey).toString('hex')))

await Promise.all([alice.close(), bob.close()])
await relay.close()
