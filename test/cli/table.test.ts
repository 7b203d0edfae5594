import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, cut, type Paint, tableLines } from '../../src/cli/table.js'

interface Row {
  readonly name: string
  readonly size: number
  readonly why?: string
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', cell: row => row.name, expendable: 0, shrinksTo: 6 },
  { title: 'SIZE', cell: row => ({ text: String(row.size), tone: 'good' }), align: 'right', expendable: 2 },
  { title: 'WHY', cell: row => row.why ?? '', expendable: 1, shrinksTo: 4 },
]

const ROWS: readonly Row[] = [
  { name: 'relay.example:443', size: 5, why: 'refused' },
  { name: 'b:1', size: 12_345 },
]

describe('a table', () => {
  it('has columns as wide as what is in them', () => {
    expect(tableLines(COLUMNS, ROWS, { width: 80 })).toEqual([
      'NAME                SIZE  WHY',
      'relay.example:443      5  refused',
      'b:1                12345',
    ])
  })

  it('shrinks columns first, as far as they may, those on the right before those on the left', () => {
    expect(tableLines(COLUMNS, ROWS, { width: 30 })).toEqual([
      'NAME                SIZE  WHY',
      'relay.example:443      5  ref…',
      'b:1                12345',
    ])
    expect(tableLines(COLUMNS, ROWS, { width: 19 })).toEqual([
      'NAME     SIZE  WHY',
      'relay…      5  ref…',
      'b:1     12345',
    ])
  })

  it('then leaves out the most expendable, and lets the others grow again', () => {
    expect(tableLines(COLUMNS, ROWS, { width: 18 })).toEqual([
      'NAME          WHY',
      'relay.examp…  ref…',
      'b:1',
    ])
    expect(tableLines(COLUMNS, ROWS, { width: 8 })).toEqual(['NAME', 'relay.e…', 'b:1'])
  })

  it('leaves out a column with nothing in it, but shows the titles of a table without rows', () => {
    expect(tableLines(COLUMNS, ROWS.slice(1), { width: 80 })).toEqual(['NAME   SIZE', 'b:1   12345'])
    expect(tableLines(COLUMNS, [], { width: 80 })).toEqual(['NAME  SIZE  WHY'])
  })

  it('paints text, not the space around it', () => {
    const paint: Paint = (text, tone) => (tone === undefined ? text : `<${tone} ${text}>`)
    expect(tableLines(COLUMNS, ROWS.slice(1), { width: 80, paint })).toEqual([
      '<head NAME>   <head SIZE>',
      'b:1   <good 12345>',
    ])
  })

  it('shows control characters in foreign text as ?', () => {
    expect(tableLines(COLUMNS, [{ name: '\x1b]0;x\x07', size: 1 }], { width: 80 })[1]).toBe('?]0;x?     1')
  })

  it('is never wider than it may be, whatever is in it', () => {
    const row = fc.record({ name: fc.string(), size: fc.nat(), why: fc.string() })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 6, max: 60 }), (rows, width) => {
        const lines = tableLines(COLUMNS, rows, { width })
        expect(lines).toHaveLength(rows.length + 1)
        for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width)
      }),
    )
  })
})

describe('cut', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['abcd', 1, '…'],
    ['abcd', 0, ''],
    ['😀😀😀', 2, '😀…'],
  ])('shortens %s to %i: %s', (text, width, short) => {
    expect(cut(text, width)).toBe(short)
  })
})
