import { beforeEach, describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/protocol/bytes.js'
import { MAX_DATA_SIZE, PING_INTERVAL_MS, PONG_TIMEOUT_MS } from '../../src/protocol/constants.js'
import { encodePacket } from '../../src/protocol/packets.js'
import type { MemoryRelay } from '../../src/testing/memory-relay.js'
import type { VirtualClock } from '../../src/testing/virtual-clock.js'
import { bytes, data, newKeys, nobodysKey, PING, RelayWorld } from './relay-world.js'

let world: RelayWorld
let clock: VirtualClock
let relay: MemoryRelay
beforeEach(async () => {
  world = await RelayWorld.create()
  ;({ clock, relay } = world)
})

describe('a fast receiver', () => {
  test('gets all that one turn brings, however much', async () => {
    const { a, b, connectionId } = await world.pair()
    relay.place.roomBytes = 1_000_000
    for (let n = 0; n < 200; n++) a.send(data(connectionId, new Uint8Array(MAX_DATA_SIZE)))
    await clock.settle()
    expect(b.all('data')).toHaveLength(200)
    expect(relay.stats).toMatchObject({ data: 200, dataDropped: 0 })
  })
})

describe('a fast sender', () => {
  test('has 64 KiB a turn, then it is the turn of others', async () => {
    const { a, b, connectionId } = await world.pair()
    const other = await world.connect()
    relay.place.roomBytes = 1_000_000
    for (let n = 0; n < 200; n++) a.send(data(connectionId, new Uint8Array(MAX_DATA_SIZE)))
    other.send(PING)
    const passed = clock.run(other.next('pong').then(() => b.all('data').length))
    expect(await passed).toBeLessThan(40)
    expect(b.all('data')).toHaveLength(200)
  })
})

describe('a slow receiver', () => {
  test('loses data, is told what is important in order, and holds nobody else up', async () => {
    const { a, b, keysA, connectionId } = await world.pair()
    const keysC = newKeys()
    const c = await world.connect(keysC)
    a.send({ kind: 'routingRequest', publicKey: keysC.publicKey })
    c.send({ kind: 'routingRequest', publicKey: keysA.publicKey })
    await clock.run(c.next('connectNotification'))
    const toC = (await clock.run(a.next('connectNotification'))).connectionId
    b.pause()
    const payload = new Uint8Array(MAX_DATA_SIZE)
    for (let n = 0; n < 200; n++) {
      a.send(data(connectionId, payload))
      a.send(data(toC, payload))
      await clock.settle()
    }
    a.send({ kind: 'disconnectNotification', connectionId })
    await clock.settle()
    expect(c.all('data')).toHaveLength(200)
    expect(c.all('ping')).toEqual([])
    expect(relay.stats?.dataDropped).toBeGreaterThan(100)
    b.resume()
    await clock.settle()
    expect(b.all('data').length + (relay.stats?.dataDropped ?? 0)).toBe(200)
    expect(b.take('disconnectNotification')).toBeDefined()
    expect(b.ended).toBeUndefined()
  })

  test('that lets more than a thousand important packets wait is dropped', async () => {
    const slow = await world.connect()
    slow.pause()
    for (let n = 0; n < 5000; n++) slow.send({ kind: 'routingRequest', publicKey: nobodysKey(n) })
    await clock.settle()
    expect(relay.drops('too-slow')).toBe(1)
    expect(relay.stats?.clients).toBe(0)
  })

  test('never reading is dropped at the latest by the ping', async () => {
    const slow = await world.connect()
    slow.pause()
    await clock.advance(PING_INTERVAL_MS + PONG_TIMEOUT_MS)
    expect(relay.drops('ping-timeout')).toBe(1)
  })

  test('does not get what waits under an id after it gave the id back', async () => {
    const { a, b, connectionId } = await world.pair()
    b.pause()
    const payload = new Uint8Array(MAX_DATA_SIZE)
    for (let n = 0; n < 80; n++) a.send(data(connectionId, payload))
    await clock.settle()
    b.send({ kind: 'disconnectNotification', connectionId })
    b.send({ kind: 'routingRequest', publicKey: newKeys().publicKey })
    await clock.settle()
    b.resume()
    await clock.settle()
    const kinds = b.received.map(({ kind }) => kind)
    expect(kinds.at(-1)).toBe('routingResponse')
    expect(b.all('data').length).toBeLessThan(40)
  })
})

describe('order', () => {
  test('the last words of a friend come before the word that he left', async () => {
    const { a, b, connectionId } = await world.pair()
    a.send(data(connectionId, bytes('last words')))
    a.send({ kind: 'disconnectNotification', connectionId })
    await clock.settle()
    const kinds = b.received.map(({ kind }) => kind)
    expect(kinds.slice(-2)).toEqual(['data', 'disconnectNotification'])
  })

  test('all that one turn brings leaves in one write', async () => {
    const { a, b, connectionId } = await world.pair()
    let pieces = 0
    relay.place.chunkBytes = () => {
      pieces++
      return Number.POSITIVE_INFINITY
    }
    a.sendRaw(
      concatBytes(
        ...Array.from({ length: 20 }, (_, n) => a.seal(encodePacket(data(connectionId, Uint8Array.of(n))))),
      ),
    )
    await clock.settle()
    expect(b.all('data').map(({ payload }) => payload[0])).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(pieces).toBe(2)
  })
})
