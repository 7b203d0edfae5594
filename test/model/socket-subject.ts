/**
 * A relay with its real sockets, its other end scripted, taken from event to event by what happens in the world: a
 * dial that succeeds, a response that comes, a reset, time. The clock is virtual, whatever the sockets are.
 */

import { Policies } from '../../src/actors/policies.js'
import type { Relay } from '../../src/actors/relay.js'
import type { RelayEvent } from '../../src/actors/relay-events.js'
import { compose, type Parts } from '../../src/compose.js'
import type { ByteSocket } from '../../src/io/byte-socket.js'
import { DIRECT_BUDGET_MS, type Dial, type DialOptions } from '../../src/io/dial.js'
import { newKeyPair, systemRandom } from '../../src/protocol/crypto.js'
import { type Reason, ToxError } from '../../src/protocol/errors.js'
import type { VirtualClock } from '../../src/testing/index.js'
import type { Ground } from './ground.js'
import { type ModelEvent, RelayOracle } from './relay-oracle.js'
import { ADDRESSES, toMachineEvent } from './relay-paths.js'
import type { State } from './relay-table.js'

interface Dialled {
  readonly options: DialOptions
  readonly resolve: (socket: ByteSocket) => void
  readonly reject: (error: ToxError) => void
}

const REST_MS = 10_000
const PONG_MS = 10_000
const PING_MS = 30_000
const CLOSE_MS = 2_000
/** States in which the relay at the other end sees a connection. */
const CONNECTED: readonly State[] = ['handshake', 'pinging', 'quiet', 'closing']

export class SocketSubject {
  readonly oracle: RelayOracle
  /** Where it has been. */
  readonly #states = new Set<State>()
  readonly #clock: VirtualClock
  readonly #ground: Ground
  readonly #parts: Parts
  readonly #relay: Relay
  #dialled: Dialled | undefined
  /** Lets the relay have its turn, when called. */
  #letGo: () => void
  #enteredAt = 0
  #dialAt = 0
  #restAt = 0
  #pingAt = 0

  constructor(clock: VirtualClock, ground: Ground) {
    this.#clock = clock
    this.#ground = ground
    this.oracle = new RelayOracle(() => clock.now())
    const keyPair = newKeyPair(systemRandom)
    ground.relay.respond = () => undefined
    ground.relay.onClient = client => {
      client.answersPings = false
    }
    const nothing = (): void => {}
    this.#parts = compose(
      { keyPair, limits: { unused: 0, dials: 1 }, dial: this.#dial, random: cautious, reconnect: {} },
      {
        keyPair,
        clock,
        policies: new Policies(keyPair.publicKey),
        streams: { received: nothing, oob: nothing, onion: nothing, forwarded: nothing, tell: nothing },
      },
    )
    const [address = { host: '', port: 0 }] = ADDRESSES
    this.#relay = this.#parts.relays.add({ publicKey: ground.relay.publicKey, address, origin: 'user' })
    this.#letGo = this.#takeTurn()
  }

  get state(): State {
    const value: unknown = this.#relay.actor?.getSnapshot().value ?? 'closed'
    return (typeof value === 'object' && value !== null ? Object.values(value)[0] : value) as State
  }

  /** What it remembers, as far as the oracle keeps the same books. */
  get books(): unknown {
    const context = this.#relay.actor?.getSnapshot().context
    if (!context) return undefined
    const { addressIndex, failures, needed, quarantines, reason, removed, retryAt } = context
    return {
      address: addressIndex,
      failures,
      needed,
      quarantines,
      reason,
      removed,
      retryAt: Math.round(retryAt),
    }
  }

  get expectedBooks(): unknown {
    const { address, failures, needed, quarantines, reason, removed, retryAt, state } = this.oracle
    if (state === 'closed') return undefined
    return { address, failures, needed, quarantines, reason, removed, retryAt }
  }

  get states(): ReadonlySet<State> {
    return this.#states
  }

  get connections(): number {
    return this.#ground.connections()
  }

  get expectedConnections(): number {
    return CONNECTED.includes(this.oracle.state) ? 1 : 0
  }

  /** Has an event happen and the oracle told of it. */
  async take(event: ModelEvent): Promise<void> {
    if (event.name === 'link.hungUp' && this.oracle.state !== 'closing') return
    await this.#clock.advance(1)
    const before = this.oracle.state
    this.#holdForClosing(event)
    const told = await this.#happen(event)
    for (const each of told) this.oracle.take(each)
    this.#states.add(this.oracle.state)
    // What cannot be held answers a good-bye at once.
    if (!this.#ground.hold && this.oracle.state === 'closing') this.oracle.take({ name: 'link.hungUp' })
    await this.#ground.until(
      () => this.state === this.oracle.state && this.connections === this.expectedConnections,
    )
    const { state } = this.oracle
    const now = this.#clock.now()
    if (state !== before) this.#enteredAt = now
    if (state === 'connecting' && state !== before) this.#dialAt = now
    if (state === 'pinging' && state !== before) this.#pingAt = now
    if (event.name === 'need.ended') this.#restAt = now
    if (before === 'closing' && state !== 'closing') this.#ground.hold?.(false)
    if (event.name === 'turn.came') this.#letGo = this.#takeTurn()
  }

  async close(): Promise<void> {
    this.#letGo()
    this.#ground.hold?.(false)
    const closed = this.#parts.relays.close()
    await this.#clock.run(closed)
    this.#ground.relay.close()
    await this.#ground.until(() => true)
  }

  readonly #dial: Dial = (_, options) =>
    new Promise((resolve, reject) => {
      this.#dialled = { options, resolve, reject }
      options.signal.addEventListener('abort', () => reject(new ToxError('connect-timeout')))
    })

  /** Takes the only turn that there is, as soon as the relay leaves it. */
  #takeTurn(): () => void {
    const address = ADDRESSES[0] ?? { host: '', port: 0 }
    return this.#parts.ways.to(this.#relay.key, address).gate.enter(() => {})
  }

  /** A good-bye is answered when the test says so, not at once. */
  #holdForClosing({ name }: ModelEvent): void {
    const linked = this.oracle.state === 'pinging' || this.oracle.state === 'quiet'
    if (linked && (name === 'relay.remove' || name === 'time.rest')) this.#ground.hold?.(true)
  }

  /** @returns what the machine is told by it, in order */
  async #happen(event: ModelEvent): Promise<ModelEvent[]> {
    const { relay } = this.#ground
    switch (event.name) {
      case 'turn.came':
        this.#letGo()
        return [event]
      case 'proxy.reached':
        this.#dialled?.options.onStage?.('proxy')
        return [event]
      case 'socket.opened':
        return this.#open(event)
      case 'handshake.done':
        relay.client.sendRaw(relay.lastResponse ?? new Uint8Array())
        return [event]
      case 'attempt.failed':
        if (this.oracle.state === 'handshake') relay.client.sendRaw(new Uint8Array(96).fill(0xff))
        else this.#dialled?.reject(new ToxError(event.reason as Reason))
        return [event]
      case 'link.confirmed':
        relay.client.send({ kind: 'onionResponse', payload: new Uint8Array(8) })
        return [event]
      case 'link.lost':
        return this.#lose(event)
      case 'link.hungUp':
        this.#ground.hold?.(false)
        return [event]
      case 'keepalive.answered':
        return this.#answer(event)
      case 'pong.overdue':
        return this.#pass(this.#pingAt + PONG_MS, event)
      case 'time.budget':
        return this.#pass(this.#dialAt + DIRECT_BUDGET_MS, event)
      case 'time.ping':
        return this.#pass(this.#enteredAt + PING_MS, event)
      case 'time.rest':
        return this.#pass(this.#restAt + REST_MS, event)
      case 'time.close':
        return this.#pass(this.#enteredAt + CLOSE_MS, event)
      case 'time.retry':
        return this.#pass(this.oracle.retryAt, event)
      default:
        return this.#say(event)
    }
  }

  #say(event: ModelEvent): ModelEvent[] {
    this.#relay.send(toMachineEvent(event, this.oracle.addresses) as RelayEvent)
    return [event]
  }

  async #open(event: ModelEvent): Promise<ModelEvent[]> {
    const { relay } = this.#ground
    const dialled = this.#dialled
    const opening = this.#ground.open()
    const socket = await (this.#ground.hold ? this.#clock.run(opening) : opening)
    dialled?.resolve(socket)
    const [clients] = [relay.clients.length]
    await this.#ground.until(() => relay.clients.length >= clients && relay.client.isEstablished)
    return [event]
  }

  async #lose(event: ModelEvent): Promise<ModelEvent[]> {
    if (event.reason === 'protocol-violation') this.#ground.relay.client.sendPlain(Uint8Array.of(0))
    else this.#ground.cut()
    await this.#ground.until(() => this.state !== this.oracle.state)
    const reason = this.#relay.actor?.getSnapshot().context.reason ?? event.reason
    // How a real reset shows depends on what was under way.
    return [reason === 'closed-by-relay' ? { ...event, reason } : event]
  }

  /** The first frame that opens is told first. */
  async #answer(event: ModelEvent): Promise<ModelEvent[]> {
    const { client } = this.#ground.relay
    await this.#ground.until(() => client.all('ping').length > 0)
    const ping = client.all('ping').at(-1)
    if (ping) client.send({ kind: 'pong', pingId: ping.pingId })
    return this.oracle.confirmedAt === undefined ? [{ name: 'link.confirmed' }, event] : [event]
  }

  async #pass(at: number, event: ModelEvent): Promise<ModelEvent[]> {
    await this.#clock.advance(Math.max(0, at - this.#clock.now()))
    return [event]
  }
}

/** Waits as long as a backoff may, so that the oracle need not know chance. */
const cautious = (size: number): Uint8Array =>
  size === 4 ? new Uint8Array(4).fill(0xff) : systemRandom(size)
