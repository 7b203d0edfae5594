/** A relay's host as a proxy may be told it: an address, or a name that the proxy resolves. Resolves nothing. */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { ToxError } from '../protocol/errors.js'
import type { HostPort } from '../protocol/relay-address.js'

/** What one length byte can count in SOCKS5; DNS allows less. */
const MAX_NAME_LENGTH = 255

/**
 * Addresses and ASCII names stay as they are, other names become ASCII. A name with anything else in it, a line break
 * for example, could say something to the proxy that we did not mean.
 * @throws ToxError `name-not-found`
 */
export function targetForProxy({ host, port }: HostPort): HostPort {
  if (isIP(host) !== 0) return { host, port }
  const name = INTERNATIONAL_NAME.test(host) ? domainToASCII(host) : host
  if (!ASCII_NAME.test(name) || name.length > MAX_NAME_LENGTH)
    throw new ToxError('name-not-found', 'no name that a proxy could resolve')
  return { host: name, port }
}

const ASCII_NAME = /^[\w.-]+$/
const INTERNATIONAL_NAME = /^[\w.\-\u0080-\uffff]*[\u0080-\uffff][\w.\-\u0080-\uffff]*$/
