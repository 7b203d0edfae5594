/**
 * Ways to end: by a signal, by hand, or with `await using` where the language has it.
 *
 * Prints:
 *   the relay hears good-bye
 *   closed
 *   afterwards: the manager is closed
 */
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const relay = await startRelay()
const stop = new AbortController()
const manager = await createRelayManager({
  keyPair: await generateKeyPair(),
  relays: [relay],
  signal: stop.signal,
})
await firstValueFrom(manager.status$.pipe(filter(({ type }) => type === 'relay-confirmed')))

stop.abort()
// The same as close(), which resolves when every socket is closed; drain() first sends what waits.
await manager.closed
if (relay.stats.clients === 0) console.log('the relay hears good-bye')
console.log('closed')

try {
  manager.addRelay(relay)
} catch (error) {
  console.log('afterwards:', error.message)
}
await relay.close()
