/**
 * Looks into the actors while they run: every event and every state of every machine passes `inspect`. No secret does.
 *
 * Prints:
 *   relay: "sleeping"
 *   relay: "queued"
 *   relay: {"attempt":"connecting"}
 *   relay: {"attempt":"handshake"}
 *   relay: {"established":"pinging"}
 *   relay: {"established":"quiet"}
 *   relay: "closing"
 *   relay: "closed"
 */
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

let last
function inspect(event) {
  if (event.type !== '@xstate.snapshot' || event.actorRef.logic?.id !== 'relay') return
  const state = JSON.stringify(event.snapshot.value)
  if (state !== last) console.log('relay:', state)
  last = state
}

const relay = await startRelay()
const manager = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay], inspect })
await firstValueFrom(manager.status$.pipe(filter(({ type }) => type === 'keepalive')))
await manager.close()
await relay.close()
