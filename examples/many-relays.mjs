/**
 * Ten relays: two friends choose the same three of them without a word, and when the one in use dies, the very next
 * packet takes another.
 *
 * Prints:
 *   online through 3 of 10 relays
 *   one: arrived
 *   that relay is switched off
 *   two: arrived through another relay
 */
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const relays = await Promise.all(Array.from({ length: 10 }, () => startRelay()))
const alice = await createRelayManager({ keyPair: await generateKeyPair(), relays })
// Bob knows the same relays in another order, and where he starts is his own business.
const bob = await createRelayManager({ keyPair: await generateKeyPair(), relays: relays.toReversed() })
const toBob = alice.addFriend(bob.publicKey)
const toAlice = bob.addFriend(alice.publicKey)

const online = routes => routes.filter(({ state }) => state === 'online')
const routes = await firstValueFrom(toBob.routes$.pipe(filter(all => online(all).length === 3)))
console.log(`online through ${online(routes).length} of ${alice.relays.length} relays`)

async function send(text) {
  const arrival = firstValueFrom(toAlice.packets$)
  toBob.send(Buffer.from(text))
  return arrival
}

const first = await send('one')
console.log(`${Buffer.from(first.data)}: arrived`)

const used = alice.relay(first.relay.publicKey)
await relays.find(({ publicKey }) => Buffer.from(publicKey).equals(first.relay.publicKey)).close()
await firstValueFrom(used.state$.pipe(filter(({ name }) => name !== 'established')))
console.log('that relay is switched off')

const second = await send('two')
const other = second.relay.key === first.relay.key ? 'the same' : 'another'
console.log(`${Buffer.from(second.data)}: arrived through ${other} relay`)

await Promise.all([alice.close(), bob.close()])
await Promise.all(relays.map(relay => relay.close()))
