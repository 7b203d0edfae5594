/** Everything that an operator would want to hear, as one closed union (behaviour §7). Values only, no secret in any. */
import type { Reason } from '../protocol/errors.js'
import type { HostPort } from '../protocol/relay-address.js'
import type { FriendState } from './friend.js'
import type { Refusal } from './policies.js'
import type { Origin, RelayStateName } from './relay.js'
import type { TieState } from './tie.js'

export type StatusEvent =
  | {
      readonly type: 'relay-added'
      readonly relay: string
      readonly address: HostPort
      readonly origin: Origin
    }
  | { readonly type: 'relay-removed'; readonly relay: string }
  | {
      readonly type: 'relay-state'
      readonly relay: string
      readonly state: RelayStateName
      readonly address: HostPort
      readonly reason?: Reason
      readonly nextAttemptAt?: number
    }
  /** An attempt at one of a relay's addresses failed. The others follow at once; then it waits. */
  | {
      readonly type: 'attempt-failed'
      readonly relay: string
      readonly address: HostPort
      readonly reason: Reason
    }
  /** The relay proved to be itself: its first frame opened. */
  | { readonly type: 'relay-confirmed'; readonly relay: string }
  /** A ping was answered. */
  | { readonly type: 'keepalive'; readonly relay: string; readonly rttMs: number }
  /** An address that a friend or a user offered and that a policy does not allow. */
  | {
      readonly type: 'relay-refused'
      readonly address: HostPort
      readonly refusal: Refusal
      readonly friend?: string
    }
  /** A relay's actor broke: a bug of ours. The relay is removed. */
  | { readonly type: 'relay-broke'; readonly relay: string }
  /** What should be remembered could not be saved; `problem` says why. */
  | { readonly type: 'store-failed'; readonly problem: string }
  /** Not one relay is connected any more, or one is again. */
  | { readonly type: 'network-down' }
  | { readonly type: 'network-up' }
  | { readonly type: 'friend-added'; readonly friend: string }
  | { readonly type: 'friend-removed'; readonly friend: string }
  | { readonly type: 'friend-state'; readonly friend: string; readonly state: FriendState }
  | { readonly type: 'route'; readonly friend: string; readonly relay: string; readonly state: TieState }

/** A status event with its time, in ms since the epoch. */
export type Status = StatusEvent & { readonly time: number }
