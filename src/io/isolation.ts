/**
 * Tor keeps streams with different SOCKS credentials on different circuits. Credentials derived from an identity keep
 * two identities apart that share one Tor, without showing either key.
 */
import { createHash } from 'node:crypto'
import { Credentials } from './credentials.js'
import type { ProxySettings } from './proxy.js'

/** Separates this use of a hash of the key from every other. */
const LABEL = 'tox-relays stream isolation'
const USER_DIGITS = 32

/**
 * The proxy with credentials of this identity if it asks for isolation, else the proxy as it is.
 * @param publicKey the identity's public key, 32 bytes
 */
export function isolate(proxy: ProxySettings, publicKey: Uint8Array): ProxySettings {
  if (proxy.kind !== 'socks5' || !proxy.isolation) return proxy
  const digits = createHash('sha256').update(LABEL).update(publicKey).digest('hex')
  const credentials = new Credentials(digits.slice(0, USER_DIGITS), digits.slice(USER_DIGITS))
  return { ...proxy, credentials }
}
