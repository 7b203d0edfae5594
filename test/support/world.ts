/**
 * A small world on virtual time: relays on a network in memory, managers on hosts of their own. At its end everything
 * is closed, and nothing may be left: no socket, no timer.
 */
import { expect } from 'vitest'
import {
  createRelayManager,
  type Friend,
  generateKeyPair,
  type KeyPair,
  type ManagerOptions,
  type Random,
  type Relay,
  type RelayInput,
  type RelayManager,
  type Status,
} from '../../src/index.js'
import {
  type HostileRelay,
  hostileRelay,
  type MemoryHost,
  MemoryNetwork,
  type MemoryRelay,
  startMemoryRelay,
  VirtualClock,
} from '../../src/testing/index.js'
import { seededRandom } from './seeded.js'

const DEFAULT_SEED = 1
const PORT = 33445

/** A manager, the host that it runs on, and all that it has told. */
export interface Client {
  readonly manager: RelayManager
  readonly host: MemoryHost
  readonly statuses: Status[]
  readonly keyPair: KeyPair
}

export interface ClientOptions extends Partial<ManagerOptions> {
  readonly host?: MemoryHost
}

export class World implements AsyncDisposable {
  readonly clock = new VirtualClock()
  readonly network = new MemoryNetwork({ clock: this.clock })
  readonly random: Random
  readonly clients: Client[] = []
  readonly #relays: MemoryRelay[] = []
  readonly #hostile: HostileRelay[] = []
  #addresses = 0

  constructor(seed = DEFAULT_SEED) {
    this.random = seededRandom(seed)
  }

  /** A public address that nobody has yet. */
  address(): { host: string; port: number } {
    const number = this.#addresses++
    return { host: `11.0.${number >> 8}.${number & 0xff}`, port: PORT }
  }

  async relay(options: { maxClients?: number; keyPair?: KeyPair } = {}): Promise<MemoryRelay> {
    const { network, random } = this
    const relay = await startMemoryRelay({ network, random, ...this.address(), ...options })
    this.#relays.push(relay)
    return relay
  }

  async relays(count: number): Promise<MemoryRelay[]> {
    const relays: MemoryRelay[] = []
    while (relays.length < count) relays.push(await this.relay())
    return relays
  }

  async hostile(keyPair?: KeyPair): Promise<HostileRelay> {
    const options = { random: this.random, ...(keyPair ? { keyPair } : {}) }
    const relay = await hostileRelay(this.network, this.address(), options)
    this.#hostile.push(relay)
    return relay
  }

  async client({ host = this.network.host(), ...options }: ClientOptions = {}): Promise<Client> {
    const { clock, random } = this
    const keys = options.keyPair ? undefined : await generateKeyPair(random)
    const keyPair = (options.keyPair ?? keys) as KeyPair
    const manager = await createRelayManager({ dial: host.dial, clock, random, ...options, keyPair })
    const statuses: Status[] = []
    manager.status$.subscribe(status => statuses.push(status))
    const client = { manager, host, statuses, keyPair }
    this.clients.push(client)
    return client
  }

  /** Two clients, each the other's friend. */
  async pair(
    relays: readonly RelayInput[],
    options: Partial<ManagerOptions> = {},
  ): Promise<{ a: Client; b: Client; toA: Friend; toB: Friend }> {
    const a = await this.client({ relays, ...options })
    const b = await this.client({ relays, ...options })
    const [toB, toA] = [a.manager.addFriend(b.manager.publicKey), b.manager.addFriend(a.manager.publicKey)]
    return { a, b, toA, toB }
  }

  /** Until these friends are online. */
  async online(...friends: readonly Friend[]): Promise<number> {
    return this.clock.until(() => friends.every(({ state }) => state === 'online'), ONLINE_WITHIN_MS)
  }

  settle(): Promise<void> {
    return this.clock.settle()
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  async close(): Promise<void> {
    for (const { manager } of this.clients) await this.clock.run(manager.close())
    for (const relay of this.#relays) relay.stop()
    for (const relay of this.#hostile) relay.close()
    await this.settle()
    expect({ sockets: this.network.openSockets, timers: this.clock.pending }).toEqual({
      sockets: 0,
      timers: 0,
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** The backoff's cap, a handshake's budget and a widening of the search, with room. */
const ONLINE_WITHIN_MS = 400_000

/** The one relay of a manager. */
export function theRelay({ manager }: Client): Relay {
  const [relay] = manager.relays
  if (!relay) throw new Error('the manager has no relay')
  return relay
}

/** The manager's own object for a relay. */
export function relayAt({ manager }: Client, { publicKey }: { publicKey: Uint8Array }): Relay {
  const relay = manager.relay(publicKey)
  if (!relay) throw new Error('the manager does not know that relay')
  return relay
}

/** What was told of one kind, in order. */
export const told = <Type extends Status['type']>({ statuses }: Client, type: Type) =>
  statuses.filter((status): status is Extract<Status, { type: Type }> => status.type === type)

/** The states that relays went through, with the reasons. */
export const journey = (client: Client): string[] =>
  told(client, 'relay-state').map(({ state, reason }) => (reason ? `${state}: ${reason}` : state))

/** A relay's address and key, without all else that it may be. */
export const addressOf = ({
  host,
  port,
  publicKey,
}: {
  host: string
  port: number
  publicKey: Uint8Array
}) => ({
  host,
  port,
  publicKey,
})

export const bytes = (text: string): Uint8Array => Buffer.from(text)
export const text = (data: Uint8Array): string => Buffer.from(data).toString()
