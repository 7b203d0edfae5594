/**
 * When a TCP socket reads, and when it rests. A full chunk ends the socket's turn, since Node would read 2 MB from a
 * fast sender before anybody else's turn comes. And where small reads come thick, each a wake-up for a packet or two,
 * the socket rests for a millisecond after each read, as a network card moderates its interrupts: at 64 bytes that
 * halves the CPU a packet takes. A lone packet, or a few, are never delayed.
 */
import type { Socket } from 'node:net'
import { READ_BYTES } from './shared-reads.js'

/** A read below this is small; packets of the usual size are larger. */
const SMALL_BYTES = 1_000
/** So many small reads within {@link THICK_MS} are thick. */
const THICK_READS = 8
const THICK_MS = 2
const REST_MS = 1

export class ReadPace {
  readonly #socket: Socket
  #smallReads = 0
  #since = 0
  #resting = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** A chunk was read and dealt with. @returns whether to go on reading at once; else it is resumed later */
  goesOn(bytes: number): boolean {
    if (bytes >= READ_BYTES) return this.#resumeAfter(setImmediate)
    return !this.#isThick(bytes) || this.#resumeAfter(rest)
  }

  /** Once resting, it goes on as long as a rest gathers more than one small read. */
  #isThick(bytes: number): boolean {
    if (this.#resting) this.#resting = bytes >= SMALL_BYTES
    else if (bytes < SMALL_BYTES) this.#resting = this.#countSmall()
    else this.#smallReads = 0
    return this.#resting
  }

  #countSmall(): boolean {
    const now = performance.now()
    if (this.#smallReads === 0 || now - this.#since > THICK_MS) {
      this.#smallReads = 0
      this.#since = now
    }
    this.#smallReads++
    if (this.#smallReads < THICK_READS) return false
    this.#smallReads = 0
    return true
  }

  #resumeAfter(later: (call: () => void) => void): false {
    later(() => this.#socket.resume())
    return false
  }
}

const rest = (call: () => void): void => void setTimeout(call, REST_MS)
