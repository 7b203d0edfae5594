/**
 * A relay that breaks each rule of docs/protocol.md §4 in turn, against a whole manager: the link is closed, it counts
 * against the relay, and who is met elsewhere is not troubled. What is tolerated stands in tolerated.test.ts.
 */
import { describe, expect, test } from 'vitest'
import { bytes, World } from '../support/world.js'
import { IDS, openStage, raw, type Sent, type Stage, zeros } from './stage.js'

const KEY = new Uint8Array(32).fill(7)
const frame = (length: number, size = length): Uint8Array =>
  raw(length >> 8, length & 0xff, zeros(size).fill(0xaa))

/** What is heard when the hostile relay's link ends: every route there is only wished for again. */
const LOSS = [
  'route of requested: wanted',
  'route of registered: wanted',
  'route of online: wanted',
  'online is connecting',
  'relay: backoff, protocol-violation',
]

describe('the link is closed, and it counts against the relay, for', () => {
  test.each<[what: string, sent: Sent]>([
    ['a routing request', { kind: 'routingRequest', publicKey: KEY }],
    ['an OOB send', { kind: 'oobSend', publicKey: KEY, payload: bytes('x') }],
    ['an onion request', { kind: 'onionRequest', payload: zeros(200) }],
    [
      'a forward request',
      { kind: 'forwardRequest', target: { address: zeros(4), port: 1 }, payload: zeros(9) },
    ],
    ['a routing response of 33 bytes', raw(1, IDS.unknown, zeros(31))],
    ['a routing response of 35 bytes', raw(1, IDS.unknown, zeros(33))],
    ['a connect notification of 1 byte', raw(2)],
    ['a connect notification of 3 bytes', raw(2, IDS.registered, 0)],
    ['a disconnect notification of 1 byte', raw(3)],
    ['a disconnect notification of 3 bytes', raw(3, IDS.online, 0)],
    ['a ping of 8 bytes', raw(4, zeros(7).fill(1))],
    ['a ping of 10 bytes', raw(4, zeros(9).fill(1))],
    ['a pong of 8 bytes', raw(5, zeros(7).fill(1))],
    ['a pong of 10 bytes', raw(5, zeros(9).fill(1))],
    ['an OOB recv of 33 bytes', raw(7, KEY)],
    ['an OOB recv of 2 bytes', raw(7, 7)],
    ['a reserved packet of 1 byte', raw(12)],
    ['a response with connection id 1', raw(1, 1, KEY)],
    ['a response with connection id 15', raw(1, 15, KEY)],
    ['a connect notification for id 0', raw(2, 0)],
    ['a connect notification for id 15', raw(2, 15)],
    ['a disconnect notification for id 0', raw(3, 0)],
    ['a disconnect notification for id 1', raw(3, 1)],
  ])('%s', async (_, sent) => {
    await using world = new World()
    const stage = await openStage(world)
    await stage.send(sent)
    await expectClosed(stage)
  })

  test.each<[what: string, bytes: (stage: Stage) => Uint8Array]>([
    ['a frame of length 0', () => frame(0)],
    ['a frame of length 16', () => frame(16)],
    ['the first two bytes of a frame of length 2,049', () => frame(2_049, 0)],
    ['a frame with a bad MAC', () => frame(40)],
    [
      'a frame that was spoiled on the way',
      ({ end }) => end.seal(raw(12, zeros(20))).map((byte, i) => (i === 30 ? byte ^ 4 : byte)),
    ],
    [
      'a frame that overtook another',
      ({ end }) => {
        const [first, second] = [end.seal(raw(12, 1)), end.seal(raw(12, 2))]
        return raw(second, first)
      },
    ],
  ])('%s', async (_, bytesOf) => {
    await using world = new World()
    const stage = await openStage(world)
    stage.end.sendRaw(bytesOf(stage))
    await world.settle()
    await expectClosed(stage)
  })

  test('an id that another friend holds already', async () => {
    await using world = new World()
    const stage = await openStage(world)
    const { publicKey } = stage.friends.requested
    await stage.send({ kind: 'routingResponse', connectionId: IDS.online, publicKey })
    await expectClosed(stage)
  })

  /** Nothing of what follows the violation counts any more, and the friend who has another relay is not troubled. */
  async function expectClosed(stage: Stage): Promise<void> {
    expect(stage.heard).toEqual(LOSS)
    expect([stage.relay.link, stage.end.ended, stage.hostile.clients.length]).toEqual([
      undefined,
      'closed-by-relay',
      1,
    ])
    expect(stage.relay.score.success).toBeLessThan(1)
    expect(stage.answers()).toEqual([])
    expect(await stage.bystanderSpeaks()).toEqual(['still here'])
  }
})
