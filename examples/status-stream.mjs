/**
 * Everything an operator would want to hear, as an async iterable: here, what becomes of one relay.
 *
 * Prints:
 *   queued
 *   connecting
 *   handshake
 *   established
 *   backoff: the relay closed the connection
 */
import { createRelayManager, explain, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const relay = await startRelay()
const manager = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })

for await (const status of manager.status$) {
  if (status.type === 'relay-confirmed') await relay.close()
  if (status.type !== 'relay-state') continue
  console.log(status.reason === undefined ? status.state : `${status.state}: ${explain(status.reason)}`)
  // Left alone it would try again in half a second, and for ever.
  if (status.state === 'backoff') await manager.close()
}
