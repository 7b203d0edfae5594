import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ByteSocket } from '../../src/io/byte-socket.js'
import type { DialOptions } from '../../src/io/dial.js'
import { ToxError } from '../../src/protocol/errors.js'
import type { MemoryHost } from '../../src/testing/memory-host.js'
import { MemoryNetwork } from '../../src/testing/memory-network.js'
import type { MemorySocket } from '../../src/testing/memory-socket.js'
import { VirtualClock } from '../../src/testing/virtual-clock.js'

const THERE = { host: 'relay.test', port: 33445 }
const never = new AbortController().signal
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Everything that a socket tells, as text. */
const listenTo = (socket: ByteSocket): string[] => {
  const told: string[] = []
  socket.data$.subscribe(chunk => told.push(Buffer.from(chunk).toString()))
  socket.ended$.subscribe(error => told.push(error.code))
  return told
}

const setup = () => {
  const clock = new VirtualClock()
  const network = new MemoryNetwork({ clock })
  const place = network.place(THERE)
  const host = network.host()
  const accepted: MemorySocket[] = []
  const stop = network.listen(THERE, socket => accepted.push(socket))
  /** Dials, and tells how that went; undefined so far. */
  const dial = (options: Partial<DialOptions> = {}, from: MemoryHost = host): { went: unknown } => {
    const attempt: { went: unknown } = { went: undefined }
    from.dial(THERE, { signal: never, ...options }).then(
      socket => {
        attempt.went = socket
      },
      error => {
        attempt.went = error.code
      },
    )
    return attempt
  }
  const connect = async (): Promise<{ near: MemorySocket; far: MemorySocket }> => {
    const near = await clock.run(host.dial(THERE, { signal: never }))
    const far = accepted.at(-1)
    if (!far) throw new Error('not accepted')
    return { near: near as MemorySocket, far }
  }
  return { clock, network, place, host, accepted, stop, dial, connect }
}

describe('dialling', () => {
  test('nobody listens: refused', async () => {
    const { clock, stop, dial } = setup()
    stop()
    const attempt = dial()
    await clock.settle()
    expect(attempt.went).toBe('refused')
  })

  test.each([
    ['refuse', 'refused'],
    ['unreachable', 'unreachable'],
  ] as const)('a place that should %s answers %s', async (answer, code) => {
    const { clock, place, host, dial } = setup()
    place.answer = answer
    const attempt = dial()
    await clock.settle()
    expect(attempt.went).toBe(code)
    expect(host.openSockets).toBe(0)
  })

  test('a silent place answers nothing, until it does', async () => {
    const { clock, place, dial, accepted } = setup()
    place.answer = 'silence'
    const attempt = dial()
    await clock.advance(60_000)
    expect(attempt.went).toBeUndefined()
    place.answer = 'accept'
    await clock.settle()
    expect(attempt.went).toBeDefined()
    expect(accepted).toHaveLength(1)
  })

  test('an abort gives up at once and leaves nothing', async () => {
    const { clock, place, host, dial } = setup()
    for (const answer of ['accept', 'silence'] as const) {
      place.answer = answer
      place.latencyMs = 100
      const giveUp = new AbortController()
      const attempt = dial({ signal: giveUp.signal })
      await clock.advance(answer === 'accept' ? 10 : 1000)
      giveUp.abort()
      expect(host.openSockets).toBe(0)
      await clock.settle()
      expect(attempt.went).toBe('connect-timeout')
      expect(clock.pending).toBe(0)
    }
  })

  test('an abort with a reason of its own is answered with it, also before the dial', async () => {
    const { clock, dial } = setup()
    const attempt = dial({ signal: AbortSignal.abort(new ToxError('ping-timeout')) })
    await clock.settle()
    expect(attempt.went).toBe('ping-timeout')
  })

  test('takes a round trip', async () => {
    const { clock, place, host } = setup()
    place.latencyMs = 50
    const start = clock.now()
    await clock.run(host.dial(THERE, { signal: never }))
    expect(clock.now() - start).toBe(100)
  })

  test('through a proxy the stage is told, and the proxy may refuse or be silent', async () => {
    const { clock, network, dial } = setup()
    const stages: string[] = []
    const proxied = { proxy: {} as never, onStage: (stage: string) => stages.push(stage) }
    const works = dial(proxied)
    await clock.settle()
    expect([stages, works.went]).toEqual([['proxy'], expect.anything()])
    network.proxyAnswer = 'proxy-auth-required'
    const refused = dial(proxied)
    await clock.settle()
    expect(refused.went).toBe('proxy-auth-required')
    network.proxyAnswer = 'silence'
    const silent = dial(proxied)
    await clock.advance(120_000)
    expect(silent.went).toBeUndefined()
  })

  test('an offline host reaches nothing, others do', async () => {
    const { clock, network, host, dial } = setup()
    host.online = false
    const [ours, theirs] = [dial(), dial({}, network.host())]
    await clock.settle()
    expect(ours.went).toBe('unreachable')
    expect(theirs.went).not.toBe('unreachable')
  })

  test('a host that lost a place waits for it, others reach it', async () => {
    const { clock, network, host, dial } = setup()
    host.lose(THERE)
    const [ours, theirs] = [dial(), dial({}, network.host())]
    await clock.advance(60_000)
    expect(ours.went).toBeUndefined()
    expect(theirs.went).toBeDefined()
    host.regain(THERE)
    await clock.settle()
    expect(ours.went).toBeDefined()
  })

  test('two cannot listen at one place', () => {
    const { network } = setup()
    expect(() => network.listen(THERE, () => {})).toThrow('listens there already')
  })
})

describe('bytes', () => {
  test('arrive at the end of the turn, in order, both ways', async () => {
    const { clock, connect } = setup()
    const { near, far } = await connect()
    const [atNear, atFar] = [listenTo(near), listenTo(far)]
    near.write(bytes('one'))
    near.write(bytes('two'))
    far.write(bytes('back'))
    expect(atFar).toEqual([])
    await clock.settle()
    expect(atFar).toEqual(['one', 'two'])
    expect(atNear).toEqual(['back'])
  })

  test('take their time', async () => {
    const { clock, place, connect } = setup()
    const { near, far } = await connect()
    const atFar = listenTo(far)
    place.latencyMs = 50
    near.write(bytes('one'))
    await clock.advance(20)
    near.write(bytes('two'))
    await clock.advance(30)
    expect(atFar).toEqual(['one'])
    await clock.advance(20)
    expect(atFar).toEqual(['one', 'two'])
  })

  test('wait for a reader and are not lost', async () => {
    const { clock, connect } = setup()
    const { near, far } = await connect()
    near.write(bytes('early'))
    near.end()
    await clock.advance(1000)
    const atFar = listenTo(far)
    await clock.settle()
    expect(atFar).toEqual(['early', 'closed-by-relay'])
  })

  test('a reader that leaves loses nothing', async () => {
    const { clock, place, connect } = setup()
    const { near, far } = await connect()
    place.chunkBytes = 1
    near.write(bytes('abc'))
    let first = ''
    const reading = far.data$.subscribe(chunk => {
      first = Buffer.from(chunk).toString()
      reading.unsubscribe()
    })
    await clock.settle()
    expect(first).toBe('a')
    const rest = listenTo(far)
    await clock.settle()
    expect(rest).toEqual(['b', 'c'])
  })

  test('fill the room while nobody reads; drain$ tells when there is room again', async () => {
    const { clock, place, connect } = setup()
    const { near, far } = await connect()
    place.roomBytes = 4
    let drains = 0
    near.drain$.subscribe(() => drains++)
    expect(near.write(bytes('123456'))).toBe(4)
    expect(near.room).toBe(0)
    await clock.advance(1000)
    expect(drains).toBe(0)
    const atFar = listenTo(far)
    await clock.settle()
    expect([atFar, drains, near.room]).toEqual([['1234'], 1, 4])
  })

  test('wait while the place is stalled, or the host is offline', async () => {
    const { clock, place, host, dial, connect } = setup()
    const { near, far } = await connect()
    const atFar = listenTo(far)
    for (const [hold, release] of [
      [() => (place.stalled = true), () => (place.stalled = false)],
      [() => (host.online = false), () => (host.online = true)],
      [() => host.lose(THERE), () => host.regain(THERE)],
    ] as const) {
      hold()
      near.write(bytes('x'))
      await clock.advance(60_000)
      expect(atFar).toEqual([])
      release()
      await clock.settle()
      expect(atFar.splice(0)).toEqual(['x'])
    }
    place.stalled = true
    const attempt = dial()
    await clock.settle()
    expect(attempt.went).toBeDefined()
  })

  test('any writes, room and pieces give the same stream', async () => {
    const writes = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(
        writes,
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 9 }),
        async (chunks, room, piece) => {
          const { clock, place, connect } = setup()
          const { near, far } = await connect()
          place.roomBytes = room
          place.chunkBytes = () => piece
          const arrived: Uint8Array[] = []
          far.data$.subscribe(chunk => arrived.push(chunk))
          let rest = Buffer.concat(chunks)
          const push = (): void => {
            rest = rest.subarray(near.write(rest))
          }
          near.drain$.subscribe(push)
          push()
          await clock.settle()
          expect(Buffer.concat(arrived)).toEqual(Buffer.concat(chunks))
          expect(arrived.every(chunk => chunk.length <= piece)).toBe(true)
        },
      ),
    )
  })
})

describe('the end', () => {
  test('comes after the bytes, and closes both sides', async () => {
    const { clock, place, connect } = setup()
    const { near, far } = await connect()
    const [atNear, atFar] = [listenTo(near), listenTo(far)]
    near.write(bytes('last words'))
    near.end()
    expect(near.room).toBe(0)
    await clock.settle()
    expect(atFar).toEqual(['last words', 'closed-by-relay'])
    expect(atNear).toEqual(['closed-by-relay'])
    expect([near.closed, far.closed, place.openSockets]).toEqual([true, true, 0])
  })

  test('after our own destroy nothing is told to us, and the other side is told once', async () => {
    const { clock, host, connect } = setup()
    const { near, far } = await connect()
    const [atNear, atFar] = [listenTo(near), listenTo(far)]
    far.write(bytes('never seen'))
    near.destroy()
    near.destroy()
    expect(host.openSockets).toBe(0)
    await clock.settle()
    expect([atNear, atFar]).toEqual([[], ['closed-by-relay']])
    expect(far.write(bytes('late'))).toBe(0)
    await clock.settle()
    expect(clock.pending).toBe(0)
  })

  test('of a stalled connection is told when it flows again', async () => {
    const { clock, place, connect } = setup()
    const { near, far } = await connect()
    const atFar = listenTo(far)
    place.stalled = true
    near.destroy()
    await clock.advance(1000)
    expect([atFar, place.openSockets]).toEqual([[], 0])
    place.stalled = false
    await clock.settle()
    expect(atFar).toEqual(['closed-by-relay'])
  })

  test('a cut resets both sides at once, also those that do not read or that stall', async () => {
    const { clock, place, connect } = setup()
    const { near, far } = await connect()
    const told: string[] = []
    for (const end of [near, far]) end.ended$.subscribe(error => told.push(error.code))
    near.write(bytes('lost'))
    place.stalled = true
    place.cut()
    await clock.settle()
    expect(told).toEqual(['reset', 'reset'])
    expect(listenTo(far)).toEqual(['reset'])
  })

  test('leaves no timer behind', async () => {
    const { clock, place, connect } = setup()
    place.latencyMs = 500
    const { near, far } = await connect()
    listenTo(far)
    near.write(bytes('under way'))
    far.destroy()
    near.destroy()
    await clock.settle()
    expect(clock.pending).toBe(0)
  })
})

describe('counts', () => {
  test('know dials, open sockets and the most at once, per host and place', async () => {
    const { clock, network, place, host, dial, connect } = setup()
    const { near } = await connect()
    dial()
    expect(host.openTo(THERE)).toBe(2)
    await clock.settle()
    near.destroy()
    expect([host.openSockets, host.openTo(THERE), host.peakTo(THERE), host.dials]).toEqual([1, 1, 2, 2])
    dial({}, network.host())
    await clock.settle()
    expect([network.openSockets, network.dials, place.openSockets, place.dials]).toEqual([2, 3, 2, 3])
  })
})
