/** What tests do with sockets that are dialled: read all of one, learn how a dial failed. */
import type { ByteSocket } from '../../src/io/byte-socket.js'
import { ToxError } from '../../src/protocol/errors.js'

/** A signal that never comes. */
export const NEVER: AbortSignal = new AbortController().signal

/** The error of an attempt that has to fail with a ToxError. */
export async function failureOf(attempt: Promise<ByteSocket>): Promise<ToxError> {
  const outcome: unknown = await attempt.then(
    socket => socket.destroy(),
    (error: unknown) => error,
  )
  if (outcome instanceof ToxError) return outcome
  throw new Error(`wanted a ToxError, got ${outcome}`)
}

/** The first `count` bytes, as text. Rejects with the reason if the socket ends before. */
export const readText = (socket: ByteSocket, count: number): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    const reading = socket.data$.subscribe(chunk => {
      text += Buffer.from(chunk).toString('latin1')
      if (text.length < count) return
      reading.unsubscribe()
      resolve(text)
    })
    socket.ended$.subscribe(reject)
  })
