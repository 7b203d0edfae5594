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
  'proxy-timeout': proxy('the proxy accepted the connection but did not answer in time'),
  'proxy-closed': proxy('the proxy closed the connection without an answer'),
  'proxy-bad-reply': proxy(
    'the proxy answered something that its protocol does not allow: check its kind and port',
  ),
  'proxy-auth-required': proxy('the proxy wants a user name and a password: add them to its URL'),
  'proxy-auth-refused': proxy('the proxy refused the user name or the password'),
  'socks-general-failure': proxy('the SOCKS proxy failed to connect, without saying why'),
  'socks-not-allowed': proxy('the rules of the SOCKS proxy forbid this address'),
  'socks-network-unreachable': proxy('the SOCKS proxy finds no way to that network'),
  'socks-host-unreachable': proxy('the SOCKS proxy cannot reach that host'),
  'socks-refused': proxy('the SOCKS proxy found nothing listening on that port'),
  'socks-ttl-expired': proxy('the SOCKS proxy gave up on the way: TTL expired'),
  'socks-command-unsupported': proxy('the SOCKS proxy does not support CONNECT'),
  'socks-address-unsupported': proxy('the SOCKS proxy does not support this kind of address'),
  'socks-rejected': proxy('the SOCKS4 proxy rejected the request'),
} as const satisfies Record<string, Cause>

/** An HTTP proxy's refusal, with its status, for example `proxy-said-403`. */
export type ProxySaid = `proxy-said-${number}`
/** Why an attempt or a link ended: the same code in `status$`, in `ToxError.code` and in `probe`. */
export type Reason = keyof typeof CAUSES | ProxySaid

const causeOf = (code: Reason): Cause =>
  code in CAUSES
    ? CAUSES[code as keyof typeof CAUSES]
    : proxy(`the HTTP proxy refused with status ${code.slice('proxy-said-'.length)}`)

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
