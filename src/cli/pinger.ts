/**
 * Sends pings to a friend through every relay on which he may be, and notes what comes back. Out of band, since that
 * goes through exactly the relay that is meant, there and back. Knows no terminal.
 */
import { type Friend, formatHostPort, type Relay, type RelayManager } from '../index.js'
import { PingPackets } from './ping-packet.js'
import { type PingSummary, PingTally } from './ping-tally.js'

export interface Answer {
  readonly relay: Relay
  readonly sequence: number
  readonly rttMs: number
}

export interface RelaySummary extends PingSummary {
  /** Its public key in hex. */
  readonly relay: string
  readonly address: string
  readonly state: string
  /** Why it is not connected, if it is not. */
  readonly reason: string | null
}

export class Pinger {
  readonly #manager: RelayManager
  readonly #friend: Friend
  readonly #packets = new PingPackets()
  readonly #tallies = new Map<Relay, PingTally>()
  readonly #now: () => number
  #sequence = 0

  constructor(
    manager: RelayManager,
    friend: Friend,
    { now, onAnswer }: { readonly now: () => number; readonly onAnswer: (answer: Answer) => void },
  ) {
    this.#manager = manager
    this.#friend = friend
    this.#now = now
    const take = (data: Uint8Array, relay: Relay): void => {
      const sequence = this.#packets.decode(data)
      const rttMs = sequence === undefined ? undefined : this.#tallies.get(relay)?.answer(sequence, now())
      if (sequence !== undefined && rttMs !== undefined) onAnswer({ relay, sequence, rttMs })
    }
    friend.packets$.subscribe(({ data, relay }) => take(data, relay))
    manager.oob$.subscribe(({ publicKey, data, relay }) => {
      if (manager.friend(publicKey) === friend) take(data, relay)
    })
  }

  /** Relays to which the friend is tied, and those that are always connected. */
  get relays(): readonly Relay[] {
    const tied = new Set(this.#friend.routes.map(({ relay }) => relay))
    return this.#manager.relays.filter(relay => relay.pinned || tied.has(relay))
  }

  /** Whether every relay is connected, or has failed to be. */
  get isReady(): boolean {
    return this.relays.every(({ state }) => SETTLED.includes(state.name))
  }

  /** One ping through each relay that is connected. */
  sendRound(): void {
    this.#sequence++
    const packet = this.#packets.encode(this.#sequence)
    for (const relay of this.relays) {
      if (!relay.isEstablished) continue
      const sent = this.#manager.sendOob(this.#friend.publicKey, packet, relay)
      if (sent === 'sent-oob') this.#tallyOf(relay).send(this.#sequence, this.#now())
    }
  }

  /** Pings without an answer so far. */
  get open(): number {
    return [...this.#tallies.values()].reduce((sum, tally) => sum + tally.open, 0)
  }

  get summaries(): readonly RelaySummary[] {
    const relays = new Set([...this.relays, ...this.#tallies.keys()])
    return [...relays].map(relay => ({
      relay: relay.key,
      address: formatHostPort(relay.state.address),
      state: relay.state.name,
      reason: relay.isEstablished ? null : (relay.state.reason ?? null),
      ...this.#tallyOf(relay).summary,
    }))
  }

  #tallyOf(relay: Relay): PingTally {
    const tally = this.#tallies.get(relay) ?? new PingTally()
    this.#tallies.set(relay, tally)
    return tally
  }
}

const SETTLED: readonly string[] = ['established', 'backoff', 'quarantined', 'closed']
