/**
 * The handshake of §2, both roles, sans-IO: bytes go in, "need more" or a {@link Channel} comes out, and bytes behind
 * the handshake are handed back. Knows nothing of sockets or time.
 */
import { concatBytes } from './bytes.js'
import { CLIENT_HANDSHAKE_SIZE, KEY_SIZE, NONCE_SIZE, RELAY_HANDSHAKE_SIZE } from './constants.js'
import {
  Channel,
  type KeyPair,
  newKeyPair,
  openBox,
  type Random,
  sealBox,
  sharedKey,
  wipe,
} from './crypto.js'
import { ToxError } from './errors.js'

/** A handshake done: the channel, and bytes that came with its last message and are the first frames. */
export interface Established {
  readonly channel: Channel
  /** A view of the last chunk, good as long as that. */
  readonly leftover: Uint8Array
}

/** A client's request taken: who it is, and the 96 bytes to send. */
export interface Answered extends Established {
  readonly clientKey: Uint8Array
  readonly response: Uint8Array
}

/** The client's side. Use: send `request`, give what arrives to `receive` until it answers. */
export class ClientHandshake {
  /** The 128 bytes to send first. */
  readonly request: Uint8Array
  readonly #sharedKey: Uint8Array
  readonly #temporary: KeyPair
  readonly #baseNonce: Uint8Array
  readonly #received = new Gatherer(RELAY_HANDSHAKE_SIZE)

  /**
   * @param keyPair our DHT key pair
   * @param relayKey the relay's public key
   * @throws ToxError `bad-handshake`: no secret can be shared with that public key
   */
  constructor(keyPair: KeyPair, relayKey: Uint8Array, random: Random) {
    const shared = sharedKey(relayKey, keyPair.secretKey)
    if (!shared) throw new ToxError('bad-handshake', 'no secret can be shared with that public key')
    this.#sharedKey = shared
    this.#temporary = newKeyPair(random)
    this.#baseNonce = random(NONCE_SIZE)
    const nonce = random(NONCE_SIZE)
    const box = sealBox(concatBytes(this.#temporary.publicKey, this.#baseNonce), nonce, shared)
    this.request = concatBytes(keyPair.publicKey, nonce, box)
  }

  /** How many bytes of the response are there so far. */
  get received(): number {
    return this.#received.size
  }

  /**
   * @returns undefined while the 96 bytes are not complete
   * @throws ToxError `bad-handshake`: the response does not decrypt; `not-a-relay`: it is text, as a web server's is
   */
  receive(chunk: Uint8Array): Established | undefined {
    const leftover = this.#received.push(chunk)
    if (!leftover) return undefined
    const response = openHandshake(this.#received.bytes, this.#sharedKey)
    const channel =
      response &&
      Channel.between(this.#temporary.secretKey, response.publicKey, this.#baseNonce, response.nonce)
    this.close()
    if (!channel) throw new ToxError(isText(this.#received.bytes) ? 'not-a-relay' : 'bad-handshake')
    return { channel, leftover }
  }

  /** Wipes the keys of a handshake that is over or given up. Harmless when repeated. */
  close(): void {
    wipe(this.#sharedKey)
    wipe(this.#temporary.secretKey)
  }
}

/** The relay's side. Use: give what arrives to `receive` until it answers, then send `response`. */
export class RelayHandshake {
  readonly #keyPair: KeyPair
  readonly #random: Random
  readonly #received = new Gatherer(CLIENT_HANDSHAKE_SIZE)

  /** @param keyPair the relay's long-term key pair */
  constructor(keyPair: KeyPair, random: Random) {
    this.#keyPair = keyPair
    this.#random = random
  }

  /**
   * @returns undefined while the 128 bytes are not complete
   * @throws ToxError `bad-handshake`: the request does not decrypt
   */
  receive(chunk: Uint8Array): Answered | undefined {
    const leftover = this.#received.push(chunk)
    if (!leftover) return undefined
    const clientKey = this.#received.bytes.slice(0, KEY_SIZE)
    const shared = sharedKey(clientKey, this.#keyPair.secretKey)
    if (!shared) throw new ToxError('bad-handshake')
    try {
      return { ...this.#answer(shared), clientKey, leftover }
    } finally {
      wipe(shared)
    }
  }

  #answer(shared: Uint8Array): Pick<Answered, 'channel' | 'response'> {
    const request = openHandshake(this.#received.bytes.subarray(KEY_SIZE), shared)
    if (!request) throw new ToxError('bad-handshake')
    const temporary = newKeyPair(this.#random)
    const [baseNonce, nonce] = [this.#random(NONCE_SIZE), this.#random(NONCE_SIZE)]
    const response = concatBytes(nonce, sealBox(concatBytes(temporary.publicKey, baseNonce), nonce, shared))
    const channel = Channel.between(temporary.secretKey, request.publicKey, baseNonce, request.nonce)
    if (!channel) throw new ToxError('bad-handshake')
    return { channel, response }
  }
}

/** Opens `[nonce 24][box of temporary public key 32 and base nonce 24]`. */
function openHandshake(
  message: Uint8Array,
  key: Uint8Array,
): { publicKey: Uint8Array; nonce: Uint8Array } | undefined {
  const plain = openBox(message.subarray(NONCE_SIZE), message.subarray(0, NONCE_SIZE), key)
  return plain && { publicKey: plain.slice(0, KEY_SIZE), nonce: plain.slice(KEY_SIZE) }
}

/** Whether a nonce's place holds nothing but printable characters, which chance gives once in 10^10 handshakes. */
const isText = (message: Uint8Array): boolean =>
  message
    .subarray(0, NONCE_SIZE)
    .every(byte => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d)

/** Gathers a message of known size from pieces. */
class Gatherer {
  readonly bytes: Uint8Array
  size = 0

  constructor(wanted: number) {
    this.bytes = new Uint8Array(wanted)
  }

  /** @returns what came behind the message, once it is complete */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const taken = Math.min(chunk.length, this.bytes.length - this.size)
    this.bytes.set(chunk.subarray(0, taken), this.size)
    this.size += taken
    return this.size === this.bytes.length ? chunk.subarray(taken) : undefined
  }
}
