/**
 * Where hostile relays perform: a manager with a friend in every stage at the hostile one, a bystander whom it does not
 * concern, met on an honest one, and a record of all that anybody hears.
 */
import type { Friend, Relay } from '../../src/index.js'
import { concatBytes, toHex } from '../../src/protocol/bytes.js'
import type { ConnectionId } from '../../src/protocol/connection-id.js'
import { newKeyPair } from '../../src/protocol/crypto.js'
import { type EncodablePacket, encodePacket } from '../../src/protocol/packets.js'
import type { HostileRelay, ScriptedEnd } from '../../src/testing/index.js'
import { bytes, type Client, relayAt, text, type World } from '../support/world.js'

/** Connection ids at the hostile relay. */
export const IDS = {
  registered: 16 as ConnectionId,
  online: 17 as ConnectionId,
  /** Held once by the friend who was dropped. */
  freed: 18 as ConnectionId,
  unknown: 99 as ConnectionId,
}

/** A packet that a relay sends: well formed, or any plaintext. */
export type Sent = EncodablePacket | Uint8Array

export const zeros = (size: number): Uint8Array => new Uint8Array(size)

/** Bytes, and byte strings, one behind the other. */
export const raw = (...parts: readonly (number | Uint8Array)[]): Uint8Array =>
  concatBytes(...parts.map(part => (typeof part === 'number' ? Uint8Array.of(part) : part)))

export class Stage {
  readonly world: World
  readonly client: Client
  readonly hostile: HostileRelay
  /** The manager's own object for the hostile relay. */
  readonly relay: Relay
  /** Friends at the hostile relay, by the state of their route there. */
  readonly friends: Readonly<Record<'requested' | 'registered' | 'online', Friend>>
  /** Keys that the manager asked the hostile relay for and then gave up: while it was open, with an id, never. */
  readonly keys: Readonly<Record<'cancelled' | 'dropped' | 'stranger', Uint8Array>>
  readonly bystander: Client
  /** Everything that was heard since the curtain rose, by whomever. */
  readonly heard: string[] = []
  readonly #toBystander: Friend
  #received = 0

  /** Use {@link openStage}. */
  constructor(world: World, parts: Pick<Stage, 'client' | 'hostile' | 'friends' | 'keys' | 'bystander'>) {
    this.world = world
    this.client = parts.client
    this.hostile = parts.hostile
    this.friends = parts.friends
    this.keys = parts.keys
    this.bystander = parts.bystander
    this.relay = relayAt(parts.client, parts.hostile)
    this.#toBystander = friendAt(parts.bystander, parts.client)
    this.#listen()
    this.#received = this.end.received.length
  }

  /** The hostile relay's end of the link. */
  get end(): ScriptedEnd {
    return this.hostile.client
  }

  async send(...packets: readonly Sent[]): Promise<void> {
    for (const packet of packets)
      this.end.sendPlain(packet instanceof Uint8Array ? packet : encodePacket(packet))
    await this.world.settle()
  }

  /** What the manager sent to the hostile relay since the last look, but for pings. */
  answers(): string[] {
    const fresh = this.end.received.slice(this.#received)
    this.#received = this.end.received.length
    return fresh.filter(({ kind }) => kind !== 'ping').map(packet => this.#wordsOf(packet))
  }

  /** Whether the bystander can still be talked with, and how many packets of his arrived for that. */
  async bystanderSpeaks(): Promise<string[]> {
    const friend = friendAt(this.client, this.bystander)
    const heard: string[] = []
    const subscription = friend.packets$.subscribe(({ data }) => heard.push(text(data)))
    this.#toBystander.send(bytes('still here'))
    await this.world.settle()
    subscription.unsubscribe()
    return heard
  }

  #wordsOf(packet: ScriptedEnd['received'][number]): string {
    const id = 'connectionId' in packet ? ` ${packet.connectionId}` : ''
    const to = 'publicKey' in packet ? ` ${this.#nameOf(toHex(packet.publicKey))}` : ''
    return `${packet.kind}${id}${to}`
  }

  #nameOf(key: string): string {
    const friend = Object.entries(this.friends).find(([, each]) => each.key === key)
    const known = Object.entries(this.keys).find(([, each]) => toHex(each) === key)
    if (key === toHex(this.bystander.manager.publicKey)) return 'bystander'
    return friend?.[0] ?? known?.[0] ?? 'somebody'
  }

  #listen(): void {
    const { manager } = this.client
    const relayName = (key: string) => (key === this.relay.key ? '' : ' elsewhere')
    manager.packets$.subscribe(({ friend, data, oob }) =>
      this.heard.push(`${this.#nameOf(friend.key)} says ${text(data)}${oob ? ' out of band' : ''}`),
    )
    manager.oob$.subscribe(({ publicKey, data }) =>
      this.heard.push(`${this.#nameOf(toHex(publicKey))}, no friend here, says ${text(data)}`),
    )
    manager.onion$.subscribe(({ data }) => this.heard.push(`onion: ${text(data)}`))
    manager.forwarded$.subscribe(({ data }) => this.heard.push(`forwarded: ${text(data)}`))
    manager.status$.subscribe(status => {
      if (status.type === 'keepalive') return
      if (status.type === 'route')
        this.heard.push(`route of ${this.#nameOf(status.friend)}${relayName(status.relay)}: ${status.state}`)
      else if (status.type === 'friend-state')
        this.heard.push(`${this.#nameOf(status.friend)} is ${status.state}`)
      else if (status.type === 'relay-state')
        this.heard.push(
          `relay${relayName(status.relay)}: ${status.state}${status.reason ? `, ${status.reason}` : ''}`,
        )
      else this.heard.push(status.type)
    })
  }
}

/** Sets the stage: all friends are where they should be, and nothing is on its way. */
export async function openStage(world: World): Promise<Stage> {
  const honest = await world.relay()
  const hostile = await world.hostile()
  const client = await world.client({ relays: [pinned(honest)] })
  const bystander = await world.client({ relays: [pinned(honest)] })
  const newKey = () => newKeyPair(world.random).publicKey
  const add = (key = newKey()) => client.manager.addFriend(key, { relays: [hostile] })
  client.manager.addFriend(bystander.manager.publicKey)
  bystander.manager.addFriend(client.manager.publicKey)
  await world.online(friendAt(client, bystander), friendAt(bystander, client))
  const friends = { requested: add(), registered: add(), online: add() }
  const keys = { cancelled: newKey(), dropped: newKey(), stranger: newKey() }
  for (const key of [keys.cancelled, keys.dropped]) add(key)
  await world.settle()
  const { client: end } = hostile
  const respond = (publicKey: Uint8Array, connectionId: ConnectionId) =>
    end.send({ kind: 'routingResponse', connectionId, publicKey })
  respond(friends.registered.publicKey, IDS.registered)
  respond(friends.online.publicKey, IDS.online)
  respond(keys.dropped, IDS.freed)
  for (const connectionId of [IDS.online, IDS.freed]) end.send({ kind: 'connectNotification', connectionId })
  await world.settle()
  for (const key of [keys.cancelled, keys.dropped]) client.manager.removeFriend(key)
  await world.settle()
  return new Stage(world, { client, hostile, friends, keys, bystander })
}

/** Kept connected, so that nothing else than the play changes it. */
export const pinned = ({ host, port, publicKey }: { host: string; port: number; publicKey: Uint8Array }) => ({
  host,
  port,
  publicKey,
  pinned: true,
})

function friendAt({ manager }: Client, { manager: { publicKey } }: Client): Friend {
  const friend = manager.friend(publicKey)
  if (!friend) throw new Error('no such friend')
  return friend
}
