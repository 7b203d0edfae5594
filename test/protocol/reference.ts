/**
 * The other end of the wire, written from docs/protocol.md §1–§3 on libsodium's public API, with nonces as BigInt: the
 * oracle of these tests. Imports nothing of ours, so that no mistake is made twice.
 */
import sodium from 'libsodium-wrappers'

await sodium.ready

export interface ReferenceKeys {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

/** A key pair from a number: the same in every run. */
export const referenceKeys = (seed: number): ReferenceKeys => {
  const { publicKey, privateKey } = sodium.crypto_box_seed_keypair(new Uint8Array(32).fill(seed))
  return { publicKey, secretKey: privateKey }
}

const NONCES = 1n << 192n

export const nonceValue = (nonce: Uint8Array): bigint => BigInt(`0x${Buffer.from(nonce).toString('hex')}`)

export const nonceBytes = (value: bigint): Uint8Array =>
  new Uint8Array(Buffer.from((((value % NONCES) + NONCES) % NONCES).toString(16).padStart(48, '0'), 'hex'))

/** One end of an encrypted channel. */
export class ReferenceEnd {
  readonly key: Uint8Array
  #sendNonce: bigint
  #receiveNonce: bigint
  #unread: Uint8Array = new Uint8Array()

  constructor(key: Uint8Array, sendNonce: Uint8Array, receiveNonce: Uint8Array) {
    this.key = key
    this.#sendNonce = nonceValue(sendNonce)
    this.#receiveNonce = nonceValue(receiveNonce)
  }

  /** The frame of one packet. */
  seal(...plain: readonly (number | Uint8Array)[]): Uint8Array {
    const packet = Buffer.concat(
      plain.map(part => (typeof part === 'number' ? Uint8Array.of(part) : new Uint8Array(part))),
    )
    const cipher = sodium.crypto_box_easy_afternm(packet, nonceBytes(this.#sendNonce++), this.key)
    return frameOf(cipher)
  }

  /** The packets of everything that came so far; throws when a frame does not open. */
  open(bytes: Uint8Array): Uint8Array[] {
    this.#unread = new Uint8Array(Buffer.concat([this.#unread, bytes]))
    const packets: Uint8Array[] = []
    for (;;) {
      const [high, low] = this.#unread
      if (high === undefined || low === undefined) return packets
      const end = 2 + high * 256 + low
      if (this.#unread.length < end) return packets
      const cipher = this.#unread.slice(2, end)
      packets.push(sodium.crypto_box_open_easy_afternm(cipher, nonceBytes(this.#receiveNonce++), this.key))
      this.#unread = this.#unread.slice(end)
    }
  }

  /** Bytes of a frame that has not fully arrived. */
  get unread(): number {
    return this.#unread.length
  }
}

/** `[u16 big-endian length][cipher]` */
export const frameOf = (cipher: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.concat([Uint8Array.of(cipher.length >> 8, cipher.length & 0xff), cipher]))

/** What a relay answers to the 128 bytes of a client. */
export function answerHandshake(
  request: Uint8Array,
  relay: ReferenceKeys,
  baseNonce: Uint8Array = sodium.randombytes_buf(24),
): { response: Uint8Array; end: ReferenceEnd; clientKey: Uint8Array } {
  const clientKey = request.slice(0, 32)
  const shared = sodium.crypto_box_beforenm(clientKey, relay.secretKey)
  const plain = sodium.crypto_box_open_easy_afternm(request.slice(56), request.slice(32, 56), shared)
  const temporary = sodium.crypto_box_keypair()
  const nonce = sodium.randombytes_buf(24)
  const box = sodium.crypto_box_easy_afternm(Buffer.concat([temporary.publicKey, baseNonce]), nonce, shared)
  const session = sodium.crypto_box_beforenm(plain.slice(0, 32), temporary.privateKey)
  return {
    response: new Uint8Array(Buffer.concat([nonce, box])),
    end: new ReferenceEnd(session, baseNonce, plain.slice(32)),
    clientKey,
  }
}

/** A client's handshake: its 128 bytes, and what becomes of the relay's 96. */
export function startHandshake(
  client: ReferenceKeys,
  relayKey: Uint8Array,
  baseNonce: Uint8Array = sodium.randombytes_buf(24),
): { request: Uint8Array; finish: (response: Uint8Array) => ReferenceEnd } {
  const shared = sodium.crypto_box_beforenm(relayKey, client.secretKey)
  const temporary = sodium.crypto_box_keypair()
  const nonce = sodium.randombytes_buf(24)
  const box = sodium.crypto_box_easy_afternm(Buffer.concat([temporary.publicKey, baseNonce]), nonce, shared)
  return {
    request: new Uint8Array(Buffer.concat([client.publicKey, nonce, box])),
    finish: response => {
      const plain = sodium.crypto_box_open_easy_afternm(response.slice(24), response.slice(0, 24), shared)
      const session = sodium.crypto_box_beforenm(plain.slice(0, 32), temporary.privateKey)
      return new ReferenceEnd(session, baseNonce, plain.slice(32))
    },
  }
}
