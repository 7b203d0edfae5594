/** Our manager on relays and beside clients that are not ours: Debian's tox-bootstrapd, c-toxcore's own client. */
import { expect, it } from 'vitest'
import { startRelay } from '../../src/io/relay-server.js'
import { first, meeting, newManager, online, status, streamNumbers } from '../support/meetings.js'
import { describeWithPeer, runCData, startBootstrapd, startCEcho } from '../support/peers.js'

const text = (data: Uint8Array): string => Buffer.from(data).toString()

describeWithPeer('tox-bootstrapd', 'a manager on tox-bootstrapd', () => {
  it('shakes hands, pings first, and hears the pong', async () => {
    await using relay = await startBootstrapd()
    await using manager = await newManager({ relays: [{ ...relayOf(relay), pinned: true }] })
    const answered = await status(manager, ({ type }) => type === 'keepalive')
    expect(answered).toMatchObject({ relay: relay.publicKey })
    expect(manager.relays[0]?.state.name).toBe('established')
  })

  it('brings two managers together: routes, connect notifications, data both ways, disconnect', async () => {
    await using relay = await startBootstrapd()
    await using pair = await meeting([relayOf(relay)])
    await Promise.all([online(pair.toB), online(pair.toA)])
    const [atA, atB] = [first(pair.toB.packets$), first(pair.toA.packets$)]
    expect([pair.toB.send(Buffer.from('to b')), pair.toA.send(Buffer.from('to a'))]).toEqual(['sent', 'sent'])
    expect([text((await atB).data), text((await atA).data)]).toEqual(['to b', 'to a'])
    const left = first(pair.toA.state$, state => state !== 'online')
    pair.a.removeFriend(pair.b.publicKey)
    expect(await left).toBe('connecting')
    expect(pair.toA.routes.map(({ state }) => state)).toEqual(['registered'])
  })

  it('sends out of band while the friend is only known to be on the relay', async () => {
    await using relay = await startBootstrapd()
    await using pair = await meeting([relayOf(relay)])
    await Promise.all([online(pair.toB), online(pair.toA)])
    pair.b.removeFriend(pair.a.publicKey)
    await first(pair.toB.routes$, routes => routes[0]?.state === 'registered')
    const heard = first(pair.b.oob$)
    expect(pair.toB.send(Buffer.from('are you there?'))).toBe('sent-oob')
    const { publicKey, data } = await heard
    expect([Buffer.from(publicKey), text(data)]).toEqual([Buffer.from(pair.a.publicKey), 'are you there?'])
  })

  it('carries 20,000 packets of 1,373 bytes as fast as send takes them: all arrive, in order', async () => {
    await using relay = await startBootstrapd()
    await using pair = await meeting([relayOf(relay)])
    await Promise.all([online(pair.toB), online(pair.toA)])
    const lost: string[] = []
    pair.a.status$.subscribe(({ type }) => type === 'network-down' && lost.push(type))
    const arrived = await streamNumbers(pair.toB, pair.toA, 20_000, 1_373)
    expect(arrived).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
    expect(lost).toEqual([])
  }, 120_000)

  it('notices at once that its relay was killed, comes back after its restart, and data flows again', async () => {
    await using relay = await startBootstrapd()
    await using pair = await meeting([relayOf(relay)])
    await Promise.all([online(pair.toB), online(pair.toA)])
    const lost = status(pair.a, event => event.type === 'relay-state' && event.state === 'backoff')
    relay.kill('SIGKILL')
    expect((await lost).type === 'relay-state' && (await lost)).toMatchObject({
      reason: expect.stringMatching(/reset|closed-by-relay/),
    })
    await relay.restart()
    await Promise.all([online(pair.toB), online(pair.toA)])
    const atB = first(pair.toA.packets$)
    expect(pair.toB.send(Buffer.from('again'))).toBe('sent')
    expect(text((await atB).data)).toBe('again')
  }, 40_000)
})

describeWithPeer(['tox-bootstrapd', 'tox-c-peer'], 'a manager and c-toxcore’s own client', () => {
  it('exchange packets through tox-bootstrapd', async () => {
    await using relay = await startBootstrapd()
    await exchangeWithC(relayOf(relay))
  })

  it('exchange packets through our embedded relay', async () => {
    await using relay = await startRelay({ port: 0 })
    await exchangeWithC({
      host: relay.host,
      port: relay.port,
      publicKey: Buffer.from(relay.publicKey).toString('hex'),
    })
  })
})

describeWithPeer('tox-c-peer', 'our embedded relay', () => {
  it('lets two of c-toxcore’s clients talk', async () => {
    await using relay = await startRelay({ port: 0 })
    const relayKey = Buffer.from(relay.publicKey).toString('hex').toUpperCase()
    const result = await runCData({ port: relay.port, relayKey, count: 5_000, size: 1_000, window: 40 })
    expect(result.received).toBe(5_000)
  }, 60_000)
})

const relayOf = ({ host, port, publicKey }: { host: string; port: number; publicKey: string }) => ({
  host,
  port,
  publicKey,
})

/** The C client sends every packet back, in band and out of band. */
async function exchangeWithC(relay: { host: string; port: number; publicKey: string }): Promise<void> {
  await using manager = await newManager({ relays: [relay] })
  const ownKey = Buffer.from(manager.publicKey).toString('hex')
  await using echo = await startCEcho({ port: relay.port, relayKey: relay.publicKey, friendKey: '-' })
  const friend = manager.addFriend(echo.self)
  await first(friend.routes$, routes => routes[0]?.state === 'registered')
  // Until it knows its friend it does not even connect: its OOB answer shows that it has, its route that it asked.
  echo.setFriend(ownKey)
  await online(friend)
  const [inBand, outOfBand] = [
    first(friend.packets$, ({ oob }) => !oob),
    first(friend.packets$, ({ oob }) => oob),
  ]
  expect(friend.send(Buffer.from('there and back'))).toBe('sent')
  expect(text((await inBand).data)).toBe('there and back')
  expect(manager.sendOob(echo.self, Buffer.from('out of band'))).toBe('sent-oob')
  expect(text((await outOfBand).data)).toBe('out of band')
}
