import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { firstValueFrom } from 'rxjs'
import { afterEach, expect, test } from 'vitest'
import { dial } from '../../src/io/dial.js'
import { ToxError } from '../../src/protocol/errors.js'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const listen = async (host: string, onSocket?: (socket: Socket) => void): Promise<[Server, number]> => {
  const server = createServer(onSocket)
  servers.push(server)
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return [server, address.port]
}

const never = new AbortController().signal
const failure = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'connected',
    error => error,
  )

test.each(['127.0.0.1', '::1', 'localhost'])('connects to %s', async host => {
  const [, port] = await listen(host, socket => socket.end('hello'))
  const socket = await dial({ host, port }, { signal: never })
  expect(Buffer.from(await firstValueFrom(socket.data$)).toString()).toBe('hello')
  socket.destroy()
})

test('a closed port is refused', async () => {
  const [server, port] = await listen('127.0.0.1')
  await new Promise(resolve => server.close(resolve))
  for (const host of ['127.0.0.1', 'localhost']) {
    expect(await failure(dial({ host, port }, { signal: never }))).toMatchObject({ code: 'refused' })
  }
})

test.each([
  ['255.255.255.255', 'unreachable'],
  ['fe80::1', 'unreachable'],
  ['no..such.name', 'name-not-found'],
])('%s is %s', async (host, code) => {
  expect(await failure(dial({ host, port: 33445 }, { signal: never }))).toMatchObject({ code })
})

test('an abort before the dial opens nothing', async () => {
  let sockets = 0
  const [, port] = await listen('127.0.0.1', socket => {
    sockets++
    socket.end('hello')
  })
  const attempt = dial({ host: '127.0.0.1', port }, { signal: AbortSignal.abort() })
  expect(await failure(attempt)).toMatchObject({ code: 'connect-timeout' })
  const next = await dial({ host: '127.0.0.1', port }, { signal: never })
  await firstValueFrom(next.data$)
  next.destroy()
  expect(sockets).toBe(1)
})

test('an abort during the dial closes the socket', async () => {
  const [server, port] = await listen('127.0.0.1')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const giveUp = new AbortController()
  const attempt = failure(dial({ host: '127.0.0.1', port }, { signal: giveUp.signal }))
  // By now the SYN is out, and the answer waits for the next turn of the event loop.
  await new Promise(resolve => process.nextTick(resolve))
  giveUp.abort()
  expect(await attempt).toBeInstanceOf(ToxError)
  const [theirs] = await accepted
  theirs.resume()
  await new Promise(resolve => theirs.on('error', () => {}).once('close', resolve))
})

test('an abort with a reason of its own is answered with that reason', async () => {
  const reason = new ToxError('ping-timeout')
  const attempt = dial({ host: '127.0.0.1', port: 9 }, { signal: AbortSignal.abort(reason) })
  expect(await failure(attempt)).toBe(reason)
})

test('an abort after the dial leaves the socket alone', async () => {
  const [, port] = await listen('127.0.0.1', socket => socket.pipe(socket))
  const giveUp = new AbortController()
  const socket = await dial({ host: '127.0.0.1', port }, { signal: giveUp.signal })
  giveUp.abort()
  socket.write(new TextEncoder().encode('still here'))
  expect(Buffer.from(await firstValueFrom(socket.data$)).toString()).toBe('still here')
  socket.destroy()
})
