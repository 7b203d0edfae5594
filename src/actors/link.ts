/**
 * A live connection to a relay: socket, session and routes, and the two paths of a packet. A plain object, because
 * packets must not cost what a machine's event costs. Knows nothing of other relays, friends' states or retries: it
 * tells its LinkEvents and does what it is told.
 */
import type { Subscription } from 'rxjs'
import { ToxError } from '../protocol/errors.js'
import type { OpenPing } from '../protocol/pings.js'
import { type Route, Routes } from '../protocol/routes.js'
import { Session, type SessionPacket } from '../protocol/session.js'
import type { LinkOptions } from './link-events.js'
import { PingWatch } from './ping-watch.js'
import { TailWriter } from './tail-writer.js'

export class Link<Owner = unknown> {
  readonly #session: Session
  readonly #options: LinkOptions<Owner>
  readonly #subscriptions: Subscription[] = []
  readonly #writer: TailWriter
  #routes: Routes<Owner> | undefined
  #flushPlanned = false
  #laneWasFull = false
  #confirmed = false
  #hangingUp = false
  #saidGoodbye = false
  /** Packets ignored by session and routes that are in the counters already. */
  #unaskedCounted = 0
  readonly #pingWatch: PingWatch

  constructor(options: LinkOptions<Owner>) {
    const { clock, established, events, random, window = {} } = options
    this.#options = options
    this.#writer = new TailWriter(options.socket)
    this.#session = new Session(established.channel, { random, now: () => clock.now(), window })
    this.#pingWatch = new PingWatch({ pings: this.#session.pings, clock, overdue: () => events.overdue() })
    this.ping()
  }

  /** Starts reading. Whoever has routes to ask for does so before, so that they leave with the first ping. */
  open(): void {
    const { socket, established } = this.#options
    // Whoever heard of the link may have ended it already.
    if (this.#session.closed) return
    this.#subscriptions.push(
      socket.drain$.subscribe(() => this.#flush()),
      socket.ended$.subscribe(error => this.#ended(error)),
    )
    this.#onChunk(established.leftover)
    if (this.#session.closed) return
    this.#subscriptions.push(socket.data$.subscribe(chunk => this.#onChunk(chunk)))
  }

  /** Made when first asked for: most links carry no route, and empty tables weigh. */
  get routes(): Routes<Owner> {
    this.#routes ??= new Routes({
      send: packet => this.#sendControl(packet),
      changed: route => this.#routeChanged(route),
    })
    return this.#routes
  }

  get queueDepth(): number {
    return this.#session.outbox.depth
  }

  get unacknowledgedBytes(): number {
    return this.#session.window.unacknowledged
  }

  /** @returns false when the data lane is full; then nothing was queued */
  sendData(route: Route<Owner>, payload: Uint8Array): boolean {
    if (route.id === undefined) return false
    return this.#pushData({ id: route.id, payload, owner: route })
  }

  /** Queues a whole packet that the relay may lose: OOB, onion or forward. @param owner whose end removes it */
  sendLossy(packet: Uint8Array, owner?: object): boolean {
    return this.#pushData(owner ? { payload: packet, owner } : { payload: packet })
  }

  /** Queues a keepalive ping; its 10 s begin now. */
  ping(): void {
    if (!this.#session.ping()) return
    this.#planFlush()
    this.#pingWatch.look()
  }

  /** Ends a route: what waits for it is removed before the relay is told (behaviour §4). */
  dropRoute(route: Route<Owner>): void {
    this.#options.counters.dropped('route-ended', this.#session.outbox.dropOwned(route))
    this.routes.drop(route)
  }

  /**
   * Drops data, sends what is important (disconnect notifications among it), then says good-bye. A last ping asks for
   * the relay's word that it has read all of that: c-toxcore's relays do not answer a FIN.
   */
  hangUp(): void {
    for (const route of this.#routes?.all() ?? []) this.dropRoute(route)
    this.#hangingUp = true
    this.#options.counters.dropped('hung-up', this.#session.outbox.dropData())
    this.#session.ping()
    this.#flush()
  }

  /** Closes at once, silently. Harmless when repeated. */
  destroy(): void {
    this.#pingWatch.stop()
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe()
    this.#options.counters.dropped('link-lost', this.#session.outbox.dropData())
    this.#session.close()
    this.#options.socket.destroy()
    this.#routes?.end()
  }

  #onChunk(chunk: Uint8Array): void {
    const session = this.#session
    this.#options.counters.bytesIn += chunk.length
    try {
      session.receive(
        chunk,
        packet => this.#onPacket(packet),
        ping => this.#onPong(ping),
      )
    } catch (error) {
      if (!(error instanceof ToxError)) throw error
      this.#end(error)
      return
    } finally {
      this.#countUnasked()
    }
    if (session.closed) return
    if (session.received > 0) this.#confirm()
    this.#planFlush()
  }

  #countUnasked(): void {
    const unasked = this.#session.ignored + (this.#routes?.ignored ?? 0)
    this.#options.counters.dropped('unasked', unasked - this.#unaskedCounted)
    this.#unaskedCounted = unasked
  }

  /** A link counts from the first frame that opened: the handshake alone can be a replay (behaviour §2). */
  #confirm(): void {
    if (this.#confirmed) return
    this.#confirmed = true
    this.#options.events.confirmed()
  }

  #onPacket(packet: SessionPacket): void {
    const { counters, events } = this.#options
    this.#confirm()
    counters.count(packet.kind)
    if (this.#hangingUp) return
    switch (packet.kind) {
      case 'data': {
        const route = this.routes.online(packet.connectionId)
        if (!route) counters.dropped('no-route', 1)
        else if (packet.payload.length === 0) counters.dropped('empty-data', 1)
        else events.data(route, packet.payload)
        return
      }
      case 'routingResponse':
        this.routes.onResponse(packet.connectionId, packet.publicKey)
        return
      case 'connectNotification':
        this.routes.onConnect(packet.connectionId)
        return
      case 'disconnectNotification':
        this.routes.onDisconnect(packet.connectionId)
        return
      case 'oobRecv':
        events.oob(packet.publicKey, packet.payload)
        return
      case 'onionResponse':
        events.onion(packet.payload)
        return
      case 'forwarding':
        events.forwarded(packet.payload)
        return
      case 'reserved':
        return
      default:
        throw new ToxError('protocol-violation', `a relay must not send ${packet.kind}`)
    }
  }

  #onPong(ping: OpenPing): void {
    const { clock, events } = this.#options
    this.#confirm()
    // An earlier ping's pong does not say that the relay has read our last words.
    if (this.#saidGoodbye && this.unacknowledgedBytes === 0) events.hungUp()
    else if (ping.keepalive) events.keepaliveAnswered(clock.now() - ping.since)
  }

  #routeChanged(route: Route<Owner>): void {
    if (route.state !== 'online')
      this.#options.counters.dropped('route-ended', this.#session.outbox.dropOwned(route))
    this.#options.events.routeChanged(route)
  }

  #sendControl(packet: Uint8Array): void {
    this.#session.outbox.pushControl(packet)
    this.#planFlush()
  }

  #pushData(entry: { payload: Uint8Array; id?: number; owner?: object }): boolean {
    if (this.#hangingUp) return false
    if (!this.#session.outbox.pushData(entry)) {
      this.#laneWasFull = true
      return false
    }
    this.#planFlush()
    return true
  }

  /** All packets of one turn of the event loop leave in one write. */
  #planFlush(): void {
    if (this.#flushPlanned) return
    this.#flushPlanned = true
    this.#options.clock.defer(() => {
      this.#flushPlanned = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#session.closed || this.#saidGoodbye) return
    this.#options.counters.bytesOut += this.#writer.write(room => this.#session.transmit(room))
    this.#pingWatch.look()
    if (this.#laneWasFull && this.#session.outbox.isRoomy) {
      this.#laneWasFull = false
      this.#options.events.roomAgain()
    }
    if (this.#hangingUp && !this.#writer.hasTail && this.#session.outbox.controlDepth === 0) {
      this.#saidGoodbye = true
      this.#options.socket.end()
    }
  }

  #ended(error: ToxError): void {
    if (this.#hangingUp) this.#options.events.hungUp()
    else this.#end(error)
  }

  #end(error: ToxError): void {
    this.destroy()
    this.#options.events.lost(error)
  }
}
