/** What a page may do to the manager. What it sends is checked field by field, whoever wrote it. */
import { type Friend, parseRelay, type Relay, type RelayManager } from '../index.js'
import type { Action, ActionResult } from './wire.js'

export interface ActionGround {
  readonly manager: RelayManager
  /** A page wants to see the steps of a relay. */
  readonly watch: (stream: string, relay: Relay) => void
}

/** @param body what came, whatever it is */
export function act(body: unknown, ground: ActionGround): ActionResult {
  try {
    const fields = new Fields(body)
    const type = fields.text('type')
    const run = ACTS.get(type)
    if (!run) throw new TypeError(`type: no action is called ${JSON.stringify(type)}`)
    run(fields, ground)
    return { ok: true }
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      return { ok: false, message: error.message }
    throw error
  }
}

type Act = (fields: Fields, ground: ActionGround) => unknown

const TABLE: { readonly [Type in Action['type']]: Act } = {
  'relay.add': (fields, { manager }) => addRelay(manager, fields.text('relay'), fields.flag('pinned')),
  'relay.remove': (fields, { manager }) => manager.removeRelay(relayOf(fields, manager).publicKey),
  'relay.pin': (fields, { manager }) => relayOf(fields, manager).pin(fields.flag('pinned')),
  'relay.sleep': (fields, { manager }) => relayOf(fields, manager).sleep(),
  'relay.wake': (fields, { manager }) => relayOf(fields, manager).wake(),
  'relay.retry': (fields, { manager }) => relayOf(fields, manager).send({ type: 'network.changed' }),
  'friend.add': (fields, { manager }) => manager.addFriend(fields.text('key')),
  'friend.remove': (fields, { manager }) => manager.removeFriend(friendOf(fields, manager).publicKey),
  'friend.awake': (fields, { manager }) => friendOf(fields, manager).setAwake(fields.flag('awake')),
  'network.back': (_, { manager }) => manager.networkChanged(),
  watch: (fields, { manager, watch }) => watch(fields.text('stream'), relayOf(fields, manager)),
}
const ACTS = new Map<string, Act>(Object.entries(TABLE))

function addRelay(manager: RelayManager, text: string, pinned: boolean): void {
  const added = manager.addRelay({ ...parseRelay(text), pinned })
  if (!added.accepted) throw new TypeError(`the relay is refused: ${added.refusal}`)
}

function relayOf(fields: Fields, manager: RelayManager): Relay {
  const relay = manager.relay(fields.text('key'))
  if (!relay) throw new RangeError('key: no relay has it')
  return relay
}

function friendOf(fields: Fields, manager: RelayManager): Friend {
  const friend = manager.friend(fields.text('key'))
  if (!friend) throw new RangeError('key: no friend has it')
  return friend
}

/** The fields of an object of which nothing is known. */
class Fields {
  readonly #body: object

  constructor(body: unknown) {
    if (typeof body !== 'object' || body === null)
      throw new TypeError(`action: wanted an object, got ${typeof body}`)
    this.#body = body
  }

  text(name: string): string {
    const value: unknown = Reflect.get(this.#body, name)
    if (typeof value === 'string') return value
    throw new TypeError(`${name}: wanted a string, got ${typeof value}`)
  }

  flag(name: string): boolean {
    const value: unknown = Reflect.get(this.#body, name)
    if (typeof value === 'boolean') return value
    throw new TypeError(`${name}: wanted true or false, got ${typeof value}`)
  }
}
