/**
 * Cuts a byte stream into frames (§3). A frame that has not fully arrived is kept until the rest comes; nothing else
 * is ever buffered. Knows nothing of what the frames hold.
 */
import { byteAt } from './bytes.js'
import { LENGTH_PREFIX_SIZE, MAC_SIZE, MAX_CIPHERTEXT_SIZE, MAX_FRAME_SIZE } from './constants.js'
import { violation } from './errors.js'

export class FrameReader {
  /** The frame that came in pieces, as far as it is there; made for it and dropped with it. */
  #partial: Uint8Array | undefined
  #filled = 0

  /** Bytes kept of a frame that has not fully arrived. */
  get buffered(): number {
    return this.#filled
  }

  /**
   * Calls `onFrame` with each ciphertext that is complete, in order; a view, good during the call only.
   * @param onFrame answers whether to go on: false drops the rest of the chunk
   * @throws ToxError `protocol-violation`: a length outside 17–2048, told before any of the body is kept
   */
  push(chunk: Uint8Array, onFrame: (cipher: Uint8Array) => boolean): void {
    let offset = 0
    while (this.#partial && offset < chunk.length) {
      offset = this.#fill(this.#partial, chunk, offset)
      if (!this.#finish(this.#partial, onFrame)) return
    }
    while (chunk.length - offset >= LENGTH_PREFIX_SIZE) {
      const body = offset + LENGTH_PREFIX_SIZE
      const end = body + cipherSize(chunk, offset)
      if (end > chunk.length) break
      offset = end
      if (!onFrame(chunk.subarray(body, end))) return
    }
    if (offset < chunk.length) this.#keep(chunk.subarray(offset))
  }

  #keep(rest: Uint8Array): void {
    this.#partial = new Uint8Array(MAX_FRAME_SIZE)
    this.#partial.set(rest)
    this.#filled = rest.length
  }

  #fill(partial: Uint8Array, chunk: Uint8Array, offset: number): number {
    const taken = Math.min(this.#wanted(partial) - this.#filled, chunk.length - offset)
    partial.set(chunk.subarray(offset, offset + taken), this.#filled)
    this.#filled += taken
    return offset + taken
  }

  #finish(partial: Uint8Array, onFrame: (cipher: Uint8Array) => boolean): boolean {
    const size = this.#filled
    if (size < this.#wanted(partial)) return true
    this.#filled = 0
    this.#partial = undefined
    return onFrame(partial.subarray(LENGTH_PREFIX_SIZE, size))
  }

  /** The size of the kept frame as far as it is known: its prefix, then all of it. */
  #wanted(partial: Uint8Array): number {
    return LENGTH_PREFIX_SIZE + (this.#filled < LENGTH_PREFIX_SIZE ? 0 : cipherSize(partial, 0))
  }
}

function cipherSize(bytes: Uint8Array, offset: number): number {
  const size = byteAt(bytes, offset) * 256 + byteAt(bytes, offset + 1)
  if (size <= MAC_SIZE || size > MAX_CIPHERTEXT_SIZE) throw violation(`frame length ${size}`)
  return size
}
