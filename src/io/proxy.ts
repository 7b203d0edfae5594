/**
 * The proxies that a link can go through: how users give them, what is legal, how they are shown. Opens no sockets.
 * Errors never show a password, nor the text that may hold one.
 */

import { checkHostPort, formatHostPort } from '../protocol/relay-address.js'
import { Credentials } from './credentials.js'
import { Exceptions } from './exceptions.js'

export type ProxyKind = 'socks5' | 'socks4' | 'http'

/** A proxy as a user gives it when a URL is not enough. */
export interface ProxyOptions {
  readonly kind: ProxyKind
  readonly host: string
  /** Default: 1080 for SOCKS, 80 for HTTP. */
  readonly port?: number | undefined
  /** With SOCKS4 the user id, which has no password. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** SOCKS5 only: credentials derived from the identity, so that Tor gives each identity circuits of its own. */
  readonly isolation?: boolean | undefined
  /** Addresses, networks (`10.0.0.0/8`) and names that are dialled directly all the same. Default: none. */
  readonly except?: readonly string[] | undefined
  /** Time for TCP, proxy and handshake together. Default: 30 s; 120 s with isolation or on a usual port of Tor. */
  readonly budgetMs?: number | undefined
}

interface Settings {
  readonly host: string
  readonly port: number
  readonly credentials: Credentials | undefined
  readonly exceptions: Exceptions
  readonly budgetMs: number
}

export interface Socks5Settings extends Settings {
  readonly kind: 'socks5'
  /** Whether the credentials come from an identity; see isolation.ts. */
  readonly isolation: boolean
}
export interface Socks4Settings extends Settings {
  readonly kind: 'socks4'
}
export interface HttpProxySettings extends Settings {
  readonly kind: 'http'
}
/** A proxy, checked. */
export type ProxySettings = Socks5Settings | Socks4Settings | HttpProxySettings

/** Time for TCP, proxy and handshake together (docs/behaviour.md §6). */
const PROXY_BUDGET_MS = 30_000
/** The same when Tor may have to build a circuit first. */
const TOR_BUDGET_MS = 120_000

/**
 * Checks a proxy.
 * @param proxy a URL such as `socks5://user:password@host:1080` (see {@link proxyOptionsOf}), or an object
 * @throws TypeError, RangeError that say what is wrong
 */
export function parseProxy(proxy: string | URL | ProxyOptions): ProxySettings {
  const options = typeof proxy === 'string' || proxy instanceof URL ? proxyOptionsOf(proxy) : proxy
  if (!Object.hasOwn(DEFAULT_PORTS, options?.kind ?? ''))
    throw new TypeError(
      `proxy: wanted a URL, or kind socks5, socks4 or http, got ${JSON.stringify(options?.kind)}`,
    )
  const { kind, isolation = false } = options
  checkCredentials(options)
  const settings = settingsOf(options)
  if (kind === 'socks5') return { kind, ...settings, isolation }
  if (isolation) throw new TypeError(`proxy isolation: wanted socks5, got ${kind}`)
  return { kind, ...settings }
}

/**
 * Reads a proxy's URL, for example to add a password from a file: `socks5://` and `socks5h://`, `socks4://` and
 * `socks4a://` (names are always the proxy's to resolve), `http://`. User and password are percent-decoded.
 * @throws TypeError
 */
export function proxyOptionsOf(text: string | URL): ProxyOptions {
  const url = urlOf(text)
  const kind = SCHEMES[url.protocol]
  if (kind === undefined)
    throw new TypeError(`proxy: wanted socks5://, socks4:// or http://, got ${url.protocol}//`)
  return {
    kind,
    host: decode(url.hostname.replace(/^\[(.*)\]$/, '$1')) ?? '',
    port: url.port === '' ? undefined : Number(url.port),
    user: decode(url.username),
    password: decode(url.password),
  }
}

/** The URL of a proxy with `***` for its password. */
export function redactProxy(proxy: ProxySettings): string {
  const { kind, credentials } = proxy
  const user = credentials ? `${encodeURIComponent(credentials.user)}:***@` : ''
  return `${kind}://${user}${formatHostPort(proxy)}`
}

const SCHEMES: Readonly<Record<string, ProxyKind>> = {
  'socks5:': 'socks5',
  'socks5h:': 'socks5',
  'socks4:': 'socks4',
  'socks4a:': 'socks4',
  'http:': 'http',
}

const SPELLING =
  'wanted KIND://[USER[:PASSWORD]@]HOST[:PORT], with / ? # @ % in a password as %2F %3F %23 %40 %25'

function urlOf(text: string | URL): URL {
  // A caught error of URL holds the text, password and all: it must not become a cause.
  const url = URL.canParse(String(text)) ? new URL(text) : undefined
  // What stands behind the port is most likely the rest of a password.
  const more = url && (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
  if (!url || more || url.hostname === '') throw new TypeError(`proxy URL: ${SPELLING}`)
  return url
}

function decode(text: string): string | undefined {
  if (text === '') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError(`proxy URL: ${SPELLING}`)
  }
}

const DEFAULT_PORTS: Readonly<Record<ProxyKind, number>> = { socks5: 1080, socks4: 1080, http: 80 }
/** Where the tor daemon and the Tor Browser listen. */
const TOR_PORTS: readonly number[] = [9050, 9150]

function settingsOf(options: ProxyOptions): Settings {
  const { kind, user, password, isolation = false, except = [] } = options
  const { host, port } = checkHostPort({ host: options.host, port: options.port ?? DEFAULT_PORTS[kind] })
  const isTor = kind === 'socks5' && (isolation || TOR_PORTS.includes(port))
  const budgetMs = options.budgetMs ?? (isTor ? TOR_BUDGET_MS : PROXY_BUDGET_MS)
  if (!(budgetMs > 0 && budgetMs <= MAX_BUDGET_MS))
    throw new RangeError(`proxy budgetMs: wanted 1–${MAX_BUDGET_MS}, got ${budgetMs}`)
  const named = user !== undefined || password !== undefined
  const credentials = named ? new Credentials(user ?? '', password ?? '') : undefined
  return { host, port, credentials, exceptions: new Exceptions(except), budgetMs }
}

/** The longest that a timer of node can wait. */
const MAX_BUDGET_MS = 2 ** 31 - 1
/** RFC 1929 counts each with one byte. */
const SOCKS5_FIELD_BYTES = 255

function checkCredentials({ kind, user = '', password = '', isolation }: ProxyOptions): void {
  const refuse = (what: string): never => {
    throw new TypeError(`proxy user and password: ${what}`)
  }
  if (typeof user !== 'string' || typeof password !== 'string') refuse('wanted text')
  if (isolation && (user !== '' || password !== '')) refuse('wanted none, since isolation derives its own')
  if (CONTROL_CHARACTER.test(user + password)) refuse('wanted no control characters')
  if (kind === 'socks5' && [user, password].some(field => Buffer.byteLength(field) > SOCKS5_FIELD_BYTES))
    refuse(`wanted at most ${SOCKS5_FIELD_BYTES} bytes each, which is all that SOCKS5 can carry`)
  if (kind === 'socks4' && password !== '') refuse('wanted no password, since SOCKS4 has none')
  if (kind === 'http' && user.includes(':')) refuse('wanted no colon in the user name, which ends it in HTTP')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTER = /[\0-\x1f\x7f]/
