/** Cases 33–36 and 46: which relays are kept, reserved, shared, and met on. */
import { describe, expect, test } from 'vitest'
import { MAX_RELAYS_PER_FRIEND, RELAYS_PER_FRIEND, WIDEN_AFTER_MS } from '../../src/actors/relay-choice.js'
import { REST_DELAY_MS } from '../../src/actors/relay-setup.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import { packNodes, unpackNodes } from '../../src/protocol/nodes.js'
import { addressOf, type Client, relayAt, theRelay, told, World } from '../support/world.js'

const key = (world: World): Uint8Array => newKeyPair(world.random).publicKey
const connected = ({ manager }: Client): number =>
  manager.relays.filter(({ isEstablished }) => isEstablished).length

describe('a relay', () => {
  test('case 33: of A, who sleeps, wakes and sleeps, stays up for B, who is awake', async () => {
    await using world = new World()
    const client = await world.client({ relays: [await world.relay()], limits: { unused: 0 } })
    const [a, b] = [client.manager.addFriend(key(world)), client.manager.addFriend(key(world))]
    await world.settle()
    for (const awake of [false, true, false]) {
      a.setAwake(awake)
      await world.advance(2 * REST_DELAY_MS)
      expect([theRelay(client).isEstablished, b.state]).toEqual([true, 'connecting'])
      expect(a.state).toBe(awake ? 'connecting' : 'offline')
    }
    expect(told(client, 'relay-state').filter(({ state }) => state === 'established')).toHaveLength(1)
    b.setAwake(false)
    await world.advance(REST_DELAY_MS)
    expect(theRelay(client).state.name).toBe('sleeping')
  })
})

describe('onion use', () => {
  test('case 34: switched on with 1 relay connected and 5 asleep wakes exactly 2', async () => {
    await using world = new World()
    const relays = await world.relays(6)
    const client = await world.client({ relays, limits: { unused: 1 } })
    await world.advance(REST_DELAY_MS)
    expect(connected(client)).toBe(1)
    const [already] = client.manager.relays.filter(({ isEstablished }) => isEstablished)
    client.manager.setOnion(3)
    await world.advance(10 * REST_DELAY_MS)
    expect([connected(client), client.host.dials, already?.isEstablished]).toEqual([3, 3, true])
    client.manager.setOnion(false)
    await world.advance(REST_DELAY_MS)
    expect(connected(client)).toBe(1)
  })
})

describe('a friend’s relays', () => {
  test('case 35: 40 of them, private ones, port 0 and our own key: 6 are tied, the rest refused with reasons', async () => {
    await using world = new World()
    const client = await world.client()
    const friend = client.manager.addFriend(key(world))
    const offered = [
      ...[
        '10.1.2.3',
        '127.0.0.1',
        '169.254.1.1',
        '192.168.0.1',
        '224.0.0.1',
        '::1',
        'fe80::1',
        'fd00::1',
      ].map(host => ({ host, port: 33445, publicKey: key(world) })),
      { ...world.address(), port: 0, publicKey: key(world) },
      { ...world.address(), publicKey: client.manager.publicKey },
      ...Array.from({ length: 30 }, () => ({ ...world.address(), publicKey: key(world) })),
    ]
    const packed = packNodes(offered.map(node => ({ ...node, transport: 'tcp' as const })))
    const { nodes } = unpackNodes(packed)
    const offers = nodes.map(node => friend.addRelay(node))
    const refusals = offers.map(offer => (offer.accepted ? 'tied' : offer.refusal))
    expect(refusals).toEqual([
      ...Array(8).fill('private-address'),
      'bad-port',
      'own-key',
      ...Array(MAX_RELAYS_PER_FRIEND).fill('tied'),
      ...Array(24).fill('too-many-relays'),
    ])
    expect(friend.routes).toHaveLength(MAX_RELAYS_PER_FRIEND)
    expect(told(client, 'relay-refused').map(({ refusal }) => refusal)).toEqual(
      refusals.filter(refusal => refusal !== 'tied'),
    )
    await world.settle()
    expect([client.manager.relays.length, client.host.dials]).toEqual([6, 6])
    expect(friend.addRelay({ ...world.address(), publicKey: key(world) })).toEqual({
      accepted: false,
      refusal: 'too-often',
    })
  })

  test.each([1, 2, 3, 4])(
    'case 36: with %i connected, 1 to 3 of them are given to share, and none that is not to be shared',
    async count => {
      await using world = new World()
      const relays = await world.relays(count)
      const secret = await world.relay()
      const client = await world.client({
        relays: [...relays, { ...addressOf(secret), share: false, pinned: true }],
        limits: { unused: count },
      })
      await world.settle()
      expect(connected(client)).toBe(count + 1)
      for (const wanted of [1, 2, 3])
        expect(client.manager.connectedRelays(wanted)).toHaveLength(Math.min(wanted, count))
      expect(client.manager.connectedRelays(10)).not.toContain(relayAt(client, secret))
    },
  )
})

describe('two managers', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'case 46: with overlapping lists of 50 relays and no word between them meet, and are online (seed %i)',
    async seed => {
      await using world = new World(seed)
      const relays = await world.relays(60)
      const [a, b] = [
        await world.client({ relays: list(relays.slice(0, 50)) }),
        await world.client({ relays: list(relays.slice(10)) }),
      ]
      const toB = a.manager.addFriend(b.manager.publicKey)
      const toA = b.manager.addFriend(a.manager.publicKey)
      const took = await world.online(toA, toB)
      expect(took).toBeLessThanOrEqual(WIDEN_AFTER_MS)
      expect(Math.max(connected(a), connected(b))).toBeLessThanOrEqual(3 + MAX_RELAYS_PER_FRIEND)
    },
  )

  test('case 46: with the same list of 50 relays are tied to the same 3', async () => {
    await using world = new World()
    const relays = await world.relays(50)
    const { toA, toB } = await world.pair(relays)
    await world.online(toA, toB)
    const keys = [toA, toB].map(({ routes }) => routes.map(({ relay }) => relay.key).sort())
    expect(keys[0]).toEqual(keys[1])
    expect(keys[0]).toHaveLength(RELAYS_PER_FRIEND)
  })
})

const list = (relays: readonly { host: string; port: number; publicKey: Uint8Array }[]) => ({
  nodes: relays.map(addressOf),
  problems: [],
})
