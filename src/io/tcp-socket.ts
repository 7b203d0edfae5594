/**
 * A connected TCP socket as a ByteSocket. Knows node's streams and the errors of TCP; knows nothing of dialling,
 * proxies or frames. Lean on purpose: thousands of these sit idle.
 */
import type { Socket } from 'node:net'
import { AsyncSubject, Observable, Subject, type Subscriber } from 'rxjs'
import { type Reason, ToxError } from '../protocol/errors.js'
import type { ByteSocket } from './byte-socket.js'
import { ReadPace } from './read-pace.js'
import type { SharedReads } from './shared-reads.js'

/** Bytes that may wait inside one socket for the kernel to take them. */
export const SOCKET_BUFFER_BYTES = 64 * 1024

/** Options for every TCP socket made to become a ByteSocket: without them `room` is node's smaller default. */
export const SOCKET_OPTIONS = {
  allowHalfOpen: false,
  noDelay: true,
  keepAlive: false,
  writableHighWaterMark: SOCKET_BUFFER_BYTES,
} as const

/**
 * Takes over a connected socket; nobody else may read, write or close it afterwards.
 * @param leftover bytes that were read from the socket before; they come first on `data$`
 */
export const tcpByteSocket = (socket: Socket, leftover?: Uint8Array): ByteSocket => {
  const bytes = new TcpByteSocket(socket)
  if (leftover !== undefined && leftover.length > 0) socket.unshift(leftover)
  socket.on('data', chunk => {
    if (!bytes.receive(chunk)) socket.pause()
  })
  return bytes
}

/** The same for a socket that was made to read into the shared buffer, which is cheaper; see shared-reads.ts. */
export const sharingByteSocket = (socket: Socket, reads: SharedReads): ByteSocket =>
  new TcpByteSocket(socket, reads)

class TcpByteSocket implements ByteSocket {
  readonly data$ = new Observable<Uint8Array>(receiver => this.#readFor(receiver))
  readonly drain$ = new Subject<void>()
  readonly ended$ = new AsyncSubject<ToxError>()
  readonly #socket: Socket
  readonly #reads: SharedReads | undefined
  readonly #pace: ReadPace
  #receiver: Subscriber<Uint8Array> | undefined

  constructor(socket: Socket, reads?: SharedReads) {
    this.#socket = socket
    this.#reads = reads
    this.#pace = new ReadPace(socket)
    socket.pause()
    socket.setNoDelay(true)
    socket.on('drain', () => this.drain$.next())
    socket.on('end', () => this.#endWith(new ToxError('closed-by-relay')))
    socket.on('error', error => this.#endWith(lossOf(error)))
    socket.on('close', () => this.#endWith(new ToxError('closed-by-relay')))
    if (socket.destroyed) this.#endWith(new ToxError('closed-by-relay'))
  }

  /** @returns whether to go on reading */
  receive(chunk: Uint8Array): boolean {
    this.#receiver?.next(chunk)
    return this.#receiver === undefined ? !this.#socket.isPaused() : this.#pace.goesOn(chunk.length)
  }

  get room(): number {
    const { writable, writableHighWaterMark, writableLength } = this.#socket
    return writable ? Math.max(0, writableHighWaterMark - writableLength) : 0
  }

  write(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room)
    if (taken > 0) this.#socket.write(taken === bytes.length ? bytes : bytes.subarray(0, taken))
    return taken
  }

  end(): void {
    this.#socket.end()
    // Unread bytes at the close would turn our FIN into a reset, which can cost the other side our last packets.
    this.#socket.resume()
  }

  destroy(): void {
    this.ended$.complete()
    this.#receiver = undefined
    this.#socket.destroy()
  }

  #readFor(receiver: Subscriber<Uint8Array>): () => void {
    this.#receiver = receiver
    this.#reads?.listen(chunk => this.receive(chunk))
    this.#socket.resume()
    return () => {
      if (this.#receiver !== receiver) return
      this.#receiver = undefined
      this.#reads?.stop()
      if (!this.#socket.writableEnded) this.#socket.pause()
    }
  }

  #endWith(error: ToxError): void {
    this.ended$.next(error)
    this.destroy()
  }
}

const LOSSES: Readonly<Record<string, Reason>> = {
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  ETIMEDOUT: 'unreachable',
}

/** Why a connection that stood is lost. */
const lossOf = (error: NodeJS.ErrnoException): ToxError =>
  new ToxError(LOSSES[error.code ?? ''] ?? 'reset', error.code)
