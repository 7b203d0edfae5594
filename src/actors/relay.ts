/**
 * One relay as the manager knows it: who and where it is, how it has been, its actor and its link. The machine decides
 * its state; this is where state, link and books meet. Knows nothing of other relays.
 */
import { BehaviorSubject, type Observable } from 'rxjs'
import type { ActorRefFrom, SnapshotFrom } from 'xstate'
import { toHex } from '../protocol/bytes.js'
import type { Reason } from '../protocol/errors.js'
import type { HostPort } from '../protocol/relay-address.js'
import { LinkCounters } from './counters.js'
import type { Link } from './link.js'
import type { RelayContext, RelayEvent } from './relay-events.js'
import type { relayMachine } from './relay-machine.js'
import { keyHash } from './rendezvous.js'
import { Score } from './score.js'
import type { Tie } from './tie.js'

/** Where a relay is known from; what friends offer is trusted least. */
export type Origin = 'user' | 'list' | 'friend'

/** The machine's states, as a user sees them. */
export type RelayStateName =
  | 'queued'
  | 'connecting'
  | 'proxy'
  | 'handshake'
  | 'established'
  | 'closing'
  | 'backoff'
  | 'sleeping'
  | 'quarantined'
  | 'closed'

export interface RelayState {
  readonly name: RelayStateName
  /** Since when, in ms since the epoch. */
  readonly since: number
  /** Why the last attempt or link ended, if it did. */
  readonly reason?: Reason
  /** When the next attempt is made, in ms since the epoch; in backoff and quarantine only. */
  readonly nextAttemptAt?: number
  /** Which of its addresses. */
  readonly address: HostPort
}

export interface RelayOptions {
  readonly publicKey: Uint8Array
  readonly address: HostPort
  readonly origin: Origin
  readonly pinned?: boolean | undefined
  readonly share?: boolean | undefined
  readonly now: number
  /** The user wishes something else of this relay now. */
  readonly wished: () => void
}

/** What is counted of a relay. */
export interface RelayStats extends Pick<LinkCounters, 'bytesIn' | 'bytesOut' | 'packetsIn' | 'drops'> {
  readonly rttMs: number | undefined
  /** Moving average of attempts that succeeded, 0–1. */
  readonly success: number
  readonly uptimeMs: number
  readonly queueDepth: number
  readonly unacknowledgedBytes: number
  /** Friends tied to it. */
  readonly friends: number
}

export class Relay {
  readonly publicKey: Uint8Array
  /** The public key in hex, by which relays are told apart. */
  readonly key: string
  readonly keyHash: number
  origin: Origin
  readonly addresses: HostPort[]
  readonly counters = new LinkCounters()
  readonly score = new Score()
  readonly ties = new Set<Tie>()
  share: boolean
  pinned: boolean
  /** The user sent it to sleep himself. */
  asleep = false
  /** Removed, but its good-bye is not over. */
  leaving = false
  /** What the machine was last told. */
  needed = false
  link: Link<Tie> | undefined
  actor: ActorRefFrom<typeof relayMachine> | undefined
  /** What the machine knows besides its state. */
  facts: Pick<RelayContext, 'failures'> = { failures: 0 }
  /** Closes whatever is open to it, at once; set by its I/O actor. */
  release = (): void => {}
  readonly #state$: BehaviorSubject<RelayState>
  readonly #wished: () => void

  constructor(options: RelayOptions) {
    this.publicKey = options.publicKey
    this.key = toHex(options.publicKey)
    this.keyHash = keyHash(options.publicKey)
    this.origin = options.origin
    this.addresses = [options.address]
    this.pinned = options.pinned ?? false
    this.share = options.share ?? true
    this.#wished = options.wished
    this.#state$ = new BehaviorSubject<RelayState>({
      name: 'sleeping',
      since: options.now,
      address: options.address,
    })
  }

  get state(): RelayState {
    return this.#state$.value
  }

  /** Current value first; completes when the relay is removed. */
  get state$(): Observable<RelayState> {
    return this.#state$
  }

  get isEstablished(): boolean {
    return this.state.name === 'established'
  }

  /** May be needed: neither sent to sleep nor on its way out. */
  get isAvailable(): boolean {
    return !this.asleep && !this.leaving && this.state.name !== 'closed'
  }

  /** Failing again and again, whoever is to blame. */
  get isInTrouble(): boolean {
    return !this.isEstablished && this.facts.failures >= IN_TROUBLE_AFTER_FAILURES
  }

  /** Failing again and again by its own fault: passed over when relays are chosen for friends. */
  get isBad(): boolean {
    return (
      this.state.name === 'quarantined' || (!this.isEstablished && this.score.strikes >= BAD_AFTER_STRIKES)
    )
  }

  get stats(): RelayStats {
    return {
      ...this.counters,
      rttMs: this.score.rttMs,
      success: this.score.success,
      uptimeMs: this.score.uptimeMs,
      queueDepth: this.link?.queueDepth ?? 0,
      unacknowledgedBytes: this.link?.unacknowledgedBytes ?? 0,
      friends: this.ties.size,
    }
  }

  /**
   * Lets the relay rest, whoever needs it. The last wish wins: {@link wake}, {@link pin}, a friend who wakes or is tied
   * to it anew, or onion use that is switched on, end that.
   */
  sleep(): void {
    this.asleep = true
    this.#wished()
  }

  wake(): void {
    this.asleep = false
    this.#wished()
  }

  /** Keeps the relay connected, needed or not. */
  pin(pinned = true): void {
    this.pinned = pinned
    if (pinned) this.asleep = false
    this.#wished()
  }

  send(event: RelayEvent): void {
    this.actor?.send(event)
  }

  /** Takes over what the machine says. @returns the state before, when it is another now */
  take(snapshot: SnapshotFrom<typeof relayMachine>, now: number): RelayState | undefined {
    const { context, value } = snapshot
    this.facts = context
    const before = this.state
    const name = nameOf(value)
    if (name === undefined || name === before.name) return undefined
    const waits = name === 'backoff' || name === 'quarantined'
    this.#become({
      name,
      since: now,
      address: context.addresses[context.addressIndex] ?? before.address,
      ...(context.reason === undefined ? {} : { reason: context.reason }),
      ...(waits ? { nextAttemptAt: context.retryAt } : {}),
    })
    return before
  }

  /** Its actor broke: it is closed, and so is its socket. @returns the state before */
  giveUp(now: number): RelayState {
    const before = this.state
    this.release()
    this.#become({ name: 'closed', since: now, address: before.address })
    return before
  }

  #become(state: RelayState): void {
    this.#state$.next(state)
    if (state.name === 'closed') this.#state$.complete()
  }
}

const IN_TROUBLE_AFTER_FAILURES = 2
const BAD_AFTER_STRIKES = 2

/** The leaf that a user knows; states in which the machine only decides are passed over. */
function nameOf(value: SnapshotFrom<typeof relayMachine>['value']): RelayStateName | undefined {
  if (typeof value === 'object') return 'attempt' in value ? value.attempt : 'established'
  return value === 'failed' || value === 'hungUp' || value === 'lost' ? undefined : value
}
