import { describe, expect, test } from 'vitest'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import { type Route, Routes } from '../../src/protocol/routes.js'
import { expectToxError, hex, join } from './ends.js'

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const [A, B, C] = [key(0xa), key(0xb), key(0xc)]
const id = (n: number): ConnectionId => n as ConnectionId

/** Routes, the packets that they send, and what they tell. */
function setUp() {
  const sent: Uint8Array[] = []
  const told: string[] = []
  const routes = new Routes<string>({
    send: packet => sent.push(packet),
    changed: route => told.push(`${route.owner} ${route.state} ${route.id ?? '-'}`),
  })
  const want = (publicKey: Uint8Array, owner = name(publicKey)): Route<string> => {
    const route = routes.want(publicKey, owner)
    if (!route) throw new Error('no id left')
    return route
  }
  /** A friend whose route is registered, or online. */
  const registered = (publicKey: Uint8Array, n: number): Route<string> => {
    const route = want(publicKey)
    routes.onResponse(id(n), publicKey)
    return route
  }
  const online = (publicKey: Uint8Array, n: number): Route<string> => {
    const route = registered(publicKey, n)
    routes.onConnect(id(n))
    return route
  }
  const clear = (): void => {
    sent.length = 0
    told.length = 0
  }
  return { routes, sent, told, want, registered, online, clear }
}

const name = (publicKey: Uint8Array): string => String.fromCharCode(0x41 + (publicKey[0] ?? 0) - 0xa)
const request = (publicKey: Uint8Array): Uint8Array => join(hex('00'), publicKey)
const disconnect = (n: number): Uint8Array => Uint8Array.of(3, n)

describe('a route', () => {
  test('is asked for by a routing request, registered by its response, online by a connect notification', () => {
    const { routes, sent, told, want } = setUp()
    const route = want(A)
    expect(route).toMatchObject({
      publicKey: A,
      owner: 'A',
      state: 'requested',
      id: undefined,
      cancelled: false,
    })
    expect(sent).toEqual([request(A)])
    routes.onResponse(id(16), A)
    expect(route).toMatchObject({ state: 'registered', id: 16 })
    routes.onConnect(id(16))
    expect(route).toMatchObject({ state: 'online', id: 16 })
    routes.onDisconnect(id(16))
    expect(route).toMatchObject({ state: 'registered', id: 16 })
    routes.onConnect(id(16))
    expect(told).toEqual(['A registered 16', 'A online 16', 'A registered 16', 'A online 16'])
    expect(sent).toEqual([request(A)])
    expect(routes.ignored).toBe(0)
  })

  test('is asked for once, however often it is wanted, and has its last owner', () => {
    const { routes, sent, want } = setUp()
    const route = want(A, 'first')
    expect(want(A, 'second')).toBe(route)
    routes.onResponse(id(16), A)
    expect(want(A, 'third')).toBe(route)
    expect(route.owner).toBe('third')
    expect(sent).toEqual([request(A)])
    expect(routes.size).toBe(1)
  })

  test('carries data only while it is online', () => {
    const { routes, want } = setUp()
    const route = want(A)
    const carried: (Route | undefined)[] = [routes.online(id(16))]
    routes.onResponse(id(16), A)
    carried.push(routes.online(id(16)))
    routes.onConnect(id(16))
    carried.push(routes.online(id(16)))
    routes.onDisconnect(id(16))
    carried.push(routes.online(id(16)))
    routes.onConnect(id(16))
    routes.drop(route)
    carried.push(routes.online(id(16)))
    expect(carried).toEqual([undefined, undefined, route, undefined, undefined])
  })

  test('is one of all while its request is open or its id is held', () => {
    const { routes, want, online } = setUp()
    const [a, b] = [want(A), online(B, 16)]
    expect(routes.all()).toEqual([a, b])
    routes.drop(a)
    expect(routes.all()).toEqual([a, b])
    routes.drop(b)
    expect(routes.all()).toEqual([a])
    routes.onResponse(undefined, A)
    expect(routes.all()).toEqual([])
  })
})

describe('case 13: a response that we did not ask for', () => {
  test('is ignored and counted, and uses no slot', () => {
    const { routes, sent, told } = setUp()
    routes.onResponse(id(16), A)
    routes.onResponse(undefined, A)
    expect(routes.ignored).toBe(2)
    expect([...sent, ...told]).toEqual([])
    expect(routes.size).toBe(0)
    routes.onConnect(id(16))
    expect(routes.online(id(16))).toBeUndefined()
  })

  test('even 240 at once take no memory, and the friends that we want get their ids', () => {
    const { routes, told, registered } = setUp()
    for (let n = 16; n < 256; n++) routes.onResponse(id(n), join(Uint8Array.of(n), new Uint8Array(31)))
    expect(routes.ignored).toBe(240)
    expect(routes.size).toBe(0)
    registered(A, 16)
    expect(told).toEqual(['A registered 16'])
  })

  test('again, or once more with another id, is ignored: never two ids for one friend', () => {
    const { routes, sent, told, registered } = setUp()
    const route = registered(A, 16)
    routes.onResponse(id(16), A)
    routes.onResponse(id(17), A)
    routes.onResponse(undefined, A)
    expect(routes.ignored).toBe(3)
    expect(route.id).toBe(16)
    routes.onConnect(id(17))
    expect(route.state).toBe('registered')
    routes.onConnect(id(16))
    routes.onResponse(id(18), A)
    expect(route).toMatchObject({ state: 'online', id: 16 })
    expect(told).toEqual(['A registered 16', 'A online 16'])
    expect(sent).toEqual([request(A)])
  })
})

describe('an id that another friend holds', () => {
  test('breaks the protocol, and leaves the other alone', () => {
    const { routes, want, online } = setUp()
    const a = online(A, 16)
    const b = want(B)
    const error = expectToxError(() => routes.onResponse(id(16), B), 'protocol-violation')
    expect(error.message).toContain('connection id 16 given twice')
    expect(routes.online(id(16))).toBe(a)
    expect(b.state).toBe('requested')
  })

  test('breaks the protocol for a friend given up too: no disconnect may cut the other', () => {
    const { routes, sent, want, online, clear } = setUp()
    online(A, 16)
    routes.drop(want(B))
    clear()
    expectToxError(() => routes.onResponse(id(16), B), 'protocol-violation')
    expect(sent).toEqual([])
  })
})

describe('a refusal', () => {
  test('is told, ends the route, and lets it be asked for again', () => {
    const { routes, sent, told, want } = setUp()
    const route = want(A)
    routes.onResponse(undefined, A)
    expect(route).toMatchObject({ state: 'refused', id: undefined })
    expect(told).toEqual(['A refused -'])
    expect(routes.size).toBe(0)
    const again = want(A)
    expect(again).not.toBe(route)
    routes.onResponse(id(16), A)
    expect(again.state).toBe('registered')
    expect(route.state).toBe('refused')
    expect(sent).toEqual([request(A), request(A)])
  })

  test('case 18: dropping a friend who was refused sends nothing, even when he is asked for anew', () => {
    const { routes, sent, want, clear } = setUp()
    const route = want(A)
    routes.onResponse(undefined, A)
    clear()
    routes.drop(route)
    expect(sent).toEqual([])
    expect(route.state).toBe('refused')
    const again = want(A)
    routes.drop(route)
    expect(again.cancelled).toBe(false)
    expect(routes.all()).toEqual([again])
  })
})

describe('dropping a friend', () => {
  const dropping = (state: 'registered' | 'online'): void => {
    const setup = setUp()
    const { routes, sent, told, clear } = setup
    const route = setup[state](A, 16)
    clear()
    routes.drop(route)
    expect(sent).toEqual([disconnect(16)])
    expect(route).toMatchObject({ state: 'ended', id: undefined })
    routes.drop(route)
    expect(sent).toHaveLength(1)
    expect(told).toEqual([])
    expect(routes.size).toBe(0)
  }

  test('who is online sends a disconnect notification, once', () => dropping('online'))

  test('who is only registered sends a disconnect notification, once', () => dropping('registered'))

  test('case 14: a connect notification that crosses our disconnect is no event', () => {
    const { routes, told, registered, clear } = setUp()
    routes.drop(registered(A, 16))
    clear()
    routes.onConnect(id(16))
    routes.onDisconnect(id(16))
    expect(told).toEqual([])
    expect(routes.ignored).toBe(2)
  })

  test("case 15: what comes late on an id that B is about to get is A's, and dropped, until B's response", () => {
    const { routes, want, online } = setUp()
    routes.drop(online(A, 16))
    const b = want(B)
    expect(routes.online(id(16))).toBeUndefined()
    routes.onResponse(id(16), B)
    expect(routes.online(id(16))).toBeUndefined()
    routes.onConnect(id(16))
    expect(routes.online(id(16))).toBe(b)
  })

  test('case 16: and adding him again after the disconnect sends a fresh request', () => {
    const { routes, sent, told, want, online } = setUp()
    const route = online(A, 16)
    routes.drop(route)
    const again = want(A)
    expect(again).not.toBe(route)
    expect(sent).toEqual([request(A), disconnect(16), request(A)])
    routes.onResponse(id(16), A)
    routes.onConnect(id(16))
    expect(routes.online(id(16))).toBe(again)
    expect(told.slice(2)).toEqual(['A registered 16', 'A online 16'])
    routes.drop(route)
    expect(routes.all()).toEqual([again])
    expect(sent).toHaveLength(3)
  })

  test('case 16: and adding him again while the request is open takes its response, and sends nothing', () => {
    const { routes, sent, told, want } = setUp()
    const route = want(A)
    routes.drop(route)
    expect(route.cancelled).toBe(true)
    expect(want(A)).toBe(route)
    expect(route.cancelled).toBe(false)
    routes.onResponse(id(16), A)
    expect(route).toMatchObject({ state: 'registered', id: 16 })
    expect(sent).toEqual([request(A)])
    expect(told).toEqual(['A registered 16'])
  })

  test('case 17: whose request is open sends no id made up; the late response is answered with disconnect', () => {
    const { routes, sent, told, want, online, clear } = setUp()
    const other = online(B, 16)
    const route = want(A)
    clear()
    routes.drop(route)
    routes.drop(route)
    expect(sent).toEqual([])
    expect(routes.size).toBe(2)
    routes.onResponse(id(17), A)
    expect(sent).toEqual([disconnect(17)])
    expect(told).toEqual([])
    expect(route.state).toBe('ended')
    expect(routes.online(id(16))).toBe(other)
    expect(routes.all()).toEqual([other])
    routes.onConnect(id(17))
    expect(told).toEqual([])
    want(A)
    expect(sent).toEqual([disconnect(17), request(A)])
  })

  test('case 18: whose request is refused in the end is over, and nobody is told', () => {
    const { routes, sent, told, want, clear } = setUp()
    const route = want(A)
    routes.drop(route)
    clear()
    routes.onResponse(undefined, A)
    expect([...sent, ...told]).toEqual([])
    expect(route.state).toBe('ended')
    expect(routes.size).toBe(0)
  })
})

describe('240 friends', () => {
  const friend = (n: number): Uint8Array => join(Uint8Array.of(n >> 8, n & 0xff), new Uint8Array(30))

  test('case 19: are all that a relay has ids for; the next is refused without asking, until one is dropped', () => {
    const { routes, sent, want } = setUp()
    const all = Array.from({ length: 240 }, (_, n) => want(friend(n)))
    expect(routes.want(friend(240), 'x')).toBeUndefined()
    expect(sent).toHaveLength(240)
    expect(routes.want(friend(7), 'x')).toBe(all[7])
    const [first] = all
    if (!first) throw new Error()
    routes.drop(first)
    expect(routes.want(friend(240), 'x')).toBeUndefined()
    routes.onResponse(id(16), friend(0))
    expect(routes.want(friend(240), 'x')).toBeDefined()
    expect(sent.slice(240)).toEqual([disconnect(16), request(friend(240))])
  })
})

describe('notifications', () => {
  test('for an id that nobody has, or that changes nothing, are ignored and counted', () => {
    const { routes, told, registered, online, clear } = setUp()
    registered(A, 16)
    online(B, 17)
    clear()
    routes.onConnect(id(99))
    routes.onDisconnect(id(99))
    routes.onConnect(id(17))
    routes.onDisconnect(id(16))
    expect(routes.ignored).toBe(4)
    expect(told).toEqual([])
    expect(routes.online(id(17))?.owner).toBe('B')
  })
})

describe('the end of the link', () => {
  test('ends every route in silence, and a drop after it is nothing', () => {
    const { routes, sent, told, want, registered, online, clear } = setUp()
    const all = [want(A), registered(B, 16), online(C, 17)]
    clear()
    routes.end()
    expect(all.map(({ state, id }) => [state, id])).toEqual(Array(3).fill(['ended', undefined]))
    for (const route of all) routes.drop(route)
    expect([...sent, ...told]).toEqual([])
    expect(routes.size).toBe(0)
    expect(routes.online(id(17))).toBeUndefined()
  })
})
