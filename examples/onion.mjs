/**
 * Onion packets, with which Tox finds friends, go through relays too: a few are kept connected for them, and what is
 * in the packets stays the upper layer's business.
 *
 * Prints:
 *   connected without onion use: 0 of 5
 *   connected with it: 3 of 5
 *   an onion request: sent
 *   the relay got it
 */
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const relays = await Promise.all(Array.from({ length: 5 }, () => startRelay()))
const manager = await createRelayManager({
  keyPair: await generateKeyPair(),
  relays,
  // Otherwise three that nobody uses would be kept connected.
  limits: { unused: 0 },
})
const connected = () => manager.relays.filter(({ state }) => state.name === 'established').length
const pinged = firstValueFrom(manager.status$.pipe(filter(() => connected() === 3)))
console.log(`connected without onion use: ${connected()} of ${relays.length}`)

manager.setOnion(3)
await pinged
console.log(`connected with it: ${connected()} of ${relays.length}`)

// A real request is nonce, address, key and box, made by the upper layer; answers arrive on manager.onion$.
console.log('an onion request:', manager.sendOnion(Buffer.alloc(300)))

// The embedded relay has no UDP side, so it only counts.
const got = ({ stats$ }) => firstValueFrom(stats$.pipe(filter(({ ignored }) => ignored === 1)))
await Promise.race(relays.map(got))
console.log('the relay got it')

await manager.close()
await Promise.all(relays.map(relay => relay.close()))
