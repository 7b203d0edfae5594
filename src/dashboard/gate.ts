/**
 * Who may talk to the dashboard: the page that it served itself, and whoever holds the token. Other pages in the same
 * browser, and other programs and users on this machine, may not (docs/dashboard.md has the threats one by one).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

const TOKEN_SIZE = 32
/** A shorter token of the user's own would be a guess. */
const MIN_TOKEN_LENGTH = 16

/** What is sent to those who are turned away. */
export interface Refusal {
  readonly status: 401 | 403 | 421
  readonly words: string
}

/** @throws RangeError for an address that others on the network could reach */
export function requireLoopback(host: string): void {
  const family = isIP(host)
  if (host === 'localhost' || (family !== 0 && LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4'))) return
  throw new RangeError(`host: wanted a loopback address, got ${JSON.stringify(host)}`)
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

export class Gate {
  readonly token: string
  readonly #host: string
  readonly #digest: Buffer

  /**
   * @param host the address that is listened on
   * @throws RangeError for a token that is too short
   */
  constructor(host: string, token = randomBytes(TOKEN_SIZE).toString('base64url')) {
    if (token.length < MIN_TOKEN_LENGTH)
      throw new RangeError(`token: wanted at least ${MIN_TOKEN_LENGTH} characters, got ${token.length}`)
    this.token = token
    this.#host = host
    this.#digest = digestOf(token)
  }

  /** Judges where a request comes from. The files of the page are no secret: this is all that they need. */
  judgeOrigin({ headers, socket }: IncomingMessage): Refusal | undefined {
    const { host = '', origin } = headers
    // A name that was made to point here (DNS rebinding) is not one of ours.
    const names = [this.#host, 'localhost', '127.0.0.1', '::1'].map(nameInUrl)
    if (!names.some(name => host === `${name}:${socket.localPort}`)) return STRANGE_NAME
    if (origin !== undefined && origin !== `http://${host}`) return FOREIGN
    const site = headers['sec-fetch-site']
    return site === undefined || site === 'same-origin' || site === 'none' ? undefined : FOREIGN
  }

  /** Judges a request for what is not for everybody. */
  judge(request: IncomingMessage): Refusal | undefined {
    const refusal = this.judgeOrigin(request)
    if (refusal) return refusal
    const [, token = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? []
    return timingSafeEqual(digestOf(token), this.#digest) ? undefined : STRANGER
  }
}

/** An IPv6 address stands in brackets there. */
export const nameInUrl = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host)

const STRANGE_NAME: Refusal = { status: 421, words: 'not a name of this server' }
const FOREIGN: Refusal = { status: 403, words: 'from another page' }
const STRANGER: Refusal = { status: 401, words: 'the token is missing or wrong' }

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest()
