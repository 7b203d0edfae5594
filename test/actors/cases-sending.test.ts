/** Cases 10, 26, 27 and 44: what becomes of packets, whatever relays and subscribers do. */
import { take } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { MAX_DATA_SIZE } from '../../src/protocol/constants.js'
import { addressOf, bytes, relayAt, text, told, World } from '../support/world.js'

describe('a packet', () => {
  test('case 10: of 2031 bytes is sent, of 2032 refused as too large, and the link stays', async () => {
    await using world = new World()
    const { a, toA, toB } = await world.pair([await world.relay()])
    await world.online(toA, toB)
    const heard: number[] = []
    toA.packets$.subscribe(({ data }) => heard.push(data.length))
    expect(toB.send(new Uint8Array(MAX_DATA_SIZE))).toBe('sent')
    expect(toB.send(new Uint8Array(MAX_DATA_SIZE + 1))).toBe('too-large')
    expect(toB.send(bytes('after'))).toBe('sent')
    await world.settle()
    expect(heard).toEqual([MAX_DATA_SIZE, 5])
    expect(told(a, 'network-down')).toEqual([])
  })

  test('case 26: out of band from a friend tied to that relay goes to him alone, marked', async () => {
    await using world = new World()
    const relay = await world.relay()
    const { a, b, toB } = await world.pair([relay])
    await world.online(toB)
    const heard: string[] = []
    toB.packets$.subscribe(({ data, oob }) => heard.push(`friend ${text(data)} ${oob}`))
    a.manager.packets$.subscribe(({ friend, oob }) => heard.push(`all ${friend === toB} ${oob}`))
    a.manager.oob$.subscribe(({ data }) => heard.push(`others ${text(data)}`))
    expect(b.manager.sendOob(a.manager.publicKey, bytes('psst'))).toBe('sent-oob')
    await world.settle()
    expect(heard).toEqual(['friend psst true', 'all true true'])
  })

  test('case 26: out of band from a friend who is not tied to that relay, or from a stranger, goes to oob$', async () => {
    await using world = new World()
    const [tied, other] = [await world.relay(), await world.relay()]
    const { a, b, toB } = await world.pair([tied])
    await world.online(toB)
    for (const { manager } of [a, b]) manager.addRelay({ ...addressOf(other), pinned: true })
    for (const friend of [...a.manager.friends, ...b.manager.friends])
      expect(friend.routes.map(({ relay }) => relay.key)).toContain(relayAt(a, tied).key)
    const stranger = await world.client({ relays: [tied, other] })
    await world.settle()
    const heard: string[] = []
    toB.packets$.subscribe(() => heard.push('friend'))
    a.manager.oob$.subscribe(({ data, publicKey, relay }) =>
      heard.push(
        `${text(data)} ${Buffer.from(publicKey).toString('hex').slice(0, 4)} ${relay.key.slice(0, 4)}`,
      ),
    )
    stranger.manager.sendOob(a.manager.publicKey, bytes('hello'), relayAt(stranger, other))
    await world.settle()
    const [key, at] = [stranger.manager.publicKey, relayAt(a, other).key]
    expect(heard).toEqual([`hello ${Buffer.from(key).toString('hex').slice(0, 4)} ${at.slice(0, 4)}`])
  })

  test('case 27: takes the second route when the chosen relay closes in mid-stream: the very next one', async () => {
    await using world = new World()
    const relays = await world.relays(3)
    const { a, toA, toB } = await world.pair(relays)
    await world.online(toA, toB)
    await world.clock.until(() => toB.routes.every(({ state }) => state === 'online'))
    const heard: string[] = []
    toA.packets$.subscribe(({ data, relay }) => heard.push(`${text(data)} by ${relay.key}`))
    expect(toB.send(bytes('1'))).toBe('sent')
    await world.settle()
    const chosen = relays.find(relay => heard[0]?.endsWith(relayAt(a, relay).key))
    chosen?.kill()
    await world.settle()
    expect(toB.send(bytes('2'))).toBe('sent')
    await world.settle()
    expect(heard.map(line => line.slice(0, 1))).toEqual(['1', '2'])
    expect(heard[1]?.slice(1)).not.toBe(heard[0]?.slice(1))
  })

  test('case 44: and a subscriber that throws: link, other subscribers and manager go on, the error surfaces', async () => {
    await using world = new World()
    const { a, b, toA, toB } = await world.pair([await world.relay()])
    await world.online(toA, toB)
    const heard: string[] = []
    const thrower = (): never => {
      throw new Error('a subscriber’s own fault')
    }
    toA.packets$.subscribe(thrower)
    b.manager.packets$.subscribe(thrower)
    b.manager.status$.pipe(take(1)).subscribe(thrower)
    b.manager.addRelay(await world.relay())
    toA.packets$.subscribe(({ data }) => heard.push(text(data)))
    const surfaced = uncaught(ERRORS)
    for (const word of ['one', 'two']) expect(toB.send(bytes(word))).toBe('sent')
    await world.settle()
    expect(new Set(await surfaced)).toEqual(new Set(['a subscriber’s own fault']))
    expect([heard, toB.state, toA.state, a.manager.relays[0]?.isEstablished]).toEqual([
      ['one', 'two'],
      'online',
      'online',
      true,
    ])
  })
})

/** Two packets, each heard twice, and a status. */
const ERRORS = 5

/** The messages of the next exceptions that nobody catches, which the test runner shall not see. */
async function uncaught(count: number): Promise<string[]> {
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const messages: string[] = []
  try {
    await new Promise<void>(resolve => {
      process.on('uncaughtException', ({ message }) => {
        if (messages.push(message) === count) resolve()
      })
    })
    return messages
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
}
