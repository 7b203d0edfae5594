/**
 * The I/O actor of one relay: holds the present attempt or link and does what the machine's states tell it. Keys and
 * proxy come by closure, so no snapshot shows them. Whatever an older attempt still brings is closed and ignored.
 */
import { fromCallback } from 'xstate'
import type { ByteSocket } from '../io/byte-socket.js'
import type { Clock } from '../io/clock.js'
import type { Dial } from '../io/dial.js'
import type { KeyPair, Random } from '../protocol/crypto.js'
import type { Reason, ToxError } from '../protocol/errors.js'
import type { Established } from '../protocol/handshake.js'
import type { HostPort } from '../protocol/relay-address.js'
import type { Route } from '../protocol/routes.js'
import { BURST_BYTES } from '../protocol/send-window.js'
import { Attempt, type AttemptEvents } from './attempt.js'
import { Link } from './link.js'
import type { LinkEvents } from './link-events.js'
import type { Relay } from './relay.js'
import type { RelayCommand, RelayEvent, RelayIoInput } from './relay-events.js'
import type { Tie } from './tie.js'
import type { Way, Ways } from './ways.js'

/** What all I/O actors of a manager share. */
export interface RelayIoEnvironment {
  readonly keyPair: KeyPair
  readonly clock: Clock
  readonly random: Random
  readonly dial: Dial
  readonly ways: Ways
  /** The relay that an actor works for. */
  readonly relay: (publicKey: string) => Relay
  /** What links bring that is not the machine's business. */
  readonly traffic: Traffic
}

/** Told of a relay's link and its packets. */
export interface Traffic extends Pick<LinkEvents<Tie>, 'routeChanged' | 'data'> {
  /** The link may be asked for routes now; what is asked leaves with the first ping. */
  linkOpened(relay: Relay, link: Link<Tie>): void
  linkClosed(relay: Relay): void
  roomAgain(relay: Relay): void
  oob(relay: Relay, sender: Uint8Array, payload: Uint8Array): void
  onion(relay: Relay, payload: Uint8Array): void
  forwarded(relay: Relay, payload: Uint8Array): void
}

export const relayIo = (environment: RelayIoEnvironment) =>
  fromCallback<RelayCommand, RelayIoInput>(({ input, receive, sendBack }) => {
    const relay = environment.relay(input.publicKey)
    const io = new RelayIo(environment, relay, sendBack)
    receive(command => io.obey(command))
    relay.release = () => io.obey({ type: 'destroy' })
    return relay.release
  })

/** It is its own link's and attempts' listener: an object of closures for each would be a tenth of an idle relay. */
class RelayIo implements LinkEvents<Tie>, AttemptEvents {
  readonly #environment: RelayIoEnvironment
  readonly #relay: Relay
  readonly #tell: (event: RelayEvent) => void
  #leaveGate: (() => void) | undefined
  #attempt: Attempt | undefined
  /** A link on which nothing is sent any more but its good-bye. */
  #closing: Link<Tie> | undefined
  /** How the address is reached that is, or is about to be, dialled. */
  #way: Way | undefined

  constructor(environment: RelayIoEnvironment, relay: Relay, tell: (event: RelayEvent) => void) {
    this.#environment = environment
    this.#relay = relay
    this.#tell = tell
  }

  obey(command: RelayCommand): void {
    switch (command.type) {
      case 'wait.turn':
        this.#way = this.#environment.ways.to(this.#relay.key, command.address)
        this.#leaveGate = this.#way.gate.enter(() => this.#tell({ type: 'turn.came' }))
        return
      case 'dial':
        this.#dial(command.address)
        return
      case 'give.up':
        this.#endAttempt()
        return
      case 'ping':
        this.#relay.link?.ping()
        return
      case 'hang.up':
        this.#hangUp()
        return
      case 'destroy':
        this.#endAttempt()
        this.#endLink()
        this.#closing?.destroy()
        this.#closing = undefined
        return
    }
  }

  #dial(address: HostPort): void {
    const { dial, keyPair, random } = this.#environment
    const proxy = this.#way?.proxy
    const relayKey = this.#relay.publicKey
    this.#attempt = new Attempt({ keyPair, relayKey, address, proxy, dial, random, events: this })
  }

  // What an attempt tells ------------------------------------------------------------------------------------

  proxyReached(): void {
    this.#tell({ type: 'proxy.reached' })
  }

  socketOpened(): void {
    this.#way?.gate.wellAgain()
    this.#tell({ type: 'socket.opened' })
  }

  failed(error: ToxError): void {
    if (isProxyTrouble(error.code)) this.#way?.gate.trouble()
    else this.#way?.gate.wellAgain()
    this.#tell({ type: 'attempt.failed', reason: error.code })
  }

  /** The machine hears of it first, so that the relay is established when its friends' routes are asked for. */
  done(socket: ByteSocket, established: Established): void {
    const { clock, random, traffic } = this.#environment
    const { counters } = this.#relay
    const window = this.#way?.proxy ? { size: BURST_BYTES, inBursts: true } : {}
    const link = new Link<Tie>({ socket, established, events: this, counters, clock, random, window })
    this.#relay.link = link
    this.#tell({ type: 'handshake.done' })
    traffic.linkOpened(this.#relay, link)
    link.open()
  }

  // What a link tells ----------------------------------------------------------------------------------------

  confirmed(): void {
    this.#tell({ type: 'link.confirmed' })
  }

  keepaliveAnswered(rttMs: number): void {
    this.#tell({ type: 'keepalive.answered', rttMs })
  }

  overdue(): void {
    this.#tell({ type: 'pong.overdue' })
  }

  lost(error: ToxError): void {
    this.#endLink()
    this.#tell({ type: 'link.lost', reason: error.code })
  }

  hungUp(): void {
    this.#tell({ type: 'link.hungUp' })
  }

  routeChanged(route: Route<Tie>): void {
    this.#environment.traffic.routeChanged(route)
  }

  data(route: Route<Tie>, payload: Uint8Array): void {
    this.#environment.traffic.data(route, payload)
  }

  oob(sender: Uint8Array, payload: Uint8Array): void {
    this.#environment.traffic.oob(this.#relay, sender, payload)
  }

  onion(payload: Uint8Array): void {
    this.#environment.traffic.onion(this.#relay, payload)
  }

  forwarded(payload: Uint8Array): void {
    this.#environment.traffic.forwarded(this.#relay, payload)
  }

  roomAgain(): void {
    this.#environment.traffic.roomAgain(this.#relay)
  }

  /** From now on nobody can send on the link; friends look for another way. */
  #hangUp(): void {
    const { link } = this.#relay
    if (!link) {
      this.#tell({ type: 'link.hungUp' })
      return
    }
    this.#closing = link
    this.#relay.link = undefined
    link.hangUp()
    this.#environment.traffic.linkClosed(this.#relay)
  }

  #endAttempt(): void {
    this.#leaveGate?.()
    this.#leaveGate = undefined
    this.#attempt?.giveUp()
    this.#attempt = undefined
  }

  #endLink(): void {
    const link = this.#relay.link
    if (!link) return
    this.#relay.link = undefined
    link.destroy()
    this.#environment.traffic.linkClosed(this.#relay)
  }
}

/**
 * Whether the proxy itself is in trouble, as against one relay behind it: a relay that swallows what it is sent can make
 * a healthy proxy late, or close.
 */
const isProxyTrouble = (code: Reason): boolean =>
  code.startsWith('proxy-') && !code.startsWith('proxy-said-') && !RELAY_MAY_CAUSE.has(code)

const RELAY_MAY_CAUSE: ReadonlySet<Reason> = new Set(['proxy-timeout', 'proxy-closed'])
