/**
 * Reads of a TCP socket into one buffer that all sockets share: what is read is dealt with before the next read, so no
 * socket needs a buffer of its own and none is allocated for a read. Bytes that come before anybody listens are kept.
 */
import type { OnReadOpts } from 'node:net'

/** As much as is read at once, in bytes. */
export const READ_BYTES = 64 * 1024

const shared = new Uint8Array(READ_BYTES)
const giveShared = (): Uint8Array => shared

/** Takes a chunk, which is good during the call only, and answers whether to go on reading. */
export type Receive = (chunk: Uint8Array) => boolean

export class SharedReads {
  /** For `net.connect`. */
  readonly onread: OnReadOpts = {
    buffer: giveShared,
    callback: (size, buffer) => this.#read(buffer.subarray(0, size)),
  }
  #early: Uint8Array[] | undefined
  #receive: Receive | undefined

  /** Whoever listens gets first what came before. */
  listen(receive: Receive): void {
    this.#receive = receive
    const early = this.#early ?? []
    this.#early = undefined
    for (const chunk of early) receive(chunk)
  }

  stop(): void {
    this.#receive = undefined
  }

  #read(chunk: Uint8Array): boolean {
    if (this.#receive) return this.#receive(chunk)
    this.#early ??= []
    this.#early.push(new Uint8Array(chunk))
    return false
  }
}
