import { afterEach, expect, test } from 'vitest'
import { dial } from '../../src/io/dial.js'
import { type RelayServer, startRelay } from '../../src/io/relay-server.js'
import { fromHex, toHex } from '../../src/protocol/bytes.js'
import { newKeyPair, systemRandom } from '../../src/protocol/crypto.js'
import { scriptedClient } from '../../src/testing/scripted-end.js'
import { runCData, startCEcho } from '../support/peer-c-client.js'
import { describeWithPeer } from '../support/peer-presence.js'
import { startProcess } from '../support/peer-process.js'

const random = systemRandom
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

let relay: RelayServer
afterEach(() => relay.close())

describeWithPeer('tox-c-peer', "c-toxcore's own clients on the embedded relay", () => {
  test.each([
    [2000, 1373, 64],
    [2000, 64, 64],
    [200, 1, 1],
  ])('send each other %i packets of %i bytes', async (count, size, window) => {
    relay = await startRelay()
    const relayKey = toHex(relay.publicKey)
    const result = await runCData({ port: relay.port, relayKey, count, size, window })
    expect(result.received).toBe(count)
    expect(relay.stats).toMatchObject({ data: count, dataDropped: 0 })
  })

  test('meet, hear of each other, and are told when the other is gone', async () => {
    relay = await startRelay()
    const relayKey = toHex(relay.publicKey)
    await using first = await startCEcho({ port: relay.port, relayKey, friendKey: '-' })
    const second = await startCEcho({ port: relay.port, relayKey, friendKey: first.self })
    first.setFriend(second.self)
    await Promise.all([first.next('online'), second.next('online')])
    await second.stop()
    await first.next('offline')
    expect(relay.stats).toMatchObject({ clients: 1, drops: { gone: 1 } })
  })

  test('echo our data and our OOB', async () => {
    relay = await startRelay()
    const keyPair = newKeyPair(random)
    const friendKey = toHex(keyPair.publicKey)
    await using echo = await startCEcho({ port: relay.port, relayKey: toHex(relay.publicKey), friendKey })
    const echoKey = fromHex(echo.self) ?? new Uint8Array()
    const socket = await dial(relay, { signal: new AbortController().signal })
    const client = scriptedClient(socket, { keyPair, relayKey: relay.publicKey, random })
    await client.whenEstablished()
    client.send({ kind: 'routingRequest', publicKey: echoKey })
    const { connectionId } = await client.next('connectNotification')
    client.send({ kind: 'data', connectionId, payload: bytes('there and back') })
    expect((await client.next('data')).payload).toEqual(bytes('there and back'))
    client.send({ kind: 'oobSend', publicKey: echoKey, payload: bytes('aside') })
    expect(await client.next('oobRecv')).toMatchObject({ publicKey: echoKey, payload: bytes('aside') })
    client.destroy()
  })

  test('come two hundred at once', async () => {
    relay = await startRelay()
    const args = ['establish', `${relay.port}`, toHex(relay.publicKey), '200']
    await using peer = await startProcess({ command: 'tox-c-peer', args })
    expect(await peer.ended).toBe(0)
    expect(relay.stats.accepted).toBe(200)
    expect(relay.stats.drops['bad-handshake']).toBeUndefined()
  })
})
