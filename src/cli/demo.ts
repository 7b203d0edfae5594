/** A first run without relays or friends of one's own: three relays in this process, and a friend who echoes. */
import { randomBytes } from 'node:crypto'
import { createRelayManager, type Friend, generateKeyPair, type RelayManager } from '../index.js'
import { type RelayServer, startRelay } from '../io/relay-server.js'
import { echo } from './echo.js'
import { Traffic } from './traffic.js'

const RELAYS = 3
const SEND_INTERVAL_MS = 200
/** Sizes of the packets sent round: one like a typing notice, one like a message, one like a piece of a file. */
const SIZES = [32, 200, 1_373]

export interface Demo {
  readonly relays: readonly RelayServer[]
  /** The friend who echoes. */
  readonly friendKey: Uint8Array
  close(): Promise<void>
}

/** @param ownKey whose packets are echoed */
export async function startDemo(ownKey: Uint8Array): Promise<Demo> {
  const relays = await Promise.all(Array.from({ length: RELAYS }, () => startRelay()))
  const manager = await createRelayManager({ keyPair: await generateKeyPair(), relays })
  manager.addFriend(ownKey)
  echo(manager, new Traffic(manager))
  return { relays, friendKey: manager.publicKey, close: () => closeDemo(manager, relays) }
}

/** Sends packets to a friend, one after the other. @returns stops it */
export function sendRound(friend: Friend, traffic: Traffic): () => void {
  const packets = SIZES.map(size => randomBytes(size))
  let turn = 0
  const timer = setInterval(() => {
    const packet = packets[turn++ % packets.length]
    if (packet && friend.state === 'online') traffic.send(friend, packet)
  }, SEND_INTERVAL_MS)
  return () => clearInterval(timer)
}

async function closeDemo(manager: RelayManager, relays: readonly RelayServer[]): Promise<void> {
  await manager.close()
  await Promise.all(relays.map(relay => relay.close()))
}
