import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { toHex } from '../../src/protocol/bytes.js'
import { type ConnectionId, isConnectionId } from '../../src/protocol/connection-id.js'
import { FIRST_CONNECTION_ID, KEY_SIZE, MAX_ROUTES_PER_RELAY } from '../../src/protocol/constants.js'
import type { Waiting } from '../../src/protocol/outbox.js'
import { decodePacket, type EncodablePacket } from '../../src/protocol/packets.js'
import { type RelayClient, RelayCore, type RelayPort } from '../../src/protocol/relay-core.js'

const key = (n: number): Uint8Array => {
  const bytes = new Uint8Array(KEY_SIZE)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}
const id = (n: number): ConnectionId => {
  if (!isConnectionId(n)) throw new RangeError(`${n} is no connection id`)
  return n
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A packet in a few letters: `response 16 of 2`, `connect 16`, `data 16 hello`. */
const inWords = (plain: Uint8Array): string => {
  const packet = decodePacket(plain)
  const keyNumber = (k: Uint8Array): number => new DataView(k.buffer, k.byteOffset).getUint32(0)
  switch (packet.kind) {
    case 'routingResponse':
      return `response ${packet.connectionId ?? 'refused'} for ${keyNumber(packet.publicKey)}`
    case 'connectNotification':
      return `connect ${packet.connectionId}`
    case 'disconnectNotification':
      return `disconnect ${packet.connectionId}`
    case 'data':
      return `data ${packet.connectionId} ${Buffer.from(packet.payload)}`
    case 'oobRecv':
      return `oob from ${keyNumber(packet.publicKey)} ${Buffer.from(packet.payload)}`
    default:
      return packet.kind
  }
}

/** One client and everything that the relay sent to it. */
class Client implements RelayPort {
  readonly publicKey: Uint8Array
  readonly told: string[] = []
  isFull = false
  readonly #core: RelayCore
  readonly #client: RelayClient

  constructor(core: RelayCore, number: number) {
    this.publicKey = key(number)
    this.#core = core
    this.#client = core.join(this.publicKey, this)
  }

  send(packet: EncodablePacket): void {
    this.#core.receive(this.#client, packet as Parameters<RelayCore['receive']>[1])
  }

  ask(friend: number): void {
    this.send({ kind: 'routingRequest', publicKey: key(friend) })
  }

  drop(connectionId: number): void {
    this.send({ kind: 'disconnectNotification', connectionId: id(connectionId) })
  }

  data(connectionId: number, text: string): void {
    this.send({ kind: 'data', connectionId: id(connectionId), payload: bytes(text) })
  }

  leave(): void {
    this.#core.leave(this.#client)
  }

  /** What was told since the last look. */
  news(): string[] {
    return this.told.splice(0)
  }

  sendControl(packet: Uint8Array): void {
    this.told.push(inWords(packet))
  }

  sendLossy({ payload, id: first }: Waiting): boolean {
    if (this.isFull) return false
    const packet = first === undefined ? payload : Uint8Array.of(first, ...payload)
    this.told.push(inWords(packet))
    return true
  }

  dropOwned(): void {
    this.told.push('waiting data dropped')
  }

  evict(): void {
    this.told.push('evicted')
  }
}

let core: RelayCore
beforeEach(() => {
  core = new RelayCore()
})
const join = (number: number): Client => new Client(core, number)

/** Two clients that are online to each other, both with id 16. */
const pair = (): [Client, Client] => {
  const [a, b] = [join(1), join(2)]
  a.ask(2)
  b.ask(1)
  a.news()
  b.news()
  return [a, b]
}

describe('a routing request', () => {
  test('for a friend who is not here is registered', () => {
    const a = join(1)
    a.ask(2)
    expect(a.news()).toEqual(['response 16 for 2'])
  })

  test('brings both online when the friend has asked too, the response first', () => {
    const [a, b] = [join(1), join(2)]
    a.ask(2)
    expect(b.news()).toEqual([])
    b.ask(1)
    expect(a.news()).toEqual(['response 16 for 2', 'connect 16'])
    expect(b.news()).toEqual(['response 16 for 1', 'connect 16'])
  })

  test('of a friend who is here but did not ask brings nobody online', () => {
    const [a, b] = [join(1), join(2)]
    b.ask(3)
    a.ask(2)
    expect([a.news(), b.news()]).toEqual([['response 16 for 2'], ['response 16 for 3']])
  })

  test('for the own key is refused', () => {
    const a = join(1)
    a.ask(1)
    a.ask(2)
    expect(a.news()).toEqual(['response refused for 1', 'response 16 for 2'])
  })

  test('repeated is answered with the same id, and nobody is notified again', () => {
    const [a, b] = pair()
    a.ask(2)
    a.ask(2)
    expect(a.news()).toEqual(['response 16 for 2', 'response 16 for 2'])
    expect(b.news()).toEqual([])
  })

  test('takes the lowest free id', () => {
    const a = join(1)
    for (const friend of [10, 11, 12, 13]) a.ask(friend)
    a.drop(18)
    a.drop(17)
    a.news()
    for (const friend of [14, 15, 16]) a.ask(friend)
    expect(a.news()).toEqual(['response 17 for 14', 'response 18 for 15', 'response 20 for 16'])
  })

  test('is refused when all 240 ids are taken, until one is free', () => {
    const a = join(1)
    for (let n = 0; n < MAX_ROUTES_PER_RELAY; n++) a.ask(100 + n)
    expect(a.news().at(-1)).toBe('response 255 for 339')
    a.ask(2)
    a.drop(100)
    a.ask(2)
    expect(a.news()).toEqual(['response refused for 2', 'waiting data dropped', 'response 100 for 2'])
  })
})

describe('a disconnect', () => {
  test('makes the friend registered again, and asking anew brings both online', () => {
    const [a, b] = pair()
    a.drop(16)
    expect(b.news()).toEqual(['disconnect 16'])
    a.ask(2)
    expect(a.news()).toEqual(['waiting data dropped', 'response 16 for 2', 'connect 16'])
    expect(b.news()).toEqual(['connect 16'])
  })

  test('of a registered route tells nobody', () => {
    const [a, b] = [join(1), join(2)]
    a.ask(2)
    a.drop(16)
    b.ask(1)
    expect(b.news()).toEqual(['response 16 for 1'])
  })

  test('from both sides at once tells the slower one once', () => {
    const [a, b] = pair()
    a.drop(16)
    b.drop(16)
    expect(a.news()).toEqual(['waiting data dropped'])
    expect(b.news()).toEqual(['disconnect 16', 'waiting data dropped'])
  })

  test('of an id that is not in use breaks the protocol', () => {
    const [a] = pair()
    expect(() => a.drop(17)).toThrow('connection id 17')
    a.drop(16)
    expect(() => a.drop(16)).toThrow('connection id 16')
  })
})

describe('data', () => {
  test('goes to the friend under his id', () => {
    const [a, b] = [join(1), join(2)]
    b.ask(3)
    b.ask(1)
    a.ask(2)
    a.news()
    b.news()
    a.data(16, 'forth')
    b.data(17, 'back')
    expect([a.news(), b.news()]).toEqual([['data 16 back'], ['data 17 forth']])
    expect(core.counts).toMatchObject({ data: 2, dataDropped: 0 })
  })

  test('for a friend who is not online is dropped', () => {
    const a = join(1)
    a.ask(2)
    a.data(16, 'x')
    const [, b] = [a.leave(), join(2)]
    b.ask(1)
    b.data(16, 'y')
    expect(core.counts).toMatchObject({ data: 0, dataDropped: 2 })
  })

  test('on an id that is not in use breaks the protocol, empty or not', () => {
    const [a] = pair()
    expect(() => a.data(17, 'x')).toThrow('connection id 17')
    expect(() => a.data(17, '')).toThrow('connection id 17')
  })

  test('that is empty is dropped, since it would cost the friend his link', () => {
    const [a, b] = pair()
    a.data(16, '')
    expect(b.news()).toEqual([])
    expect(core.counts).toMatchObject({ data: 0, dataDropped: 1 })
  })

  test('for a friend who is full is dropped and counted', () => {
    const [a, b] = pair()
    b.isFull = true
    a.data(16, 'x')
    expect(core.counts).toMatchObject({ data: 0, dataDropped: 1 })
  })

  test('that waits under an id is thrown away with the id', () => {
    const [, b] = pair()
    b.drop(16)
    expect(b.news()).toEqual(['waiting data dropped'])
  })
})

describe('OOB', () => {
  const oob = (from: Client, to: number): void =>
    from.send({ kind: 'oobSend', publicKey: key(to), payload: bytes('x') })

  test('goes to whoever has that key, route or no route, with the sender in place of the receiver', () => {
    const [a, b] = [join(1), join(2)]
    oob(a, 2)
    expect(b.news()).toEqual(['oob from 1 x'])
    expect(core.counts).toMatchObject({ oob: 1, oobDropped: 0 })
  })

  test('for somebody who is not here, or is full, is dropped', () => {
    const [a, b] = [join(1), join(2)]
    b.isFull = true
    oob(a, 2)
    oob(a, 3)
    expect(core.counts).toMatchObject({ oob: 0, oobDropped: 2 })
  })
})

describe('a client that goes', () => {
  test('takes all of its routes along, and the friends are registered again', () => {
    const [a, b] = pair()
    a.ask(3)
    a.leave()
    a.leave()
    expect(b.news()).toEqual(['disconnect 16'])
    expect(core.size).toBe(1)
    const again = join(1)
    again.ask(2)
    expect(again.news()).toEqual(['response 16 for 2', 'connect 16'])
    expect(b.news()).toEqual(['connect 16'])
  })

  test('is put out by a newer one with its key, whose routes are its own', () => {
    const [a, b] = pair()
    const newer = join(1)
    expect([a.news(), b.news()]).toEqual([['evicted'], ['disconnect 16']])
    newer.ask(2)
    expect([newer.news(), b.news()]).toEqual([['response 16 for 2', 'connect 16'], ['connect 16']])
    expect(core.size).toBe(2)
  })

  test('late, after a newer one with its key came, disturbs nothing (case 43)', () => {
    const [a, b] = pair()
    const newer = join(1)
    newer.ask(2)
    b.news()
    a.leave()
    expect(b.news()).toEqual([])
    newer.data(16, 'still here')
    expect(b.news()).toEqual(['data 16 still here'])
    expect(core.size).toBe(2)
  })
})

describe('the rest', () => {
  test.each([
    { kind: 'connectNotification', connectionId: id(16) },
    { kind: 'onionRequest', payload: new Uint8Array(200) },
    { kind: 'onionResponse', payload: new Uint8Array(5) },
    { kind: 'forwardRequest', target: { address: key(1).slice(0, 4), port: 1 }, payload: bytes('x') },
    { kind: 'forwarding', payload: new Uint8Array(5) },
  ] as const satisfies EncodablePacket[])('$kind is ignored and counted', packet => {
    const [a, b] = pair()
    a.send(packet)
    expect([a.news(), b.news()]).toEqual([[], []])
    expect(core.counts).toMatchObject({ ignored: 1 })
  })

  test.each([
    { kind: 'routingResponse', connectionId: id(16), publicKey: key(2) },
    { kind: 'oobRecv', publicKey: key(2), payload: bytes('x') },
  ] as const satisfies EncodablePacket[])('$kind from a client breaks the protocol', packet => {
    const [a] = pair()
    expect(() => a.send(packet)).toThrow('the relay broke the protocol')
  })
})

/**
 * The rules once more, in the plainest way that can be: who asked for whom, in a list; everything else follows from
 * it. Knows nothing of the core.
 */
class Model {
  /** [who, for whom, id] in the order of asking. */
  asked: [who: number, whom: number, id: number][] = []
  here = new Set<number>()
  readonly told = new Map<number, string[]>()

  tell(who: number, what: string): void {
    this.told.set(who, [...(this.told.get(who) ?? []), what])
  }

  idOf(who: number, whom: number): number | undefined {
    return this.asked.find(([a, b]) => a === who && b === whom)?.[2]
  }

  friendAt(who: number, at: number): number | undefined {
    return this.asked.find(([a, , c]) => a === who && c === at)?.[1]
  }

  isOnline(who: number, whom: number): boolean {
    return this.idOf(who, whom) !== undefined && this.idOf(whom, who) !== undefined
  }

  join(who: number): void {
    if (this.here.has(who)) {
      this.leave(who)
      this.tell(who, 'evicted')
    }
    this.here.add(who)
  }

  leave(who: number): void {
    for (const [a, whom, at] of this.asked) if (a === who) this.drop(who, at, whom)
    this.here.delete(who)
  }

  ask(who: number, whom: number): void {
    const known = this.idOf(who, whom)
    let free = FIRST_CONNECTION_ID
    while (this.friendAt(who, free) !== undefined) free++
    this.tell(who, `response ${who === whom ? 'refused' : (known ?? free)} for ${whom}`)
    if (who === whom || known !== undefined) return
    this.asked.push([who, whom, free])
    if (!this.isOnline(who, whom)) return
    this.tell(who, `connect ${free}`)
    this.tell(whom, `connect ${this.idOf(whom, who)}`)
  }

  drop(who: number, at: number, whom = this.friendAt(who, at)): void {
    if (whom !== undefined && this.isOnline(who, whom)) this.tell(whom, `disconnect ${this.idOf(whom, who)}`)
    this.asked = this.asked.filter(([a, , c]) => a !== who || c !== at)
  }

  data(who: number, at: number, text: string): void {
    const whom = this.friendAt(who, at)
    if (whom !== undefined && this.isOnline(who, whom) && text !== '')
      this.tell(whom, `data ${this.idOf(whom, who)} ${text}`)
  }

  oob(who: number, whom: number): void {
    if (this.here.has(whom)) this.tell(whom, `oob from ${who} x`)
  }
}

/** The core and the model, told the same. */
class Both {
  readonly core = new RelayCore()
  readonly model = new Model()
  readonly clients = new Map<number, Client>()
  /** What the core told to each. */
  readonly told = new Map<number, string[]>()

  constructor() {
    for (const who of PEOPLE) this.do({ act: 'join', who, whom: who, at: FIRST_CONNECTION_ID })
  }

  do({ act, who, whom, at }: Step): void {
    const client = this.clients.get(who)
    if (act === 'join') {
      this.model.join(who)
      this.clients.set(who, new Client(this.core, who))
    } else if (client) this.#actOf(client, { act, who, whom, at })
    for (const each of new Set([client, ...this.clients.values()])) if (each) this.#collect(each)
  }

  #actOf(client: Client, { act, who, whom, at }: Step): void {
    const inUse = this.model.friendAt(who, at) !== undefined
    switch (act) {
      case 'leave':
        this.model.leave(who)
        client.leave()
        this.clients.delete(who)
        break
      case 'ask':
        this.model.ask(who, whom)
        client.ask(whom)
        break
      case 'oob':
        this.model.oob(who, whom)
        client.send({ kind: 'oobSend', publicKey: key(whom), payload: bytes('x') })
        break
      case 'drop':
        this.model.drop(who, at)
        if (inUse) client.drop(at)
        else expect(() => client.drop(at)).toThrow('not in use')
        break
      default:
        this.model.data(who, at, act === 'data' ? 'x' : '')
        if (inUse) client.data(at, act === 'data' ? 'x' : '')
        else expect(() => client.data(at, 'x')).toThrow('not in use')
    }
  }

  #collect(client: Client): void {
    const who = new DataView(client.publicKey.buffer).getUint32(0)
    const news = client.news().filter(each => each !== 'waiting data dropped')
    if (news.length > 0) this.told.set(who, [...(this.told.get(who) ?? []), ...news])
  }
}

const PEOPLE = [1, 2, 3, 4]

const step = fc.record({
  act: fc.constantFrom('ask', 'ask', 'ask', 'drop', 'data', 'data', 'no data', 'oob', 'leave', 'join'),
  who: fc.constantFrom(...PEOPLE),
  whom: fc.constantFrom(...PEOPLE),
  at: fc.integer({ min: FIRST_CONNECTION_ID, max: FIRST_CONNECTION_ID + 2 }),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

test('whatever clients do, the core tells them the same as a plain model', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), steps => {
      const both = new Both()
      for (const each of steps) both.do(each)
      expect(both.told).toEqual(both.model.told)
      expect(both.core.size).toBe(both.model.here.size)
      for (const each of [...both.told.values()].flat()) seen.add(each)
    }),
    { numRuns: 1000 },
  )
  expect([...seen]).toEqual(
    expect.arrayContaining(['connect 17', 'disconnect 17', 'data 17 x', 'oob from 4 x', 'evicted']),
  )
})

test('names clients by their key in hex', () => {
  expect(core.join(key(1), join(2)).name).toBe(toHex(key(1)))
})
