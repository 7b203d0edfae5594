/**
 * The dashboard of a manager: a page on this machine, for whoever has its address with the token, and for nobody else.
 * Open `url` in a browser; here a program asks in its place.
 *
 * Prints:
 *   open http://127.0.0.1:…/#token=…
 *   the page: 200
 *   its data without the token: 401
 *   its data from another page: 403
 *   with the token: 1 relay
 *   pinned from the page: true
 */
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { startDashboard } from 'tox-relays/dashboard'
import { startRelay } from 'tox-relays/server'

const relay = await startRelay()
const manager = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })
const dashboard = await startDashboard(manager)
console.log('open', dashboard.url)

const ask = async (path, headers = {}, body = undefined) =>
  fetch(`http://127.0.0.1:${dashboard.port}${path}`, { headers, method: body ? 'POST' : 'GET', body })
console.log('the page:', (await ask('/')).status)
console.log('its data without the token:', (await ask('/events')).status)
console.log('its data from another page:', (await ask('/events', { origin: 'http://evil.example' })).status)

const authorization = `Bearer ${dashboard.token}`
const events = await ask('/events', { authorization })
let told = ''
for await (const piece of events.body.pipeThrough(new TextDecoderStream())) {
  told += piece
  if (told.includes('\n\n')) break
}
const hello = JSON.parse(told.match(/^data: (.*)$/m)[1])
console.log(`with the token: ${hello.relays.length} relay`)

const action = JSON.stringify({ type: 'relay.pin', key: hello.relays[0].key, pinned: true })
await ask('/action', { authorization, 'content-type': 'application/json' }, action)
console.log('pinned from the page:', manager.relays[0].pinned)

// It closes with the manager, too.
await dashboard.close()
await manager.close()
await relay.close()
