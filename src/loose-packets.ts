/** Packets that belong to no friend's route: out of band to anybody, onion and forward requests. */
import type { SendResult } from './actors/friend.js'
import type { Relay } from './actors/relay.js'
import { MAX_FORWARD_SIZE, MAX_ONION_REQUEST_SIZE, MAX_OOB_SIZE } from './protocol/constants.js'
import { encodePacket, type ForwardTarget } from './protocol/packets.js'

/** A packet out of band from somebody who is no friend tied to that relay. */
export interface OobPacket {
  readonly publicKey: Uint8Array
  readonly data: Uint8Array
  readonly relay: Relay
}

/** An opaque packet that a relay passed on: an onion response, or something forwarded. */
export interface RelayedPacket {
  readonly data: Uint8Array
  readonly relay: Relay
}

export type OobSendResult = Exclude<SendResult, 'sent'>
export type OtherSendResult = Exclude<SendResult, 'sent-oob'>

/** Relays tried for an OOB packet when none is named. */
const OOB_RELAYS = 3

/** To the best few of these relays. @param relays connected ones, best first */
export function sendOob(relays: readonly Relay[], publicKey: Uint8Array, data: Uint8Array): OobSendResult {
  if (data.length > MAX_OOB_SIZE) return 'too-large'
  const packet = encodePacket({ kind: 'oobSend', publicKey, payload: data })
  const links = linksOf(relays).slice(0, OOB_RELAYS)
  if (links.length === 0) return 'offline'
  return links.filter(link => link.sendLossy(packet)).length > 0 ? 'sent-oob' : 'full'
}

/** @throws RangeError for a request that is too short */
export function sendOnion(relays: readonly Relay[], payload: Uint8Array): OtherSendResult {
  if (payload.length >= MAX_ONION_REQUEST_SIZE) return 'too-large'
  return sendThroughOne(relays, encodePacket({ kind: 'onionRequest', payload }))
}

/** @throws RangeError for a target that is no address */
export function sendForward(
  relays: readonly Relay[],
  target: ForwardTarget,
  payload: Uint8Array,
): OtherSendResult {
  if (payload.length > MAX_FORWARD_SIZE) return 'too-large'
  return sendThroughOne(relays, encodePacket({ kind: 'forwardRequest', target, payload }))
}

function sendThroughOne(relays: readonly Relay[], packet: Uint8Array): OtherSendResult {
  const links = linksOf(relays)
  if (links.length === 0) return 'offline'
  return links.some(link => link.sendLossy(packet)) ? 'sent' : 'full'
}

const linksOf = (relays: readonly Relay[]) => relays.flatMap(({ link }) => link ?? [])
