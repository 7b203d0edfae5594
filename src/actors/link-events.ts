/** What a link is given and what it tells. */
import type { ByteSocket } from '../io/byte-socket.js'
import type { Clock } from '../io/clock.js'
import type { Random } from '../protocol/crypto.js'
import type { ToxError } from '../protocol/errors.js'
import type { Established } from '../protocol/handshake.js'
import type { Route } from '../protocol/routes.js'
import type { SendWindowOptions } from '../protocol/send-window.js'
import type { LinkCounters } from './counters.js'

/** What a link tells. Nothing follows `lost`, `hungUp` or a `destroy`. */
export interface LinkEvents<Owner> {
  /** The first frame opened: the relay is real, not a replay. */
  confirmed(): void
  keepaliveAnswered(rttMs: number): void
  /** A ping has gone unanswered for 10 s (§6). */
  overdue(): void
  /** The relay, or the way to it, ended the link. */
  lost(error: ToxError): void
  /** After `hangUp`: everything is sent and the socket closed. */
  hungUp(): void
  routeChanged(route: Route<Owner>): void
  data(route: Route<Owner>, payload: Uint8Array): void
  oob(sender: Uint8Array, payload: Uint8Array): void
  onion(payload: Uint8Array): void
  forwarded(payload: Uint8Array): void
  /** The data lane has room again after it was full. */
  roomAgain(): void
}

export interface LinkOptions<Owner> {
  readonly socket: ByteSocket
  readonly established: Established
  readonly events: LinkEvents<Owner>
  readonly counters: LinkCounters
  readonly clock: Clock
  readonly random: Random
  /** How much may be under way; less, and in bursts, behind a proxy. */
  readonly window?: SendWindowOptions
}
