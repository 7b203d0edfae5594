/**
 * Opens the way to a relay, directly or through a proxy. Knows name resolution, TCP connects and their errors; knows no
 * clock: the caller aborts when its time is up. With a proxy it is the only place that opens a socket, and opens it to
 * the proxy.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Reason, ToxError } from '../protocol/errors.js'
import type { HostPort } from '../protocol/relay-address.js'
import type { ByteSocket } from './byte-socket.js'
import { httpConnect } from './http-connect.js'
import type { ProxySettings } from './proxy.js'
import { targetForProxy } from './proxy-target.js'
import { SharedReads } from './shared-reads.js'
import { checkSocksTarget, socksConnect } from './socks.js'
import { SOCKET_OPTIONS, sharingByteSocket, tcpByteSocket } from './tcp-socket.js'

export type Target = HostPort

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

/**
 * Resolves with a connected socket; rejects with a ToxError only. Aborted it rejects with the reason of the signal if
 * that is a ToxError, else with the timeout of its stage.
 * @param target `host` is an address literal (IPv6 without brackets) or a name
 */
export type Dial = (target: HostPort, options: DialOptions) => Promise<ByteSocket>

/** Time for TCP and handshake together without a proxy (docs/protocol.md §6). */
export const DIRECT_BUDGET_MS = 10_000

/** Time for TCP, the talk with the proxy and the handshake together. */
export const budgetMs = (proxy?: ProxySettings): number => proxy?.budgetMs ?? DIRECT_BUDGET_MS

export const dial: Dial = async (target, options) => {
  const { signal, proxy } = options
  if (proxy && !proxy.exceptions.covers(target.host))
    return tcpByteSocket(await throughProxy(target, proxy, options))
  const reads = new SharedReads()
  return sharingByteSocket(await connectTcp(target, signal, reads), reads)
}

async function throughProxy(target: HostPort, proxy: ProxySettings, options: DialOptions): Promise<Socket> {
  const { signal, onStage } = options
  const wanted = targetForProxy(target)
  if (proxy.kind !== 'http') checkSocksTarget(wanted, proxy)
  const socket = await connectToProxy(proxy, signal)
  const giveUp = () => socket.destroy()
  signal.addEventListener('abort', giveUp)
  try {
    onStage?.('proxy')
    if (proxy.kind === 'http') await httpConnect(socket, wanted, proxy)
    else await socksConnect(socket, wanted, proxy)
    if (socket.destroyed) throw new ToxError('proxy-closed')
    return socket
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? reasonOf(signal, 'proxy-timeout') : error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** However the way to the proxy fails, it says nothing of the relay. */
async function connectToProxy(proxy: ProxySettings, signal: AbortSignal): Promise<Socket> {
  try {
    return await connectTcp(proxy, signal)
  } catch (error) {
    if (error === signal.reason) throw error
    throw new ToxError('proxy-unreachable', error instanceof ToxError ? error.code : undefined)
  }
}

/**
 * Node gives up one address of a name after this time and tries the next. Its default of 250 ms also gives up
 * hosts that are merely far away; two seconds see a lost SYN repeated.
 */
const ADDRESS_ATTEMPT_MS = 2_000

async function connectTcp(
  { host, port }: HostPort,
  signal: AbortSignal,
  reads?: SharedReads,
): Promise<Socket> {
  if (signal.aborted) throw reasonOf(signal, 'connect-timeout')
  const socket = connect({
    ...SOCKET_OPTIONS,
    ...(reads ? { onread: reads.onread } : {}),
    host,
    port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
  })
  socket.on('error', ignoreLateError)
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? reasonOf(signal, 'connect-timeout') : failureOf(error)
  }
}

/** Why the caller gave up; without a word of his own, since the time was up. */
const reasonOf = ({ reason }: AbortSignal, timeout: Reason): ToxError =>
  reason instanceof ToxError ? reason : new ToxError(timeout)

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
