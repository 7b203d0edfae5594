/** What `ping` sends and gets back: a mark, this run's number, and a sequence number. */
import { randomBytes } from 'node:crypto'

const MARK = Buffer.from('ping from tox-relays\0')
const RUN_SIZE = 8
const SEQUENCE_SIZE = 4

/** The packets of one run; those of another are not taken for them. */
export class PingPackets {
  readonly #head = Buffer.concat([MARK, randomBytes(RUN_SIZE)])

  encode(sequence: number): Uint8Array {
    const packet = Buffer.alloc(this.#head.length + SEQUENCE_SIZE)
    this.#head.copy(packet)
    packet.writeUInt32BE(sequence, this.#head.length)
    return packet
  }

  /** @returns the sequence number; undefined for anything that this run did not send */
  decode(packet: Uint8Array): number | undefined {
    const { length } = this.#head
    if (packet.length !== length + SEQUENCE_SIZE || !this.#head.equals(packet.subarray(0, length)))
      return undefined
    return Buffer.from(packet).readUInt32BE(length)
  }
}
