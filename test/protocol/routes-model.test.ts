/**
 * Routes against two independent models: an honest relay that hands out ids as c-toxcore does, with packets under way
 * in both directions while friends are added, dropped, come and go; and a hostile relay that says anything at all.
 */
import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import { ToxError } from '../../src/protocol/errors.js'
import { type Route, Routes } from '../../src/protocol/routes.js'
import { prop, runs } from './ends.js'

const FRIENDS = 5
const keyOf = (friend: number): Uint8Array => new Uint8Array(32).fill(friend + 1)
const friendOf = (publicKey: Uint8Array): number => (publicKey[0] ?? 0) - 1
const connectionId = (id: number): ConnectionId => id as ConnectionId

/** Which friends are wanted: all that a user knows. */
interface Wishes {
  readonly wanted: boolean[]
}

const idOrRefusal = (id: number | undefined): ConnectionId | undefined =>
  id === undefined ? undefined : connectionId(id)

type Message =
  | { kind: 'response'; id: number | undefined; friend: number }
  | { kind: 'connect'; id: number }
  | { kind: 'disconnect'; id: number }
  | { kind: 'data'; id: number; friend: number }

/** A relay after docs/protocol.md §5, from one client's side. It fails the test when it is asked for nonsense. */
class HonestRelay {
  readonly present = new Set<number>()
  readonly links = new Map<number, number>()
  readonly #capacity: number
  readonly #say: (message: Message) => void

  constructor(capacity: number, say: (message: Message) => void) {
    this.#capacity = capacity
    this.#say = say
  }

  idOf(friend: number): number | undefined {
    return [...this.links].find(([, other]) => other === friend)?.[0]
  }

  take(packet: Uint8Array): void {
    const [kind, second = 0] = packet
    if (kind === 0) this.#request(second - 1)
    else if (kind === 3) assert(this.links.delete(second), `disconnect for id ${second}, which is not held`)
    else throw new Error(`packet ${kind} from Routes`)
  }

  arrive(friend: number): void {
    if (this.present.has(friend)) return
    this.present.add(friend)
    const id = this.idOf(friend)
    if (id !== undefined) this.#say({ kind: 'connect', id })
  }

  leave(friend: number): void {
    if (!this.present.delete(friend)) return
    const id = this.idOf(friend)
    if (id !== undefined) this.#say({ kind: 'disconnect', id })
  }

  data(friend: number): void {
    const id = this.idOf(friend)
    if (id !== undefined && this.present.has(friend)) this.#say({ kind: 'data', id, friend })
  }

  #request(friend: number): void {
    assert.equal(this.idOf(friend), undefined, 'a second request while an id is held')
    let id = 16
    while (this.links.has(id)) id++
    if (this.links.size >= this.#capacity) {
      this.#say({ kind: 'response', id: undefined, friend })
      return
    }
    this.links.set(id, friend)
    this.#say({ kind: 'response', id, friend })
    if (this.present.has(friend)) this.#say({ kind: 'connect', id })
  }
}

/** Routes, an honest relay, and what is under way between them. */
class World {
  readonly relay: HonestRelay
  readonly routes: Routes<number>
  readonly held: (Route<number> | undefined)[] = []
  readonly toRelay: Uint8Array[] = []
  readonly toClient: Message[] = []

  constructor(wishes: Wishes, capacity: number) {
    this.relay = new HonestRelay(capacity, message => this.toClient.push(message))
    this.routes = new Routes({
      send: packet => this.toRelay.push(packet),
      changed: route => {
        const friend = friendOf(route.publicKey)
        assert(wishes.wanted[friend], 'an event for a friend who is not wanted')
        assert.equal(route, this.held[friend])
        if (route.state === 'refused') wishes.wanted[friend] = false
      },
    })
  }

  deliverToRelay(): void {
    const packet = this.toRelay.shift()
    if (packet) this.relay.take(packet)
  }

  deliverToClient(): void {
    const message = this.toClient.shift()
    if (!message) return
    switch (message.kind) {
      case 'connect':
        this.routes.onConnect(connectionId(message.id))
        break
      case 'disconnect':
        this.routes.onDisconnect(connectionId(message.id))
        break
      case 'response':
        this.routes.onResponse(idOrRefusal(message.id), keyOf(message.friend))
        break
      case 'data': {
        const route = this.routes.online(connectionId(message.id))
        if (route) assert.equal(friendOf(route.publicKey), message.friend, 'data given to another friend')
      }
    }
  }

  settle(): void {
    while (this.toRelay.length + this.toClient.length > 0) {
      this.deliverToRelay()
      this.deliverToClient()
    }
  }

  /** Once nothing is under way, both sides agree, and with the wishes. */
  check({ wanted }: Wishes): void {
    for (let friend = 0; friend < FRIENDS; friend++) {
      const id = this.relay.idOf(friend)
      expect(id !== undefined, `friend ${friend} has an id`).toBe(wanted[friend] === true)
      if (id === undefined) continue
      const state = this.relay.present.has(friend) ? 'online' : 'registered'
      expect(this.held[friend]).toMatchObject({ state, id, cancelled: false })
    }
    expect(this.routes.size).toBe(this.relay.links.size)
  }
}

type WorldCommand = fc.Command<Wishes, World>

const command = (name: string, run: (wishes: Wishes, world: World) => void): WorldCommand => ({
  check: () => true,
  run,
  toString: () => name,
})

const commands = [
  fc.nat(FRIENDS - 1).map(friend =>
    command(`want ${friend}`, (wishes, world) => {
      wishes.wanted[friend] = true
      world.held[friend] = world.routes.want(keyOf(friend), friend)
      expect(world.held[friend]).toBeDefined()
    }),
  ),
  fc.nat(FRIENDS - 1).map(friend =>
    command(`drop ${friend}`, (wishes, world) => {
      wishes.wanted[friend] = false
      const route = world.held[friend]
      if (route) world.routes.drop(route)
    }),
  ),
  fc.nat(FRIENDS - 1).map(friend => command(`arrive ${friend}`, (_, world) => world.relay.arrive(friend))),
  fc.nat(FRIENDS - 1).map(friend => command(`leave ${friend}`, (_, world) => world.relay.leave(friend))),
  fc.nat(FRIENDS - 1).map(friend => command(`data ${friend}`, (_, world) => world.relay.data(friend))),
  fc.constant(command('to relay', (_, world) => world.deliverToRelay())),
  fc.constant(command('to client', (_, world) => world.deliverToClient())),
  fc.constant(
    command('settle', (wishes, world) => {
      world.settle()
      world.check(wishes)
    }),
  ),
]

describe('with an honest relay', () => {
  prop([fc.commands(commands, { maxCommands: 120, size: 'max' }), fc.constantFrom(2, 240)], runs(2000))(
    'adds and drops in any order, with anything under way, end right; no id is invented, no request doubled',
    (sequence, capacity) => {
      const wishes: Wishes = { wanted: [] }
      const world = new World(wishes, capacity)
      fc.modelRun(() => ({ model: wishes, real: world }), sequence)
      world.settle()
      world.check(wishes)
    },
  )
})

/** What must be true of every packet of ours whatever the relay says: kept from the packets alone. */
class Books {
  readonly open = new Set<number>()
  readonly ids = new Map<number, { friend: number; online: boolean }>()

  sent(packet: Uint8Array): void {
    const [kind, second = 0] = packet
    if (kind === 0) {
      const friend = second - 1
      assert(!this.open.has(friend), 'two requests open for one key')
      assert(![...this.ids.values()].some(held => held.friend === friend), 'a request while an id is held')
      this.open.add(friend)
    } else assert(this.ids.delete(second), `disconnect for id ${second}, which we do not hold`)
  }

  /** @returns whether the relay broke the rules with this response */
  response(id: number | undefined, friend: number): boolean {
    if (!this.open.has(friend)) return false
    if (id !== undefined && this.ids.has(id)) return true
    this.open.delete(friend)
    if (id !== undefined) this.ids.set(id, { friend, online: false })
    return false
  }

  notification(id: number, online: boolean): void {
    const held = this.ids.get(id)
    if (held) held.online = online
  }
}

const friend = fc.nat(FRIENDS - 1)
const few = fc.integer({ min: 16, max: 20 })
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ want: friend }) },
  { weight: 2, arbitrary: fc.record({ drop: friend }) },
  {
    weight: 6,
    arbitrary: fc.record({ response: fc.option(few, { nil: undefined }), friend: fc.nat(FRIENDS + 1) }),
  },
  { weight: 3, arbitrary: fc.record({ connect: few }) },
  { weight: 2, arbitrary: fc.record({ disconnect: few }) },
  { weight: 2, arbitrary: fc.record({ data: few }) },
)

describe('with a hostile relay', () => {
  prop([fc.array(step, { maxLength: 120, size: 'max' })], runs(1000))(
    'whatever it says, only what it gave us for a request of ours counts, and only ToxError is thrown',
    steps => {
      const books = new Books()
      const wanted = new Set<number>()
      const held: (Route<number> | undefined)[] = []
      const routes = new Routes<number>({
        send: packet => books.sent(packet),
        changed: route => {
          assert(wanted.has(route.owner), 'an event for a friend who is not wanted')
          if (route.state === 'refused') wanted.delete(route.owner)
        },
      })
      for (const each of steps) {
        if ('want' in each) {
          wanted.add(each.want)
          held[each.want] = routes.want(keyOf(each.want), each.want)
        } else if ('drop' in each) {
          wanted.delete(each.drop)
          const route = held[each.drop]
          if (route) routes.drop(route)
        } else if ('friend' in each) {
          const broken = books.response(each.response, each.friend)
          const call = (): void => routes.onResponse(idOrRefusal(each.response), keyOf(each.friend))
          if (broken) {
            expect(call).toThrow(ToxError)
            return
          }
          call()
        } else if ('connect' in each) {
          books.notification(each.connect, true)
          routes.onConnect(connectionId(each.connect))
        } else if ('disconnect' in each) {
          books.notification(each.disconnect, false)
          routes.onDisconnect(connectionId(each.disconnect))
        } else {
          const entry = books.ids.get(each.data)
          assert.equal(
            routes.online(connectionId(each.data))?.owner,
            entry?.online ? entry.friend : undefined,
          )
        }
        expect(routes.size).toBe(books.open.size + books.ids.size)
        for (const friend of wanted)
          expect(['requested', 'registered', 'online']).toContain(held[friend]?.state)
      }
    },
  )
})
