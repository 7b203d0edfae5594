/**
 * Checks one relay as a node would use it: connects, shakes hands, sends a first ping. With an identity made for this
 * one check, so that it never takes the place of a node that is connected there.
 */
import { generateKeyPair, type ProxyOptions, type Reason, type RelayAddress, type Status } from '../index.js'
import { openManager } from './open-manager.js'
import { keyWords } from './words.js'

export interface ProbeResult {
  readonly host: string
  readonly port: number
  readonly publicKey: string
  /** The first ping was answered. */
  readonly ok: boolean
  /** Why not. */
  readonly reason: Reason | null
  /** Name resolution and TCP, and the proxy if there is one. */
  readonly connectMs: number | null
  readonly handshakeMs: number | null
  readonly pingMs: number | null
}

export interface ProbeOptions {
  /** Time for all of it; without it, as long as a node would wait. */
  readonly timeoutMs?: number | undefined
  readonly proxy?: ProxyOptions | undefined
  /** Its abort ends the check. */
  readonly signal: AbortSignal
}

/** @returns undefined when it was aborted */
export async function probeRelay(
  relay: RelayAddress,
  { timeoutMs, proxy, signal }: ProbeOptions,
): Promise<ProbeResult | undefined> {
  if (signal.aborted) return undefined
  const manager = await openManager({ keyPair: await generateKeyPair(), proxy }, () => {})
  const probe = new Probe(timeoutMs)
  manager.status$.subscribe(status => probe.note(status))
  const abort = (): void => probe.finish('aborted')
  signal.addEventListener('abort', abort, { once: true })
  manager.addRelay({ ...relay, pinned: true })
  const end = await probe.ended
  signal.removeEventListener('abort', abort)
  await manager.close()
  if (end === 'aborted') return undefined
  const { host, port, publicKey } = relay
  const about = { host, port, publicKey: keyWords(publicKey) }
  return { ...about, ok: end === 'ok', reason: end === 'ok' ? null : end, ...probe.times }
}

type End = 'ok' | 'aborted' | Reason

/** What it means that time is up, by the step that took too long. */
const TOO_LATE: Readonly<Record<string, Reason>> = {
  proxy: 'proxy-timeout',
  handshake: 'handshake-timeout',
  established: 'ping-timeout',
}

class Probe {
  readonly ended: Promise<End>
  readonly #timer: NodeJS.Timeout | undefined
  #finish: (end: End) => void = () => {}
  #step = 'connecting'
  #stepAt = 0
  #connectMs: number | null = null
  #handshakeMs: number | null = null
  #pingMs: number | null = null

  constructor(timeoutMs: number | undefined) {
    this.ended = new Promise(resolve => {
      this.#finish = resolve
    })
    if (timeoutMs === undefined) return
    this.#timer = setTimeout(() => this.finish(TOO_LATE[this.#step] ?? 'connect-timeout'), timeoutMs)
  }

  get times() {
    return { connectMs: this.#connectMs, handshakeMs: this.#handshakeMs, pingMs: this.#pingMs }
  }

  note(status: Status): void {
    if (status.type === 'keepalive') this.#answered(status.rttMs)
    if (status.type === 'relay-refused') this.finish('unreachable')
    if (status.type === 'relay-state') this.#stateChanged(status)
  }

  /** The first end counts. */
  finish(end: End): void {
    clearTimeout(this.#timer)
    this.#finish(end)
  }

  #stateChanged({ state, reason, time }: Extract<Status, { type: 'relay-state' }>): void {
    if (state === 'backoff' || state === 'quarantined') this.finish(reason ?? 'closed-by-relay')
    if (state === 'handshake') this.#connectMs = time - this.#stepAt
    if (state === 'established') this.#handshakeMs = time - this.#stepAt
    this.#step = state
    // The talk with a proxy is a part of connecting.
    if (state !== 'proxy') this.#stepAt = time
  }

  #answered(rttMs: number): void {
    this.#pingMs = rttMs
    this.finish('ok')
  }
}
