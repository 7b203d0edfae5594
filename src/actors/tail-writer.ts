/** Writes to a socket that may take only a part: what it did not take goes before anything else. */
import type { ByteSocket } from '../io/byte-socket.js'

export class TailWriter {
  readonly #socket: ByteSocket
  #tail: Uint8Array | undefined

  constructor(socket: ByteSocket) {
    this.#socket = socket
  }

  /** Whether bytes still wait that were given before. */
  get hasTail(): boolean {
    return this.#tail !== undefined
  }

  /**
   * Writes what was left, then what `more` gives, until the socket is full or nothing is left.
   * @param more gives the next bytes for so much room, or nothing
   * @returns how many bytes the socket took
   */
  write(more: (room: number) => Uint8Array | undefined): number {
    let written = 0
    while (this.#tail || this.#socket.room > 0) {
      const bytes = this.#tail ?? more(this.#socket.room)
      if (!bytes) break
      const taken = this.#socket.write(bytes)
      written += taken
      this.#tail = taken < bytes.length ? bytes.subarray(taken) : undefined
      if (this.#tail) break
    }
    return written
  }
}
