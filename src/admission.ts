/** Which relays the user's own list admits: checks them, asks the policies, and adds what is new. */
import type { Offer } from './actors/friend.js'
import type { Policies } from './actors/policies.js'
import type { Origin } from './actors/relay.js'
import type { StatusEvent } from './actors/status.js'
import { checkProxy, type Parts } from './compose.js'
import type { ManagedRelayInput } from './options.js'
import { toHex } from './protocol/bytes.js'
import type { KeyPair } from './protocol/crypto.js'
import { checkRelay } from './protocol/relay-address.js'

export interface AdmissionOptions {
  readonly parts: Parts
  readonly policies: Policies
  readonly keyPair: KeyPair
  readonly tell: (status: StatusEvent) => void
}

/**
 * Adds a relay, or another address to one that is known.
 * @throws TypeError, RangeError when it is no relay at all
 */
export function admit(input: ManagedRelayInput, origin: Origin, options: AdmissionOptions): Offer {
  const { relays, ways } = options.parts
  const { host, port, publicKey } = checkRelay(input)
  const proxy = input.proxy === undefined ? undefined : checkProxy(input.proxy, options.keyPair)
  const refusal = options.policies.judge({ host, port, publicKey })
  if (refusal) {
    options.tell({ type: 'relay-refused', address: { host, port }, refusal })
    return { accepted: false, refusal }
  }
  if (proxy) ways.setProxy(toHex(publicKey), proxy)
  const { pinned, share } = input
  return { accepted: true, relay: relays.add({ publicKey, address: { host, port }, origin, pinned, share }) }
}
