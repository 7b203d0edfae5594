/**
 * The one error class and the one table of reasons. Callers branch on `code`; the table says what each code means
 * to a person and who is to blame, and the blame alone decides what follows (backoff, score, quarantine).
 */

/** Who is at fault: the relay broke the rules, the way to it failed, or the proxy refused. */
export type Fault = 'relay' | 'network' | 'proxy'

interface Cause {
  readonly fault: Fault
  readonly sentence: string
}

const relay = (sentence: string): Cause => ({ fault: 'relay', sentence })
const network = (sentence: string): Cause => ({ fault: 'network', sentence })
const proxy = (sentence: string): Cause => ({ fault: 'proxy', sentence })

const CAUSES = {
  refused: network('nothing listens on that port'),
  unreachable: network('no way leads to that address'),
  'name-not-found': network('the host name has no address'),
  reset: network('the connection was reset'),
  'connect-timeout': network('no connection within the time allowed'),
  'handshake-timeout': network('no complete handshake within the time allowed'),
  'ping-timeout': network('no pong within 10 s of a ping'),
  'closed-by-relay': network('the relay closed the connection'),
  'handshake-closed': relay('closed before the handshake: most likely the public key is wrong'),
  'not-a-relay': relay('something other than a Tox relay answered'),
  'bad-handshake': relay('the handshake response does not decrypt'),
  'protocol-violation': relay('the relay broke the protocol'),
  'proxy-unreachable': proxy('the proxy cannot be reached: check its address and that it runs'),
  'proxy-timeout': proxy('the proxy took the connection but did not answer in time: check its kind and port'),
  'proxy-closed': proxy('the proxy closed the connection without an answer: check its kind and port'),
  'proxy-bad-reply': proxy(
    'the proxy answered something that its protocol does not allow: check its kind and port',
  ),
  'proxy-auth-required': proxy('the proxy wants a user name and a password: add them to its URL'),
  'proxy-auth-refused': proxy('the proxy refused the user name or the password: check both'),
  'proxy-auth-unsupported': proxy(
    'the proxy wants a way to log in that is not spoken here: set up a local proxy that speaks it',
  ),
  'socks-general-failure': network('the SOCKS proxy failed to connect, without saying why: see its log'),
  'socks-not-allowed': proxy('the rules of the SOCKS proxy forbid this address: have it allowed there'),
  'socks-network-unreachable': network('the SOCKS proxy finds no way to that network'),
  'socks-host-unreachable': network('the SOCKS proxy cannot reach that host or resolve its name'),
  'socks-refused': network('the SOCKS proxy found nothing listening on that port'),
  'socks-ttl-expired': network('the SOCKS proxy gave up on the way: TTL expired'),
  'socks-command-unsupported': proxy('the SOCKS proxy does not support CONNECT: use another one'),
  'socks-address-unsupported': proxy(
    'the SOCKS proxy does not support this kind of address: give the relay by another one, or by name',
  ),
  'socks-rejected': network('the SOCKS4 proxy rejected the request or failed to connect: see its log'),
  'socks-ident-unreachable': proxy('the SOCKS4 proxy wants to ask an ident service here, and none answers'),
  'socks-ident-mismatch': proxy('the ident service here told the SOCKS4 proxy another user name than ours'),
  'socks4-no-ipv6': proxy('SOCKS4 cannot carry IPv6 addresses: use SOCKS5'),
} as const satisfies Record<string, Cause>

/** An HTTP proxy's refusal, with its status, for example `proxy-said-403`. */
export type ProxySaid = `proxy-said-${number}`
/** Why an attempt or a link ended: the same code in `status$`, in `ToxError.code` and in `probe`. */
export type Reason = keyof typeof CAUSES | ProxySaid

const causeOf = (code: Reason): Cause =>
  code in CAUSES
    ? CAUSES[code as keyof typeof CAUSES]
    : causeOfStatus(Number(code.slice('proxy-said-'.length)))

/** What an HTTP proxy says of the way beyond it; every other status is its own will. */
const STATUS_SENTENCES: Readonly<Record<number, Cause>> = {
  403: proxy('the rules of the HTTP proxy forbid this address or port: have it allowed there (403)'),
  404: proxy('the HTTP proxy does not know CONNECT: check its address, it may be a web server (404)'),
  405: proxy('the HTTP proxy does not allow CONNECT: have it allowed there (405)'),
  500: network('the HTTP proxy failed (500), often since it cannot resolve or reach the relay: see its log'),
  502: network('the HTTP proxy cannot reach the relay (502)'),
  503: network('the HTTP proxy cannot reach the relay, or is overloaded (503)'),
  504: network('the HTTP proxy waited in vain for the relay (504)'),
}

const causeOfStatus = (status: number): Cause =>
  STATUS_SENTENCES[status] ?? proxy(`the HTTP proxy refused with status ${status}: see its log`)

/** A sentence that tells a person what a reason means. */
export const explain = (code: Reason): string => causeOf(code).sentence

/** Who is to blame for a reason. */
export const faultOf = (code: Reason): Fault => causeOf(code).fault

/** Trouble with a relay or on the way to it. Never holds a key, a password or any other secret. */
export class ToxError extends Error {
  override readonly name = 'ToxError'
  readonly code: Reason

  /** @param detail what exactly happened, for a person; must hold no secret */
  constructor(code: Reason, detail?: string, options?: { cause?: unknown }) {
    super(detail === undefined ? explain(code) : `${explain(code)} (${detail})`, options)
    this.code = code
  }

  get fault(): Fault {
    return faultOf(this.code)
  }
}

/** The error of a relay that broke a rule of docs/protocol.md §4. */
export const violation = (detail: string): ToxError => new ToxError('protocol-violation', detail)
