/** The colours of the terminal, for those who want them (no-color.org). */
import type { Paint, Tone } from './table.js'
import { plain } from './table.js'

const CODES: Readonly<Record<Tone, number>> = { good: 32, busy: 33, bad: 31, dim: 2, head: 1 }

const coloured: Paint = (text, tone) =>
  tone === undefined || text === '' ? text : `\x1b[${CODES[tone]}m${text}\x1b[0m`

/** @param isTty whether the text goes to a terminal */
export function paintFor(isTty: boolean, environment: NodeJS.ProcessEnv = process.env): Paint {
  const { NO_COLOR, TERM } = environment
  const wanted = (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb'
  return isTty && wanted ? coloured : plain
}
