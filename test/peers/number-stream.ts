/** A stream of numbered packets from one friend to another, and what became of each: when and through whom it came. */
import { merge, type Observable, Subject, type Subscription } from 'rxjs'
import type { Friend } from '../../src/index.js'
import { first } from '../support/meetings.js'

export interface Arrival {
  readonly number: number
  /** In ms. */
  readonly at: number
  /** The relay's public key in hex. */
  readonly relay: string
}

export class NumberStream implements Disposable {
  readonly arrivals: Arrival[] = []
  sent = 0
  readonly #arrived$ = new Subject<Arrival>()
  readonly #subscriptions: Subscription[]
  readonly #payload: Uint8Array

  /**
   * @param pace sends as many packets as it says at each of its values, and goes on after `full`
   * @param size of each packet, in bytes
   */
  constructor(from: Friend, to: Friend, { pace$, size }: { pace$: Observable<number>; size: number }) {
    this.#payload = new Uint8Array(size)
    let due = 0
    const paced$ = new Subject<void>()
    this.#subscriptions = [
      to.packets$.subscribe(({ data, relay }) => this.#note(data, relay.key)),
      merge(paced$, from.drain$).subscribe(() => {
        while (due > 0 && this.#sendNext(from)) due--
      }),
      pace$.subscribe(more => {
        due += more
        paced$.next()
      }),
    ]
  }

  /** Resolves with the first packet, from now on, that came as wanted. */
  next(wanted: (arrival: Arrival) => boolean = () => true): Promise<Arrival> {
    return first(this.#arrived$, wanted)
  }

  /** Numbers that were sent before the last arrival and never came. */
  get lost(): number[] {
    const arrived = new Set(this.arrivals.map(({ number }) => number))
    const last = Math.max(...arrived)
    return [...Array(last).keys()].filter(number => !arrived.has(number))
  }

  /** The longest time between an arrival through this relay, or the last of them, and the next through another, in ms. */
  gapAfter(relay: string): number {
    const last = this.arrivals.findLastIndex(arrival => arrival.relay === relay)
    const [before, after] = this.arrivals.slice(last, last + 2)
    return before && after ? after.at - before.at : Number.POSITIVE_INFINITY
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }

  #sendNext(friend: Friend): boolean {
    new DataView(this.#payload.buffer).setUint32(0, this.sent)
    if (friend.send(this.#payload) !== 'sent') return false
    this.sent++
    return true
  }

  #note(data: Uint8Array, relay: string): void {
    const number = new DataView(data.buffer, data.byteOffset).getUint32(0)
    const arrival = { number, at: performance.now(), relay }
    this.arrivals.push(arrival)
    this.#arrived$.next(arrival)
  }
}
