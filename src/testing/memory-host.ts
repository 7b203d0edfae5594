/**
 * A computer on the network in memory: it dials, can be cut off, and counts its dials and open sockets, so that a
 * leak shows. Knows nothing of who listens.
 */
import type { Dial, DialOptions, Target } from '../io/dial.js'
import { ToxError } from '../protocol/errors.js'
import { abortable, givenUp } from './abortable.js'
import type { MemoryNetwork } from './memory-network.js'
import type { Place } from './memory-place.js'
import type { MemorySocket } from './memory-socket.js'

/** A computer on the network. */
export class MemoryHost {
  readonly dial: Dial = (target, options) => this.#dial(target, options)
  /** Dials so far. */
  dials = 0
  readonly #network: MemoryNetwork
  readonly #lost = new Set<Place>()
  readonly #busy = new Map<Place, number>()
  readonly #peaks = new Map<Place, number>()
  #online = true

  constructor(network: MemoryNetwork) {
    this.#network = network
  }

  /** Offline every dial is `unreachable` and open connections stall. */
  get online(): boolean {
    return this.#online
  }

  set online(online: boolean) {
    this.#online = online
    for (const place of this.#busy.keys()) place.change()
  }

  /** A partition: from here that place falls silent, until `regain`. */
  lose(target: Target): void {
    this.#lost.add(this.#network.place(target))
  }

  regain(target: Target): void {
    const place = this.#network.place(target)
    this.#lost.delete(place)
    place.change()
  }

  hasLost(place: Place): boolean {
    return this.#lost.has(place)
  }

  /** Connections of this host that it has not closed, with those being dialled. */
  get openSockets(): number {
    return [...this.#busy.values()].reduce((sum, count) => sum + count, 0)
  }

  /** The same, to one place. */
  openTo(target: Target): number {
    return this.#busy.get(this.#network.place(target)) ?? 0
  }

  /** The most that were ever open to one place at once. */
  peakTo(target: Target): number {
    return this.#peaks.get(this.#network.place(target)) ?? 0
  }

  async #dial(target: Target, options: DialOptions): Promise<MemorySocket> {
    const place = this.#network.place(target)
    this.dials++
    place.dials++
    const release = this.#occupy(place)
    options.signal.addEventListener('abort', release)
    try {
      await this.#reach(place, options)
      return place.connect(this.#network.clock, this, release)
    } catch (error) {
      release()
      throw error
    } finally {
      options.signal.removeEventListener('abort', release)
    }
  }

  async #reach(place: Place, options: DialOptions): Promise<void> {
    const { signal } = options
    if (signal.aborted) throw givenUp(signal)
    if (options.proxy) {
      await this.#pause(2 * place.latencyMs, signal)
      options.onStage?.('proxy')
      await this.#passProxy(signal)
    }
    await this.#pause(2 * place.latencyMs, signal)
    if (!this.#online) throw new ToxError('unreachable')
    await place.when(() => place.answer !== 'silence' && !this.#lost.has(place), signal)
    if (place.answer === 'unreachable' || !this.#online) throw new ToxError('unreachable')
    if (place.answer === 'refuse') throw new ToxError('refused')
  }

  async #passProxy(signal: AbortSignal): Promise<void> {
    const answer = this.#network.proxyAnswer
    if (answer === 'silence') await abortable(signal, () => () => {})
    else if (answer !== 'pass') throw new ToxError(answer)
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#network
    return abortable(signal, resolve => {
      if (ms === 0) {
        clock.defer(resolve)
        return () => {}
      }
      const timer = clock.setTimeout(resolve, ms)
      return () => clock.clearTimeout(timer)
    })
  }

  /** @returns gives the count back, once */
  #occupy(place: Place): () => void {
    const count = (this.#busy.get(place) ?? 0) + 1
    this.#busy.set(place, count)
    this.#peaks.set(place, Math.max(count, this.#peaks.get(place) ?? 0))
    let held = true
    return () => {
      if (held) this.#busy.set(place, (this.#busy.get(place) ?? 0) - 1)
      held = false
    }
  }
}
