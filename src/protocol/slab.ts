/**
 * Copies small pieces of bytes into larger buffers, one after the other: a buffer of its own for each packet costs four
 * times as much as the copying. A piece keeps its whole buffer alive, so buffers are not large.
 */

/** One buffer, in bytes: eleven packets of the usual size. */
const SLAB_BYTES = 16 * 1024

export class Slab {
  #buffer = new Uint8Array(0)
  #used = 0

  /** A copy of `bytes` from `start` on. */
  copy(bytes: Uint8Array, start: number): Uint8Array {
    const size = bytes.length - start
    if (this.#used + size > this.#buffer.length) {
      this.#buffer = new Uint8Array(Math.max(SLAB_BYTES, size))
      this.#used = 0
    }
    const copy = this.#buffer.subarray(this.#used, this.#used + size)
    this.#used += size
    copy.set(start === 0 ? bytes : bytes.subarray(start))
    return copy
  }
}
