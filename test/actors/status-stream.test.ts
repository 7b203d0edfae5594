import { describe, expect, test } from 'vitest'
import { StatusStream } from '../../src/actors/status-stream.js'
import type { Status } from '../../src/index.js'

const status = (time: number): Status => ({ type: 'network-up', time })

describe('the stream of statuses', () => {
  test('is an Observable that completes', () => {
    const stream = new StatusStream()
    const heard: unknown[] = []
    stream.subscribe({ next: ({ time }) => heard.push(time), complete: () => heard.push('end') })
    stream.tell(status(1))
    stream.complete()
    stream.tell(status(2))
    expect(heard).toEqual([1, 'end'])
  })

  test('can be iterated, by several at once, each from its start on', async () => {
    const stream = new StatusStream()
    const read = async (): Promise<number[]> => {
      const times: number[] = []
      for await (const { time } of stream) times.push(time)
      return times
    }
    const first = read()
    stream.tell(status(1))
    const second = read()
    stream.tell(status(2))
    stream.complete()
    expect([await first, await second]).toEqual([[1, 2], [2]])
  })

  test('waits for what comes later', async () => {
    const stream = new StatusStream()
    const iteration = stream[Symbol.asyncIterator]()
    for (const time of [1, 2, 3]) {
      const next = iteration.next()
      stream.tell(status(time))
      expect(await next).toEqual({ done: false, value: status(time) })
    }
    const end = iteration.next()
    stream.complete()
    expect(await end).toEqual({ done: true, value: undefined })
  })

  test('keeps 1,000 for an iteration that falls behind, and drops and counts the oldest', async () => {
    const stream = new StatusStream()
    const iteration = stream[Symbol.asyncIterator]()
    const first = iteration.next()
    stream.tell(status(0))
    await first
    for (let time = 1; time <= 1_234; time++) stream.tell(status(time))
    expect(stream.dropped).toBe(234)
    expect((await iteration.next()).value).toEqual(status(235))
    stream.complete()
    let rest = 0
    for await (const _ of iteration) rest++
    expect(rest).toBe(999)
  })

  test('keeps nothing for an iteration that has ended', async () => {
    const stream = new StatusStream()
    for await (const _ of tellOnce(stream)) break
    for (let time = 0; time < 2_000; time++) stream.tell(status(time))
    expect(stream.dropped).toBe(0)
  })
})

/** The stream, with a first status for whoever iterates. */
function tellOnce(stream: StatusStream): AsyncIterable<Status> {
  return {
    [Symbol.asyncIterator]: () => {
      const iteration = stream[Symbol.asyncIterator]()
      const first = iteration.next()
      stream.tell(status(0))
      let begun = false
      return {
        next: () => {
          if (begun) return iteration.next()
          begun = true
          return first
        },
        return: () => iteration.return(),
      }
    },
  }
}
