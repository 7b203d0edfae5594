/** Cases 1–6: what can happen before and while a relay proves to be itself. */
import { describe, expect, test } from 'vitest'
import type { ByteSocket } from '../../src/io/byte-socket.js'
import { DIRECT_BUDGET_MS } from '../../src/io/dial.js'
import { concatBytes } from '../../src/protocol/bytes.js'
import { PONG_TIMEOUT_MS } from '../../src/protocol/constants.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import { bytes, journey, text, theRelay, told, World } from '../support/world.js'

const MEGABYTE = 1024 * 1024

describe('a handshake', () => {
  test('case 1: in 1-byte pieces establishes the link once, at byte 96', async () => {
    await using world = new World()
    const relay = await world.hostile()
    relay.respond = response => response.subarray(0, 95)
    const client = await world.client({ relays: [relay] })
    await world.settle()
    expect(theRelay(client).state.name).toBe('handshake')
    relay.client.sendRaw(relay.lastResponse?.subarray(95) ?? new Uint8Array())
    await world.settle()
    expect(journey(client)).toEqual(['queued', 'connecting', 'handshake', 'established'])
  })

  test('case 1: and a whole conversation in 1-byte pieces, are as good as in one', async () => {
    await using world = new World()
    const relay = await world.relay()
    relay.place.chunkBytes = 1
    const { a, toA, toB } = await world.pair([relay])
    await world.online(toA, toB)
    const heard: string[] = []
    toA.packets$.subscribe(({ data }) => heard.push(text(data)))
    expect(toB.send(bytes('one byte at a time'))).toBe('sent')
    await world.settle()
    expect(heard).toEqual(['one byte at a time'])
    expect(journey(a).filter(state => state === 'established')).toHaveLength(1)
  })

  test('case 2: with the first frames behind it in one segment loses none of them', async () => {
    await using world = new World()
    const relay = await world.hostile()
    relay.respond = (response, client) =>
      concatBytes(
        response,
        client.seal(Uint8Array.of(9, 1, 2, 3)),
        client.seal(Uint8Array.of(4, ...bytes('12345678'))),
        client.seal(Uint8Array.of(11, 4, 5)),
      )
    const client = await world.client({ relays: [relay] })
    const heard: number[][] = []
    client.manager.onion$.subscribe(({ data }) => heard.push([...data]))
    client.manager.forwarded$.subscribe(({ data }) => heard.push([...data]))
    await world.settle()
    expect(heard).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
    expect(text(relay.client.take('pong')?.pingId ?? bytes(''))).toBe('12345678')
    expect(told(client, 'relay-confirmed')).toHaveLength(1)
  })

  test('case 2: with a frame behind it that breaks the protocol ends the link, and nothing follows', async () => {
    await using world = new World()
    const relay = await world.hostile()
    relay.respond = (response, client) =>
      concatBytes(response, client.seal(Uint8Array.of(0)), client.seal(Uint8Array.of(9, 1)))
    const client = await world.client({ relays: [relay] })
    const heard: unknown[] = []
    client.manager.onion$.subscribe(packet => heard.push(packet))
    await world.settle()
    expect(journey(client)).toEqual([
      'queued',
      'connecting',
      'handshake',
      'established',
      'backoff: protocol-violation',
    ])
    expect([heard, client.host.openSockets]).toEqual([[], 0])
  })

  test('case 3: with one byte flipped is a bad handshake', async () => {
    await using world = new World()
    const relay = await world.hostile()
    relay.respond = response => response.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
    const client = await world.client({ relays: [relay] })
    await world.settle()
    expect(journey(client).at(-1)).toBe('backoff: bad-handshake')
    expect(client.host.openSockets).toBe(0)
  })

  test('case 3: with a relay of another key is closed by it', async () => {
    await using world = new World()
    const relay = await world.relay()
    const { publicKey } = newKeyPair(world.random)
    const client = await world.client({ relays: [{ host: relay.host, port: relay.port, publicKey }] })
    await world.settle()
    expect(journey(client).at(-1)).toBe('backoff: handshake-closed')
    expect([client.host.openSockets, relay.drops('bad-handshake')]).toEqual([0, 1])
  })

  test.each([
    ['a short answer and its end', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a page', `HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n${'<p>'.repeat(100)}`],
  ])('case 3: with a web server that sends %s is with no relay', async (_, answer) => {
    await using world = new World()
    const address = world.address()
    const stop = world.network.listen(address, socket => {
      socket.data$.subscribe(() => {
        socket.write(bytes(answer))
        socket.end()
      })
    })
    const { publicKey } = newKeyPair(world.random)
    const client = await world.client({ relays: [{ ...address, publicKey }] })
    await world.settle()
    expect(journey(client).at(-1)).toBe('backoff: not-a-relay')
    expect(client.host.openSockets).toBe(0)
    stop()
  })

  test('case 4: that stops after 95 bytes is given up when its budget is over, not before', async () => {
    await using world = new World()
    const relay = await world.hostile()
    relay.respond = response => response.subarray(0, 95)
    const client = await world.client({ relays: [relay] })
    await world.advance(DIRECT_BUDGET_MS - 1)
    expect(theRelay(client).state.name).toBe('handshake')
    await world.advance(1)
    expect(theRelay(client).state).toMatchObject({ name: 'backoff', reason: 'handshake-timeout' })
    expect(client.host.openSockets).toBe(0)
  })

  describe('that replays an old response', () => {
    /** Somebody without the relay's key, who has recorded one handshake and plays it to everyone. */
    async function replayed(world: World) {
      const relay = await world.hostile()
      const first = await world.client({ relays: [relay] })
      await world.settle()
      await world.clock.run(first.manager.close())
      const old = relay.lastResponse ?? new Uint8Array()
      relay.close()
      const connections: ByteSocket[] = []
      const stop = world.network.listen(relay, socket => {
        connections.push(socket)
        socket.data$.subscribe()
        socket.write(old)
      })
      const client = await world.client({ relays: [relay], keyPair: first.keyPair })
      await world.settle()
      return { client, connections, [Symbol.dispose]: stop }
    }

    test('case 5: fails at the first frame, and the link is closed', async () => {
      await using world = new World()
      using replay = await replayed(world)
      const { client, connections } = replay
      expect(theRelay(client).state.name).toBe('established')
      connections[0]?.write(concatBytes(Uint8Array.of(0, 40), new Uint8Array(40)))
      await world.settle()
      expect(journey(client).at(-1)).toBe('backoff: protocol-violation')
      expect(told(client, 'relay-confirmed')).toEqual([])
    })

    test('case 5: and sends no frame counts as no success, and resets no backoff', async () => {
      await using world = new World()
      using replay = await replayed(world)
      const { client, connections } = replay
      await world.advance(PONG_TIMEOUT_MS)
      expect(theRelay(client).state).toMatchObject({ name: 'backoff', reason: 'ping-timeout' })
      await world.advance(300_000)
      expect(told(client, 'relay-confirmed')).toEqual([])
      expect(theRelay(client).facts.failures).toBeGreaterThan(5)
      expect(connections.length).toBeLessThan(15)
    })
  })

  test('case 6: drowned in a megabyte before it ends is closed, with nothing kept', async () => {
    await using world = new World()
    const relay = await world.hostile()
    relay.onConnection = connection => connection.sendRaw(new Uint8Array(MEGABYTE))
    const client = await world.client({ relays: [relay] })
    await world.settle()
    expect(journey(client).at(-1)).toBe('backoff: bad-handshake')
    expect([client.host.openSockets, theRelay(client).stats.bytesIn]).toEqual([0, 0])
  })
})
