/** Relays that send more than anybody asked for, or far less: memory stays bounded, and nobody else is troubled. */
import { describe, expect, test } from 'vitest'
import { DIRECT_BUDGET_MS } from '../../src/io/dial.js'
import { concatBytes } from '../../src/protocol/bytes.js'
import { FIRST_CONNECTION_ID, MAX_ROUTES_PER_RELAY, PONG_TIMEOUT_MS } from '../../src/protocol/constants.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import { memoryInUse } from '../support/heap.js'
import { bytes, relayAt, World } from '../support/world.js'
import { IDS, openStage, pinned, raw, zeros } from './stage.js'

const MEGABYTE = 1024 * 1024
const FLOOD = 20_000
/** What a flood may leave behind: far less than it sends. */
const SLACK_BYTES = 2 * MEGABYTE

/** Bytes in use that a flood has left behind. */
async function leftBehind(flood: () => Promise<void>): Promise<number> {
  const before = memoryInUse()
  await flood()
  return memoryInUse() - before
}

describe('a flood', () => {
  test('of pings, all read: all answered, nothing kept, no event for anyone', async () => {
    await using world = new World()
    const stage = await openStage(world)
    const ping = (n: number) => raw(4, bytes(`ping${`${n}`.padStart(4)}`))
    for (let n = 0; n < 9_990; n += 30) await stage.send(...Array.from({ length: 30 }, (_, i) => ping(n + i)))
    expect(stage.end.all('pong')).toHaveLength(9_990)
    expect([stage.heard, stage.relay.stats.queueDepth]).toEqual([[], 0])
    expect(await stage.bystanderSpeaks()).toEqual(['still here'])
  })

  test('of pings that are never answered for want of room: nothing is kept but 32 pongs', async () => {
    await using world = new World()
    const stage = await openStage(world)
    stage.end.pause()
    const pings = Array.from({ length: 100 }, () => raw(4, bytes('12345678')))
    const left = await leftBehind(async () => {
      for (let n = 0; n < FLOOD; n += pings.length) await stage.send(...pings)
    })
    expect(left).toBeLessThan(SLACK_BYTES)
    expect([stage.heard, stage.relay.stats.queueDepth]).toEqual([[], 32])
    expect(await stage.bystanderSpeaks()).toEqual(['still here'])
  })

  test('of responses: 240 of them unasked, ten times over, take no place, and who asks then is served', async () => {
    await using world = new World()
    const stage = await openStage(world)
    const places = stage.relay.link?.routes.size ?? 0
    for (let round = 0; round < 10; round++)
      await stage.send(
        ...Array.from({ length: MAX_ROUTES_PER_RELAY }, (_, i) =>
          raw(1, FIRST_CONNECTION_ID + i, world.random(32)),
        ),
      )
    expect([stage.heard, stage.answers()]).toEqual([[], []])
    expect(stage.relay.stats.drops).toEqual({ unasked: 10 * MAX_ROUTES_PER_RELAY })
    expect(stage.relay.link?.routes.size).toBe(places)
    const { publicKey } = newKeyPair(world.random)
    stage.client.manager.addFriend(publicKey, { relays: [stage.hostile] })
    await stage.send({ kind: 'routingResponse', connectionId: IDS.unknown, publicKey })
    expect(stage.heard).toContain('route of somebody: registered')
  })

  test('of data on ids that nobody has: dropped and counted, none kept, none heard', async () => {
    await using world = new World()
    const stage = await openStage(world)
    const packets = Array.from({ length: 100 }, (_, i) =>
      raw(i % 2 === 0 ? IDS.registered : 100 + i, zeros(1_000).fill(i)),
    )
    const left = await leftBehind(async () => {
      for (let n = 0; n < FLOOD; n += packets.length) await stage.send(...packets)
    })
    expect(left).toBeLessThan(SLACK_BYTES)
    expect([stage.heard, stage.relay.stats.drops]).toEqual([[], { 'no-route': FLOOD }])
    expect(await stage.bystanderSpeaks()).toEqual(['still here'])
  })

  test('of connect and disconnect: only the friend meant hears it; what stays is his last state', async () => {
    await using world = new World()
    const stage = await openStage(world)
    const flips = Array.from({ length: 100 }, (_, i) => raw(i % 2 === 0 ? 3 : 2, IDS.online))
    const timers = world.clock.pending
    for (let n = 0; n < FLOOD; n += flips.length) await stage.send(...flips)
    expect(new Set(stage.heard)).toEqual(
      new Set([
        'route of online: registered',
        'online is connecting',
        'route of online: online',
        'online is online',
      ]),
    )
    expect(stage.heard).toHaveLength(2 * FLOOD)
    expect([stage.friends.online.state, stage.answers()]).toEqual(['online', []])
    expect(world.clock.pending).toBeLessThanOrEqual(timers + 1)
    expect(await stage.bystanderSpeaks()).toEqual(['still here'])
  })

  test('of answers that give and take a route: the friend is met elsewhere all the while', async () => {
    await using world = new World()
    const stage = await openStage(world)
    const { requested } = stage.friends
    for (let round = 0; round < 50; round++) {
      await stage.send({ kind: 'routingResponse', connectionId: undefined, publicKey: requested.publicKey })
      await world.advance(60_000)
    }
    expect(stage.answers().filter(kind => kind.startsWith('routingRequest'))).toHaveLength(50)
    expect(requested.routes.map(({ state }) => state)).toContain('registered')
    expect(await stage.bystanderSpeaks()).toEqual(['still here'])
  })

  test('while the link is closing: it is over within 2 s, and nobody hears of what came', async () => {
    await using world = new World()
    const stage = await openStage(world)
    stage.end.pause()
    stage.client.manager.removeRelay(stage.hostile.publicKey)
    await world.settle()
    const last = stage.heard.length
    for (let second = 0; second < 2; second++) {
      await stage.send(raw(IDS.online, bytes('late')), raw(2, IDS.registered), raw(1, IDS.unknown, zeros(32)))
      await world.advance(1_000)
    }
    expect(stage.heard.slice(last)).toEqual(['relay-removed'])
    expect(stage.client.host.openTo(stage.hostile)).toBe(0)
  })
})

describe('a handshake', () => {
  test.each([
    ['in one piece', MEGABYTE],
    ['in pieces of 95 bytes', 95],
  ])('drowned in a megabyte, %s, is closed, and none of it kept', async (_, size) => {
    await using world = new World()
    const relay = await world.hostile()
    relay.onConnection = connection => {
      for (let sent = 0; sent < MEGABYTE; sent += size) connection.sendRaw(zeros(size).fill(0xee))
    }
    const client = await world.client({ relays: [relay] })
    await world.settle()
    expect(relayAt(client, relay).state).toMatchObject({ name: 'backoff', reason: 'bad-handshake' })
    expect(client.host.openSockets).toBe(0)
  })

  test('with a megabyte of garbage behind it ends the link at the first frame of that', async () => {
    await using world = new World()
    const relay = await world.hostile()
    relay.respond = response => concatBytes(response, zeros(MEGABYTE).fill(0x01))
    const client = await world.client({ relays: [relay] })
    await world.settle()
    expect(relayAt(client, relay).state).toMatchObject({ name: 'backoff', reason: 'protocol-violation' })
    expect([client.host.openSockets, relay.client.received]).toEqual([0, []])
  })

  test('that comes a byte a second has no more time than another', async () => {
    await using world = new World()
    const relay = await world.hostile()
    relay.respond = () => undefined
    const client = await world.client({ relays: [relay] })
    await world.settle()
    for (let second = 0; second < DIRECT_BUDGET_MS / 1000; second++) {
      expect(relayAt(client, relay).state.name).toBe('handshake')
      relay.client.sendRaw(relay.lastResponse?.subarray(second, second + 1) ?? zeros(1))
      await world.advance(1_000)
    }
    expect(relayAt(client, relay).state).toMatchObject({ name: 'backoff', reason: 'handshake-timeout' })
  })

  test('of 200 relays at once, each a byte a second, keeps an honest one waiting, but not out', async () => {
    await using world = new World()
    const slow = await Promise.all(Array.from({ length: 200 }, () => world.hostile()))
    for (const relay of slow) relay.respond = response => response.subarray(0, 1)
    const honest = await world.relay()
    const client = await world.client({ relays: [...slow, honest].map(pinned) })
    const took = await world.clock.until(() => relayAt(client, honest).isEstablished)
    expect(took).toBeLessThanOrEqual(4 * DIRECT_BUDGET_MS)
    await world.advance(600_000)
    expect(relayAt(client, honest).isEstablished).toBe(true)
  })
})

describe('a frame', () => {
  test('that comes a byte a second holds back the pong, and the link is lost', async () => {
    await using world = new World()
    const stage = await openStage(world)
    stage.end.answersPings = false
    const frame = stage.end.seal(raw(IDS.online, zeros(2_000)))
    stage.client.manager.networkChanged()
    await world.clock.until(() => stage.end.all('ping').length === 2)
    for (let second = 0; second < PONG_TIMEOUT_MS / 1000; second++) {
      expect(stage.relay.state.name).toBe('established')
      stage.end.sendRaw(frame.subarray(second, second + 1))
      await world.advance(1_000)
    }
    expect(stage.relay.state).toMatchObject({ name: 'backoff', reason: 'ping-timeout' })
    expect(await stage.bystanderSpeaks()).toEqual(['still here'])
  })
})
