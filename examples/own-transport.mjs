/**
 * A client of your own on the sans-IO core: bytes in, packets out, and the other way round. The core knows the wire and
 * its rules; sockets, timers and retries are yours. Here a bare TCP socket carries it to a manager on the other side.
 *
 * Prints:
 *   handshake done
 *   route to bob: registered
 *   route to bob: online
 *   bob hears: from the bare core
 *   the core hears: you are heard
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createRelayManager, generateKeyPair } from 'tox-relays'
import { ClientHandshake, cryptoReady, newKeyPair, Routes, Session, systemRandom } from 'tox-relays/protocol'
import { startRelay } from 'tox-relays/server'

await cryptoReady()
const keyPair = newKeyPair(systemRandom)
const relay = await startRelay()
const bob = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })
const toCore = bob.addFriend(keyPair.publicKey)
toCore.packets$.subscribe(({ data }) => {
  console.log('bob hears:', Buffer.from(data).toString())
  toCore.send(Buffer.from('you are heard'))
})

const socket = connect(relay.port, relay.host)
const handshake = new ClientHandshake(keyPair, relay.publicKey, systemRandom)
socket.write(handshake.request)

let session
let routes

function onChunk(chunk) {
  const frames = session ? chunk : shakeHands(chunk)
  if (!frames) return
  session.receive(frames, onPacket)
  flush()
}

/** @returns what came behind the handshake, once it is complete */
function shakeHands(chunk) {
  const established = handshake.receive(chunk)
  if (!established) return undefined
  console.log('handshake done')
  session = new Session(established.channel, { random: systemRandom, now: () => performance.now() })
  routes = new Routes({ send: packet => session.outbox.pushControl(packet), changed: onRoute })
  // A client's first frame is what makes it a client in the relay's eyes.
  session.ping()
  routes.want(bob.publicKey, 'bob')
  return established.leftover
}

function onRoute({ id, owner, state }) {
  console.log(`route to ${owner}: ${state}`)
  if (state === 'online') session.outbox.pushData({ id, payload: Buffer.from('from the bare core') })
}

function onPacket(packet) {
  if (packet.kind === 'routingResponse') routes.onResponse(packet.connectionId, packet.publicKey)
  if (packet.kind === 'connectNotification') routes.onConnect(packet.connectionId)
  if (packet.kind === 'disconnectNotification') routes.onDisconnect(packet.connectionId)
  if (packet.kind !== 'data' || !routes.online(packet.connectionId)) return
  console.log('the core hears:', Buffer.from(packet.payload).toString())
  socket.end()
}

/** A socket that is full would be waited for here, and the rest sent on `drain`. */
function flush() {
  for (let bytes = session.transmit(Infinity); bytes; bytes = session.transmit(Infinity)) socket.write(bytes)
}

/** The session's keys are wiped at its end. */
function onClose() {
  session?.close()
}

socket.on('data', onChunk).on('close', onClose)
await once(socket, 'close')
await bob.close()
await relay.close()
