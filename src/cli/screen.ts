/**
 * A screen that is redrawn in place, on the terminal's second page, so that the first one stays as it was. Knows
 * escape sequences; what is drawn, others decide.
 */

/** What a screen needs of a terminal; `process.stdout` has it when it is one. */
export interface Terminal {
  readonly columns: number
  readonly rows: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

const SECOND_PAGE = '\x1b[?1049h'
const FIRST_PAGE = '\x1b[?1049l'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const NO_WRAP = '\x1b[?7l'
const WRAP = '\x1b[?7h'
const HOME = '\x1b[H'
/** Before the text: at the end of a full line it would take the last character. */
const CLEAR_LINE = '\x1b[2K'
const CLEAR_BELOW = '\x1b[J'

const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The lines for a size: at most `rows` of them, each at most `columns` wide. */
export type Picture = (size: Size) => readonly string[]

export class Screen {
  readonly #terminal: Terminal
  readonly #picture: Picture
  #shown = ''
  #open = false

  constructor(terminal: Terminal, picture: Picture) {
    this.#terminal = terminal
    this.#picture = picture
  }

  open(): void {
    this.#open = true
    this.#terminal.write(SECOND_PAGE + HIDE_CURSOR + NO_WRAP)
    this.#terminal.on('resize', this.#redraw)
    this.#redraw()
  }

  /** Draws if something has changed. */
  draw(): void {
    if (!this.#open) return
    const size = sizeOf(this.#terminal)
    const lines = this.#picture(size).slice(0, size.rows)
    const below = lines.length < size.rows ? `\r\n${CLEAR_BELOW}` : ''
    const text = HOME + lines.map(line => CLEAR_LINE + line).join('\r\n') + below
    if (text === this.#shown) return
    this.#shown = text
    this.#terminal.write(text)
  }

  /** Gives the terminal back as it was, with the last picture below what was there. Harmless when repeated. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#terminal.off('resize', this.#redraw)
    const lines = this.#picture(sizeOf(this.#terminal))
    this.#terminal.write(`${WRAP + SHOW_CURSOR + FIRST_PAGE + lines.join('\n')}\n`)
  }

  readonly #redraw = (): void => {
    this.#shown = ''
    this.draw()
  }
}

/** Some terminals do not know their size, and say 0. */
const sizeOf = ({ columns, rows }: Terminal): Size => ({
  columns: columns || DEFAULT_COLUMNS,
  rows: rows || DEFAULT_ROWS,
})
