/** Behaviour §1: whatever arrives from an older attempt is ignored, and its socket closed. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { ByteSocket } from '../../src/io/byte-socket.js'
import type { Dial, DialOptions } from '../../src/io/dial.js'
import { ToxError } from '../../src/protocol/errors.js'
import { addressOf, type Client, journey, theRelay, told, World } from '../support/world.js'

interface Dialled {
  readonly options: DialOptions
  readonly resolve: (socket: ByteSocket) => void
  readonly reject: (error: unknown) => void
}

let dialled: Dialled[]
beforeEach(() => {
  dialled = []
})

/** Dials that only the test ends, abort or not. */
const dial: Dial = (_, options) =>
  new Promise((resolve, reject) => {
    dialled.push({ options, resolve, reject })
  })

/** A relay whose first dial was given up, and whose second hangs. */
async function secondAttempt(world: World): Promise<{ client: Client; open: () => Promise<ByteSocket> }> {
  const relay = await world.relay()
  const client = await world.client({ relays: [addressOf(relay)], dial })
  await world.settle()
  theRelay(client).sleep()
  await world.settle()
  theRelay(client).wake()
  await world.settle()
  expect([theRelay(client).state.name, dialled.length]).toEqual(['connecting', 2])
  const { signal } = new AbortController()
  return { client, open: () => world.clock.run(world.network.dial(relay, { signal })) }
}

describe('what an older attempt brings late', () => {
  test('as a socket is closed, and the new attempt goes on', async () => {
    await using world = new World()
    const { client, open } = await secondAttempt(world)
    const socket = await open()
    dialled[0]?.resolve(socket)
    await world.settle()
    expect([theRelay(client).state.name, world.network.openSockets]).toEqual(['connecting', 0])
  })

  test('as a failure, or as word from its proxy, is not heard', async () => {
    await using world = new World()
    const { client, open } = await secondAttempt(world)
    const socket = await open()
    dialled[0]?.options.onStage?.('proxy')
    dialled[0]?.reject(new ToxError('refused'))
    await world.settle()
    expect([theRelay(client).state.name, told(client, 'attempt-failed')]).toEqual(['connecting', []])
    dialled[1]?.resolve(socket)
    await world.settle()
    expect(theRelay(client).state.name).toBe('established')
  })

  test('after the relay was removed is closed, too', async () => {
    await using world = new World()
    const { client, open } = await secondAttempt(world)
    const socket = await open()
    client.manager.removeRelay(theRelay(client).publicKey)
    for (const each of dialled) each.resolve(socket)
    await world.settle()
    expect([world.network.openSockets, client.manager.relays]).toEqual([0, []])
  })

  test('after the manager was closed is closed, too', async () => {
    await using world = new World()
    const { client, open } = await secondAttempt(world)
    const socket = await open()
    await world.clock.run(client.manager.close())
    dialled[1]?.resolve(socket)
    await world.settle()
    expect(world.network.openSockets).toBe(0)
  })
})

describe('an attempt', () => {
  test('is aborted when it is given up', async () => {
    await using world = new World()
    await secondAttempt(world)
    expect(dialled.map(({ options }) => options.signal.aborted)).toEqual([true, false])
  })

  test('whose dial fails with something unforeseen counts as unreachable', async () => {
    await using world = new World()
    const { client } = await secondAttempt(world)
    dialled[1]?.reject(new Error('what is that?'))
    await world.settle()
    expect(journey(client).at(-1)).toBe('backoff: unreachable')
  })
})
