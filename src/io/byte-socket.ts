/**
 * A stream of bytes to the other side, whatever carries it: a TCP socket, one behind a proxy, or memory in tests.
 * Knows nothing of frames. Full is an answer here, not an error: `write` says how many bytes it took.
 */
import type { Observable } from 'rxjs'
import type { ToxError } from '../protocol/errors.js'

export interface ByteSocket {
  /** What arrived, as it arrived; a chunk is good during the call only. Silent until subscribed; nothing is lost
   * before. Never errors. */
  readonly data$: Observable<Uint8Array>
  /** Fires when `room` is there again after `write` took less than all. */
  readonly drain$: Observable<void>
  /** Fires once, then completes: why the other side or the way to it ended the stream. Not after our own `destroy`. */
  readonly ended$: Observable<ToxError>
  /** How many bytes the next `write` would take without holding them up; 0 when full. */
  readonly room: number
  /** Takes a prefix of `bytes` and answers with its length; the rest stays the caller's. The socket keeps `bytes`. */
  write(bytes: Uint8Array): number
  /** Says good-bye (FIN) after what was taken, then closes. */
  end(): void
  /** Closes at once. No event follows. Harmless when repeated. */
  destroy(): void
}
