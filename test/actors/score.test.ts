import { describe, expect, test } from 'vitest'
import { Score } from '../../src/actors/score.js'

const DAY_MS = 24 * 3_600_000

describe('a relay’s score', () => {
  test('begins as an average one that never failed', () => {
    const score = new Score()
    expect(score).toMatchObject({ rttMs: undefined, success: 1, uptimeMs: 0, strikes: 0, cost: 500 })
  })

  test('follows round trips as a moving average with a weight of a quarter', () => {
    const score = new Score()
    score.noteRtt(100)
    expect([score.rttMs, score.cost]).toEqual([100, 100])
    score.noteRtt(200)
    expect(score.rttMs).toBe(125)
    score.noteRtt(125)
    expect(score.rttMs).toBe(125)
  })

  test('costs more with each failure, but never more than twenty times as much', () => {
    const score = new Score()
    score.noteRtt(100)
    score.noteFailure(0)
    expect([score.success, score.strikes]).toEqual([0.75, 1])
    expect(score.cost).toBeCloseTo(133.3, 1)
    for (let i = 0; i < 50; i++) score.noteFailure(i)
    expect(score.cost).toBe(2_000)
  })

  test('recovers with successes, which end a row of failures', () => {
    const score = new Score()
    score.noteFailure(0)
    score.noteFailure(1)
    score.noteSuccess()
    expect([score.success, score.strikes]).toEqual([0.5625 + 0.4375 / 4, 0])
    score.forgive(0)
    expect(score.success).toBe(0.5625 + 0.4375 / 4)
  })

  test('takes back failures since a time, and no others', () => {
    const score = new Score()
    for (const at of [10, 20, 30, 40]) score.noteFailure(at)
    score.forgive(30)
    expect([score.success, score.strikes]).toEqual([0.75 ** 2, 2])
    score.forgive(31)
    expect([score.success, score.strikes]).toEqual([0.75 ** 2, 2])
    score.forgive(0)
    expect([score.success, score.strikes]).toEqual([1, 0])
  })

  test('remembers a bounded number of failures to take back', () => {
    const score = new Score()
    for (let at = 0; at < 1_000; at++) score.noteFailure(at)
    expect(score.strikes).toBe(16)
    score.forgive(0)
    expect(score.strikes).toBe(0)
    expect(score.success).toBeLessThan(0.01)
  })

  test('costs a little less the longer it has been up', () => {
    const score = new Score()
    score.noteRtt(100)
    score.uptimeMs = DAY_MS
    expect(score.cost).toBeCloseTo(95)
    score.uptimeMs = 1_000 * DAY_MS
    expect(score.cost).toBeGreaterThan(90)
    expect(score.cost).toBeLessThan(90.1)
  })

  test('is taken over from before', () => {
    const score = new Score()
    score.restore({ success: 0.5, uptimeMs: 7 })
    expect(score).toMatchObject({ rttMs: undefined, success: 0.5, uptimeMs: 7 })
    score.restore({ rttMs: 3, success: 1, uptimeMs: 8 })
    expect(score).toMatchObject({ rttMs: 3, success: 1, uptimeMs: 8 })
  })
})
