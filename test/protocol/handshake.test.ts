import fc from 'fast-check'
import sodium, { libsodium } from 'libsodium-wrappers'
import { describe, expect, test, vi } from 'vitest'
import { keyPairFromSecret, newKeyPair, systemRandom } from '../../src/protocol/crypto.js'
import { ClientHandshake, RelayHandshake } from '../../src/protocol/handshake.js'
import { Session } from '../../src/protocol/session.js'
import { CLIENT, expectToxError, flipped, hex, join, pieces, prop, RELAY, sealAll } from './ends.js'
import { answerHandshake, referenceKeys, startHandshake } from './reference.js'

const RELAY_PAIR = keyPairFromSecret(Uint8Array.from(RELAY.secretKey))
const clientHandshake = (): ClientHandshake => new ClientHandshake(CLIENT, RELAY.publicKey, systemRandom)
const relayHandshake = (): RelayHandshake => new RelayHandshake(RELAY_PAIR, systemRandom)

describe('the client', () => {
  test('sends 128 bytes: its key, a nonce, and a box of its temporary key and its base nonce', () => {
    const drawn = [hex('a1'.repeat(32)), hex('b2'.repeat(24)), hex('c3'.repeat(24))]
    const [secret, baseNonce, nonce] = drawn.map(bytes => Uint8Array.from(bytes))
    const handshake = new ClientHandshake(CLIENT, RELAY.publicKey, size => {
      const next = drawn.shift()
      if (next?.length !== size) throw new Error(`${size} bytes drawn`)
      return next
    })
    const { request } = handshake
    expect(request).toHaveLength(128)
    expect(request.subarray(0, 32)).toEqual(CLIENT.publicKey)
    expect(request.subarray(32, 56)).toEqual(nonce)
    const plain = sodium.crypto_box_open_easy(
      request.subarray(56),
      request.subarray(32, 56),
      CLIENT.publicKey,
      RELAY.secretKey,
    )
    expect(plain).toEqual(
      join(sodium.crypto_scalarmult_base(secret ?? new Uint8Array()), baseNonce ?? new Uint8Array()),
    )
  })

  test('uses keys and nonces of its own for each attempt', () => {
    const [one, two] = [clientHandshake().request, clientHandshake().request]
    expect(one.subarray(32, 56)).not.toEqual(two.subarray(32, 56))
    expect(one.subarray(56)).not.toEqual(two.subarray(56))
  })

  test("speaks with a relay written from the docs: each side's first frame goes under its own base nonce", () => {
    const handshake = clientHandshake()
    const { response, end, clientKey } = answerHandshake(handshake.request, RELAY)
    expect(response).toHaveLength(96)
    expect(clientKey).toEqual(CLIENT.publicKey)
    const established = handshake.receive(response)
    if (!established) throw new Error()
    expect(end.open(sealAll(established.channel, [hex('04'), hex('05')]))).toEqual([hex('04'), hex('05')])
    expect(established.channel.open(end.seal(hex('0402')).subarray(2))).toEqual(hex('0402'))
    expect(established.leftover).toEqual(new Uint8Array())
  })

  test('case 1: is established once, at byte 96, when the response comes in 1-byte pieces', () => {
    const handshake = clientHandshake()
    const { response } = answerHandshake(handshake.request, RELAY)
    for (let at = 0; at < 95; at++) {
      expect(handshake.receive(response.subarray(at, at + 1))).toBeUndefined()
      expect(handshake.received).toBe(at + 1)
    }
    expect(handshake.receive(response.subarray(95))?.leftover).toEqual(new Uint8Array())
    expect(handshake.received).toBe(96)
  })

  prop([fc.nat(200), fc.array(fc.nat(), { maxLength: 6 })])(
    'case 2: hands on the first frames that came with the response, however the stream is cut',
    (size, cuts) => {
      const handshake = clientHandshake()
      const { response, end } = answerHandshake(handshake.request, RELAY)
      const stream = join(
        response,
        ...Array.from({ length: size % 7 }, (_, i) => end.seal(16, new Uint8Array(i))),
      )
      const rest: Uint8Array[] = []
      let established = false
      for (const piece of pieces(stream, cuts)) {
        if (established) {
          rest.push(piece)
          continue
        }
        const done = handshake.receive(piece)
        if (!done) continue
        established = true
        rest.push(done.leftover)
      }
      expect(established).toBe(true)
      expect(join(...rest)).toEqual(stream.subarray(96))
    },
  )

  test('case 3: refuses a response with any bit flipped', () => {
    const nonce = hex('ff'.repeat(24))
    for (let at = 0; at < 96; at++)
      for (let bit = 1; bit < 256; bit *= 2) {
        const handshake = clientHandshake()
        const { response } = answerHandshake(handshake.request, RELAY, nonce)
        const error = expectToxError(() => handshake.receive(flipped(response, at, bit)), 'bad-handshake')
        expect(error.fault).toBe('relay')
      }
  })

  test('case 3: is not read by a relay with another key, nor reads what such a relay makes up', () => {
    const handshake = clientHandshake()
    const other = referenceKeys(9)
    expect(() => answerHandshake(handshake.request, other)).toThrow()
    const nonce = sodium.randombytes_buf(24)
    const box = sodium.crypto_box_easy(join(other.publicKey, nonce), nonce, CLIENT.publicKey, other.secretKey)
    expectToxError(() => handshake.receive(join(nonce, box)), 'bad-handshake')
  })

  test.each([
    'HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 150\r\n\r\n<html>\r\n',
    `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n${'x'.repeat(80)}`,
  ])('case 3: tells text from a bad handshake: %j is not a relay', text => {
    expectToxError(() => clientHandshake().receive(new TextEncoder().encode(text)), 'not-a-relay')
  })

  test.each([
    [0x1f, 'bad-handshake'],
    [0x20, 'not-a-relay'],
    [0x7e, 'not-a-relay'],
    [0x7f, 'bad-handshake'],
    [0x0a, 'not-a-relay'],
    [0x0d, 'not-a-relay'],
    [0x09, 'bad-handshake'],
    [0x00, 'bad-handshake'],
  ] as const)('case 3: 96 bytes of %i are %s', (byte, reason) => {
    expectToxError(() => clientHandshake().receive(new Uint8Array(96).fill(byte)), reason)
  })

  test('case 3: text is told by the first 24 bytes, which are a nonce in a true response', () => {
    const text = new Uint8Array(96).fill(0x41)
    expectToxError(() => clientHandshake().receive(flipped(text, 23, 0x80)), 'bad-handshake')
    expectToxError(() => clientHandshake().receive(flipped(text, 24, 0x80)), 'not-a-relay')
  })

  test('case 4: with 95 bytes is not established, and says how far it came', () => {
    const handshake = clientHandshake()
    expect(handshake.received).toBe(0)
    const { response } = answerHandshake(handshake.request, RELAY)
    expect(handshake.receive(response.subarray(0, 95))).toBeUndefined()
    expect(handshake.received).toBe(95)
  })

  test('case 5: takes the replay of an old response, but no frame under it opens, and none counts as received', () => {
    const old = clientHandshake()
    const { response, end } = answerHandshake(old.request, RELAY)
    const replay = clientHandshake().receive(join(response, end.seal(hex('040102030405060708'))))
    if (!replay) throw new Error()
    const session = new Session(replay.channel, { random: systemRandom, now: () => 0 })
    expectToxError(() => session.receive(replay.leftover, () => {}), 'protocol-violation')
    expect(session.received).toBe(0)
  })

  test('case 6: keeps 96 bytes of a megabyte, and no more', () => {
    const handshake = clientHandshake()
    const { response } = answerHandshake(handshake.request, RELAY)
    const flood = join(response, new Uint8Array(1024 * 1024))
    const leftover = handshake.receive(flood)?.leftover
    expect(leftover?.length).toBe(1024 * 1024)
    expect(leftover?.buffer).toBe(flood.buffer)
    expect(handshake.received).toBe(96)
  })

  test('refuses a response whose temporary key is of low order', () => {
    const handshake = clientHandshake()
    const shared = sodium.crypto_box_beforenm(CLIENT.publicKey, RELAY.secretKey)
    const nonce = sodium.randombytes_buf(24)
    const box = sodium.crypto_box_easy_afternm(new Uint8Array(56), nonce, shared)
    expectToxError(() => handshake.receive(join(nonce, box)), 'bad-handshake')
  })

  test('cannot even begin with a relay key of low order, and says why', () => {
    const error = expectToxError(
      () => new ClientHandshake(CLIENT, new Uint8Array(32), systemRandom),
      'bad-handshake',
    )
    expect(error.message).toContain('no secret can be shared with that public key')
  })
})

describe('the relay', () => {
  test('speaks with a client written from the docs', () => {
    const client = startHandshake(referenceKeys(5), RELAY.publicKey)
    const answer = relayHandshake().receive(client.request)
    if (!answer) throw new Error()
    expect(answer.clientKey).toEqual(referenceKeys(5).publicKey)
    expect(answer.response).toHaveLength(96)
    const end = client.finish(answer.response)
    expect(end.open(sealAll(answer.channel, [hex('04'), hex('05')]))).toEqual([hex('04'), hex('05')])
    expect(answer.channel.open(end.seal(hex('0402')).subarray(2))).toEqual(hex('0402'))
  })

  test('waits for byte 128, then hands on what came behind it', () => {
    const client = startHandshake(referenceKeys(5), RELAY.publicKey)
    const relay = relayHandshake()
    const stream = join(client.request, hex('0102'))
    for (let at = 0; at < 127; at++) expect(relay.receive(stream.subarray(at, at + 1))).toBeUndefined()
    expect(relay.receive(stream.subarray(127))?.leftover).toEqual(hex('0102'))
  })

  test('answers each client with keys and nonces of its own', () => {
    const { request } = startHandshake(referenceKeys(5), RELAY.publicKey)
    const [one, two] = [relayHandshake().receive(request), relayHandshake().receive(request)]
    expect(one?.response.subarray(0, 24)).not.toEqual(two?.response.subarray(0, 24))
    expect(one?.response.subarray(24)).not.toEqual(two?.response.subarray(24))
  })

  test('refuses a request with any bit flipped, those of the key in clear among them', () => {
    const { request } = startHandshake(referenceKeys(5), RELAY.publicKey)
    for (let at = 0; at < 128; at++)
      for (let bit = 1; bit < 256; bit *= 2)
        expectToxError(() => relayHandshake().receive(flipped(request, at, bit)), 'bad-handshake')
  })

  test('refuses a client whose key, or whose temporary key, is of low order', () => {
    const { request } = startHandshake(referenceKeys(5), RELAY.publicKey)
    const noKey = join(new Uint8Array(32), request.subarray(32))
    expectToxError(() => relayHandshake().receive(noKey), 'bad-handshake')
    const client = referenceKeys(5)
    const nonce = sodium.randombytes_buf(24)
    const box = sodium.crypto_box_easy(new Uint8Array(56), nonce, RELAY.publicKey, client.secretKey)
    expectToxError(() => relayHandshake().receive(join(client.publicKey, nonce, box)), 'bad-handshake')
  })
})

describe('both ends of ours', () => {
  test('agree, and each reads what the other sends', () => {
    const client = clientHandshake()
    const answer = relayHandshake().receive(client.request)
    const established = answer && client.receive(answer.response)
    if (!answer || !established) throw new Error()
    const there = sealAll(established.channel, [hex('0a')])
    expect(answer.channel.open(there.subarray(2))).toEqual(hex('0a'))
    const back = sealAll(answer.channel, [hex('0b')])
    expect(established.channel.open(back.subarray(2))).toEqual(hex('0b'))
  })
})

describe('secrets', () => {
  const heapHolds = (secret: Uint8Array): boolean =>
    Buffer.from(libsodium.HEAPU8).includes(Buffer.from(secret.subarray(1, -1)))
  /** A source of randomness that keeps what it gave: the array itself, which may be wiped, and a copy. */
  const recording = () => {
    const given: { array: Uint8Array; copy: Uint8Array }[] = []
    const random = (size: number): Uint8Array => {
      const array = systemRandom(size)
      given.push({ array, copy: Uint8Array.from(array) })
      return array
    }
    return { random, temporary: () => given.find(({ array }) => array.length === 32) }
  }
  const zero = new Uint8Array(32)

  test('of both temporary keys nothing is left once the handshake is done', () => {
    const [ours, theirs] = [recording(), recording()]
    const own = newKeyPair(systemRandom)
    const client = new ClientHandshake(own, RELAY.publicKey, ours.random)
    const answer = new RelayHandshake(RELAY_PAIR, theirs.random).receive(client.request)
    const established = answer && client.receive(answer.response)
    if (!established) throw new Error()
    for (const { temporary } of [ours, theirs]) {
      expect(temporary()?.array).toEqual(zero)
      expect(heapHolds(temporary()?.copy ?? zero)).toBe(false)
    }
    expect(heapHolds(own.secretKey)).toBe(false)
    expect(heapHolds(RELAY_PAIR.secretKey)).toBe(false)
  })

  test('of a session nothing is left once both ends are closed', () => {
    const ours = recording()
    const client = new ClientHandshake(CLIENT, RELAY.publicKey, ours.random)
    const { response, end } = answerHandshake(client.request, RELAY)
    const established = client.receive(response)
    if (!established) throw new Error()
    const session = new Session(established.channel, { random: systemRandom, now: () => 0 })
    session.ping()
    session.transmit(1000)
    session.receive(end.seal(hex('040102030405060708')), () => {})
    // libsodium's own wrapper, which the reference uses, keeps its copies: only ours are counted by their number.
    const copies = countInHeap(end.key)
    session.close()
    expect(countInHeap(end.key)).toBe(copies - 1)
  })

  test('of a handshake given up nothing is left', () => {
    const { random, temporary } = recording()
    const client = new ClientHandshake(CLIENT, RELAY.publicKey, random)
    client.close()
    client.close()
    expect(temporary()?.array).toEqual(zero)
    const { response } = answerHandshake(client.request, RELAY)
    expectToxError(() => client.receive(response), 'bad-handshake')
  })

  /** What `call` overwrites, as it was before. */
  const wipedIn = (call: () => void): Uint8Array[] => {
    const wiped: Uint8Array[] = []
    const { fill } = Uint8Array.prototype
    const spy = vi.spyOn(Uint8Array.prototype, 'fill').mockImplementation(function (
      this: Uint8Array,
      ...rest
    ) {
      if (this.length === 32) wiped.push(Uint8Array.from(this))
      return Reflect.apply(fill, this, rest)
    })
    call()
    spy.mockRestore()
    return wiped
  }

  test('of what a relay and a client share by their long-term keys nothing is left, refused or not', () => {
    const shared = sodium.crypto_box_beforenm(CLIENT.publicKey, RELAY.secretKey)
    const client = clientHandshake()
    const taken = wipedIn(() => relayHandshake().receive(client.request))
    const refused = wipedIn(() =>
      expectToxError(() => relayHandshake().receive(flipped(client.request, 100)), 'bad-handshake'),
    )
    const given = wipedIn(() => client.close())
    for (const wiped of [taken, refused, given]) expect(wiped).toContainEqual(shared)
  })

  test('of a handshake refused nothing is left', () => {
    const { random, temporary } = recording()
    const client = new ClientHandshake(CLIENT, RELAY.publicKey, random)
    expectToxError(() => client.receive(new Uint8Array(96)), 'bad-handshake')
    expect(temporary()?.array).toEqual(zero)
  })

  const countInHeap = (secret: Uint8Array): number => {
    const heap = Buffer.from(libsodium.HEAPU8)
    let count = 0
    for (let at = heap.indexOf(Buffer.from(secret)); at >= 0; at = heap.indexOf(Buffer.from(secret), at + 1))
      count++
    return count
  }
})
