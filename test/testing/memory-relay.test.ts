import { beforeAll, expect, test } from 'vitest'
import { cryptoReady, newKeyPair, systemRandom } from '../../src/protocol/crypto.js'
import { MemoryNetwork } from '../../src/testing/memory-network.js'
import { type MemoryRelay, startMemoryRelay } from '../../src/testing/memory-relay.js'
import { type ScriptedEnd, scriptedClient } from '../../src/testing/scripted-end.js'
import { VirtualClock } from '../../src/testing/virtual-clock.js'

beforeAll(cryptoReady)

const random = systemRandom
const never = new AbortController().signal
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const setup = async () => {
  const clock = new VirtualClock()
  const network = new MemoryNetwork({ clock })
  const relay = await startMemoryRelay({ network, host: 'relay.test', port: 443 })
  return { clock, network, relay }
}

const connect = async (
  clock: VirtualClock,
  network: MemoryNetwork,
  relay: MemoryRelay,
  keyPair = newKeyPair(random),
): Promise<ScriptedEnd> => {
  const socket = await clock.run(network.dial(relay, { signal: never }))
  const end = scriptedClient(socket, { keyPair, relayKey: relay.publicKey, random })
  await clock.run(end.whenEstablished())
  end.send({ kind: 'ping', pingId: bytes('12345678') })
  await clock.run(end.next('pong'))
  return end
}

test('two clients meet and talk', async () => {
  const { clock, network, relay } = await setup()
  const [keysA, keysB] = [newKeyPair(random), newKeyPair(random)]
  const a = await connect(clock, network, relay, keysA)
  const b = await connect(clock, network, relay, keysB)
  a.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
  b.send({ kind: 'routingRequest', publicKey: keysA.publicKey })
  await clock.settle()
  const id = a.take('connectNotification')?.connectionId
  if (!id) throw new Error('not online')
  a.send({ kind: 'data', connectionId: id, payload: bytes('hello') })
  await clock.settle()
  expect(b.take('data')?.payload).toEqual(bytes('hello'))
  expect(relay.stats).toMatchObject({ clients: 2, data: 1, accepted: 2, unconfirmed: 0 })
})

test('killed it resets everyone and refuses; restarted it is the same relay with nobody there', async () => {
  const { clock, network, relay } = await setup()
  const client = await connect(clock, network, relay)
  relay.kill()
  await clock.settle()
  expect(client.ended).toBe('reset')
  expect([relay.running, relay.stats]).toEqual([false, undefined])
  await expect(clock.run(network.dial(relay, { signal: never }))).rejects.toThrow('nothing listens')
  relay.restart()
  await connect(clock, network, relay)
  expect(relay.stats?.clients).toBe(1)
})

test('stopped it says good-bye', async () => {
  const { clock, network, relay } = await setup()
  const client = await connect(clock, network, relay)
  relay.stop()
  await clock.settle()
  expect(client.ended).toBe('closed-by-relay')
})

test('stalled it takes connections and answers nothing, until it goes on', async () => {
  const { clock, network, relay } = await setup()
  const client = await connect(clock, network, relay)
  relay.stall()
  client.send({ kind: 'ping', pingId: bytes('87654321') })
  await clock.advance(5000)
  expect(client.take('pong')).toBeUndefined()
  relay.resume()
  await clock.settle()
  expect(client.take('pong')?.pingId).toEqual(bytes('87654321'))
})

test('stopped it leaves nothing behind', async () => {
  const { clock, network, relay } = await setup()
  await connect(clock, network, relay)
  await connect(clock, network, relay)
  relay.stop()
  await clock.settle()
  expect([clock.pending, network.openSockets]).toEqual([0, 0])
})
