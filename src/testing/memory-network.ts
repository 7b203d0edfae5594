/**
 * A network in memory: places that listen, hosts that dial them, and everything that can go wrong in between, at
 * will. Counts what is open, so that a leak shows. Knows nothing of what the bytes mean.
 */
import type { Clock } from '../io/clock.js'
import type { Dial, Target } from '../io/dial.js'
import type { Reason } from '../protocol/errors.js'
import { formatHostPort } from '../protocol/relay-address.js'
import { MemoryHost } from './memory-host.js'
import { type OnSocket, Place } from './memory-place.js'

export class MemoryNetwork {
  /** Dials from a host that has no name. */
  readonly dial: Dial
  /** What a proxy does with those who come through it. */
  proxyAnswer: 'pass' | 'silence' | Reason = 'pass'
  readonly clock: Clock
  readonly #places = new Map<string, Place>()
  readonly #hosts: MemoryHost[] = []

  constructor({ clock }: { readonly clock: Clock }) {
    this.clock = clock
    this.dial = this.host().dial
  }

  /** A computer on this network, with troubles and counts of its own. */
  host(): MemoryHost {
    const host = new MemoryHost(this)
    this.#hosts.push(host)
    return host
  }

  /** The place at an address, with all that can be wrong there. */
  place(target: Target): Place {
    const name = formatHostPort(target)
    const known = this.#places.get(name)
    if (known) return known
    const place = new Place()
    this.#places.set(name, place)
    return place
  }

  /**
   * @returns stops listening; what is open stays
   * @throws Error when somebody listens there already
   */
  listen(target: Target, onSocket: OnSocket): () => void {
    return this.place(target).listen(onSocket)
  }

  /** Dialled sockets that their hosts have not closed. */
  get openSockets(): number {
    return this.#hosts.reduce((sum, host) => sum + host.openSockets, 0)
  }

  /** Dials so far. */
  get dials(): number {
    return this.#hosts.reduce((sum, host) => sum + host.dials, 0)
  }
}
