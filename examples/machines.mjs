/**
 * The machine of a relay on its own, without sockets: started, driven by hand, and asked what its states mean. This is
 * what visualizers and model tests build on.
 *
 * Prints:
 *   queued: Waits for a turn: only so many relays are dialled at once.
 *   attempt.connecting: TCP is being set up, to the relay or to the proxy.
 *   attempt.handshake: Our 128 bytes are sent; the relay’s 96 are awaited.
 *   established.pinging: A ping is open; the link itself watches its 10 s.
 *   established.quiet: The last ping was answered.
 *   backoff: Waits before the next attempt, longer after each failure.
 *   sleeping: Nobody needs the relay. No socket, no timer.
 */
import { relayMachine } from 'tox-relays/machines'
import { createActor } from 'xstate'

const actor = createActor(relayMachine, {
  input: { publicKey: 'AB'.repeat(32), addresses: [{ host: '192.0.2.1', port: 443 }], needed: true },
})

/** A state's value is a name, or an object from name to the value within. */
const pathOf = value => (typeof value === 'string' ? [value] : Object.entries(value).flat())

actor.subscribe(({ value }) => {
  const path = pathOf(value)
  const state = path.reduce((node, name) => node.states[name], relayMachine.root)
  console.log(`${path.join('.')}: ${state.description}`)
})
actor.start()
actor.send({ type: 'turn.came' })
actor.send({ type: 'socket.opened' })
actor.send({ type: 'handshake.done' })
actor.send({ type: 'keepalive.answered', rttMs: 12 })
actor.send({ type: 'link.lost', reason: 'reset' })
actor.send({ type: 'need.ended' })
actor.stop()
