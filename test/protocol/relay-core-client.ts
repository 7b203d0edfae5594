/** A client as the relay's core sees it, for the tests of the core: it notes in words what it is told. */
import { type ConnectionId, isConnectionId } from '../../src/protocol/connection-id.js'
import { KEY_SIZE } from '../../src/protocol/constants.js'
import type { Waiting } from '../../src/protocol/outbox.js'
import { decodePacket, type EncodablePacket } from '../../src/protocol/packets.js'
import type { RelayClient, RelayCore, RelayPort } from '../../src/protocol/relay-core.js'

export const key = (n: number): Uint8Array => {
  const bytes = new Uint8Array(KEY_SIZE)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}
export const id = (n: number): ConnectionId => {
  if (!isConnectionId(n)) throw new RangeError(`${n} is no connection id`)
  return n
}
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A packet in a few letters: `response 16 of 2`, `connect 16`, `data 16 hello`. */
const inWords = (plain: Uint8Array): string => {
  const packet = decodePacket(plain)
  const keyNumber = (k: Uint8Array): number => new DataView(k.buffer, k.byteOffset).getUint32(0)
  switch (packet.kind) {
    case 'routingResponse':
      return `response ${packet.connectionId ?? 'refused'} for ${keyNumber(packet.publicKey)}`
    case 'connectNotification':
      return `connect ${packet.connectionId}`
    case 'disconnectNotification':
      return `disconnect ${packet.connectionId}`
    case 'data':
      return `data ${packet.connectionId} ${Buffer.from(packet.payload)}`
    case 'oobRecv':
      return `oob from ${keyNumber(packet.publicKey)} ${Buffer.from(packet.payload)}`
    default:
      return packet.kind
  }
}

/** One client and everything that the relay sent to it. */
export class Client implements RelayPort {
  readonly publicKey: Uint8Array
  readonly told: string[] = []
  isFull = false
  readonly #core: RelayCore
  readonly #client: RelayClient

  constructor(core: RelayCore, number: number) {
    this.publicKey = key(number)
    this.#core = core
    this.#client = core.join(this.publicKey, this)
  }

  send(packet: EncodablePacket): void {
    this.#core.receive(this.#client, packet as Parameters<RelayCore['receive']>[1])
  }

  ask(friend: number): void {
    this.send({ kind: 'routingRequest', publicKey: key(friend) })
  }

  drop(connectionId: number): void {
    this.send({ kind: 'disconnectNotification', connectionId: id(connectionId) })
  }

  data(connectionId: number, text: string): void {
    this.send({ kind: 'data', connectionId: id(connectionId), payload: bytes(text) })
  }

  leave(): void {
    this.#core.leave(this.#client)
  }

  /** What was told since the last look. */
  news(): string[] {
    return this.told.splice(0)
  }

  sendControl(packet: Uint8Array): void {
    this.told.push(inWords(packet))
  }

  sendLossy({ payload, id: first }: Waiting): boolean {
    if (this.isFull) return false
    const packet = first === undefined ? payload : Uint8Array.of(first, ...payload)
    this.told.push(inWords(packet))
    return true
  }

  dropOwned(): void {
    this.told.push('waiting data dropped')
  }

  evict(): void {
    this.told.push('evicted')
  }
}
