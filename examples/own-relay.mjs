/**
 * A relay of your own, with a key that stays the same, and its numbers.
 *
 * Prints:
 *   relay 127.0.0.1:…
 *   after its restart it has the same key
 *   clients: 2
 *   after good-bye: 0
 */
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, formatRelay, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const keyPair = await generateKeyPair()
const before = await startRelay({ keyPair })
console.log('relay', formatRelay(before))
await before.close()

const relay = await startRelay({ keyPair, port: before.port, maxClients: 1_000 })
const same = Buffer.from(relay.publicKey).equals(before.publicKey)
console.log(`after its restart it has ${same ? 'the same' : 'another'} key`)

const managers = await Promise.all(
  [await generateKeyPair(), await generateKeyPair()].map(pair =>
    createRelayManager({ keyPair: pair, relays: [relay] }),
  ),
)
const clients = count => firstValueFrom(relay.stats$.pipe(filter(stats => stats.clients === count)))
console.log('clients:', (await clients(2)).clients)

await Promise.all(managers.map(manager => manager.close()))
console.log('after good-bye:', (await clients(0)).clients)
await relay.close()
