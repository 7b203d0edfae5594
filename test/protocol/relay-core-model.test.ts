import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FIRST_CONNECTION_ID } from '../../src/protocol/constants.js'
import { RelayCore } from '../../src/protocol/relay-core.js'
import { bytes, Client, key } from './relay-core-client.js'

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
