/**
 * One end of a connection that does exactly what a test says, rule or no rule, and remembers what came from the other
 * end, decoded. The same for both roles; what differs is the handshake that comes first.
 */
import { Subject, type Subscription } from 'rxjs'
import type { ByteSocket } from '../io/byte-socket.js'
import { Channel, type KeyPair, type Random } from '../protocol/crypto.js'
import type { Reason } from '../protocol/errors.js'
import { FrameReader } from '../protocol/frames.js'
import { ClientHandshake, type Established } from '../protocol/handshake.js'
import {
  decodePacket,
  type EncodablePacket,
  encodePacket,
  type Packet,
  type PacketKind,
} from '../protocol/packets.js'

export type PacketOf<Kind extends PacketKind> = Extract<Packet, { kind: Kind }>

/** A handshake, either role: undefined while it needs more. */
export type Handshake = (chunk: Uint8Array) => Established | undefined

/** The end of a client, which shakes hands as a client should and then does what the test says. */
export function scriptedClient(
  socket: ByteSocket,
  options: { readonly keyPair: KeyPair; readonly relayKey: Uint8Array; readonly random: Random },
): ScriptedEnd {
  const handshake = new ClientHandshake(options.keyPair, options.relayKey, options.random)
  const end = new ScriptedEnd(socket, chunk => handshake.receive(chunk))
  end.sendRaw(handshake.request)
  return end
}

export class ScriptedEnd {
  /** Every packet that came, in order, pings and pongs too. */
  readonly received: Packet[] = []
  /** Bytes that came. */
  bytesRead = 0
  /** Why the connection ended, not by us; undefined while it stands. */
  ended: Reason | undefined
  /** What came cannot be read: then the connection was closed by us, since nothing after it can be, either. */
  failure: unknown
  /** Whether pings are answered without being told to. */
  answersPings = true
  readonly #socket: ByteSocket
  readonly #handshake: Handshake
  readonly #onEstablished: (end: ScriptedEnd) => void
  readonly #frames = new FrameReader()
  readonly #changed$ = new Subject<void>()
  #channel: Channel | undefined
  #reading: Subscription | undefined
  #waiting: Uint8Array[] = []
  /** By kind: how many of the received packets `take` has looked at. */
  readonly #seen = new Map<PacketKind, number>()

  /** @param onEstablished called when the handshake is over, before the first frame is read */
  constructor(
    socket: ByteSocket,
    handshake: Handshake,
    onEstablished: (end: ScriptedEnd) => void = () => {},
  ) {
    this.#socket = socket
    this.#handshake = handshake
    this.#onEstablished = onEstablished
    socket.drain$.subscribe(() => this.#write())
    socket.ended$.subscribe(error => {
      this.ended = error.code
      this.#changed$.next()
    })
    this.resume()
  }

  /** The handshake is over. */
  get isEstablished(): boolean {
    return this.#channel !== undefined
  }

  /** Sends a packet as it should be. */
  send(packet: EncodablePacket): void {
    this.sendPlain(encodePacket(packet))
  }

  /** Sends any plaintext, properly sealed. */
  sendPlain(plain: Uint8Array): void {
    this.sendRaw(this.seal(plain))
  }

  /** Sends any bytes as they are. What the socket does not take at once follows when it does. */
  sendRaw(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#write()
  }

  /** A frame, with the next nonce, that is not sent: to be cut, swapped, spoiled or repeated. */
  seal(plain: Uint8Array): Uint8Array {
    if (!this.#channel) throw new Error('the handshake is not over')
    return Channel.takeBatch(this.#channel.seal(0, plain))
  }

  /** The packets of one kind that came. */
  all<Kind extends PacketKind>(kind: Kind): PacketOf<Kind>[] {
    return this.received.filter((packet): packet is PacketOf<Kind> => packet.kind === kind)
  }

  /** The first packet of a kind that was not taken yet; undefined when there is none so far. */
  take<Kind extends PacketKind>(kind: Kind): PacketOf<Kind> | undefined {
    const isWanted = (packet: Packet): packet is PacketOf<Kind> => packet.kind === kind
    for (let seen = this.#seen.get(kind) ?? 0; seen < this.received.length; seen++) {
      const packet = this.received[seen]
      this.#seen.set(kind, seen + 1)
      if (packet && isWanted(packet)) return packet
    }
    return undefined
  }

  /** Waits for the first packet of a kind that was not taken yet. Rejects when the connection ends before. */
  async next<Kind extends PacketKind>(kind: Kind): Promise<PacketOf<Kind>> {
    for (;;) {
      const packet = this.take(kind)
      if (packet) return packet
      this.#requireOpen(`any ${kind}`)
      await this.#change()
    }
  }

  /** Waits for the end of the handshake. Rejects when the connection ends before. */
  async whenEstablished(): Promise<void> {
    while (!this.isEstablished) {
      this.#requireOpen('the end of the handshake')
      await this.#change()
    }
  }

  /** Waits for the other side to end the connection. */
  async whenEnded(): Promise<Reason> {
    while (this.ended === undefined) await this.#change()
    return this.ended
  }

  /** Stops reading; what comes fills the socket's buffers. */
  pause(): void {
    this.#reading?.unsubscribe()
    this.#reading = undefined
  }

  resume(): void {
    this.#reading ??= this.#socket.data$.subscribe(chunk => this.#onChunk(chunk))
  }

  /** Says good-bye. */
  end(): void {
    this.#socket.end()
  }

  /** Closes at once. */
  destroy(): void {
    this.#socket.destroy()
    this.#channel?.close()
  }

  #onChunk(chunk: Uint8Array): void {
    this.bytesRead += chunk.length
    try {
      if (this.#channel) this.#read(this.#channel, chunk)
      else this.#shake(chunk)
    } catch (failure) {
      this.failure = failure
      this.destroy()
    }
    this.#changed$.next()
  }

  #shake(chunk: Uint8Array): void {
    const done = this.#handshake(chunk)
    if (!done) return
    this.#channel = done.channel
    this.#onEstablished(this)
    this.#read(done.channel, done.leftover)
  }

  #read(channel: Channel, chunk: Uint8Array): void {
    this.#frames.push(chunk, cipher => {
      const plain = channel.open(cipher)
      if (!plain) throw new Error('the other side sent a frame that does not decrypt')
      const packet = decodePacket(plain)
      this.received.push(packet)
      if (packet.kind === 'ping' && this.answersPings) this.send({ kind: 'pong', pingId: packet.pingId })
      return !channel.closed
    })
  }

  #write(): void {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const taken = this.#socket.write(next)
      if (taken === next.length) continue
      this.#waiting.unshift(next.subarray(taken))
      return
    }
  }

  #requireOpen(before: string): void {
    if (this.failure) throw this.failure
    if (this.ended) throw new Error(`${this.ended} before ${before}`)
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      const subscription = this.#changed$.subscribe(() => {
        subscription.unsubscribe()
        resolve()
      })
    })
  }
}
