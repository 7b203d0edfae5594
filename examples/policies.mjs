/**
 * What comes from friends is not trusted: which relays are taken, and why others are not.
 *
 * Prints:
 *   ours, in a forbidden network: network-denied
 *   ours, with a forbidden key: key-denied
 *   a friend's, in a private network: private-address
 *   a friend's, by name: name-not-allowed
 *   a friend's, without a port: bad-port
 *   a friend's, with our own key: own-key
 *   and the status stream told of 6
 */
import { createRelayManager, generateKeyPair } from 'tox-relays'

const publicKey = 'AB'.repeat(32)
const badKey = 'BA'.repeat(32)
const manager = await createRelayManager({
  keyPair: await generateKeyPair(),
  policies: { denyNetworks: ['203.0.113.0/24'], denyKeys: [badKey] },
})
let told = 0
manager.status$.subscribe(({ type }) => {
  if (type === 'relay-refused') told++
})

const refusalOf = offer => (offer.accepted ? 'taken' : offer.refusal)
const ours = relay => refusalOf(manager.addRelay({ port: 443, publicKey, ...relay }))
console.log('ours, in a forbidden network:', ours({ host: '203.0.113.7' }))
console.log('ours, with a forbidden key:', ours({ host: '198.51.100.7', publicKey: badKey }))

const friend = manager.addFriend('CD'.repeat(32))
const offered = relay => refusalOf(friend.addRelay({ port: 443, publicKey, ...relay }))
console.log("a friend's, in a private network:", offered({ host: '192.168.0.1' }))
console.log("a friend's, by name:", offered({ host: 'relay.example' }))
console.log("a friend's, without a port:", offered({ host: '192.0.2.1', port: 0 }))
console.log("a friend's, with our own key:", offered({ host: '192.0.2.1', publicKey: manager.publicKey }))

console.log('and the status stream told of', told)
await manager.close()
