/** Promises that an abort rejects, as dialling does. */
import { ToxError } from '../protocol/errors.js'

export const givenUp = (signal: AbortSignal): ToxError =>
  signal.reason instanceof ToxError ? signal.reason : new ToxError('connect-timeout')

/** @param start begins what resolves the promise, later, and returns how to stop that */
export function abortable(signal: AbortSignal, start: (resolve: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      stop()
      reject(givenUp(signal))
    }
    const stop = start(() => {
      signal.removeEventListener('abort', abort)
      stop()
      resolve()
    })
    signal.addEventListener('abort', abort)
  })
}
