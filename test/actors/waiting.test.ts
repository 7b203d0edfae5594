/** Pure rules of waiting: backoff, quarantine, and the gate for dials. */
import { describe, expect, test } from 'vitest'
import { backoffMs } from '../../src/actors/backoff.js'
import { DialGate } from '../../src/actors/dial-gate.js'
import { deservesQuarantine, quarantineMs, recentViolations } from '../../src/actors/quarantine.js'
import { VirtualClock } from '../../src/testing/index.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

describe('backoff', () => {
  test('doubles from 0.5 s to 5 min, half of it by chance', () => {
    const range = (failures: number) => [backoffMs(failures, 0), backoffMs(failures, 1)]
    expect(range(1)).toEqual([250, 500])
    expect(range(2)).toEqual([500, 1_000])
    expect(range(10)).toEqual([128_000, 256_000])
    expect(range(11)).toEqual([150_000, 300_000])
    expect(range(5_000)).toEqual([150_000, 300_000])
    expect(backoffMs(1, 0.5)).toBe(375)
  })

  test('keeps to other limits', () => {
    expect(backoffMs(3, 1, { firstMs: 10, capMs: 30 })).toBe(30)
  })
})

describe('quarantine', () => {
  test('is deserved by 3 violations within 10 minutes', () => {
    const at = (now: number) => deservesQuarantine(recentViolations([0, 1, 2], now))
    expect([at(10 * MINUTE_MS - 1), at(10 * MINUTE_MS)]).toEqual([true, false])
    expect(deservesQuarantine([0, 1])).toBe(false)
  })

  test('lasts an hour, doubling to a day', () => {
    expect([0, 1, 2, 3, 4, 5, 100].map(earlier => quarantineMs(earlier) / HOUR_MS)).toEqual([
      1, 2, 4, 8, 16, 24, 24,
    ])
  })
})

describe('the gate for dials', () => {
  const gateOf = (limit?: number) => {
    const clock = new VirtualClock()
    const gate = new DialGate({ clock, chance: () => 1, limit })
    const begun: number[] = []
    const enter = (name: number) => gate.enter(() => begun.push(name))
    return { begun, clock, enter, gate }
  }

  test('lets 64 in at once, and others in their order as those leave', () => {
    const { begun, enter } = gateOf()
    const leave = Array.from({ length: 70 }, (_, i) => enter(i))
    expect(begun).toHaveLength(64)
    leave[66]?.()
    leave[0]?.()
    leave[1]?.()
    leave[2]?.()
    expect(begun.slice(64)).toEqual([64, 65, 67])
  })

  test('gives a slot back once, however often it is left', () => {
    const { begun, enter } = gateOf(1)
    const first = enter(1)
    const [second] = [enter(2), enter(3)]
    first()
    first()
    expect(begun).toEqual([1, 2])
    second?.()
    expect(begun).toEqual([1, 2, 3])
  })

  test('in trouble lets one in at a time, not before a backoff that doubles, until all is well', async () => {
    const { begun, clock, enter, gate } = gateOf(3)
    const first = enter(1)
    gate.trouble()
    first()
    const second = enter(2)
    enter(3)
    enter(4)
    await clock.advance(499)
    expect(begun).toEqual([1])
    await clock.advance(1)
    expect(begun).toEqual([1, 2])
    gate.trouble()
    gate.trouble()
    second()
    await clock.advance(999)
    expect(begun).toEqual([1, 2])
    await clock.advance(1)
    expect(begun).toEqual([1, 2, 3])
    gate.wellAgain()
    expect([begun, clock.pending]).toEqual([[1, 2, 3, 4], 0])
  })

  test('in trouble lets the next in at once when the network is back', () => {
    const { begun, clock, enter, gate } = gateOf()
    gate.trouble()
    const leave = [enter(1), enter(2)]
    expect(begun).toEqual([])
    gate.retryNow()
    expect(begun).toEqual([1])
    for (const each of leave) each()
    expect(clock.pending).toBe(0)
  })

  test('leaves no timer behind when those who wait give up', () => {
    const { clock, enter, gate } = gateOf()
    gate.trouble()
    const leave = enter(1)
    expect(clock.pending).toBe(1)
    leave()
    expect(clock.pending).toBe(0)
  })
})
