import { beforeEach, describe, expect, test } from 'vitest'
import { concatBytes, copyBytes } from '../../src/protocol/bytes.js'
import { FIRST_CONNECTION_ID, HANDSHAKE_TIMEOUT_MS } from '../../src/protocol/constants.js'
import { systemRandom } from '../../src/protocol/crypto.js'
import { ClientHandshake } from '../../src/protocol/handshake.js'
import type { MemoryRelay } from '../../src/testing/memory-relay.js'
import { ScriptedEnd, scriptedClient } from '../../src/testing/scripted-end.js'
import type { VirtualClock } from '../../src/testing/virtual-clock.js'
import { bytes, data, newKeys, PING, RelayWorld } from './relay-world.js'

let world: RelayWorld
let clock: VirtualClock
let relay: MemoryRelay
beforeEach(async () => {
  world = await RelayWorld.create()
  ;({ clock, relay } = world)
})

describe('the handshake', () => {
  test.each([0, 1, 127])('of %i bytes and then silence ends at 10 s', async sent => {
    const socket = await world.dial()
    const request = new ClientHandshake(newKeys(), relay.publicKey, systemRandom).request
    let ended: string | undefined
    socket.data$.subscribe()
    socket.ended$.subscribe(error => {
      ended = error.code
    })
    socket.write(request.subarray(0, sent))
    await clock.advance(HANDSHAKE_TIMEOUT_MS - 1)
    expect(ended).toBeUndefined()
    await clock.advance(1)
    expect(ended).toBe('closed-by-relay')
    expect(relay.drops('handshake-timeout')).toBe(1)
  })

  test('that nothing follows ends at 10 s too', async () => {
    const client = await world.unconfirmed()
    expect(relay.stats).toMatchObject({ clients: 0, unconfirmed: 1 })
    await clock.advance(HANDSHAKE_TIMEOUT_MS)
    expect(client.ended).toBe('closed-by-relay')
    expect(relay.stats).toMatchObject({ unconfirmed: 0, drops: { 'handshake-timeout': 1 } })
  })

  test('with another key is refused without an answer', async () => {
    const socket = await world.dial()
    const client = scriptedClient(socket, {
      keyPair: newKeys(),
      relayKey: newKeys().publicKey,
      random: systemRandom,
    })
    await clock.settle()
    expect([client.ended, client.bytesRead]).toEqual(['closed-by-relay', 0])
    expect(relay.drops('bad-handshake')).toBe(1)
  })

  test('byte by byte, the first frames in the same stream, works', async () => {
    relay.place.chunkBytes = 1
    const client = await world.connect()
    expect(client.ended).toBeUndefined()
  })

  test('followed at once by anything is refused: no client can know the key yet', async () => {
    const socket = await world.dial()
    socket.data$.subscribe()
    const { request } = new ClientHandshake(newKeys(), relay.publicKey, systemRandom)
    socket.write(concatBytes(request, Uint8Array.of(0, 20, ...new Uint8Array(20))))
    await clock.settle()
    expect(relay.stats).toMatchObject({ unconfirmed: 0, drops: { 'protocol-violation': 1 } })
  })

  test('replayed evicts nobody: only a frame that opens does', async () => {
    const handshake = new ClientHandshake(newKeys(), relay.publicKey, systemRandom)
    const recorded = copyBytes(handshake.request)
    const client = new ScriptedEnd(await world.dial(), chunk => handshake.receive(chunk))
    client.sendRaw(recorded)
    await clock.run(client.whenEstablished())
    client.send(PING)
    await clock.run(client.next('pong'))
    const thief = await world.dial()
    thief.data$.subscribe()
    thief.write(recorded)
    await clock.settle()
    expect(relay.stats).toMatchObject({ clients: 1, unconfirmed: 1 })
    thief.write(Uint8Array.of(0, 20, ...new Uint8Array(20)))
    await clock.settle()
    expect(relay.stats).toMatchObject({ clients: 1, unconfirmed: 0, drops: { 'protocol-violation': 1 } })
    client.send(PING)
    await clock.run(client.next('pong'))
  })
})

describe('a second connection with the same key', () => {
  test('leaves the first alone until a frame of it opens, then takes its place', async () => {
    const { a, b, keysA, keysB } = await world.pair()
    const newer = await world.unconfirmed(keysA)
    await clock.advance(1000)
    expect([a.ended, b.take('disconnectNotification')]).toEqual([undefined, undefined])
    newer.send(PING)
    await clock.settle()
    expect(a.ended).toBe('closed-by-relay')
    expect(b.take('disconnectNotification')?.connectionId).toBe(FIRST_CONNECTION_ID)
    newer.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
    await clock.settle()
    expect(b.take('connectNotification')?.connectionId).toBe(FIRST_CONNECTION_ID)
    expect(relay.stats).toMatchObject({ clients: 2, drops: { replaced: 1 } })
  })

  test('takes its place with a routing request as the first frame, too', async () => {
    const { a, b, keysA, keysB } = await world.pair()
    const newer = await world.unconfirmed(keysA)
    newer.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
    await clock.settle()
    expect(a.ended).toBe('closed-by-relay')
    expect(b.all('connectNotification')).toHaveLength(2)
  })

  test('is not disturbed by the late close of the first (case 43)', async () => {
    const { a, b, keysA, keysB, connectionId } = await world.pair()
    const newer = await world.connect(keysA)
    newer.send({ kind: 'routingRequest', publicKey: keysB.publicKey })
    await clock.settle()
    a.destroy()
    await clock.advance(1000)
    newer.send(data(newer.all('routingResponse')[0]?.connectionId ?? connectionId, bytes('x')))
    await clock.settle()
    expect(b.take('data')?.payload).toEqual(bytes('x'))
    expect(newer.ended).toBeUndefined()
  })
})
