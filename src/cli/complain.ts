/** What is told to the person at the terminal, on standard error, a line at a time. */
import { harmless } from './words.js'

export const complain = (line: string): void => {
  process.stderr.write(`tox-relays: ${harmless(line)}\n`)
}
