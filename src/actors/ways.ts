/**
 * The ways to relays: directly, or through a proxy, each with its own gate and time budget. Passwords stay inside the
 * proxies' settings; nothing here shows them.
 */
import type { Clock } from '../io/clock.js'
import { budgetMs } from '../io/dial.js'
import type { ProxySettings } from '../io/proxy.js'
import type { HostPort } from '../protocol/relay-address.js'
import { DialGate } from './dial-gate.js'

/** How one address of one relay is reached. */
export interface Way {
  readonly proxy: ProxySettings | undefined
  readonly gate: DialGate
  /** Time for TCP, proxy and handshake together, in ms. */
  readonly budgetMs: number
}

export interface WaysOptions {
  readonly clock: Clock
  readonly chance: () => number
  /** For every relay without one of its own. */
  readonly proxy: ProxySettings | undefined
  readonly dials: number | undefined
}

export class Ways {
  readonly #options: WaysOptions
  readonly #own = new Map<string, ProxySettings>()
  readonly #gates = new Map<ProxySettings | undefined, DialGate>()

  constructor(options: WaysOptions) {
    this.#options = options
  }

  /** Gives a relay a proxy of its own. @param relay its public key in hex */
  setProxy(relay: string, proxy: ProxySettings): void {
    this.#own.set(relay, proxy)
  }

  forget(relay: string): void {
    this.#own.delete(relay)
  }

  /** The way to an address of a relay. An exception of the proxy is dialled directly. */
  to(relay: string, { host }: HostPort): Way {
    const proxy = this.#own.get(relay) ?? this.#options.proxy
    const used = proxy?.exceptions.covers(host) ? undefined : proxy
    return { proxy: used, gate: this.#gate(used), budgetMs: budgetMs(used) }
  }

  networkChanged(): void {
    for (const gate of this.#gates.values()) gate.retryNow()
  }

  #gate(proxy: ProxySettings | undefined): DialGate {
    const { chance, clock, dials } = this.#options
    const gate = this.#gates.get(proxy) ?? new DialGate({ clock, chance, limit: dials })
    this.#gates.set(proxy, gate)
    return gate
  }
}
