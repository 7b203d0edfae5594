/** What a relay's sockets stand on in a test: memory or the real thing; the relay at the other end is scripted. */
import type { ByteSocket } from '../../src/io/byte-socket.js'
import { type Dial, dial as dialTcp, type Target } from '../../src/io/dial.js'
import {
  type HostileRelay,
  hostileRelay,
  hostileTcpRelay,
  MemoryNetwork,
  type VirtualClock,
} from '../../src/testing/index.js'

export interface Ground {
  readonly relay: HostileRelay
  /** Opens a socket to the relay. */
  open(): Promise<ByteSocket>
  /** Has the relay reset the connection. */
  cut(): void
  /** Nothing arrives any more, in either direction. Not on real sockets. */
  readonly hold: ((held: boolean) => void) | undefined
  /** Lets everything arrive that is under way, until a condition holds. */
  until(condition: () => boolean): Promise<void>
  /** Connections that the relay still sees. */
  connections(): number
}

const NEVER = new AbortController().signal

export async function memoryGround(clock: VirtualClock): Promise<Ground> {
  const network = new MemoryNetwork({ clock })
  const target = { host: '11.0.0.0', port: 443 }
  const relay = await hostileRelay(network, target)
  const place = network.place(target)
  return {
    relay,
    open: () => network.dial(target, { signal: NEVER }),
    cut: () => place.cut(),
    hold: held => {
      place.stalled = held
    },
    until: () => clock.settle(),
    connections: () => network.openSockets,
  }
}

export async function tcpGround(clock: VirtualClock): Promise<Ground> {
  const relay = await hostileTcpRelay()
  const target: Target = { host: relay.host, port: relay.port }
  const dial: Dial = dialTcp
  const cut = new Set<unknown>()
  return {
    relay,
    open: () => dial(target, { signal: NEVER }),
    cut: () => {
      cut.add(relay.client)
      relay.client.destroy()
    },
    hold: undefined,
    until: condition => clock.standUntil(condition),
    connections: () => relay.clients.filter(client => client.ended === undefined && !cut.has(client)).length,
  }
}
