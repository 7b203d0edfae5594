/** How far a long task is, on one line that is drawn over and over. Draws nothing where nobody looks. */
import { cut } from './table.js'
import { clockWords } from './words.js'

export interface Progress {
  readonly done: number
  readonly total: number
  readonly ok: number
}

/** What a progress bar needs of a terminal; `process.stderr` has it when it is one. */
export interface LineTerminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const CLEAR_LINE = '\r\x1b[K'
const MAX_BAR = 40
const DEFAULT_COLUMNS = 80

export class ProgressBar {
  readonly #terminal: LineTerminal
  readonly #startedAt = Date.now()

  constructor(terminal: LineTerminal) {
    this.#terminal = terminal
  }

  draw(progress: Progress): void {
    const { isTTY, columns } = this.#terminal
    if (!isTTY) return
    // The last column stays free: a full line would wrap.
    const width = (columns || DEFAULT_COLUMNS) - 1
    this.#terminal.write(CLEAR_LINE + progressLine(progress, Date.now() - this.#startedAt, width))
  }

  /** Makes room for other lines; `draw` brings it back. */
  clear(): void {
    if (this.#terminal.isTTY) this.#terminal.write(CLEAR_LINE)
  }
}

/** `━━━━──── 12/64  9 ok  3 not  0:04`, the bar as long as there is room for it. */
export function progressLine({ done, total, ok }: Progress, elapsedMs: number, width: number): string {
  const words = `${done}/${total}  ${ok} ok  ${done - ok} not  ${clockWords(elapsedMs)}`
  const room = Math.min(MAX_BAR, width - words.length - 1)
  if (room < 1) return cut(words, width)
  const full = total === 0 ? room : Math.floor((room * done) / total)
  return `${'━'.repeat(full)}${'─'.repeat(room - full)} ${words}`
}
