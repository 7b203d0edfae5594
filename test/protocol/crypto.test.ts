import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import fc from 'fast-check'
import sodium, { libsodium } from 'libsodium-wrappers'
import { describe, expect, test, vi } from 'vitest'
import {
  BATCH_SIZE,
  Channel,
  cryptoReady,
  keyPairFromSecret,
  newKeyPair,
  openBox,
  sealBox,
  sharedKey,
  stepNonce,
  systemRandom,
  wipe,
} from '../../src/protocol/crypto.js'
import { channelPair, flipped, hex, join, prop, sealAll, someBytes } from './ends.js'
import { frameOf, nonceBytes, nonceValue, ReferenceEnd, referenceKeys } from './reference.js'

/** RFC 7748 §6.1, and what "Cryptography in NaCl" (D. J. Bernstein) §2 and §10 make of the same keys. */
const ALICE = {
  secretKey: hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'),
  publicKey: hex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'),
}
const BOB = {
  secretKey: hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'),
  publicKey: hex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f'),
}
const SHARED = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389')
const NONCE = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37')
const MESSAGE = hex(`
  be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129
  6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde
  048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705`)
const BOX = hex(`
  f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a
  c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae
  90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74
  e355a5`)

const aNonce = someBytes(24)

/** Whether these bytes, but for the ends (which X25519 clamps), stand anywhere in libsodium's memory. */
const heapHolds = (bytes: Uint8Array): boolean =>
  Buffer.from(libsodium.HEAPU8).includes(Buffer.from(bytes.subarray(1, -1)))

describe('key agreement', () => {
  test('makes the public keys of RFC 7748', () => {
    expect(keyPairFromSecret(ALICE.secretKey)).toEqual(ALICE)
    expect(keyPairFromSecret(BOB.secretKey)).toEqual(BOB)
  })

  test('makes the shared key of the NaCl paper, from either side', () => {
    expect(sharedKey(BOB.publicKey, ALICE.secretKey)).toEqual(SHARED)
    expect(sharedKey(ALICE.publicKey, BOB.secretKey)).toEqual(SHARED)
  })

  prop([someBytes(32), someBytes(32)])('agrees with OpenSSL and libsodium', (ours, theirs) => {
    const pair = keyPairFromSecret(theirs)
    expect(pair.publicKey).toEqual(opensslPublicKey(theirs))
    const point = opensslAgreement(ours, pair.publicKey)
    const expected = hsalsa20(point)
    expect(sharedKey(pair.publicKey, ours)).toEqual(expected)
    expect(sharedKey(pair.publicKey, ours)).toEqual(sodium.crypto_box_beforenm(pair.publicKey, ours))
  })

  test.each([
    ['zero', '0000000000000000000000000000000000000000000000000000000000000000'],
    ['one', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['of order 8, the other', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'],
    ['minus one', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ])('shares nothing with a point of low order: %s', (_, point) => {
    expect(sharedKey(hex(point), ALICE.secretKey)).toBeUndefined()
  })

  test('shares nothing with a public key whose unused top bit is set: it would be a second name for the same key', () => {
    expect(sharedKey(flipped(BOB.publicKey, 31, 0x80), ALICE.secretKey)).toBeUndefined()
  })

  test('a key of another size is refused, and named', () => {
    expect(() => keyPairFromSecret(new Uint8Array(31))).toThrow(
      new RangeError('secretKey: wanted 32 bytes, got 31'),
    )
    expect(() => sharedKey(new Uint8Array(33), ALICE.secretKey)).toThrow('publicKey: wanted 32 bytes, got 33')
    expect(() => sharedKey(BOB.publicKey, new Uint8Array(0))).toThrow('secretKey: wanted 32 bytes, got 0')
  })

  test('a new key pair is made of the randomness given', () => {
    expect(newKeyPair(size => ALICE.secretKey.slice(0, size))).toEqual(ALICE)
  })
})

describe('randomness', () => {
  test('has the size asked for and never repeats', () => {
    for (const size of [0, 1, 8, 24, 32, 1000]) expect(systemRandom(size)).toHaveLength(size)
    const drawn = Array.from({ length: 100 }, () => Buffer.from(systemRandom(16)).toString('hex'))
    expect(new Set(drawn).size).toBe(100)
  })

  test('is not left in libsodium memory', () => {
    expect(heapHolds(systemRandom(32))).toBe(false)
  })
})

describe('a box', () => {
  test('is the one of the NaCl paper, MAC first', () => {
    expect(sealBox(MESSAGE, NONCE, SHARED)).toEqual(BOX)
    expect(openBox(BOX, NONCE, SHARED)).toEqual(MESSAGE)
  })

  prop([someBytes(0, 200), aNonce, someBytes(32)])('agrees with libsodium both ways', (plain, nonce, key) => {
    const box = sealBox(plain, nonce, key)
    expect(box).toEqual(new Uint8Array(sodium.crypto_box_easy_afternm(plain, nonce, key)))
    expect(openBox(box, nonce, key)).toEqual(plain)
  })

  test('with any bit flipped does not open', () => {
    for (let at = 0; at < BOX.length; at++)
      for (let bit = 1; bit < 256; bit *= 2)
        expect(openBox(flipped(BOX, at, bit), NONCE, SHARED)).toBeUndefined()
  })

  test('under another nonce or key does not open', () => {
    for (let at = 0; at < 24; at++) expect(openBox(BOX, flipped(NONCE, at), SHARED)).toBeUndefined()
    for (let at = 0; at < 32; at++) expect(openBox(BOX, NONCE, flipped(SHARED, at))).toBeUndefined()
  })

  test('shorter than a MAC does not open; a MAC alone is an empty message', () => {
    for (let size = 0; size < 16; size++)
      expect(openBox(BOX.subarray(0, size), NONCE, SHARED)).toBeUndefined()
    expect(openBox(sealBox(new Uint8Array(), NONCE, SHARED), NONCE, SHARED)).toEqual(new Uint8Array())
  })
})

describe('the nonce', () => {
  test('case 11: ff…ff wraps to zero, and …00ff goes to …0100', () => {
    const wrapped = new Uint8Array(24).fill(0xff)
    stepNonce(wrapped)
    expect(wrapped).toEqual(new Uint8Array(24))
    const carried = nonceBytes(0xffn)
    stepNonce(carried)
    expect(carried).toEqual(hex(`${'00'.repeat(22)}0100`))
  })

  prop([
    fc.oneof(
      aNonce,
      fc.nat(23).map(zeros => new Uint8Array(24).fill(0xff, zeros)),
    ),
  ])('is a big-endian number to which 1 is added', nonce => {
    const before = nonceValue(nonce)
    stepNonce(nonce)
    expect(nonce).toEqual(nonceBytes(before + 1n))
  })

  test('in the middle of other bytes leaves those alone', () => {
    const bytes = new Uint8Array(40).fill(0xff)
    stepNonce(bytes, 7)
    expect(bytes).toEqual(
      join(new Uint8Array(7).fill(0xff), new Uint8Array(24), new Uint8Array(9).fill(0xff)),
    )
  })
})

describe('a channel', () => {
  const [a, b] = [referenceKeys(3), referenceKeys(4)]
  const [forth, back] = [nonceBytes(0x1234_5678n << 96n), nonceBytes(77n)]
  const key = sodium.crypto_box_beforenm(a.publicKey, b.secretKey)
  const between = (): { ours: Channel; peer: ReferenceEnd } => {
    const ours = Channel.between(Uint8Array.from(a.secretKey), b.publicKey, forth, back)
    if (!ours) throw new Error('no channel')
    return { ours, peer: new ReferenceEnd(key, back, forth) }
  }
  const cipherOf = (frame: Uint8Array): Uint8Array => frame.subarray(2)

  test('sends its first frame under its base nonce unchanged, then one more for each', () => {
    const { ours, peer } = between()
    const packets = [Uint8Array.of(1), Uint8Array.of(2, 3), new Uint8Array(2032).fill(4)]
    const first = sealBox(Uint8Array.of(1), forth, peer.key)
    const bytes = sealAll(ours, packets)
    expect(bytes.subarray(0, 19)).toEqual(frameOf(first))
    expect(peer.open(bytes)).toEqual(packets)
  })

  test("opens the peer's first frame under the peer's base nonce, then one more for each", () => {
    const { ours, peer } = between()
    for (let i = 0; i < 600; i++) {
      const packet = Uint8Array.of(i & 0xff, i >> 8)
      expect(ours.open(cipherOf(peer.seal(packet)))).toEqual(packet)
    }
  })

  test('case 11: wraps its nonces in both directions', () => {
    const last = new Uint8Array(24).fill(0xff)
    const [here, there] = channelPair(last, last)
    for (let i = 0; i < 3; i++) {
      const packet = Uint8Array.of(i)
      const end = here.seal(0, packet)
      expect(there.open(Channel.takeBatch(end).subarray(2))).toEqual(packet)
      const wrapped = sealBox(packet, nonceBytes(BigInt(i - 1)), key)
      expect(Channel.takeBatch(end)).toEqual(frameOf(wrapped))
    }
    for (let i = 0; i < 3; i++)
      expect(here.open(Channel.takeBatch(there.seal(0, Uint8Array.of(i))).subarray(2))).toEqual(
        Uint8Array.of(i),
      )
  })

  test('case 12: a frame twice, or out of its turn, does not open', () => {
    const { ours, peer } = between()
    const [one, two, three] = [peer.seal(1), peer.seal(2), peer.seal(3)].map(cipherOf)
    if (!one || !two || !three) throw new Error()
    expect(ours.open(two)).toBeUndefined()
    expect(ours.open(one)).toEqual(Uint8Array.of(1))
    expect(ours.open(one)).toBeUndefined()
    expect(ours.open(three)).toBeUndefined()
    expect(ours.open(two)).toEqual(Uint8Array.of(2))
  })

  test('a frame with any bit flipped does not open', () => {
    const { ours, peer } = between()
    const frame = cipherOf(peer.seal(hex('10616263')))
    for (let at = 0; at < frame.length; at++)
      for (let bit = 1; bit < 256; bit *= 2) expect(ours.open(flipped(frame, at, bit))).toBeUndefined()
    expect(ours.open(frame)).toEqual(hex('10616263'))
  })

  test('what is too short or too long to be a frame does not open, and spends no nonce', () => {
    const { ours, peer } = between()
    for (let size = 0; size < 16; size++) expect(ours.open(new Uint8Array(size))).toBeUndefined()
    for (const size of [2049, 5000]) expect(ours.open(new Uint8Array(size))).toBeUndefined()
    const largest = new Uint8Array(2032).fill(5)
    expect(ours.open(cipherOf(peer.seal(largest)))).toEqual(largest)
    expect(ours.open(cipherOf(peer.seal()))).toEqual(new Uint8Array())
  })

  test('what is too short or too long to be a frame is not even written to memory', () => {
    const { ours } = between()
    const before = Buffer.from(libsodium.HEAPU8)
    for (const size of [0, 15, 2049, 100_000]) ours.open(new Uint8Array(size).fill(0xee))
    expect(before.equals(libsodium.HEAPU8)).toBe(true)
  })

  test('puts an id before the payload without copying both together first', () => {
    const { ours, peer } = between()
    const end = ours.seal(0, hex('616263'), 16)
    expect(end).toBe(2 + 16 + 4)
    expect(peer.open(Channel.takeBatch(end))).toEqual([hex('10616263')])
  })

  test('lays frames one behind the other', () => {
    const { ours, peer } = between()
    const first = ours.seal(0, Uint8Array.of(20))
    const second = ours.seal(first, Uint8Array.of(30, 31))
    expect([first, second]).toEqual([19, 19 + 20])
    expect(peer.open(Channel.takeBatch(second))).toEqual([Uint8Array.of(20), Uint8Array.of(30, 31)])
  })

  test('case 10: refuses a packet of 2033 bytes, and an empty one, and spends no nonce on them', () => {
    const { ours, peer } = between()
    const refused = new RangeError('packet: wanted 1–2032 bytes, got 2033')
    expect(() => ours.seal(0, new Uint8Array(2033))).toThrow(refused)
    expect(() => ours.seal(0, new Uint8Array(2032), 16)).toThrow(refused)
    expect(() => ours.seal(0, new Uint8Array())).toThrow('packet: wanted 1–2032 bytes, got 0')
    expect(peer.open(Channel.takeBatch(ours.seal(0, Uint8Array.of(9))))).toEqual([Uint8Array.of(9)])
    expect(peer.open(Channel.takeBatch(ours.seal(0, new Uint8Array(2031), 16)))).toHaveLength(1)
  })

  test('a batch holds 64 KiB and two frames, and no byte more; what finds no room spends no nonce', () => {
    const { ours, peer } = between()
    expect(BATCH_SIZE).toBe(64 * 1024 + 2 * 2050)
    expect(() => ours.seal(BATCH_SIZE - 18, Uint8Array.of(1))).toThrow(new RangeError('no room in the batch'))
    expect(ours.seal(BATCH_SIZE - 19, Uint8Array.of(7))).toBe(BATCH_SIZE)
    const last = Channel.takeBatch(BATCH_SIZE).subarray(BATCH_SIZE - 19)
    expect(peer.open(last)).toEqual([Uint8Array.of(7)])
  })

  test('is refused to a public key of low order', () => {
    const secret = Uint8Array.from(a.secretKey)
    expect(Channel.between(secret, new Uint8Array(32), forth, back)).toBeUndefined()
    expect(secret).toEqual(new Uint8Array(32))
  })

  test('closed, refuses to seal and open, as often as it is closed', () => {
    const { ours, peer } = between()
    expect(ours.closed).toBe(false)
    const frame = cipherOf(peer.seal(1))
    for (let i = 0; i < 2; i++) {
      ours.close()
      expect(ours.closed).toBe(true)
      expect(() => ours.seal(0, Uint8Array.of(1))).toThrow(new RangeError('the channel is closed'))
      expect(() => ours.open(frame)).toThrow(new RangeError('the channel is closed'))
    }
  })

  test('closed again touches no memory', () => {
    const { ours } = between()
    ours.close()
    const [low] = libsodium.HEAPU8
    libsodium.HEAPU8[0] = 7
    ours.close()
    expect(libsodium.HEAPU8[0]).toBe(7)
    libsodium.HEAPU8[0] = low ?? 0
  })

  test('closed twice does not give back the memory of another', () => {
    const gone = between().ours
    gone.close()
    const { ours, peer } = between()
    gone.close()
    const another = between().ours
    expect(peer.open(sealAll(ours, [Uint8Array.of(1)]))).toEqual([Uint8Array.of(1)])
    another.close()
    expect(peer.open(sealAll(ours, [Uint8Array.of(2)]))).toEqual([Uint8Array.of(2)])
  })
})

describe('secrets', () => {
  test('wiping overwrites with zeros', () => {
    const secret = Uint8Array.from(ALICE.secretKey)
    wipe(secret)
    expect(secret).toEqual(new Uint8Array(32))
  })

  test('no call leaves a key in libsodium memory', () => {
    const own = newKeyPair(systemRandom)
    const [peer, key] = [newKeyPair(systemRandom), systemRandom(32)]
    const shared = sharedKey(peer.publicKey, own.secretKey)
    if (!shared) throw new Error()
    openBox(sealBox(MESSAGE, NONCE, key), NONCE, key)
    openBox(BOX, NONCE, key)
    for (const secret of [own.secretKey, peer.secretKey, shared, key]) expect(heapHolds(secret)).toBe(false)
  })

  test('a session key and its nonces are in libsodium memory while the channel lives, and gone once it is closed', () => {
    const [own, peer] = [newKeyPair(systemRandom), newKeyPair(systemRandom)]
    const secret = Uint8Array.from(own.secretKey)
    const session = sharedKey(peer.publicKey, secret)
    const [forth, back] = [systemRandom(24), systemRandom(24)]
    const channel = Channel.between(own.secretKey, peer.publicKey, forth, back)
    if (!session || !channel) throw new Error()
    expect(own.secretKey).toEqual(new Uint8Array(32))
    sealAll(channel, [MESSAGE])
    expect(heapHolds(secret)).toBe(false)
    for (const held of [session, forth, back]) expect(heapHolds(held)).toBe(true)
    channel.close()
    for (const gone of [session, forth, back]) expect(heapHolds(gone)).toBe(false)
  })

  test('a channel that is refused leaves nothing behind either', () => {
    const [own, nonce] = [newKeyPair(systemRandom), systemRandom(24)]
    const secret = Uint8Array.from(own.secretKey)
    Channel.between(own.secretKey, new Uint8Array(32), nonce, nonce)
    for (const gone of [secret, nonce]) expect(heapHolds(gone)).toBe(false)
  })
})

describe('memory', () => {
  test('for batches and arriving frames is taken once, when the module is made ready', async () => {
    vi.resetModules()
    const fresh = await import('../../src/protocol/crypto.js')
    const malloc = vi.spyOn(libsodium, '_malloc')
    for (let i = 0; i < 3; i++) await fresh.cryptoReady()
    const sizes = malloc.mock.calls.map(([size]) => size)
    malloc.mockRestore()
    expect(sizes).toEqual([64 * 1024 + 2 * 2050, 2048])
  })

  test('does not grow with boxes, refusals, channels and getting ready again', async () => {
    await cryptoReady()
    const before = libsodium.HEAPU8.length
    const large = new Uint8Array(20_000)
    const lowOrder = new Uint8Array(32)
    for (let i = 0; i < 1000; i++) {
      const box = sealBox(large, NONCE, SHARED)
      expect(openBox(box, NONCE, SHARED)).toBeDefined()
      expect(openBox(flipped(box, 0), NONCE, SHARED)).toBeUndefined()
      await cryptoReady()
    }
    for (let i = 0; i < 100_000; i++)
      Channel.between(Uint8Array.from(ALICE.secretKey), lowOrder, NONCE, NONCE)?.close()
    for (let i = 0; i < 2000; i++)
      Channel.between(Uint8Array.from(ALICE.secretKey), BOB.publicKey, NONCE, NONCE)?.close()
    expect(libsodium.HEAPU8.length).toBe(before)
  })

  test('that is replaced when it grows is found again', () => {
    const [here, there] = channelPair()
    const before = libsodium.HEAPU8.length
    const blocks = Array.from({ length: 8 }, () => libsodium._malloc(4 * 1024 * 1024))
    expect(libsodium.HEAPU8.length).toBeGreaterThan(before)
    const packet = hex('10616263')
    expect(there.open(sealAll(here, [packet]).subarray(2))).toEqual(packet)
    for (const block of blocks) libsodium._free(block)
  })
})

const PKCS8_X25519 = hex('302e020100300506032b656e04220420')
const SPKI_X25519 = hex('302a300506032b656e032100')

const opensslSecret = (secret: Uint8Array) =>
  createPrivateKey({ key: Buffer.from(join(PKCS8_X25519, secret)), format: 'der', type: 'pkcs8' })

const opensslPublicKey = (secret: Uint8Array): Uint8Array =>
  new Uint8Array(
    createPublicKey(opensslSecret(secret))
      .export({ format: 'der', type: 'spki' })
      .subarray(SPKI_X25519.length),
  )

const opensslAgreement = (secret: Uint8Array, publicKey: Uint8Array): Uint8Array =>
  new Uint8Array(
    diffieHellman({
      privateKey: opensslSecret(secret),
      publicKey: createPublicKey({
        key: Buffer.from(join(SPKI_X25519, publicKey)),
        format: 'der',
        type: 'spki',
      }),
    }),
  )

/** HSalsa20 of a key and sixteen zeros, after D. J. Bernstein, "Extending the Salsa20 nonce" §2. */
function hsalsa20(key: Uint8Array): Uint8Array {
  const k = new DataView(Uint8Array.from(key).buffer)
  const word = (index: number): number => k.getUint32(4 * index, true)
  const [s0, s1, s2, s3] = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]
  const x = Uint32Array.of(
    ...[s0, word(0), word(1), word(2), word(3), s1, 0, 0],
    ...[0, 0, s2, word(4), word(5), word(6), word(7), s3],
  )
  const at = (index: number): number => x[index] ?? 0
  const mix = (to: number, a: number, b: number, turn: number): void => {
    const sum = (at(a) + at(b)) >>> 0
    x[to] = at(to) ^ ((sum << turn) | (sum >>> (32 - turn)))
  }
  const quarter = (a: number, b: number, c: number, d: number): void => {
    mix(b, a, d, 7)
    mix(c, b, a, 9)
    mix(d, c, b, 13)
    mix(a, d, c, 18)
  }
  for (let round = 0; round < 20; round += 2) {
    for (const i of [0, 5, 10, 15]) quarter(i, (i + 4) % 16, (i + 8) % 16, (i + 12) % 16)
    for (const i of [0, 4, 8, 12]) {
      const column = (i / 4) % 4
      quarter(i + column, i + ((column + 1) % 4), i + ((column + 2) % 4), i + ((column + 3) % 4))
    }
  }
  const out = new DataView(new ArrayBuffer(32))
  for (const [place, index] of [0, 5, 10, 15, 6, 7, 8, 9].entries()) out.setUint32(4 * place, at(index), true)
  return new Uint8Array(out.buffer)
}
