/**
 * The embedded relay on a network in memory, and what can befall it: killed, stopped for a while, started again.
 * Knows nothing of TCP.
 */
import type { DropReason } from '../io/relay-connection.js'
import { RelayHost, type RelayStats } from '../io/relay-host.js'
import { cryptoReady, type KeyPair, newKeyPair, type Random, systemRandom } from '../protocol/crypto.js'
import type { MemoryNetwork } from './memory-network.js'
import type { Place } from './memory-place.js'

export interface MemoryRelayOptions {
  readonly network: MemoryNetwork
  readonly host: string
  readonly port: number
  /** A fresh one unless given. */
  readonly keyPair?: KeyPair
  readonly random?: Random
  readonly maxClients?: number
}

/** Starts a relay; it can be passed wherever a relay's address is taken. */
export async function startMemoryRelay(options: MemoryRelayOptions): Promise<MemoryRelay> {
  await cryptoReady()
  return new MemoryRelay(options)
}

export class MemoryRelay {
  readonly host: string
  readonly port: number
  readonly publicKey: Uint8Array
  /** Its place on the network, with all that can be wrong on the way. */
  readonly place: Place
  readonly #network: MemoryNetwork
  readonly #keyPair: KeyPair
  readonly #random: Random
  readonly #maxClients: number | undefined
  #relay: RelayHost | undefined
  #stopListening = (): void => {}

  /** To be called once `cryptoReady` has resolved; `startMemoryRelay` sees to that. */
  constructor({ network, host, port, keyPair, random = systemRandom, maxClients }: MemoryRelayOptions) {
    this.host = host
    this.port = port
    this.place = network.place({ host, port })
    this.#network = network
    this.#random = random
    this.#maxClients = maxClients
    this.#keyPair = keyPair ?? newKeyPair(random)
    this.publicKey = this.#keyPair.publicKey
    this.restart()
  }

  get running(): boolean {
    return this.#relay !== undefined
  }

  /** Of the present run; undefined while it does not run. */
  get stats(): RelayStats | undefined {
    return this.#relay?.stats
  }

  /** How many connections ended for this reason in the present run. */
  drops(reason: DropReason): number {
    return this.stats?.drops[reason] ?? 0
  }

  /** Every connection is reset and the port refuses. */
  kill(): void {
    this.place.cut()
    this.stop()
  }

  /** Every connection is closed in order and the port refuses. */
  stop(): void {
    this.#stopListening()
    this.#relay?.close()
    this.#relay = undefined
  }

  /** Runs again, with the same key, as if newly started; what ran until now is stopped. */
  restart(): void {
    this.stop()
    const relay = new RelayHost({
      keyPair: this.#keyPair,
      random: this.#random,
      clock: this.#network.clock,
      maxClients: this.#maxClients,
    })
    this.#relay = relay
    this.#stopListening = this.#network.listen(this, socket => relay.accept(socket))
  }

  /** As a stopped process: connections stand and new ones are taken, but nothing is answered until `resume`. */
  stall(): void {
    this.place.stalled = true
  }

  resume(): void {
    this.place.stalled = false
  }
}
