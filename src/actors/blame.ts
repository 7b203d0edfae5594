/**
 * Whose fault a failure is (behaviour §2): while not one relay is connected it is the network's, and no relay loses
 * reputation; nor do those that were lost just before. Knows of relays only whether they are connected.
 */
import type { Clock } from '../io/clock.js'
import { PING_INTERVAL_MS, PONG_TIMEOUT_MS } from '../protocol/constants.js'
import { faultOf } from '../protocol/errors.js'
import type { Relay, RelayState } from './relay.js'
import type { StatusEvent } from './status.js'

/**
 * Failures shortly before the last relay was lost were the network's, too: how long its loss may go unnoticed, and
 * some more.
 */
const FORGIVE_MS = PING_INTERVAL_MS + PONG_TIMEOUT_MS + 5_000

export interface BlameOptions {
  readonly clock: Clock
  readonly relays: () => Iterable<Relay>
  readonly tell: (status: StatusEvent) => void
}

export class Blame {
  readonly #options: BlameOptions
  #established = 0

  constructor(options: BlameOptions) {
    this.#options = options
  }

  /** Not one relay is connected: then the fault is the network's, not theirs. */
  get networkDown(): boolean {
    return this.#established === 0
  }

  /** A relay's state is another now. */
  stateChanged(relay: Relay, before: RelayState): void {
    const now = this.#options.clock.now()
    if (relay.isEstablished) this.#count(1)
    if (before.name === 'established') {
      relay.score.uptimeMs += now - before.since
      this.#count(-1)
    }
    const { name, reason } = relay.state
    const failed = name === 'backoff' || name === 'quarantined'
    if (failed && reason && faultOf(reason) !== 'proxy' && !this.networkDown) relay.score.noteFailure(now)
  }

  #count(step: 1 | -1): void {
    const { clock, relays, tell } = this.#options
    const wasDown = this.networkDown
    this.#established += step
    if (wasDown === this.networkDown) return
    tell({ type: this.networkDown ? 'network-down' : 'network-up' })
    if (!this.networkDown) return
    for (const relay of relays()) relay.score.forgive(clock.now() - FORGIVE_MS)
  }
}
