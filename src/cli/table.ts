/**
 * Tables that fit into a width: columns shrink, then go, the least important first. Pure; knows text and tones, not
 * what they mean.
 */
import { harmless } from './words.js'

export type Tone = 'good' | 'busy' | 'bad' | 'dim' | 'head'

export interface Cell {
  readonly text: string
  readonly tone?: Tone
}

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => Cell | string
  readonly align?: 'right'
  /** Of the columns that do not fit, the one with the highest number goes first; 0 stays. */
  readonly expendable: number
  /** May be cut to this width before any column goes. */
  readonly shrinksTo?: number
}

/** Turns text into coloured text, or leaves it as it is. */
export type Paint = (text: string, tone: Tone | undefined) => string

export const plain: Paint = text => text

const GAP = 2

/** The title line and one line for each row, none wider than `width`. A column with nothing in it is left out. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, paint = plain }: { readonly width: number; readonly paint?: Paint },
): string[] {
  const titles = columns.map(({ title }): Cell => ({ text: title, tone: 'head' }))
  const cells = rows.map(row => columns.map(column => cellOf(column.cell(row))))
  const lines = [titles, ...cells]
  const natural = columns.map(({ title }, index) => naturalWidth(title, cells, index))
  const widths = fitWidths(columns, natural, width)
  return lines.map(cells => line(columns, cells, widths, paint))
}

/** Cuts text to a width, with … for what is missing. */
export function cut(text: string, width: number): string {
  if ([...text].length <= width) return text
  return width < 1 ? '' : `${[...text].slice(0, width - 1).join('')}…`
}

/** The width of each column; 0 for one that does not fit. */
function fitWidths<Row>(
  columns: readonly Column<Row>[],
  natural: readonly number[],
  width: number,
): number[] {
  let widths = [...natural]
  for (;;) {
    const excess = sum(widths) - width
    if (excess <= 0) return widths
    const shrunk = shrink(columns, widths, excess)
    if (sum(shrunk) <= width) return shrunk
    const victim = mostExpendable(columns, widths)
    if (victim === undefined) return shrunk
    widths = natural.map((each, index) => (index === victim || widths[index] === 0 ? 0 : each))
  }
}

const sum = (widths: readonly number[]): number =>
  widths.reduce((total, width) => total + (width > 0 ? width + GAP : 0), -GAP)

/** From the right: what stands first says most. */
function shrink<Row>(columns: readonly Column<Row>[], widths: readonly number[], excess: number): number[] {
  let left = excess
  return widths
    .toReversed()
    .map((width, fromRight) => {
      const least = columns.at(-1 - fromRight)?.shrinksTo ?? width
      const give = Math.min(left, Math.max(0, width - least))
      left -= give
      return width - give
    })
    .toReversed()
}

function mostExpendable<Row>(columns: readonly Column<Row>[], widths: readonly number[]): number | undefined {
  const [victim] = columns
    .map(({ expendable }, index) => ({ expendable, index }))
    .filter(({ expendable, index }) => expendable > 0 && (widths[index] ?? 0) > 0)
    .sort((a, b) => b.expendable - a.expendable)
  return victim?.index
}

function line<Row>(
  columns: readonly Column<Row>[],
  cells: readonly Cell[],
  widths: readonly number[],
  paint: Paint,
): string {
  const parts = columns.flatMap(({ align }, index) => {
    const width = widths[index] ?? 0
    const { text, tone } = cells[index] ?? { text: '' }
    if (width === 0) return []
    const shown = cut(text, width)
    const space = ' '.repeat(width - [...shown].length)
    return align === 'right' ? `${space}${paint(shown, tone)}` : `${paint(shown, tone)}${space}`
  })
  return parts.join(' '.repeat(GAP)).trimEnd()
}

function cellOf(cell: Cell | string): Cell {
  const { text, ...rest } = typeof cell === 'string' ? { text: cell } : cell
  return { text: harmless(text), ...rest }
}

/** 0 for a column with rows and nothing in them. */
function naturalWidth(title: string, lines: readonly (readonly Cell[])[], index: number): number {
  const widest = Math.max(0, ...lines.map(cells => lengthOf(cells[index])))
  return widest === 0 && lines.length > 0 ? 0 : Math.max(widest, title.length)
}

const lengthOf = (cell: Cell | undefined): number => [...(cell?.text ?? '')].length
