/**
 * X25519 + XSalsa20-Poly1305 (protocol §1) on the raw WASM heap of libsodium. The only file that knows libsodium.
 * Key and nonces of a link live in the heap for the link's life and are stepped in place; every secret that touches
 * the heap is overwritten before its memory is given back. Knows nothing of packets.
 */
import { libsodium, ready } from 'libsodium-wrappers'
import { byteAt } from './bytes.js'
import {
  FRAME_OVERHEAD,
  KEY_SIZE,
  LENGTH_PREFIX_SIZE,
  MAC_SIZE,
  MAX_CIPHERTEXT_SIZE,
  MAX_FRAME_SIZE,
  MAX_PLAINTEXT_SIZE,
  NONCE_SIZE,
} from './constants.js'

export interface KeyPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

/** `size` unpredictable bytes. Given from outside everywhere, so that tests can replay. */
export type Random = (size: number) => Uint8Array

/** What one batch of frames may hold, in bytes; see {@link Channel.seal}. */
export const BATCH_SIZE = 64 * 1024 + 2 * MAX_FRAME_SIZE

/** Heap addresses of the buffers that all links share, since no call leaves anything in them. */
let batch = 0
let inbox = 0

/** Resolves when the WASM module is loaded. Everything else here needs it first. */
export async function cryptoReady(): Promise<void> {
  await ready
  if (batch !== 0) return
  batch = libsodium._malloc(BATCH_SIZE)
  inbox = libsodium._malloc(MAX_CIPHERTEXT_SIZE)
}

/** The platform's own generator: libsodium's, compiled to WASM, asks for four bytes at a time, 15 % of a handshake. */
export const systemRandom: Random = size => globalThis.crypto.getRandomValues(new Uint8Array(size))

/** @param secretKey 32 bytes; kept, not copied */
export function keyPairFromSecret(secretKey: Uint8Array): KeyPair {
  requireSize('secretKey', secretKey, KEY_SIZE)
  const publicKey = withHeap(2 * KEY_SIZE, at => {
    libsodium.HEAPU8.set(secretKey, at)
    libsodium._crypto_scalarmult_base(at + KEY_SIZE, at)
    return libsodium.HEAPU8.slice(at + KEY_SIZE, at + 2 * KEY_SIZE)
  })
  return { publicKey, secretKey }
}

/** A fresh key pair. */
export const newKeyPair = (random: Random): KeyPair => keyPairFromSecret(random(KEY_SIZE))

/**
 * The key that both ends of a handshake derive from their long-term keys. Wipe it after use.
 * @returns undefined for a public key with which no secret can be shared: a point of low order, or a key whose unused
 *   top bit is set
 */
export function sharedKey(publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array | undefined {
  requireSize('publicKey', publicKey, KEY_SIZE)
  requireSize('secretKey', secretKey, KEY_SIZE)
  return withHeap(KEY_SIZE, at =>
    agree(at, publicKey, secretKey) ? libsodium.HEAPU8.slice(at, at + KEY_SIZE) : undefined,
  )
}

/** Seals one message with a nonce of its own, as the handshake does. */
export function sealBox(plain: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  const size = plain.length + MAC_SIZE
  return withHeap(NONCE_SIZE + KEY_SIZE + size, at => {
    const [key_, text] = [at + NONCE_SIZE, at + NONCE_SIZE + KEY_SIZE]
    libsodium.HEAPU8.set(nonce, at)
    libsodium.HEAPU8.set(key, key_)
    libsodium.HEAPU8.set(plain, text + MAC_SIZE)
    libsodium._crypto_box_easy_afternm(text, text + MAC_SIZE, plain.length, 0, at, key_)
    return libsodium.HEAPU8.slice(text, text + size)
  })
}

/** @returns undefined when the box was not made with this key and nonce, or is too short to be one */
export function openBox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  if (box.length < MAC_SIZE) return undefined
  return withHeap(NONCE_SIZE + KEY_SIZE + box.length, at => {
    const [key_, text] = [at + NONCE_SIZE, at + NONCE_SIZE + KEY_SIZE]
    libsodium.HEAPU8.set(nonce, at)
    libsodium.HEAPU8.set(key, key_)
    libsodium.HEAPU8.set(box, text)
    const failed = libsodium._crypto_box_open_easy_afternm(text + MAC_SIZE, text, box.length, 0, at, key_)
    return failed ? undefined : libsodium.HEAPU8.slice(text + MAC_SIZE, text + box.length)
  })
}

/** Overwrites a secret with zeros. */
export const wipe = (secret: Uint8Array): void => void secret.fill(0)

/** The encrypted channel of one link: the session key and a nonce for each direction. Ends with {@link close}. */
export class Channel {
  /** Heap address of: key, sending nonce, receiving nonce; 0 once closed. */
  #at: number

  private constructor(at: number) {
    this.#at = at
  }

  /**
   * @param ownSecret the temporary secret key; wiped here, since nothing else may use it
   * @returns undefined for a public key with which no secret can be shared
   */
  static between(
    ownSecret: Uint8Array,
    peerPublic: Uint8Array,
    sendNonce: Uint8Array,
    receiveNonce: Uint8Array,
  ): Channel | undefined {
    const at = libsodium._malloc(CHANNEL_SIZE)
    const agreed = agree(at, peerPublic, ownSecret)
    wipe(ownSecret)
    libsodium.HEAPU8.set(sendNonce, at + SEND_NONCE)
    libsodium.HEAPU8.set(receiveNonce, at + RECEIVE_NONCE)
    const channel = new Channel(at)
    if (agreed) return channel
    channel.close()
    return undefined
  }

  get closed(): boolean {
    return this.#at === 0
  }

  /**
   * Seals one packet as a frame into the shared batch buffer and steps the nonce. Plaintext is laid where its
   * ciphertext goes, so libsodium works in place.
   * @param offset where in the batch the frame starts; there must be room for it
   * @param payload the packet, or what follows its id; 1–2032 bytes with it
   * @param id the packet's first byte, when it does not stand in `payload`
   * @returns the offset behind the frame
   * @throws RangeError before a nonce is spent: a packet of another size, or no room
   */
  seal(offset: number, payload: Uint8Array, id?: number): number {
    const idSize = id === undefined ? 0 : 1
    const size = idSize + payload.length
    if (size === 0 || size > MAX_PLAINTEXT_SIZE)
      throw new RangeError(`packet: wanted 1–${MAX_PLAINTEXT_SIZE} bytes, got ${size}`)
    if (offset + size + FRAME_OVERHEAD > BATCH_SIZE) throw new RangeError('no room in the batch')
    const heap = libsodium.HEAPU8
    const frame = batch + offset
    const cipher = frame + LENGTH_PREFIX_SIZE
    const plain = cipher + MAC_SIZE
    const at = this.#live()
    heap[frame] = (size + MAC_SIZE) >> 8
    heap[frame + 1] = (size + MAC_SIZE) & 0xff
    if (id !== undefined) heap[plain] = id
    heap.set(payload, plain + idSize)
    libsodium._crypto_box_easy_afternm(cipher, plain, size, 0, at + SEND_NONCE, at)
    stepNonce(heap, at + SEND_NONCE)
    return offset + size + FRAME_OVERHEAD
  }

  /** A copy of the first `size` bytes of the batch buffer: the frames sealed since offset 0. */
  static takeBatch(size: number): Uint8Array {
    return libsodium.HEAPU8.slice(batch, batch + size)
  }

  /**
   * Opens one frame's ciphertext and steps the nonce.
   * @returns a view of the plaintext in the heap, good until the next call of anything here; undefined when it does
   *   not open
   */
  open(cipher: Uint8Array): Uint8Array | undefined {
    const size = cipher.length
    if (size < MAC_SIZE || size > MAX_CIPHERTEXT_SIZE) return undefined
    const at = this.#live()
    libsodium.HEAPU8.set(cipher, inbox)
    if (libsodium._crypto_box_open_easy_afternm(inbox + MAC_SIZE, inbox, size, 0, at + RECEIVE_NONCE, at))
      return undefined
    stepNonce(libsodium.HEAPU8, at + RECEIVE_NONCE)
    return libsodium.HEAPU8.subarray(inbox + MAC_SIZE, inbox + size)
  }

  /** Zeroes the key and nonces and gives their memory back. Harmless when repeated. */
  close(): void {
    if (this.#at === 0) return
    libsodium.HEAPU8.fill(0, this.#at, this.#at + CHANNEL_SIZE)
    libsodium._free(this.#at)
    this.#at = 0
  }

  /** Guards against writing through a freed address, which the heap would allow. */
  #live(): number {
    if (this.#at === 0) throw new RangeError('the channel is closed')
    return this.#at
  }
}

const SEND_NONCE = KEY_SIZE
const RECEIVE_NONCE = KEY_SIZE + NONCE_SIZE
const CHANNEL_SIZE = KEY_SIZE + 2 * NONCE_SIZE

/** +1 as a big-endian integer, wrapping (§1). libsodium's own increment is little-endian. */
export function stepNonce(bytes: Uint8Array, at = 0): void {
  for (let i = at + NONCE_SIZE - 1; i >= at; i--) {
    const next = ((bytes[i] ?? 0) + 1) & 0xff
    bytes[i] = next
    if (next !== 0) return
  }
}

/**
 * Writes the shared key to the heap address `to`. False for a point of low order, and for a key whose top bit is set:
 * X25519 ignores that bit, so anyone on the way could give a client a second name without the handshake failing.
 */
function agree(to: number, publicKey: Uint8Array, secretKey: Uint8Array): boolean {
  if (byteAt(publicKey, KEY_SIZE - 1) & UNUSED_KEY_BIT) return false
  return withHeap(2 * KEY_SIZE, at => {
    libsodium.HEAPU8.set(publicKey, at)
    libsodium.HEAPU8.set(secretKey, at + KEY_SIZE)
    return libsodium._crypto_box_beforenm(to, at, at + KEY_SIZE) === 0
  })
}

const UNUSED_KEY_BIT = 0x80

/** Lends `size` bytes of heap and zeroes them afterwards. */
function withHeap<T>(size: number, use: (at: number) => T): T {
  const at = libsodium._malloc(size)
  try {
    return use(at)
  } finally {
    libsodium.HEAPU8.fill(0, at, at + size)
    libsodium._free(at)
  }
}

function requireSize(name: string, bytes: Uint8Array, size: number): void {
  if (bytes.length !== size) throw new RangeError(`${name}: wanted ${size} bytes, got ${bytes.length}`)
}
