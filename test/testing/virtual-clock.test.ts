import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VIRTUAL_EPOCH_MS, VirtualClock } from '../../src/testing/virtual-clock.js'

const log = (): [string[], (text: string) => () => void] => {
  const lines: string[] = []
  return [lines, text => () => void lines.push(text)]
}

test('timers run in the order of their time, and of their start when the time is one', async () => {
  const clock = new VirtualClock()
  const [lines, say] = log()
  clock.setTimeout(say('late'), 20)
  clock.setTimeout(say('early'), 10)
  clock.setTimeout(say('late too'), 20)
  await clock.advance(20)
  expect(lines).toEqual(['early', 'late', 'late too'])
})

test('a timer sees the time for which it was set, and the end stands at the end', async () => {
  const clock = new VirtualClock()
  const times: number[] = []
  clock.setTimeout(() => times.push(clock.now()), 7)
  await clock.advance(10)
  expect(times).toEqual([VIRTUAL_EPOCH_MS + 7])
  expect(clock.now()).toBe(VIRTUAL_EPOCH_MS + 10)
})

test('a timer that a timer starts runs in the same advance', async () => {
  const clock = new VirtualClock()
  let ticks = 0
  const tick = (): void => {
    ticks++
    clock.setTimeout(tick, 10)
  }
  tick()
  await clock.advance(100)
  expect(ticks).toBe(11)
})

test('promises settle between two timers, however long their chain', async () => {
  const clock = new VirtualClock()
  const [lines, say] = log()
  clock.setTimeout(async () => {
    for (let i = 0; i < 100; i++) await null
    lines.push('settled')
    clock.setTimeout(say('started by a promise'), 1)
  }, 10)
  clock.setTimeout(say('second'), 12)
  await clock.advance(12)
  expect(lines).toEqual(['settled', 'started by a promise', 'second'])
})

test('deferred calls run at the end of the turn, before the next timer', async () => {
  const clock = new VirtualClock()
  const [lines, say] = log()
  clock.setTimeout(() => {
    clock.defer(say('deferred'))
    lines.push('timer')
  }, 10)
  clock.setTimeout(say('next timer'), 10)
  await clock.advance(10)
  expect(lines).toEqual(['timer', 'deferred', 'next timer'])
})

test('what a deferred call defers runs one turn later', async () => {
  const clock = new VirtualClock()
  const [lines, say] = log()
  clock.defer(() => clock.defer(say('second turn')))
  clock.defer(say('first turn'))
  await clock.settle()
  expect(lines).toEqual(['first turn', 'second turn'])
})

test('a cancelled timer never runs, and cancelling twice or late is harmless', async () => {
  const clock = new VirtualClock()
  const [lines, say] = log()
  const cancelled = clock.setTimeout(say('cancelled'), 5)
  const ran = clock.setTimeout(say('ran'), 5)
  clock.clearTimeout(cancelled)
  clock.clearTimeout(cancelled)
  clock.clearTimeout(undefined)
  expect(clock.pending).toBe(1)
  await clock.advance(5)
  clock.clearTimeout(ran)
  expect(lines).toEqual(['ran'])
  expect(clock.pending).toBe(0)
})

test('pending counts what is left behind', async () => {
  const clock = new VirtualClock()
  clock.defer(() => {})
  clock.setTimeout(() => {}, 60_000)
  expect(clock.pending).toBe(2)
  await clock.settle()
  expect(clock.pending).toBe(1)
})

test('until stops at the timer that makes the condition true and tells how long that took', async () => {
  const clock = new VirtualClock()
  let done = false
  clock.setTimeout(() => {
    done = true
  }, 30)
  clock.setTimeout(() => {}, 40)
  expect(await clock.until(() => done)).toBe(30)
  expect(clock.pending).toBe(1)
  await expect(clock.until(() => false, 100)).rejects.toThrow('not so within 100 ms')
})

test('run moves time until a promise settles, either way', async () => {
  const clock = new VirtualClock()
  const after = (ms: number): Promise<number> =>
    new Promise(resolve => clock.setTimeout(() => resolve(ms), ms))
  expect(await clock.run(after(50))).toBe(50)
  expect(clock.now()).toBe(VIRTUAL_EPOCH_MS + 50)
  await expect(clock.run(after(50).then(() => Promise.reject(new Error('no'))))).rejects.toThrow('no')
  await expect(clock.run(after(50), 10)).rejects.toThrow('not so within 10 ms')
})

test('standUntil lets real things happen at a standstill', async () => {
  const clock = new VirtualClock()
  let done = false
  setTimeout(() =>
    clock.defer(() => {
      done = true
    }),
  )
  await clock.standUntil(() => done)
  expect(clock.now()).toBe(VIRTUAL_EPOCH_MS)
  await expect(clock.standUntil(() => false, 1)).rejects.toThrow('not so within 1 real ms')
})

test('what a timer throws reaches the test, and the rest goes on afterwards', async () => {
  const clock = new VirtualClock()
  const [lines, say] = log()
  clock.setTimeout(() => {
    throw new Error('from a timer')
  }, 5)
  clock.setTimeout(say('next'), 10)
  await expect(clock.advance(10)).rejects.toThrow('from a timer')
  await clock.advance(10)
  expect(lines).toEqual(['next'])
})

test('two may not move the clock at once', async () => {
  const clock = new VirtualClock()
  const first = clock.advance(1)
  await expect(clock.advance(1)).rejects.toThrow('advanced already')
  await first
})

test('any timers, some of them cancelled, run sorted by time and start', async () => {
  const timers = fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 100 })
  await fc.assert(
    fc.asyncProperty(timers, async delays => {
      const clock = new VirtualClock()
      const ran: number[] = []
      const started = delays.map(([delay], i) => clock.setTimeout(() => ran.push(i), delay))
      delays.forEach(([, cancelled], i) => {
        if (cancelled) clock.clearTimeout(started[i])
      })
      await clock.advance(50)
      const wanted = delays
        .map(([delay, cancelled], i) => ({ delay, cancelled, i }))
        .filter(each => !each.cancelled)
      expect(ran).toEqual(wanted.sort((a, b) => a.delay - b.delay || a.i - b.i).map(each => each.i))
      expect(clock.pending).toBe(0)
    }),
  )
})

test('a circle of deferred calls or of timers is found out', async () => {
  const clock = new VirtualClock()
  const again = (): void => clock.defer(again)
  again()
  await expect(clock.settle()).rejects.toThrow('without end')
  const timers = new VirtualClock()
  const start = (): unknown => timers.setTimeout(start, 0)
  start()
  await expect(timers.advance(1)).rejects.toThrow('without end')
})
