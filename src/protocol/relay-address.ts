/** Where a relay is and who it is: `host:port:PUBLICKEY`, `[v6]:port:PUBLICKEY`. */
import { toHex } from './bytes.js'
import { type Key, parseKey } from './keys.js'

/** Host and port; the host is an IPv4 or IPv6 address or a name. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

export interface RelayAddress extends HostPort {
  readonly publicKey: Uint8Array
}

/** A relay as users give it. */
export interface RelayInput extends HostPort {
  readonly publicKey: Key
  /** Always kept connected. */
  readonly pinned?: boolean
  /** Whether `connectedRelays` may name it to friends; true unless said otherwise. */
  readonly share?: boolean
}

const MAX_HOST_LENGTH = 255
const MAX_PORT = 0xffff

/** @throws TypeError that says what of it is wrong */
export function parseRelay(text: string): RelayAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+):([^:]*)$/.exec(text)
  if (!match) throw new TypeError(`relay: wanted host:port:PUBLICKEY, got ${JSON.stringify(text)}`)
  const [, v6, host, port, key] = match
  return checkRelay({ host: v6 ?? host ?? '', port: Number(port), publicKey: key ?? '' })
}

/** Checks what a user gave. @throws TypeError, RangeError */
export function checkRelay(input: RelayInput): RelayAddress {
  const { host, port } = checkHostPort(input)
  return { host, port, publicKey: parseKey(input.publicKey, `public key of relay ${host}:${port}`) }
}

/** @throws TypeError, RangeError */
export function checkHostPort({ host, port }: HostPort): HostPort {
  if (typeof host !== 'string' || host.length === 0 || host.length > MAX_HOST_LENGTH || /[\s/@\0]/.test(host))
    throw new TypeError(`host: wanted an address or a name, got ${JSON.stringify(host)}`)
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT)
    throw new RangeError(`port: wanted 1–${MAX_PORT}, got ${port}`)
  return { host, port }
}

export const formatHostPort = ({ host, port }: HostPort): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

export const formatRelay = (relay: RelayAddress): string =>
  `${formatHostPort(relay)}:${toHex(relay.publicKey)}`
