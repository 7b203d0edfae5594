import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BURST_BYTES, SendWindow } from '../../src/protocol/send-window.js'
import { prop, runs } from './ends.js'

describe('the window', () => {
  test('has room for 64 KiB, less what was sent and not acknowledged', () => {
    const window = new SendWindow()
    expect(window.room).toBe(65_536)
    window.sent(1000)
    expect(window.room).toBe(64_536)
    expect(window.unacknowledged).toBe(1000)
    window.sent(64_636)
    expect(window.room).toBe(-100)
    expect(window.unacknowledged).toBe(65_636)
  })

  test('is given room by a pong for all that went before its ping, and for nothing behind it', () => {
    const window = new SendWindow()
    window.sent(1000)
    const position = window.pingSent()
    expect(position).toBe(1000)
    window.sent(500)
    window.acknowledge(position)
    expect(window.unacknowledged).toBe(500)
    expect(window.room).toBe(65_036)
  })

  test('is given no room by an older pong, nor twice by the same', () => {
    const window = new SendWindow()
    window.sent(100)
    const first = window.pingSent()
    window.sent(100)
    const second = window.pingSent()
    window.sent(100)
    window.acknowledge(second)
    window.acknowledge(first)
    window.acknowledge(second)
    expect(window.unacknowledged).toBe(100)
  })

  test('wants a ping once half of it has gone since the last, whatever was acknowledged', () => {
    const window = new SendWindow()
    window.sent(32_767)
    expect(window.pingDue).toBe(false)
    window.sent(1)
    expect(window.pingDue).toBe(true)
    window.acknowledge(window.pingSent())
    expect(window.pingDue).toBe(false)
    window.sent(32_767)
    expect(window.pingDue).toBe(false)
    window.sent(1)
    expect(window.pingDue).toBe(true)
  })

  test('of another size wants its pings at half of that, or it would close for ever', () => {
    const window = new SendWindow({ size: 4000 })
    expect(window.room).toBe(4000)
    window.sent(1999)
    expect(window.pingDue).toBe(false)
    window.sent(1)
    expect(window.pingDue).toBe(true)
  })

  test("of a relay's own side is without end, and wants no pings", () => {
    const window = new SendWindow({ size: Number.POSITIVE_INFINITY })
    window.sent(10_000_000)
    expect(window.room).toBe(Number.POSITIVE_INFINITY)
    expect(window.pingDue).toBe(false)
  })

  const step = fc.oneof(
    fc.record({ sent: fc.nat(3000) }),
    fc.record({ ping: fc.constant(true) }),
    fc.record({ pong: fc.nat(100) }),
  )
  prop([fc.array(step, { maxLength: 100 })], runs(500))(
    'counts what a list of everything sent counts',
    steps => {
      const window = new SendWindow()
      const pings: number[] = []
      let [sent, acknowledged, sincePing] = [0, 0, 0]
      for (const each of steps) {
        if ('sent' in each) {
          window.sent(each.sent)
          sent += each.sent
          sincePing += each.sent
        } else if ('ping' in each) {
          pings.push(window.pingSent())
          expect(pings.at(-1)).toBe(sent)
          sincePing = 0
        } else {
          const position = pings[each.pong % Math.max(1, pings.length)] ?? 0
          window.acknowledge(position)
          acknowledged = Math.max(acknowledged, position)
        }
        expect(window.unacknowledged).toBe(sent - acknowledged)
        expect(window.room).toBe(65_536 - sent + acknowledged)
        expect(window.pingDue).toBe(sincePing >= 32_768)
      }
    },
  )
})

describe('a window in bursts', () => {
  const FRAME = 1391
  const burst = (window: SendWindow): number => {
    let packets = 0
    while (window.room >= FRAME) {
      window.sent(FRAME)
      packets++
      if (window.pingDue) break
    }
    return packets
  }

  test('sends so much and then nothing until all of it is acknowledged', () => {
    const window = new SendWindow({ size: BURST_BYTES, inBursts: true })
    const packets = burst(window)
    window.sent(27)
    const last = window.pingSent()
    expect(packets * FRAME).toBeGreaterThan(BURST_BYTES - 2 * 2050)
    expect(window.room).toBe(0)
    window.acknowledge(last - 1)
    expect(window.room).toBe(0)
    window.acknowledge(last)
    expect(window.room).toBe(BURST_BYTES)
    expect(burst(window)).toBe(packets)
  })

  test('asks for one ping at the end of a burst, and for none before', () => {
    const window = new SendWindow({ size: BURST_BYTES, inBursts: true })
    window.sent(BURST_BYTES / 2)
    expect(window.pingDue).toBe(false)
    window.sent(BURST_BYTES / 2 - 2000)
    expect(window.pingDue).toBe(true)
    window.sent(27)
    window.pingSent()
    expect(window.pingDue).toBe(false)
  })

  test('goes on after a keepalive ping in the middle of a burst', () => {
    const window = new SendWindow({ size: BURST_BYTES, inBursts: true })
    window.sent(5_000)
    window.acknowledge(window.pingSent())
    expect(window.room).toBe(BURST_BYTES - 5_000)
    expect(burst(window)).toBeGreaterThan(20)
  })
})
