/**
 * What a relay's machine hears, says and remembers. No secret may be in any of it: it shows in snapshots and
 * inspectors.
 */
import type { Clock } from '../io/clock.js'
import type { Reason } from '../protocol/errors.js'
import type { HostPort } from '../protocol/relay-address.js'

/** What the relay's I/O actor is told. */
export type RelayCommand =
  | { readonly type: 'wait.turn'; readonly address: HostPort }
  | { readonly type: 'dial'; readonly address: HostPort }
  | { readonly type: 'give.up' }
  | { readonly type: 'ping' }
  | { readonly type: 'hang.up' }
  | { readonly type: 'destroy' }

export type RelayEvent =
  | { readonly type: 'need.began' }
  | { readonly type: 'need.ended' }
  | { readonly type: 'relay.remove' }
  /** Added again while its link was closing for good. */
  | { readonly type: 'relay.keep' }
  | { readonly type: 'network.changed' }
  | { readonly type: 'address.added'; readonly address: HostPort }
  | { readonly type: 'turn.came' }
  | { readonly type: 'proxy.reached' }
  | { readonly type: 'socket.opened' }
  | { readonly type: 'handshake.done' }
  | { readonly type: 'attempt.failed'; readonly reason: Reason }
  | { readonly type: 'link.confirmed' }
  | { readonly type: 'link.lost'; readonly reason: Reason }
  | { readonly type: 'link.hungUp' }
  | { readonly type: 'keepalive.answered'; readonly rttMs: number }
  | { readonly type: 'pong.overdue' }
  | { readonly type: 'rest.over' }

/** What observers hear besides the states. */
export type RelayEmitted =
  | { readonly type: 'attempt.failed'; readonly address: HostPort; readonly reason: Reason }
  /** The first frame of a link opened. */
  | { readonly type: 'link.confirmed' }
  | { readonly type: 'keepalive.answered'; readonly rttMs: number }

export interface RelayContext {
  readonly publicKey: string
  readonly addresses: readonly HostPort[]
  /** The address that is used, was used last or is tried. */
  readonly addressIndex: number
  /** Addresses that failed in this round of attempts. */
  readonly tried: number
  readonly needed: boolean
  readonly removed: boolean
  /** Rounds of attempts that failed in a row. */
  readonly failures: number
  /** Why the last attempt or link ended, if it did. */
  readonly reason: Reason | undefined
  /** Before this time no attempt is made, in the clock's ms. */
  readonly retryAt: number
  /** When the first frame of the present link opened. */
  readonly confirmedAt: number | undefined
  readonly violations: readonly number[]
  readonly quarantines: number
  readonly rttMs: number | undefined
}

export interface RelayMachineInput {
  /** In hex; public, so it may show. */
  readonly publicKey: string
  readonly addresses: readonly HostPort[]
  readonly needed: boolean
}

/** What the machine takes from outside: time, chance and policies. */
export interface RelayMachineOptions {
  readonly clock: Pick<Clock, 'now'>
  /** In [0, 1). */
  readonly chance: () => number
  /** Time for TCP, proxy and handshake together, in ms. */
  readonly budgetMs: (publicKey: string, address: HostPort) => number
  /** Whether a proxy stands between us and that address. */
  readonly viaProxy: (publicKey: string, address: HostPort) => boolean
  /** When to try again after `failures` in a row, in ms from now; the proxy's own faults are its business. */
  readonly retryMs: (failures: number, chance: number, reason: Reason) => number
}

export interface RelayIoInput {
  readonly publicKey: string
}
