/**
 * Friends tell each other of relays: Alice names three of hers, and Bob, who knew one, meets her on all of them.
 *
 * Prints:
 *   bob meets alice on 1 relay
 *   alice shares 3 relays in 117 bytes
 *   bob meets alice on 3 relays
 */
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, generateKeyPair, packNodes, unpackNodes } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const relays = await Promise.all(Array.from({ length: 3 }, () => startRelay()))
const alice = await createRelayManager({ keyPair: await generateKeyPair(), relays })
// Loopback addresses are refused from friends, unless one says otherwise.
const policies = { allowPrivate: true }
const bob = await createRelayManager({
  keyPair: await generateKeyPair(),
  relays: relays.slice(0, 1),
  policies,
})
const toBob = alice.addFriend(bob.publicKey)
const toAlice = bob.addFriend(alice.publicKey)

const online = routes => routes.filter(({ state }) => state === 'online').length
const onlineThrough = count =>
  firstValueFrom(toAlice.routes$.pipe(filter(routes => online(routes) === count)))
console.log(`bob meets alice on ${online(await onlineThrough(1))} relay`)

toAlice.packets$.subscribe(({ data, friend }) => {
  for (const relay of unpackNodes(data).nodes) friend.addRelay(relay)
})
const shared = alice.connectedRelays(3)
const packed = packNodes(
  shared.map(({ publicKey, addresses: [address] }) => ({ transport: 'tcp', publicKey, ...address })),
)
console.log(`alice shares ${shared.length} relays in ${packed.length} bytes`)
toBob.send(packed)
console.log(`bob meets alice on ${online(await onlineThrough(3))} relays`)

await Promise.all([alice.close(), bob.close()])
await Promise.all(relays.map(relay => relay.close()))
