/**
 * A relay that shakes hands as it should, or not, and then does to its clients whatever a test says. Works on the
 * network in memory and on real TCP.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Subject } from 'rxjs'
import type { ByteSocket } from '../io/byte-socket.js'
import type { Target } from '../io/dial.js'
import { SOCKET_OPTIONS, tcpByteSocket } from '../io/tcp-socket.js'
import { cryptoReady, type KeyPair, newKeyPair, type Random, systemRandom } from '../protocol/crypto.js'
import { type Established, RelayHandshake } from '../protocol/handshake.js'
import type { MemoryNetwork } from './memory-network.js'
import { ScriptedEnd } from './scripted-end.js'

export interface HostileRelayOptions {
  /** A fresh one unless given. */
  readonly keyPair?: KeyPair
  readonly random?: Random
}

/** A hostile relay on the network in memory. */
export async function hostileRelay(
  network: MemoryNetwork,
  target: Target,
  options?: HostileRelayOptions,
): Promise<HostileRelay> {
  await cryptoReady()
  const relay = new HostileRelay(target, options)
  relay.onClose = network.listen(target, socket => relay.accept(socket))
  return relay
}

/** A hostile relay on real TCP; port 0 takes any free one. */
export async function hostileTcpRelay(
  { host, port }: Target = { host: '127.0.0.1', port: 0 },
  options?: HostileRelayOptions,
): Promise<HostileRelay> {
  await cryptoReady()
  const server = createServer(SOCKET_OPTIONS, socket => relay.accept(tcpByteSocket(socket)))
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  const relay = new HostileRelay({ host, port: address.port }, options)
  relay.onClose = () => server.close()
  return relay
}

export class HostileRelay {
  readonly host: string
  readonly port: number
  readonly publicKey: Uint8Array
  /** Every client that connected, in order; they may be in the handshake still. */
  readonly clients: ScriptedEnd[] = []
  /**
   * What is sent in place of the 96 bytes of the handshake's response; nothing when it answers undefined. The client
   * can already `seal` then, so that frames can follow in the same segment.
   */
  respond: (response: Uint8Array, client: ScriptedEnd) => Uint8Array | undefined = response => response
  /** Called for each client as soon as the response is sent. */
  onClient: (client: ScriptedEnd) => void = () => {}
  /** Called for each connection before anything is read from it. */
  onConnection: (client: ScriptedEnd) => void = () => {}
  onClose = (): void => {}
  /** The last response as it should have been, to be replayed. */
  lastResponse: Uint8Array | undefined
  readonly #keyPair: KeyPair
  readonly #random: Random
  readonly #shaken$ = new Subject<ScriptedEnd>()

  constructor({ host, port }: Target, { keyPair, random = systemRandom }: HostileRelayOptions = {}) {
    this.host = host
    this.port = port
    this.#random = random
    this.#keyPair = keyPair ?? newKeyPair(random)
    this.publicKey = this.#keyPair.publicKey
  }

  /** The client that connected last. @throws Error when there is none */
  get client(): ScriptedEnd {
    const last = this.clients.at(-1)
    if (!last) throw new Error('no client has connected')
    return last
  }

  /** Waits for a client that shakes hands from now on. */
  nextClient(): Promise<ScriptedEnd> {
    return new Promise(resolve => {
      const subscription = this.#shaken$.subscribe(client => {
        subscription.unsubscribe()
        resolve(client)
      })
    })
  }

  accept(socket: ByteSocket): void {
    const handshake = new RelayHandshake(this.#keyPair, this.#random)
    let response: Uint8Array = new Uint8Array()
    const shake = (chunk: Uint8Array): Established | undefined => {
      const done = handshake.receive(chunk)
      if (done) response = done.response
      return done
    }
    const client = new ScriptedEnd(socket, shake, () => this.#answer(client, response))
    this.clients.push(client)
    this.onConnection(client)
  }

  #answer(client: ScriptedEnd, response: Uint8Array): void {
    this.lastResponse = response
    const answer = this.respond(response, client)
    if (answer) client.sendRaw(answer)
    this.onClient(client)
    this.#shaken$.next(client)
  }

  /** Stops listening and closes every connection. */
  close(): void {
    this.onClose()
    for (const client of this.clients) client.destroy()
  }
}
