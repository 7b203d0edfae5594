/**
 * What the user allows: which relays may be used at all, and which may come from friends, who are not trusted
 * (behaviour §3). Addresses are judged as they are written, never by asking a name server.
 */
import { BlockList, isIP } from 'node:net'
import { toHex } from '../protocol/bytes.js'
import { type Key, keyName } from '../protocol/keys.js'
import type { RelayAddress } from '../protocol/relay-address.js'

export interface PolicyOptions {
  /** Whether friends may offer private, loopback, link-local and other special addresses, and names. */
  readonly allowPrivate?: boolean
  /** Only these relays, when given. */
  readonly allowKeys?: readonly Key[]
  readonly denyKeys?: readonly Key[]
  /** Only addresses in these networks (`10.0.0.0/8`), when given. */
  readonly allowNetworks?: readonly string[]
  readonly denyNetworks?: readonly string[]
}

/** Why a relay is not taken. */
export type Refusal =
  | 'own-key'
  | 'key-not-allowed'
  | 'key-denied'
  | 'network-not-allowed'
  | 'network-denied'
  | 'private-address'
  | 'name-not-allowed'
  | 'bad-port'
  | 'too-many-relays'
  | 'too-often'
  | 'closed'

export class Policies {
  readonly #ownKey: string
  readonly #allowPrivate: boolean
  readonly #allowKeys: ReadonlySet<string> | undefined
  readonly #denyKeys: ReadonlySet<string>
  readonly #allowNetworks: BlockList | undefined
  readonly #denyNetworks: BlockList

  /** @throws TypeError for a key or a network that is none */
  constructor(ownKey: Uint8Array, options: PolicyOptions = {}) {
    this.#ownKey = toHex(ownKey)
    this.#allowPrivate = options.allowPrivate ?? false
    this.#allowKeys = options.allowKeys && new Set(options.allowKeys.map(key => keyName(key, 'allowKeys')))
    this.#denyKeys = new Set(options.denyKeys?.map(key => keyName(key, 'denyKeys')))
    this.#allowNetworks = options.allowNetworks && networks(options.allowNetworks)
    this.#denyNetworks = networks(options.denyNetworks ?? [])
  }

  isOwn(publicKey: Uint8Array): boolean {
    return toHex(publicKey) === this.#ownKey
  }

  /** Judges a relay from whomever. @returns undefined when it may be used */
  judge({ host, publicKey }: RelayAddress): Refusal | undefined {
    const key = toHex(publicKey)
    if (key === this.#ownKey) return 'own-key'
    if (this.#allowKeys && !this.#allowKeys.has(key)) return 'key-not-allowed'
    if (this.#denyKeys.has(key)) return 'key-denied'
    if (this.#allowNetworks && !lies(host, this.#allowNetworks)) return 'network-not-allowed'
    if (lies(host, this.#denyNetworks)) return 'network-denied'
    return undefined
  }

  /** Judges a relay that a friend offers. */
  judgeOffer(relay: RelayAddress): Refusal | undefined {
    const refusal = this.judge(relay)
    if (refusal || this.#allowPrivate) return refusal
    if (isIP(relay.host) === 0) return 'name-not-allowed'
    return lies(relay.host, SPECIAL) ? 'private-address' : undefined
  }
}

/**
 * Addresses that do not belong to one host on the internet (RFC 6890 and its like), and those that hide an IPv4
 * address, which may be a private one (NAT64, Teredo, 6to4).
 */
const SPECIAL = networks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/127',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
])

function lies(host: string, list: BlockList): boolean {
  const family = isIP(host)
  return family !== 0 && list.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

function networks(texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', prefix] = text.split('/')
    const family = isIP(address)
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix)
    if (family === 0 || !Number.isInteger(bits))
      throw new TypeError(`network: wanted address/prefix, got ${JSON.stringify(text)}`)
    list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
