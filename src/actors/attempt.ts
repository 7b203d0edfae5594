/**
 * One attempt to reach a relay at one address: dial, then the handshake. It succeeds once, fails once, or is given
 * up; whatever comes later is closed and ignored. Knows no time: the machine gives it up when its budget is over.
 */
import type { Subscription } from 'rxjs'
import type { ByteSocket } from '../io/byte-socket.js'
import type { Dial } from '../io/dial.js'
import type { ProxySettings } from '../io/proxy.js'
import type { KeyPair, Random } from '../protocol/crypto.js'
import { ToxError } from '../protocol/errors.js'
import { ClientHandshake, type Established } from '../protocol/handshake.js'
import type { HostPort } from '../protocol/relay-address.js'

export interface AttemptOptions {
  readonly keyPair: KeyPair
  readonly relayKey: Uint8Array
  readonly address: HostPort
  readonly proxy: ProxySettings | undefined
  readonly dial: Dial
  readonly random: Random
  readonly events: AttemptEvents
}

export interface AttemptEvents {
  proxyReached(): void
  socketOpened(): void
  done(socket: ByteSocket, established: Established): void
  failed(error: ToxError): void
}

export class Attempt {
  readonly #options: AttemptOptions
  readonly #abort = new AbortController()
  #subscriptions: Subscription[] = []
  #socket: ByteSocket | undefined
  #handshake: ClientHandshake | undefined

  constructor(options: AttemptOptions) {
    this.#options = options
    void this.#run()
  }

  /** Closes what is open, silently. Harmless when repeated or late. */
  giveUp(): void {
    this.#abort.abort(OVER)
    this.#letGo()
    this.#handshake?.close()
    this.#socket?.destroy()
  }

  async #run(): Promise<void> {
    const { address, dial, events, proxy } = this.#options
    const { signal } = this.#abort
    try {
      const socket = await dial(address, {
        signal,
        proxy,
        onStage: () => signal.aborted || events.proxyReached(),
      })
      if (signal.aborted) socket.destroy()
      else this.#shakeHands(socket)
    } catch (error) {
      this.#fail(error)
    }
  }

  #shakeHands(socket: ByteSocket): void {
    const { events, keyPair, random, relayKey } = this.#options
    this.#socket = socket
    const handshake = new ClientHandshake(keyPair, relayKey, random)
    this.#handshake = handshake
    events.socketOpened()
    if (this.#abort.signal.aborted) return
    this.#send(handshake.request)
    this.#subscriptions.push(
      socket.ended$.subscribe(error => this.#fail(endOf(handshake, error))),
      socket.data$.subscribe(chunk => this.#onChunk(socket, handshake, chunk)),
    )
    // Bytes that were there already may have been dealt with before the subscription was noted.
    if (this.#abort.signal.aborted) this.#letGo()
  }

  /** A socket that takes only a part is asked again: 128 bytes are not worth a queue. */
  #send(bytes: Uint8Array): void {
    const socket = this.#socket
    const taken = socket?.write(bytes) ?? bytes.length
    if (taken === bytes.length) return
    const more = socket?.drain$.subscribe(() => {
      more?.unsubscribe()
      this.#send(bytes.subarray(taken))
    })
    if (more) this.#subscriptions.push(more)
  }

  #onChunk(socket: ByteSocket, handshake: ClientHandshake, chunk: Uint8Array): void {
    try {
      const established = handshake.receive(chunk)
      if (!established) return
      this.#abort.abort(OVER)
      this.#letGo()
      this.#socket = undefined
      this.#options.events.done(socket, established)
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#abort.signal.aborted) return
    this.giveUp()
    this.#options.events.failed(
      error instanceof ToxError ? error : new ToxError('unreachable', undefined, { cause: error }),
    )
  }

  #letGo(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe()
  }
}

/** Made once: an abort without a reason makes an error, with its stack, each time. */
const OVER = new ToxError('connect-timeout')

/** An end during the handshake says what answered: nobody with that key, or no relay at all. */
function endOf(handshake: ClientHandshake, error: ToxError): ToxError {
  if (handshake.received > 0) return new ToxError('not-a-relay')
  return error.code === 'closed-by-relay' ? new ToxError('handshake-closed') : error
}
