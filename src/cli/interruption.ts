/** Ctrl-C and its like: the first asks the program to end, the second ends it. */
import { setMaxListeners } from 'node:events'
import { EXIT_INTERRUPTED } from './exit-codes.js'

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

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
