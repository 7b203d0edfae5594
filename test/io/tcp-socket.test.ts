import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { firstValueFrom, take, toArray } from 'rxjs'
import { afterEach, describe, expect, test } from 'vitest'
import type { ByteSocket } from '../../src/io/byte-socket.js'
import { SOCKET_BUFFER_BYTES, SOCKET_OPTIONS, tcpByteSocket } from '../../src/io/tcp-socket.js'

const open: (Server | Socket | ByteSocket)[] = []
afterEach(() => {
  for (const each of open.splice(0)) {
    if ('destroy' in each) each.destroy()
    else each.close()
  }
})

/** Both ends of one TCP connection over loopback: ours as a ByteSocket, the other as node's. */
const pair = async (leftover?: Uint8Array): Promise<{ ours: ByteSocket; raw: Socket; theirs: Socket }> => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const raw = connect({ ...SOCKET_OPTIONS, host: '127.0.0.1', port: address.port })
  const [theirs] = (await once(server, 'connection')) as [Socket]
  if (raw.connecting) await once(raw, 'connect')
  const ours = tcpByteSocket(raw, leftover)
  open.push(server, theirs, ours)
  return { ours, raw, theirs }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString()

/** Its close, clean or by a reset. */
const closed = (socket: Socket): Promise<unknown> =>
  new Promise(resolve => socket.on('error', () => {}).once('close', resolve))

/** Everything that `socket` gives until it ends. */
const all = async (socket: ByteSocket): Promise<string> => {
  const chunks: Uint8Array[] = []
  const reading = socket.data$.subscribe(chunk => chunks.push(Uint8Array.from(chunk)))
  await firstValueFrom(socket.ended$)
  reading.unsubscribe()
  return text(chunks)
}

describe('reading', () => {
  test('what arrived before anybody listened is not lost', async () => {
    const { ours, theirs } = await pair()
    theirs.end('early')
    await once(theirs, 'finish')
    expect(await all(ours)).toBe('early')
  })

  test('leftovers of a talk before come first, and once', async () => {
    const { ours, theirs } = await pair(bytes('first '))
    theirs.end('second')
    expect(await all(ours)).toBe('first second')
  })

  test('empty leftovers are no chunk', async () => {
    const { ours, theirs } = await pair(new Uint8Array())
    theirs.write('x')
    expect(text(await firstValueFrom(ours.data$.pipe(take(1), toArray())))).toBe('x')
  })

  test('who leaves and comes back misses nothing', async () => {
    const { ours, theirs } = await pair()
    theirs.write('one')
    expect(text([await firstValueFrom(ours.data$)])).toBe('one')
    theirs.end('two')
    expect(await all(ours)).toBe('two')
  })

  test('destroyed at the first leftover bytes it stays silent', async () => {
    const { ours, theirs } = await pair(bytes('leftover'))
    const chunks: string[] = []
    theirs.write('more')
    ours.data$.subscribe(chunk => {
      chunks.push(text([chunk]))
      ours.destroy()
    })
    await closed(theirs)
    expect(chunks).toEqual(['leftover'])
  })
})

describe('writing', () => {
  test('takes no more than its room, then says when there is room again', async () => {
    const { ours, raw, theirs } = await pair()
    const big = new Uint8Array(SOCKET_BUFFER_BYTES + 1)
    expect(ours.room).toBe(SOCKET_BUFFER_BYTES)
    expect(ours.write(big)).toBe(SOCKET_BUFFER_BYTES)
    while (ours.write(big) > 0) expect(raw.writableLength).toBeLessThanOrEqual(SOCKET_BUFFER_BYTES)
    expect(ours.room).toBe(0)
    const drained = firstValueFrom(ours.drain$)
    theirs.resume()
    await drained
    expect(ours.room).toBe(SOCKET_BUFFER_BYTES)
  })

  test('has no room after the end', async () => {
    const { ours } = await pair()
    ours.end()
    expect(ours.room).toBe(0)
    expect(ours.write(bytes('late'))).toBe(0)
  })

  test('says good-bye after all it took', async () => {
    const { ours, theirs } = await pair()
    ours.write(bytes('last words'))
    ours.end()
    const chunks: Buffer[] = []
    theirs.on('data', chunk => chunks.push(chunk))
    await once(theirs, 'end')
    expect(text(chunks)).toBe('last words')
  })

  test('unread bytes do not turn the good-bye into a reset', async () => {
    const { ours, theirs } = await pair()
    theirs.write(new Uint8Array(100_000))
    ours.write(bytes('last words'))
    ours.end()
    theirs.resume()
    await once(theirs, 'close')
    expect(theirs.errored).toBeNull()
    expect((await firstValueFrom(ours.ended$)).code).toBe('closed-by-relay')
  })
})

describe('the end', () => {
  test('a FIN is told as closed-by-relay, once, also to who asks late', async () => {
    const { ours, theirs } = await pair()
    ours.data$.subscribe()
    theirs.end()
    const codes = (await firstValueFrom(ours.ended$.pipe(toArray()))).map(each => each.code)
    expect(codes).toEqual(['closed-by-relay'])
    expect((await firstValueFrom(ours.ended$)).code).toBe('closed-by-relay')
  })

  test('a reset is told as reset', async () => {
    const { ours, theirs } = await pair()
    ours.data$.subscribe()
    theirs.resetAndDestroy()
    expect((await firstValueFrom(ours.ended$)).code).toBe('reset')
  })

  test('a reset is noticed while nobody reads', async () => {
    const { ours, theirs } = await pair()
    theirs.resetAndDestroy()
    expect((await firstValueFrom(ours.ended$)).code).toBe('reset')
  })

  test.each([
    ['EPIPE', 'reset'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['ETIMEDOUT', 'unreachable'],
  ])('%s is told as %s', async (code, reason) => {
    const { ours, raw } = await pair()
    raw.destroy(Object.assign(new Error('from the kernel'), { code }))
    expect((await firstValueFrom(ours.ended$)).code).toBe(reason)
  })

  test('after our own destroy nothing is told and the other side sees the close', async () => {
    const { ours, theirs } = await pair()
    const told: string[] = []
    ours.data$.subscribe(() => told.push('data'))
    ours.ended$.subscribe(error => told.push(error.code))
    theirs.resume()
    ours.destroy()
    ours.destroy()
    theirs.write('late')
    await closed(theirs)
    expect(told).toEqual([])
  })
})
