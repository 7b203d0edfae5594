/** Which relays the user's own list admits: checks them, asks the policies, and adds what is new. */
import type { Offer } from './actors/friend.js'
import type { Policies } from './actors/policies.js'
import type { Origin } from './actors/relay.js'
import type { StatusEvent } from './actors/status.js'
import { checkProxy, type Parts } from './compose.js'
import type { ManagedRelayInput, ManagerOptions } from './options.js'
import { toHex } from './protocol/bytes.js'
import type { KeyPair } from './protocol/crypto.js'
import { checkRelay, type RelayAddress } from './protocol/relay-address.js'

export interface AdmissionOptions {
  readonly parts: Parts
  readonly policies: Policies
  readonly keyPair: KeyPair
  readonly tell: (status: StatusEvent) => void
}

interface Given {
  readonly input: ManagedRelayInput
  readonly origin: Origin
}

/**
 * The relays that options give. All are checked before the first is added, so that a mistake leaves nothing behind.
 * @throws TypeError, RangeError when one is no relay at all
 */
export function givenRelays(relays: NonNullable<ManagerOptions['relays']>, keyPair: KeyPair): Given[] {
  const given: Given[] =
    'nodes' in relays
      ? relays.nodes.filter(speaksTcp).map(input => ({ input, origin: 'list' }))
      : relays.map(input => ({ input, origin: 'user' }))
  for (const { input } of given) check(input, keyPair)
  return given
}

/** Unpacked nodes say how they are reached; other lists hold TCP relays only. */
const speaksTcp = (node: RelayAddress): boolean => !('transport' in node && node.transport === 'udp')

/**
 * Adds a relay, or another address to one that is known.
 * @throws TypeError, RangeError when it is no relay at all
 */
export function admit(input: ManagedRelayInput, origin: Origin, options: AdmissionOptions): Offer {
  const { relays, ways } = options.parts
  const { host, port, proxy, publicKey } = check(input, options.keyPair)
  const refusal = options.policies.judge({ host, port, publicKey })
  if (refusal) {
    options.tell({ type: 'relay-refused', address: { host, port }, refusal })
    return { accepted: false, refusal }
  }
  if (proxy) ways.setProxy(toHex(publicKey), proxy)
  const { pinned, share } = input
  return { accepted: true, relay: relays.add({ publicKey, address: { host, port }, origin, pinned, share }) }
}

const check = (input: ManagedRelayInput, keyPair: KeyPair) => ({
  ...checkRelay(input),
  proxy: input.proxy === undefined ? undefined : checkProxy(input.proxy, keyPair),
})
