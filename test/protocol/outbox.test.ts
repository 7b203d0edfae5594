import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DATA_LANE_BYTES, Outbox, type Waiting } from '../../src/protocol/outbox.js'
import type { OpenPing } from '../../src/protocol/pings.js'
import { hex, join, prop, runs } from './ends.js'

const pingId = (n: number): Uint8Array => Uint8Array.of(9, 9, 9, 9, 9, 9, n >> 8, n & 0xff)
const pong = (n: number): Uint8Array => join(hex('05'), pingId(n))
const data = (n: number, owner?: object): Waiting => ({
  payload: Uint8Array.of(n),
  id: 16,
  ...(owner ? { owner } : {}),
})

/** Takes everything out, as payloads. */
function drained(outbox: Outbox, room = Number.POSITIVE_INFINITY): Uint8Array[] {
  const payloads: Uint8Array[] = []
  for (let next = outbox.shift(room); next; next = outbox.shift(room)) payloads.push(next.payload)
  return payloads
}

describe('the two lanes', () => {
  test('control leaves before data that waited longer, each lane in its own order', () => {
    const outbox = new Outbox()
    outbox.pushData(data(1))
    outbox.pushControl(hex('03 10'))
    outbox.pushData(data(2))
    outbox.pushPong(pingId(7))
    outbox.pushControl(hex('03 11'))
    expect(outbox.depth).toBe(5)
    expect(outbox.controlDepth).toBe(3)
    expect(drained(outbox)).toEqual([hex('03 10'), pong(7), hex('03 11'), hex('01'), hex('02')])
    expect(outbox.depth).toBe(0)
  })

  test('are empty at first, and again when all has left', () => {
    const outbox = new Outbox()
    expect(outbox.isEmpty).toBe(true)
    expect(outbox.shift(1000)).toBeUndefined()
    outbox.pushData(data(1))
    expect(outbox.isEmpty).toBe(false)
    outbox.shift(1000)
    expect(outbox.isEmpty).toBe(true)
    outbox.pushControl(hex('03 10'))
    expect(outbox.isEmpty).toBe(false)
    outbox.shift(0)
    expect(outbox.isEmpty).toBe(true)
  })

  test('keep their order through hundreds of packets', () => {
    const outbox = new Outbox(Number.POSITIVE_INFINITY)
    const taken: number[] = []
    const take = (): void => {
      const next = outbox.shift(1000)
      if (next) taken.push(Buffer.from(next.payload).readUInt16BE())
    }
    for (let n = 0; n < 2000; n++) {
      outbox.pushData({ payload: Uint8Array.of(n >> 8, n & 0xff) })
      if (n % 3 !== 0) take()
    }
    while (!outbox.isEmpty) take()
    expect(taken).toEqual(Array.from({ length: 2000 }, (_, n) => n))
  })

  test('hand a packet on as it was given: with its id, its owner, its ping', () => {
    const outbox = new Outbox()
    const owner = {}
    const ping: OpenPing = { pingId: pingId(1), since: 0, keepalive: true, position: undefined }
    const entry = { payload: hex('0102'), id: 16, owner }
    outbox.pushData(entry)
    outbox.pushControl(hex('04'), ping)
    outbox.pushControl(hex('00'))
    expect(outbox.shift(1000)).toEqual({ payload: hex('04'), ping })
    expect(outbox.shift(1000)).toEqual({ payload: hex('00') })
    expect(outbox.shift(1000)).toBe(entry)
  })
})

describe('the window', () => {
  test('holds data back whose frame does not fit: 18 bytes and the id are reckoned in', () => {
    const outbox = new Outbox()
    outbox.pushData({ payload: new Uint8Array(100), id: 16 })
    expect(outbox.shift(118)).toBeUndefined()
    expect(outbox.depth).toBe(1)
    expect(outbox.shift(119)?.payload).toHaveLength(100)
  })

  test('is nothing to control, however little room is left', () => {
    const outbox = new Outbox()
    outbox.pushControl(hex('03 10'))
    expect(outbox.shift(-5000)?.payload).toEqual(hex('03 10'))
  })

  test('lets no small packet pass a large one that waits for room', () => {
    const outbox = new Outbox()
    outbox.pushData({ payload: new Uint8Array(500), id: 16 })
    outbox.pushData(data(1))
    expect(outbox.shift(400)).toBeUndefined()
    expect(drained(outbox)).toEqual([new Uint8Array(500), hex('01')])
  })
})

describe('full', () => {
  test('is an answer: the data lane takes 128 KiB, 64 bytes a packet reckoned in, and then nothing more', () => {
    const outbox = new Outbox()
    expect(DATA_LANE_BYTES).toBe(131_072)
    for (let i = 0; i < 128; i++) expect(outbox.pushData({ payload: new Uint8Array(960), id: 16 })).toBe(true)
    expect(outbox.pushData({ payload: new Uint8Array(), id: 16 })).toBe(false)
    expect(outbox.depth).toBe(128)
    outbox.shift(1000)
    expect(outbox.pushData({ payload: new Uint8Array(961), id: 16 })).toBe(false)
    expect(outbox.pushData({ payload: new Uint8Array(960), id: 16 })).toBe(true)
  })

  test('comes for the tiniest packets too: no more than 2,048 of them', () => {
    const outbox = new Outbox()
    let taken = 0
    while (outbox.pushData({ payload: new Uint8Array(), id: 16 })) taken++
    expect(taken).toBe(2048)
  })

  test('case 10: is not said to a packet that fits no frame: that is refused at once', () => {
    const outbox = new Outbox()
    const wanted = 'packet: wanted 1–2032 bytes, got'
    expect(() => outbox.pushData({ payload: new Uint8Array(2032), id: 16 })).toThrow(
      new RangeError(`${wanted} 2033`),
    )
    expect(() => outbox.pushData({ payload: new Uint8Array(2033) })).toThrow(`${wanted} 2033`)
    expect(() => outbox.pushData({ payload: new Uint8Array() })).toThrow(`${wanted} 0`)
    expect(outbox.isEmpty).toBe(true)
    expect(outbox.pushData({ payload: new Uint8Array(2031), id: 16 })).toBe(true)
    expect(outbox.pushData({ payload: new Uint8Array(2032) })).toBe(true)
    expect(outbox.depth).toBe(2)
  })

  test('never comes for control', () => {
    const outbox = new Outbox(0)
    expect(outbox.pushData(data(1))).toBe(false)
    for (let i = 0; i < 1000; i++) outbox.pushControl(hex('03 10'))
    expect(outbox.controlDepth).toBe(1000)
  })

  test('is over, for those who wait for it, when half of the lane is empty', () => {
    const outbox = new Outbox(1000)
    const entry = { payload: new Uint8Array(36), id: 16 }
    for (let i = 0; i < 10; i++) expect(outbox.pushData(entry)).toBe(true)
    for (let i = 0; i < 5; i++) {
      expect(outbox.isRoomy).toBe(false)
      outbox.shift(1000)
    }
    expect(outbox.isRoomy).toBe(true)
  })
})

describe('pongs', () => {
  test('are owed for up to 32 pings, answered in order; beyond that the newest replaces the last', () => {
    const outbox = new Outbox()
    for (let n = 0; n < 1000; n++) outbox.pushPong(pingId(n))
    expect(outbox.depth).toBe(32)
    expect(drained(outbox)).toEqual([...Array.from({ length: 31 }, (_, n) => pong(n)), pong(999)])
  })

  test('that left make room for others', () => {
    const outbox = new Outbox()
    for (let n = 0; n < 32; n++) outbox.pushPong(pingId(n))
    outbox.shift(0)
    outbox.pushPong(pingId(100))
    expect(outbox.depth).toBe(32)
    outbox.pushPong(pingId(101))
    expect(outbox.depth).toBe(32)
    expect(drained(outbox)).toEqual([...Array.from({ length: 31 }, (_, n) => pong(n + 1)), pong(101)])
    for (let n = 0; n < 40; n++) outbox.pushPong(pingId(n))
    expect(drained(outbox)).toEqual([...Array.from({ length: 31 }, (_, n) => pong(n)), pong(39)])
  })

  test('replaced keep their place between other control packets', () => {
    const outbox = new Outbox()
    for (let n = 0; n < 32; n++) outbox.pushPong(pingId(n))
    outbox.pushControl(hex('03 10'))
    outbox.pushPong(pingId(50))
    expect(drained(outbox).slice(31)).toEqual([pong(50), hex('03 10')])
  })

  test('already sent are never changed', () => {
    const outbox = new Outbox()
    for (let n = 0; n < 32; n++) outbox.pushPong(pingId(n))
    const first = outbox.shift(0)
    outbox.pushPong(pingId(32))
    outbox.pushPong(pingId(33))
    expect(first?.payload).toEqual(pong(0))
  })
})

describe('an owner who goes', () => {
  test('case 45: takes his waiting data with him, and nothing of others, and makes room', () => {
    const outbox = new Outbox(64 * 6 + 6)
    const [a, b] = [{}, {}]
    for (let n = 0; n < 6; n++) expect(outbox.pushData(data(n, n % 2 === 0 ? a : b))).toBe(true)
    expect(outbox.pushData(data(9))).toBe(false)
    outbox.pushControl(hex('03 10'))
    expect(outbox.dropOwned(a)).toBe(3)
    expect(outbox.dropOwned(a)).toBe(0)
    for (let n = 6; n < 9; n++) expect(outbox.pushData(data(n))).toBe(true)
    expect(outbox.pushData(data(9))).toBe(false)
    expect(drained(outbox)).toEqual([hex('03 10'), ...[1, 3, 5, 6, 7, 8].map(n => Uint8Array.of(n))])
  })

  test('is told right when some of the lane has left before', () => {
    const outbox = new Outbox(64 * 6 + 6)
    const [a, b] = [{}, {}]
    for (let n = 0; n < 6; n++) outbox.pushData(data(n, n < 4 ? a : b))
    outbox.shift(1000)
    outbox.shift(1000)
    expect(outbox.dropOwned(a)).toBe(2)
    expect(outbox.depth).toBe(2)
    for (let n = 6; n < 10; n++) expect(outbox.pushData(data(n))).toBe(true)
    expect(outbox.pushData(data(10))).toBe(false)
  })

  test('brings back nothing of others that has left before', () => {
    const outbox = new Outbox()
    const [a, b] = [{}, {}]
    for (let n = 0; n < 4; n++) outbox.pushData(data(n, n % 2 === 0 ? a : b))
    outbox.shift(1000)
    outbox.shift(1000)
    expect(outbox.dropOwned(a)).toBe(1)
    expect(drained(outbox)).toEqual([hex('03')])
  })

  test('all data can be removed at once, control stays', () => {
    const outbox = new Outbox(200)
    outbox.pushControl(hex('03 10'))
    outbox.pushData(data(1))
    outbox.pushData(data(2))
    outbox.shift(1000)
    outbox.shift(1000)
    outbox.pushControl(hex('03 11'))
    expect(outbox.dropData()).toBe(1)
    expect(outbox.dropData()).toBe(0)
    for (let n = 0; n < 3; n++) expect(outbox.pushData(data(n))).toBe(true)
    expect(outbox.pushData(data(3))).toBe(false)
    expect(drained(outbox)).toEqual([hex('03 11'), hex('00'), hex('01'), hex('02')])
  })
})

/** The laws above against two plain arrays, for any sequence of calls. */
describe('in any sequence of calls', () => {
  const CAPACITY = 2000
  const owners = [{}, {}, {}]
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ data: fc.nat(400), owner: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.constant({ control: true }) },
    { weight: 4, arbitrary: fc.constant({ pong: true }) },
    { weight: 3, arbitrary: fc.record({ shift: fc.integer({ min: -100, max: 500 }) }) },
    { weight: 1, arbitrary: fc.record({ dropOwned: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.constant({ dropData: true }) },
  )

  prop([fc.array(step, { maxLength: 300, size: 'max' })], runs(300))(
    'the lanes are those of two plain arrays',
    steps => {
      const outbox = new Outbox(CAPACITY)
      const control: string[] = []
      let lane: { tag: string; size: number; owner: number }[] = []
      let serial = 0
      const bytes = (size: number): Uint8Array => {
        const payload = new Uint8Array(Math.max(4, size))
        new DataView(payload.buffer).setUint32(0, serial++)
        return payload
      }
      const used = (): number => lane.reduce((sum, { size }) => sum + size + 64, 0)
      for (const each of steps) {
        if ('data' in each) {
          const payload = bytes(each.data)
          const fits = used() + payload.length + 64 <= CAPACITY
          expect(outbox.pushData({ payload, id: 16, owner: owners[each.owner] ?? {} })).toBe(fits)
          if (fits) lane.push({ tag: tagOf(payload), size: payload.length, owner: each.owner })
        } else if ('control' in each) {
          const payload = join(hex('03'), bytes(0))
          outbox.pushControl(payload)
          control.push(tagOf(payload))
        } else if ('pong' in each) {
          const id = bytes(8)
          outbox.pushPong(id)
          const tag = tagOf(join(hex('05'), id))
          const owed = control.filter(other => other.startsWith('05'))
          if (owed.length < 32) control.push(tag)
          else control[control.lastIndexOf(owed[31] ?? '')] = tag
        } else if ('shift' in each) {
          const next = outbox.shift(each.shift)
          const first = lane[0]
          if (control.length > 0) expect(next && tagOf(next.payload)).toBe(control.shift())
          else if (first && first.size + 19 <= each.shift) {
            expect(next && tagOf(next.payload)).toBe(first.tag)
            lane.shift()
          } else expect(next).toBeUndefined()
        } else if ('dropOwned' in each) {
          const kept = lane.filter(({ owner }) => owner !== each.dropOwned)
          expect(outbox.dropOwned(owners[each.dropOwned] ?? {})).toBe(lane.length - kept.length)
          lane = kept
        } else {
          expect(outbox.dropData()).toBe(lane.length)
          lane = []
        }
        expect(outbox.controlDepth).toBe(control.length)
        expect(outbox.depth).toBe(control.length + lane.length)
        expect(outbox.isEmpty).toBe(control.length + lane.length === 0)
        expect(outbox.isRoomy).toBe(used() <= CAPACITY / 2)
      }
      expect(drained(outbox).map(tagOf)).toEqual([...control, ...lane.map(({ tag }) => tag)])
    },
  )

  const tagOf = (payload: Uint8Array): string => Buffer.from(payload.subarray(0, 5)).toString('hex')
})
