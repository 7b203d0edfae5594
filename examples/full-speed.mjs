/**
 * Sends as fast as the relay takes it: `full` is an answer, and `drain$` says when to go on.
 *
 * Prints:
 *   10000 packets of 1373 bytes arrived, in order
 */
import { filter, firstValueFrom, take, toArray } from 'rxjs'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const COUNT = 10_000
const SIZE = 1_373

const relay = await startRelay()
const alice = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })
const bob = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })
const toBob = alice.addFriend(bob.publicKey)
const toAlice = bob.addFriend(alice.publicKey)
await firstValueFrom(toBob.state$.pipe(filter(state => state === 'online')))

const arrived = firstValueFrom(toAlice.packets$.pipe(take(COUNT), toArray()))
const packet = Buffer.alloc(SIZE)
for (let number = 0; number < COUNT; number++) {
  packet.writeUInt32BE(number)
  while (toBob.send(packet) === 'full') await firstValueFrom(toBob.drain$)
}

// drain() sends what still waits, then closes.
await alice.drain()
const packets = await arrived
const inOrder = packets.every(({ data }, index) => Buffer.from(data).readUInt32BE() === index)
console.log(`${packets.length} packets of ${SIZE} bytes arrived, ${inOrder ? 'in order' : 'out of order'}`)

await bob.close()
await relay.close()
