/** What a user gave is wrong, or cannot be used: one line for him, and exit code 2. Never a stack trace. */
import { getSystemErrorMap } from 'node:util'

export class BadInput extends Error {
  override readonly name = 'BadInput'
}

/** Runs `read`; what it throws about the user's input becomes a {@link BadInput}, with `where` before it. */
export function orBadInput<T>(where: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof TypeError || error instanceof RangeError
      ? new BadInput(where === '' ? error.message : `${where}: ${error.message}`)
      : error
  }
}

/** The line for a file that the system would not let us use. */
export function badFile(verb: string, file: string, error: unknown): BadInput {
  return new BadInput(`cannot ${verb} ${file}: ${systemSentence(error)}`)
}

/** An error of the operating system: one with that code, or any. */
export const isSystemError = (error: unknown, code?: string): boolean =>
  error instanceof Error && 'errno' in error && 'code' in error && (code === undefined || error.code === code)

/** The system's own words for a failure, without path and call. */
function systemSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [, sentence] = ('errno' in error && getSystemErrorMap().get(Number(error.errno))) || []
  return sentence ?? error.message
}
