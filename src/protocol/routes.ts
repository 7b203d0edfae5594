/**
 * Our routes on one link (§4): which friends we asked the relay for, and the connection ids it gave. Sans-IO: control
 * packets go out through `send`, changes are told through `changed`. A response counts only for a request of ours
 * that is open, so a bad relay can neither invent routes nor mix up friends. Knows nothing of other relays.
 */
import { toHex } from './bytes.js'
import type { ConnectionId } from './connection-id.js'
import { MAX_ROUTES_PER_RELAY } from './constants.js'
import { violation } from './errors.js'
import { encodePacket } from './packets.js'

export type RouteState = 'requested' | 'registered' | 'online' | 'refused' | 'ended'

/** One friend through one relay. */
export class Route<Owner = unknown> {
  readonly publicKey: Uint8Array
  /** Whose route it is, in the caller's terms. */
  owner: Owner
  state: RouteState = 'requested'
  /** Given by the relay; undefined unless registered or online. */
  id: ConnectionId | undefined
  /** The request is open, but the friend is no longer wanted. A refused or ended route is in no table any more. */
  cancelled = false

  constructor(publicKey: Uint8Array, owner: Owner) {
    this.publicKey = publicKey
    this.owner = owner
  }
}

export interface RoutesOptions<Owner = unknown> {
  /** Queues a control packet. */
  readonly send: (packet: Uint8Array) => void
  /** A route that is wanted became registered, online or refused, or went from online to registered. */
  readonly changed: (route: Route<Owner>) => void
}

export class Routes<Owner = unknown> {
  /** Responses and notifications that concerned no route of ours: ignored, counted. */
  ignored = 0
  readonly #byKey = new Map<string, Route<Owner>>()
  readonly #byId = new Map<ConnectionId, Route<Owner>>()
  readonly #options: RoutesOptions<Owner>

  constructor(options: RoutesOptions<Owner>) {
    this.#options = options
  }

  /** Requests open and ids held; a relay has no more than 240. */
  get size(): number {
    return this.#byKey.size
  }

  /**
   * Asks for a route, unless a request for that key is open already: then its response will be taken.
   * @returns undefined when the relay has no id left for us
   */
  want(publicKey: Uint8Array, owner: Owner): Route<Owner> | undefined {
    const key = toHex(publicKey)
    const known = this.#byKey.get(key)
    if (known) {
      known.cancelled = false
      known.owner = owner
      return known
    }
    if (this.#byKey.size >= MAX_ROUTES_PER_RELAY) return undefined
    const route = new Route(publicKey, owner)
    this.#byKey.set(key, route)
    this.#options.send(encodePacket({ kind: 'routingRequest', publicKey }))
    return route
  }

  /** Gives a route up: tells the relay if it gave us an id, else waits for its answer to do so. */
  drop(route: Route<Owner>): void {
    if (route.state === 'requested') {
      route.cancelled = true
      return
    }
    const id = route.id
    this.#forget(route)
    if (id !== undefined) this.#sendDisconnect(id)
  }

  /** @throws ToxError `protocol-violation`: the id belongs to another friend */
  onResponse(id: ConnectionId | undefined, publicKey: Uint8Array): void {
    const route = this.#byKey.get(toHex(publicKey))
    if (route?.state !== 'requested') {
      this.ignored++
      return
    }
    if (id !== undefined && this.#byId.has(id)) throw violation(`connection id ${id} given twice`)
    if (id !== undefined && !route.cancelled) {
      this.#byId.set(id, route)
      this.#change(route, 'registered', id)
      return
    }
    this.#forget(route)
    if (id !== undefined) this.#sendDisconnect(id)
    else if (!route.cancelled) this.#change(route, 'refused', undefined)
  }

  onConnect(id: ConnectionId): void {
    const route = this.#byId.get(id)
    if (route?.state === 'registered') this.#change(route, 'online', id)
    else this.ignored++
  }

  onDisconnect(id: ConnectionId): void {
    const route = this.#byId.get(id)
    if (route?.state === 'online') this.#change(route, 'registered', id)
    else this.ignored++
  }

  /** The route that data with this id belongs to; undefined unless it is online. */
  online(id: ConnectionId): Route<Owner> | undefined {
    const route = this.#byId.get(id)
    return route?.state === 'online' ? route : undefined
  }

  /** Every route whose request is open or whose id we hold. */
  all(): Route<Owner>[] {
    return [...this.#byKey.values()]
  }

  /** Ends every route, as when the link is lost. Nothing is sent and nobody is told. */
  end(): void {
    for (const route of this.#byKey.values()) this.#forget(route)
  }

  #change(route: Route<Owner>, state: RouteState, id: ConnectionId | undefined): void {
    route.state = state
    route.id = id
    this.#options.changed(route)
  }

  #forget(route: Route<Owner>): void {
    if (route.state === 'ended' || route.state === 'refused') return
    this.#byKey.delete(toHex(route.publicKey))
    if (route.id !== undefined) this.#byId.delete(route.id)
    route.state = 'ended'
    route.id = undefined
  }

  #sendDisconnect(connectionId: ConnectionId): void {
    this.#options.send(encodePacket({ kind: 'disconnectNotification', connectionId }))
  }
}
