/**
 * Packets that wait to be sent on one link, as plaintext: they are sealed when they are written, so control may
 * overtake data and no nonce is spent on what is never sent. Two lanes: control is never dropped and always first;
 * data is bounded and answers "full". Knows nothing of sockets or crypto.
 */
import { FRAME_OVERHEAD, MAX_OWED_PONGS, MAX_PLAINTEXT_SIZE } from './constants.js'
import { encodePacket, PACKET_IDS } from './packets.js'
import type { OpenPing } from './pings.js'

/** What the data lane of a link holds at most, in bytes (behaviour §5). */
export const DATA_LANE_BYTES = 128 * 1024
/** What a waiting packet is reckoned to cost besides its bytes, so that tiny packets are bounded too. */
const ENTRY_BYTES = 64

export interface Waiting {
  /** The packet, or what follows its id. */
  readonly payload: Uint8Array
  /** The packet's first byte when it does not stand in `payload`. */
  readonly id?: number
  /** For whom it waits; see {@link Outbox.dropOwned}. */
  readonly owner?: object
  /** The ping that this is, to be told its place in the stream. */
  readonly ping?: OpenPing
}

export class Outbox {
  readonly #control = new Queue<Waiting>()
  readonly #data = new Queue<Waiting>()
  readonly #capacity: number
  #dataBytes = 0
  #owedPongs = 0
  #lastPong: { payload: Uint8Array } | undefined

  /** @param capacity of the data lane, in bytes */
  constructor(capacity = DATA_LANE_BYTES) {
    this.#capacity = capacity
  }

  get isEmpty(): boolean {
    return this.#control.size === 0 && this.#data.size === 0
  }

  /** Packets in both lanes. */
  get depth(): number {
    return this.#control.size + this.#data.size
  }

  get controlDepth(): number {
    return this.#control.size
  }

  /** At most half full: time to tell those who were answered "full". */
  get isRoomy(): boolean {
    return this.#dataBytes <= this.#capacity / 2
  }

  pushControl(payload: Uint8Array, ping?: OpenPing): void {
    this.#control.push(ping ? { payload, ping } : { payload })
  }

  /** Owes a pong. Beyond 32 owed ones the newest replaces the last, so a flood of pings takes no memory (§4). */
  pushPong(pingId: Uint8Array): void {
    const payload = encodePacket({ kind: 'pong', pingId })
    if (this.#owedPongs >= MAX_OWED_PONGS && this.#lastPong) {
      this.#lastPong.payload = payload
      return
    }
    this.#owedPongs++
    this.#lastPong = { payload }
    this.#control.push(this.#lastPong)
  }

  /**
   * @returns false when the lane is full; then nothing was queued
   * @throws RangeError for a packet that fits no frame: found when it is sealed, it would spoil those sealed before it
   */
  pushData(entry: Waiting): boolean {
    const size = entry.payload.length + (entry.id === undefined ? 0 : 1)
    if (size === 0 || size > MAX_PLAINTEXT_SIZE)
      throw new RangeError(`packet: wanted 1–${MAX_PLAINTEXT_SIZE} bytes, got ${size}`)
    const bytes = cost(entry)
    if (this.#dataBytes + bytes > this.#capacity) return false
    this.#dataBytes += bytes
    this.#data.push(entry)
    return true
  }

  /** Takes the next packet that may leave: control first, then data whose frame fits into `windowRoom` bytes. */
  shift(windowRoom: number): Waiting | undefined {
    const control = this.#control.shift()
    if (control) {
      if (control.payload[0] === PACKET_IDS.pong) this.#owedPongs--
      return control
    }
    const next = this.#data.peek()
    if (!next || next.payload.length + 1 + FRAME_OVERHEAD > windowRoom) return undefined
    this.#dataBytes -= cost(next)
    return this.#data.shift()
  }

  /** Removes the waiting data of one owner, as when his route ends. @returns how many packets that were */
  dropOwned(owner: object): number {
    return this.#drop(entry => entry.owner === owner)
  }

  /** Removes all waiting data. @returns how many packets that were */
  dropData(): number {
    return this.#drop(() => true)
  }

  #drop(unwanted: (entry: Waiting) => boolean): number {
    const dropped = this.#data.remove(unwanted)
    for (const entry of dropped) this.#dataBytes -= cost(entry)
    return dropped.length
  }
}

const cost = (entry: Waiting): number => entry.payload.length + ENTRY_BYTES

/** First in, first out, without moving the rest at every turn. */
class Queue<T> {
  #items: T[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#head]
  }

  shift(): T | undefined {
    const item = this.peek()
    if (item === undefined) return undefined
    this.#head++
    if (this.#head === this.#items.length || this.#head === COMPACT_AT) this.#compact()
    return item
  }

  /** Takes the items out that `unwanted` names. */
  remove(unwanted: (item: T) => boolean): T[] {
    this.#compact()
    const removed = this.#items.filter(unwanted)
    this.#items = this.#items.filter(item => !unwanted(item))
    return removed
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}

const COMPACT_AT = 256
