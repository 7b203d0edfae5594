/**
 * The rules of a relay (§5), sans-IO, on decoded packets: who is here, who is linked to whom, what is passed on.
 * Knows nothing of sockets, handshakes, pings or time. What it calls on a port must not call back into it.
 */
import { toHex } from './bytes.js'
import { type ConnectionId, isConnectionId } from './connection-id.js'
import { FIRST_CONNECTION_ID } from './constants.js'
import { violation } from './errors.js'
import type { Waiting } from './outbox.js'
import { encodePacket } from './packets.js'
import type { SessionPacket } from './session.js'

/** The way back to one client. */
export interface RelayPort {
  /** Queues an important packet, behind the lossy ones that can leave now. */
  sendControl(packet: Uint8Array): void
  /** Offers a packet that may be lost. @returns false when there was no room for it */
  sendLossy(packet: Waiting): boolean
  /** Throws away the lossy packets of one owner that still wait. */
  dropOwned(owner: object): void
  /** A newer connection with the same key has taken this one's place, and the core has forgotten it. */
  evict(): void
}

/** One client that is here: known by its key, since a frame of it has opened. */
export class RelayClient {
  readonly publicKey: Uint8Array
  readonly name: string
  readonly port: RelayPort
  /** By connection id, from the first on. */
  readonly routes: (RelayRoute | undefined)[] = []
  /** The same by the friend's key. */
  readonly routesTo = new Map<string, RelayRoute>()

  constructor(publicKey: Uint8Array, port: RelayPort) {
    this.publicKey = publicKey
    this.name = toHex(publicKey)
    this.port = port
  }

  route(id: ConnectionId): RelayRoute | undefined {
    return this.routes[id - FIRST_CONNECTION_ID]
  }
}

/** A client's half of a link to a friend. */
interface RelayRoute {
  readonly id: ConnectionId
  readonly client: RelayClient
  /** The friend's name. */
  readonly to: string
  /** The friend's half; there when both have asked for each other, and then the route is online. */
  friend: RelayRoute | undefined
}

/** Packets since the start. */
export interface RelayCounts {
  /** Data passed on. */
  data: number
  /** Data for a friend who is not online here, or whose queue is full, and empty data. */
  dataDropped: number
  oob: number
  /** OOB for somebody who is not here, or whose queue is full. */
  oobDropped: number
  /** Onion and forward requests, which need UDP, and what only a relay or a newer client sends. */
  ignored: number
}

export class RelayCore {
  readonly counts: RelayCounts = { data: 0, dataDropped: 0, oob: 0, oobDropped: 0, ignored: 0 }
  readonly #clients = new Map<string, RelayClient>()

  /** Clients that are here. */
  get size(): number {
    return this.#clients.size
  }

  /**
   * Takes a client in, and puts out an older connection with the same key. To be called when the first frame of a
   * connection has opened, never before: anybody can replay a handshake.
   */
  join(publicKey: Uint8Array, port: RelayPort): RelayClient {
    const client = new RelayClient(publicKey, port)
    const older = this.#clients.get(client.name)
    if (older) {
      this.leave(older)
      older.port.evict()
    }
    this.#clients.set(client.name, client)
    return client
  }

  /** Ends all routes of a client. Harmless when repeated, and when the client was evicted. */
  leave(client: RelayClient): void {
    if (this.#clients.get(client.name) !== client) return
    this.#clients.delete(client.name)
    for (const route of client.routesTo.values()) this.#goOffline(route)
  }

  /** @throws ToxError `protocol-violation`: drop the client */
  receive(client: RelayClient, packet: SessionPacket): void {
    switch (packet.kind) {
      case 'data':
        this.#onData(client, packet.connectionId, packet.payload)
        break
      case 'oobSend':
        this.#onOob(client, packet.publicKey, packet.payload)
        break
      case 'routingRequest':
        this.#onRoutingRequest(client, packet.publicKey)
        break
      case 'disconnectNotification':
        this.#onDisconnect(client, packet.connectionId)
        break
      case 'routingResponse':
      case 'oobRecv':
        throw violation(`${packet.kind} from a client`)
      default:
        this.counts.ignored++
    }
  }

  #onData(client: RelayClient, id: ConnectionId, payload: Uint8Array): void {
    const route = client.route(id)
    if (!route) throw violation(`data on connection id ${id}, which is not in use`)
    const friend = payload.length > 0 ? route.friend : undefined
    const passed = friend?.client.port.sendLossy({ payload, id: friend.id, owner: friend })
    if (passed) this.counts.data++
    else this.counts.dataDropped++
  }

  #onOob(client: RelayClient, to: Uint8Array, payload: Uint8Array): void {
    const receiver = this.#clients.get(toHex(to))
    const recv = receiver && encodePacket({ kind: 'oobRecv', publicKey: client.publicKey, payload })
    if (recv && receiver.port.sendLossy({ payload: recv })) this.counts.oob++
    else this.counts.oobDropped++
  }

  #onRoutingRequest(client: RelayClient, publicKey: Uint8Array): void {
    const name = toHex(publicKey)
    const known = client.routesTo.get(name)
    const route = known ?? (name === client.name ? undefined : newRoute(client, name))
    client.port.sendControl(encodePacket({ kind: 'routingResponse', connectionId: route?.id, publicKey }))
    if (known || !route) return
    const friend = this.#clients.get(name)?.routesTo.get(client.name)
    if (friend) goOnline(route, friend)
  }

  #onDisconnect(client: RelayClient, id: ConnectionId): void {
    const route = client.route(id)
    if (!route) throw violation(`disconnect of connection id ${id}, which is not in use`)
    client.routes[id - FIRST_CONNECTION_ID] = undefined
    client.routesTo.delete(route.to)
    // The id may soon name another friend, who must not be given what waits under it.
    client.port.dropOwned(route)
    this.#goOffline(route)
  }

  /** When a route ends, the friend's half of it is registered again. */
  #goOffline(route: RelayRoute): void {
    const friend = route.friend
    if (!friend) return
    friend.friend = undefined
    friend.client.port.sendControl(encodePacket({ kind: 'disconnectNotification', connectionId: friend.id }))
  }
}

/** Gives a route the lowest free id; undefined when all 240 are taken. */
function newRoute(client: RelayClient, name: string): RelayRoute | undefined {
  const free = client.routes.indexOf(undefined)
  const index = free < 0 ? client.routes.length : free
  const id = FIRST_CONNECTION_ID + index
  if (!isConnectionId(id)) return undefined
  const route = { id, client, to: name, friend: undefined }
  client.routes[index] = route
  client.routesTo.set(name, route)
  return route
}

function goOnline(route: RelayRoute, friend: RelayRoute): void {
  route.friend = friend
  friend.friend = route
  for (const { client, id } of [route, friend])
    client.port.sendControl(encodePacket({ kind: 'connectNotification', connectionId: id }))
}
