import { beforeEach, describe, expect, test } from 'vitest'
import { toHex } from '../../src/protocol/bytes.js'
import { MAX_ROUTES_PER_RELAY } from '../../src/protocol/constants.js'
import type { EncodablePacket } from '../../src/protocol/packets.js'
import { RelayCore } from '../../src/protocol/relay-core.js'
import { bytes, Client, id, key } from './relay-core-client.js'

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

test('names clients by their key in hex', () => {
  expect(core.join(key(1), join(2)).name).toBe(toHex(key(1)))
})
