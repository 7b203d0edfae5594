/**
 * One friend tied to one relay: the wish for a route, whether or not the relay is up. It outlives links; the route
 * itself belongs to one link. Knows neither the friend's other ties nor how relays are chosen.
 */
import type { Clock } from '../io/clock.js'
import { encodePacket } from '../protocol/packets.js'
import type { Route } from '../protocol/routes.js'
import type { Friend } from './friend.js'
import type { Relay } from './relay.js'

/** A refused route is asked for again after this time, in ms (behaviour §3). */
export const REFUSED_RETRY_MS = 60_000

export type TieState = 'wanted' | 'requested' | 'registered' | 'online' | 'refused'

export class Tie {
  readonly friend: Friend
  readonly relay: Relay
  /** Chosen by us, so that we may choose another; else the user or the friend named the relay. */
  readonly chosen: boolean
  readonly #clock: Clock
  #state: TieState = 'wanted'
  #route: Route<Tie> | undefined
  #retry: unknown

  constructor(friend: Friend, relay: Relay, options: { chosen: boolean; clock: Clock }) {
    this.friend = friend
    this.relay = relay
    this.chosen = options.chosen
    this.#clock = options.clock
    relay.ties.add(this)
  }

  get state(): TieState {
    return this.#state
  }

  /** Asks for a route, if the relay is up and none is asked for; for a friend who is asleep too, he may wake. */
  ask(): void {
    const { link } = this.relay
    if (!link || this.#route) return
    this.#stopRetry()
    this.#route = link.routes.want(this.friend.publicKey, this)
    if (this.#route) this.#become('requested')
    else this.#refused()
  }

  /** The route changed on the link. */
  routeChanged(route: Route<Tie>): void {
    if (route !== this.#route) return
    if (route.state === 'registered' || route.state === 'online') this.#become(route.state)
    else this.#refused()
  }

  /** The link is gone, and the route with it. */
  linkClosed(): void {
    this.#stopRetry()
    this.#route = undefined
    this.#become('wanted')
  }

  /** Gives the route up and unties. Nothing is told afterwards. */
  end(): void {
    this.#stopRetry()
    this.relay.ties.delete(this)
    const route = this.#route
    this.#route = undefined
    if (route) this.relay.link?.dropRoute(route)
  }

  /** @returns false when the relay's lane is full */
  send(payload: Uint8Array): boolean {
    return this.#route !== undefined && (this.relay.link?.sendData(this.#route, payload) ?? false)
  }

  sendOob(payload: Uint8Array): boolean {
    const packet = encodePacket({ kind: 'oobSend', publicKey: this.friend.publicKey, payload })
    return this.relay.link?.sendLossy(packet, this.#route) ?? false
  }

  #refused(): void {
    this.#route = undefined
    this.#retry = this.#clock.setTimeout(() => this.ask(), REFUSED_RETRY_MS)
    this.#become('refused')
  }

  #stopRetry(): void {
    this.#clock.clearTimeout(this.#retry)
    this.#retry = undefined
  }

  #become(state: TieState): void {
    if (state === this.#state) return
    this.#state = state
    this.friend.tieChanged(this)
  }
}
