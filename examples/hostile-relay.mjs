/**
 * What if a relay cheats? One that shakes hands as it should, and then sends what no relay may: three times in ten
 * minutes, and it is left alone for an hour.
 *
 * Prints:
 *   backoff: the relay broke the protocol
 *   backoff: the relay broke the protocol
 *   quarantined: the relay broke the protocol
 *   next attempt in 60 minutes
 */
import { createRelayManager, explain, generateKeyPair } from 'tox-relays'
import { hostileRelay, MemoryNetwork, VirtualClock } from 'tox-relays/testing'

const clock = new VirtualClock()
const network = new MemoryNetwork({ clock })
const relay = await hostileRelay(network, { host: '192.0.2.1', port: 443 })
// Only clients ask for routes; a relay that does so is broken.
relay.onClient = client => client.send({ kind: 'routingRequest', publicKey: relay.publicKey })

const manager = await createRelayManager({
  keyPair: await generateKeyPair(),
  relays: [{ host: relay.host, port: relay.port, publicKey: relay.publicKey, pinned: true }],
  clock,
  dial: network.dial,
})
const [cheat] = manager.relays
cheat.state$.subscribe(({ name, reason }) => {
  if (name === 'backoff' || name === 'quarantined') console.log(`${name}: ${explain(reason)}`)
})

await clock.until(() => cheat.state.name === 'quarantined')
console.log(`next attempt in ${Math.round((cheat.state.nextAttemptAt - clock.now()) / 60_000)} minutes`)

await clock.run(manager.close())
relay.close()
