/** A relay in memory on virtual time and scripted clients on it, for the tests of the relay's side of a connection. */
import type { ByteSocket } from '../../src/io/byte-socket.js'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import { type KeyPair, newKeyPair, systemRandom } from '../../src/protocol/crypto.js'
import type { EncodablePacket } from '../../src/protocol/packets.js'
import { MemoryNetwork } from '../../src/testing/memory-network.js'
import { type MemoryRelay, startMemoryRelay } from '../../src/testing/memory-relay.js'
import { type ScriptedEnd, scriptedClient } from '../../src/testing/scripted-end.js'
import { VirtualClock } from '../../src/testing/virtual-clock.js'

export const MAX_CLIENTS = 20
export const PING = { kind: 'ping', pingId: new TextEncoder().encode('12345678') } as const

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const newKeys = (): KeyPair => newKeyPair(systemRandom)
export const data = (connectionId: ConnectionId, payload: Uint8Array): EncodablePacket => ({
  kind: 'data',
  connectionId,
  payload,
})

/** A public key that nobody has. */
export function nobodysKey(n: number): Uint8Array {
  const key = new Uint8Array(32)
  new DataView(key.buffer).setUint32(0, n)
  return key
}

/** Two clients that are online to each other, and the id by which both know the other. */
export interface Pair {
  readonly a: ScriptedEnd
  readonly b: ScriptedEnd
  readonly keysA: KeyPair
  readonly keysB: KeyPair
  readonly connectionId: ConnectionId
}

export class RelayWorld {
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  readonly relay: MemoryRelay

  private constructor(clock: VirtualClock, network: MemoryNetwork, relay: MemoryRelay) {
    this.clock = clock
    this.network = network
    this.relay = relay
  }

  static async create(): Promise<RelayWorld> {
    const clock = new VirtualClock()
    const network = new MemoryNetwork({ clock })
    const place = { host: 'relay.test', port: 443 }
    return new RelayWorld(
      clock,
      network,
      await startMemoryRelay({ network, ...place, maxClients: MAX_CLIENTS }),
    )
  }

  dial(): Promise<ByteSocket> {
    return this.clock.run(this.network.dial(this.relay, { signal: new AbortController().signal }))
  }

  /** A client whose handshake is over and that has sent nothing else. */
  async unconfirmed(keyPair = newKeys()): Promise<ScriptedEnd> {
    const relayKey = this.relay.publicKey
    const client = scriptedClient(await this.dial(), { keyPair, relayKey, random: systemRandom })
    await this.clock.run(client.whenEstablished())
    return client
  }

  /** A client that has sent its first ping. */
  async connect(keyPair?: KeyPair): Promise<ScriptedEnd> {
    const client = await this.unconfirmed(keyPair)
    client.send(PING)
    await this.clock.run(client.next('pong'))
    return client
  }

  async pair(): Promise<Pair> {
    const [keysA, keysB] = [newKeys(), newKeys()]
    const [a, b] = [await this.connect(keysA), await this.connect(keysB)]
    a.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
    b.send({ kind: 'routingRequest', publicKey: keysA.publicKey })
    const { connectionId } = await this.clock.run(a.next('connectNotification'))
    await this.clock.run(b.next('connectNotification'))
    return { a, b, keysA, keysB, connectionId }
  }
}
