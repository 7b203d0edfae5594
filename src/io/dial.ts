/**
 * Opens the way to a relay. Knows name resolution, TCP connects and their errors; knows no clock: the caller
 * aborts when its time is up.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Reason, ToxError } from '../protocol/errors.js'
import type { ByteSocket } from './byte-socket.js'
import type { ProxySettings } from './proxy.js'
import { SOCKET_OPTIONS, tcpByteSocket } from './tcp-socket.js'

/** Where to: `host` is an address literal (IPv6 without brackets) or a name. */
export interface Target {
  readonly host: string
  readonly port: number
}

/** How far a dial is: TCP first, then, behind a proxy only, the talk with the proxy. */
export type DialStage = 'connect' | 'proxy'

export interface DialOptions {
  /** Its abort gives the dial up and closes the socket, however far it is. */
  readonly signal: AbortSignal
  /** Without one the link is direct; with one nothing, no name either, goes anywhere but to the proxy. */
  readonly proxy?: ProxySettings | undefined
  /** Called when TCP to the proxy stands and the talk with it begins. */
  readonly onStage?: ((stage: DialStage) => void) | undefined
}

/** Resolves with a connected socket; rejects with a ToxError only, also when aborted. */
export type Dial = (target: Target, options: DialOptions) => Promise<ByteSocket>

/** Time for TCP, proxy and handshake together (docs/protocol.md §6). */
export const DIRECT_BUDGET_MS = 10_000

export const dial: Dial = async (target, { signal }) => {
  return tcpByteSocket(await connectTcp(target, signal))
}

/**
 * Node gives up one address of a name after this time and tries the next. Its default of 250 ms also gives up
 * hosts that are merely far away; two seconds see a lost SYN repeated.
 */
const ADDRESS_ATTEMPT_MS = 2_000

const connectTcp = async (to: Target, signal: AbortSignal): Promise<Socket> => {
  if (signal.aborted) throw givenUp(signal)
  const socket = connect({
    ...SOCKET_OPTIONS,
    host: to.host,
    port: to.port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
  })
  socket.on('error', ignoreLateError)
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? givenUp(signal) : failureOf(error)
  }
}

/** A caller that aborts with a ToxError is answered with it; any other abort means that the time is up. */
const givenUp = (signal: AbortSignal): ToxError =>
  signal.reason instanceof ToxError ? signal.reason : new ToxError('connect-timeout')

const FAILURES: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ENOTFOUND: 'name-not-found',
  EAI_AGAIN: 'name-not-found',
  EAI_NODATA: 'name-not-found',
  EAI_NONAME: 'name-not-found',
  ETIMEDOUT: 'connect-timeout',
}

/** Of several addresses tried, the one that refused says most: somebody was there. */
const failureOf = (error: unknown): ToxError => {
  const codes = error instanceof AggregateError ? error.errors.map(codeOf) : [codeOf(error)]
  const code = codes.find(each => each === 'ECONNREFUSED') ?? codes[0] ?? ''
  return new ToxError(FAILURES[code] ?? 'unreachable', code === '' ? undefined : code)
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const ignoreLateError = (): void => {}
