/** What a manager takes, and the checks that it passes. */
import type { InspectionEvent } from 'xstate'
import type { BackoffOptions } from './actors/backoff.js'
import type { NeedLimits } from './actors/needs.js'
import type { PolicyOptions } from './actors/policies.js'
import type { Clock } from './io/clock.js'
import type { Dial } from './io/dial.js'
import type { ProxyOptions } from './io/proxy.js'
import { toHex } from './protocol/bytes.js'
import { type KeyPair, keyPairFromSecret, type Random } from './protocol/crypto.js'
import { type Key, parseKey } from './protocol/keys.js'
import type { NodesRead } from './protocol/nodes.js'
import type { RelayAddress, RelayInput } from './protocol/relay-address.js'
import type { Store } from './store.js'

/** A proxy as users give it: `socks5://user:password@host:port`, `socks4://`, `http://`, or an object. */
export type ProxyInput = string | URL | ProxyOptions

/** A relay as users give it to the manager. */
export interface ManagedRelayInput extends RelayInput {
  /** The proxy for this relay instead of the manager's. */
  readonly proxy?: ProxyInput
}

export interface ManagerOptions {
  /** Our DHT key pair, the long-term key of every link. */
  readonly keyPair: { readonly publicKey: Key; readonly secretKey: Key }
  /** Relays to begin with: given one by one, or as `parseNodeList` and `unpackNodes` read them. */
  readonly relays?: readonly ManagedRelayInput[] | NodesRead<RelayAddress>
  /** Every relay is reached through it; no byte and no name goes anywhere else, whatever happens. */
  readonly proxy?: ProxyInput
  /** Remembers relays, scores and friends across restarts; see `openStore`. */
  readonly store?: Store
  readonly limits?: Partial<NeedLimits> & { readonly dials?: number }
  readonly reconnect?: Partial<BackoffOptions>
  readonly policies?: PolicyOptions
  readonly clock?: Clock
  readonly random?: Random
  /** Sees every event of every actor, as XState's own `inspect` does. */
  readonly inspect?: (event: InspectionEvent) => void
  /** Closes the manager when aborted. */
  readonly signal?: AbortSignal
  /** Opens sockets; another one is for tests and other transports. */
  readonly dial?: Dial
}

/** @throws TypeError that shows no key */
export function checkKeyPair(keyPair: ManagerOptions['keyPair']): KeyPair {
  if (typeof keyPair !== 'object' || keyPair === null)
    throw new TypeError(`keyPair: wanted an object, got ${typeof keyPair}`)
  const publicKey = parseKey(keyPair.publicKey, 'keyPair.publicKey')
  const pair = keyPairFromSecret(parseKey(keyPair.secretKey, 'keyPair.secretKey'))
  if (toHex(pair.publicKey) !== toHex(publicKey))
    throw new TypeError('keyPair: the public key does not belong to the secret key')
  return pair
}

/** @throws TypeError, RangeError */
export function requireBytes(data: Uint8Array): void {
  if (!(data instanceof Uint8Array)) throw new TypeError(`data: wanted a Uint8Array, got ${typeof data}`)
  if (data.length === 0) throw new RangeError('data: wanted at least 1 byte, got 0')
}
