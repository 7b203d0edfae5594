import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dial } from '../../src/io/dial.js'
import { concatBytes } from '../../src/protocol/bytes.js'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import { cryptoReady, newKeyPair, systemRandom } from '../../src/protocol/crypto.js'
import { encodePacket } from '../../src/protocol/packets.js'
import { type HostileRelay, hostileRelay, hostileTcpRelay } from '../../src/testing/hostile-relay.js'
import { MemoryNetwork } from '../../src/testing/memory-network.js'
import { type ScriptedEnd, scriptedClient } from '../../src/testing/scripted-end.js'
import { VirtualClock } from '../../src/testing/virtual-clock.js'

const random = systemRandom
const never = new AbortController().signal
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const PING = { kind: 'ping', pingId: bytes('12345678') } as const

beforeAll(cryptoReady)

describe('in memory', () => {
  const setup = async () => {
    const clock = new VirtualClock()
    const network = new MemoryNetwork({ clock })
    const relay = await hostileRelay(network, { host: 'relay.test', port: 443 })
    const connect = async (): Promise<ScriptedEnd> => {
      const socket = await clock.run(network.dial(relay, { signal: never }))
      return scriptedClient(socket, { keyPair: newKeyPair(random), relayKey: relay.publicKey, random })
    }
    return { clock, relay, connect }
  }

  test('shakes hands as it should, sends what it is told, and remembers what came', async () => {
    const { clock, relay, connect } = await setup()
    const client = await connect()
    await clock.run(client.whenEstablished())
    client.send(PING)
    await clock.settle()
    expect(relay.client.take('ping')).toEqual(PING)
    relay.client.send({ kind: 'routingResponse', connectionId: 77 as ConnectionId, publicKey: random(32) })
    await clock.settle()
    expect(client.take('routingResponse')?.connectionId).toBe(77)
    expect(client.take('pong')?.pingId).toEqual(PING.pingId)
  })

  test('frames may follow the response in the same segment', async () => {
    const { clock, relay, connect } = await setup()
    relay.respond = (response, client) => concatBytes(response, client.seal(encodePacket(PING)))
    const client = await connect()
    await clock.settle()
    expect(client.take('ping')).toEqual(PING)
  })

  test('the response may be withheld, spoiled or replayed', async () => {
    const { clock, relay, connect } = await setup()
    relay.respond = () => undefined
    const silent = await connect()
    await clock.settle()
    expect([silent.isEstablished, silent.bytesRead]).toEqual([false, 0])
    const old = relay.lastResponse
    relay.respond = () => old
    const deceived = await connect()
    await expect(clock.run(deceived.whenEstablished())).rejects.toMatchObject({ code: 'bad-handshake' })
  })

  test('a frame may be kept back, cut and spoiled', async () => {
    const { clock, relay, connect } = await setup()
    const client = await connect()
    await clock.settle()
    const frame = relay.client.seal(encodePacket(PING))
    relay.client.sendRaw(frame.subarray(0, 5))
    await clock.settle()
    expect(client.take('ping')).toBeUndefined()
    relay.client.sendRaw(frame.subarray(5))
    await clock.settle()
    expect(client.take('ping')).toEqual(PING)
    relay.client.sendRaw(relay.client.seal(encodePacket(PING)).map((byte, i) => (i === 9 ? byte ^ 1 : byte)))
    await expect(clock.run(client.next('ping'))).rejects.toThrow('does not decrypt')
    expect(relay.client.ended).toBe('closed-by-relay')
  })

  test('what does not fit into the socket follows later, and a paused end reads nothing', async () => {
    const { clock, relay, connect } = await setup()
    const client = await connect()
    await clock.settle()
    client.pause()
    for (let n = 0; n < 500; n++) relay.client.sendPlain(Uint8Array.of(16, ...random(1000)))
    await clock.advance(1000)
    expect(client.received).toHaveLength(0)
    client.resume()
    await clock.settle()
    expect(client.all('data')).toHaveLength(500)
  })

  test('each client is told apart, and ends are told', async () => {
    const { clock, relay, connect } = await setup()
    expect(() => relay.client).toThrow('no client')
    const greeted: ScriptedEnd[] = []
    relay.onClient = client => greeted.push(client)
    const [one, two] = [await connect(), await connect()]
    await clock.settle()
    expect(relay.clients).toEqual(greeted)
    relay.clients[0]?.end()
    two.destroy()
    await clock.settle()
    expect([one.ended, relay.clients[1]?.ended]).toEqual(['closed-by-relay', 'closed-by-relay'])
    await expect(one.next('ping')).rejects.toThrow('closed-by-relay before any ping')
    relay.close()
  })
})

describe('on TCP', () => {
  let relay: HostileRelay
  afterEach(() => relay.close())

  test('does the same', async () => {
    relay = await hostileTcpRelay()
    const arrived = relay.nextClient()
    const socket = await dial(relay, { signal: never })
    const client = scriptedClient(socket, { keyPair: newKeyPair(random), relayKey: relay.publicKey, random })
    const there = await arrived
    there.sendPlain(Uint8Array.of(12, 1, 2, 3))
    expect(await client.next('reserved')).toMatchObject({ id: 12 })
    client.send(PING)
    expect(await there.next('ping')).toEqual(PING)
    there.end()
    expect(await client.whenEnded()).toBe('closed-by-relay')
  })
})
