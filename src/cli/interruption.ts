/**
 * What ends a program from outside: Ctrl-C and its like, of which the first asks and the second makes it end, and a
 * reader or a terminal that has gone.
 */
import { setMaxListeners } from 'node:events'
import { isSystemError } from './bad-input.js'
import { EXIT_INTERRUPTED, EXIT_OK } from './exit-codes.js'

/** Ctrl-C reaches us twice when npm started us: from the terminal and from npm, which passes it on. */
const SAME_SIGNAL_MS = 500

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Aborted by the first signal. From the call on, signals do not end the process by themselves. */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  // Many things at once may wait for it.
  setMaxListeners(0, controller.signal)
  let since = Number.NaN
  const interrupt = (): void => {
    if (performance.now() - since > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED)
    if (controller.signal.aborted) return
    since = performance.now()
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  return controller.signal
}

/**
 * Whoever read our output has gone: head, a pager that was left, a terminal that was closed. That is no fault, and
 * nobody can be told; the program comes to its end.
 */
export function endWithOutput(): void {
  let gone = false
  process.stdout.on('error', error => {
    if (!GONE.some(code => isSystemError(error, code))) throw error
    if (gone) return
    gone = true
    if (!process.emit('SIGHUP', 'SIGHUP')) process.exit(EXIT_OK)
  })
  process.stderr.on('error', () => {})
}

const GONE = ['EPIPE', 'EIO']

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
