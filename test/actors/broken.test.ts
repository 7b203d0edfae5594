/** Bugs of our own: what breaks in one relay's actor costs that relay, and nothing is left behind. */
import { expect, test } from 'vitest'
import { PING_ID_SIZE, PING_INTERVAL_MS } from '../../src/protocol/constants.js'
import { bytes, relayAt, text, told, World } from '../support/world.js'

test('an actor that breaks is told and removed, its socket closed, its friends looked for elsewhere', async () => {
  await using world = new World()
  const relays = await world.relays(2)
  let broken = false
  const random = (size: number): Uint8Array => {
    if (broken && size === PING_ID_SIZE) {
      broken = false
      throw new Error('no more chance')
    }
    return world.random(size)
  }
  const { a, b, toA, toB } = await world.pair(relays, { random })
  await world.online(toA, toB)
  await world.clock.until(() => toB.routes.every(({ state }) => state === 'online'))
  b.host.online = true
  await world.advance(PING_INTERVAL_MS - 1)
  broken = true
  await world.advance(1)
  const [gone] = [...told(a, 'relay-broke'), ...told(b, 'relay-broke')]
  expect(gone).toBeDefined()
  const client = told(a, 'relay-broke').length > 0 ? a : b
  expect(told(client, 'relay-removed').map(({ relay }) => relay)).toEqual([gone?.relay])
  expect([client.manager.relays.length, client.host.openSockets]).toEqual([1, 1])
  expect([toA.routes.length, toB.routes.length].sort()).toEqual([1, 2])
  await world.settle()
  const heard: string[] = []
  toA.packets$.subscribe(({ data }) => heard.push(text(data)))
  expect(toB.send(bytes('still here'))).toBe('sent')
  await world.settle()
  expect(heard).toEqual(['still here'])
  expect(
    relays
      .filter(relay => client.manager.relay(relay.publicKey))
      .map(relay => relayAt(client, relay).isEstablished),
  ).toEqual([true])
})
