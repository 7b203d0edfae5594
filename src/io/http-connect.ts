/**
 * Asks an HTTP proxy for a connection with CONNECT, without or with Basic authentication. Reads the head of the reply
 * itself: node:http takes a 1xx for the final reply to a CONNECT, and then has no way to wait for the real one.
 */
import type { Socket } from 'node:net'
import { ToxError } from '../protocol/errors.js'
import { formatHostPort, type HostPort } from '../protocol/relay-address.js'
import type { HttpProxySettings } from './proxy.js'

/** Status line and headers together: what node:http allows, and more than any proxy needs to say. */
export const MAX_REPLY_HEAD_BYTES = 16 * 1024

/**
 * Has the proxy connect `socket` to `target`; afterwards `socket` is paused and its next byte is the relay's first.
 * To give up, destroy the socket.
 * @param socket connected to the proxy; no byte sent yet
 * @throws ToxError
 */
export async function httpConnect(socket: Socket, target: HostPort, proxy: HttpProxySettings): Promise<void> {
  socket.write(requestFor(target, proxy))
  let reply = await readReply(socket)
  while (isInterim(reply)) reply = await readReply(socket)
  if (!isSuccess(reply)) throw refusalOf(reply, proxy)
}

function requestFor(target: HostPort, { credentials }: HttpProxySettings): string {
  const authority = formatHostPort(target)
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`]
  if (credentials) {
    const { user, password } = credentials.reveal()
    lines.push(`Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** The next reply; what stands behind it is put back. */
const readReply = (socket: Socket): Promise<Reply> =>
  new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0)
    const stop = (): void => {
      socket.off('data', read).off('end', closed).off('close', closed).pause()
    }
    const read = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk])
      const reply = parseReply(seen)
      if (reply === 'incomplete') return
      stop()
      if (reply === 'illegal') {
        reject(new ToxError('proxy-bad-reply'))
        return
      }
      socket.unshift(seen.subarray(reply.size))
      resolve(reply)
    }
    const closed = (): void => {
      stop()
      reject(new ToxError('proxy-closed'))
    }
    socket.on('data', read).on('end', closed).on('close', closed).resume()
  })

interface Reply {
  readonly status: number
  /** The ways to log in that the proxy takes, in lower case: `basic`, `ntlm`, … */
  readonly schemes: readonly string[]
  /** Bytes from the status line to the empty line. */
  readonly size: number
}

const END_OF_HEAD = /\r?\n\r?\n/
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: .*)?$/
const HEADER = /^[!#$%&'*+.^_`|~\w-]+:/
const PROXY_AUTHENTICATE = /^proxy-authenticate:\s*([!#$%&'*+.^_`|~\w-]+)/i

function parseReply(bytes: Buffer): Reply | 'incomplete' | 'illegal' {
  const text = bytes.toString('latin1', 0, MAX_REPLY_HEAD_BYTES)
  const end = END_OF_HEAD.exec(text)
  if (!end) return isBeginning(text) ? 'incomplete' : 'illegal'
  const [statusLine = '', ...headers] = text.slice(0, end.index).split(/\r?\n/)
  const status = STATUS_LINE.exec(statusLine)?.[1]
  if (status === undefined || !headers.every(line => HEADER.test(line))) return 'illegal'
  const schemes = headers.flatMap(line => PROXY_AUTHENTICATE.exec(line)?.[1]?.toLowerCase() ?? [])
  return { status: Number(status), schemes, size: end.index + end[0].length }
}

/** Whether a reply may come of it: what speaks no HTTP shows it with its first bytes, not after our patience. */
const isBeginning = (text: string): boolean =>
  text.length < MAX_REPLY_HEAD_BYTES && (text.startsWith(HTTP) || HTTP.startsWith(text))

const HTTP = 'HTTP/1.'
const SWITCHING_PROTOCOLS = 101

/** 100 Continue and its like; 101 would be an answer, if a wrong one. */
const isInterim = ({ status }: Reply): boolean => status < 200 && status !== SWITCHING_PROTOCOLS

const isSuccess = ({ status }: Reply): boolean => status >= 200 && status < 300

/** A wrong password is 407 for squid and 401 for tinyproxy. */
const AUTH_STATUSES: readonly number[] = [401, 407]

function refusalOf({ status, schemes }: Reply, { credentials }: HttpProxySettings): ToxError {
  if (!AUTH_STATUSES.includes(status)) return new ToxError(`proxy-said-${status}`)
  if (schemes.length > 0 && !schemes.includes('basic'))
    return new ToxError('proxy-auth-unsupported', schemes.join(', '))
  return new ToxError(credentials ? 'proxy-auth-refused' : 'proxy-auth-required')
}
