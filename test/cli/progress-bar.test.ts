import { describe, expect, it } from 'vitest'
import { ProgressBar, progressLine } from '../../src/cli/progress-bar.js'

const PROGRESS = { done: 3, total: 12, ok: 2 }

describe('a progress bar', () => {
  it.each([
    [100, '━━━━━━━━━━────────────────────────────── 3/12  2 ok  1 not  0:05'],
    [32, '━━────── 3/12  2 ok  1 not  0:05'],
    [23, '3/12  2 ok  1 not  0:05'],
    [10, '3/12  2 o…'],
  ])('is as long as there is room in %i columns', (width, line) => {
    expect(progressLine(PROGRESS, 5_000, width)).toBe(line)
  })

  it('is empty at first and full at the end', () => {
    expect(progressLine({ done: 0, total: 2, ok: 0 }, 0, 40)).toMatch(/^─+ 0\/2/)
    expect(progressLine({ done: 2, total: 2, ok: 2 }, 0, 40)).toMatch(/^━+ 2\/2/)
    expect(progressLine({ done: 0, total: 0, ok: 0 }, 0, 40)).toMatch(/^━+ 0\/0/)
  })

  it('is drawn over itself on a terminal, one column short of its width', () => {
    const written: string[] = []
    const bar = new ProgressBar({ isTTY: true, columns: 40, write: text => written.push(text) })
    bar.draw(PROGRESS)
    bar.clear()
    expect(written[0]?.slice(0, 4)).toBe('\r\x1b[K')
    expect(written[0]?.slice(4)).toMatch(/^━+─+ 3\/12/)
    expect(written[0]?.slice(4)).toHaveLength(39)
    expect(written[1]).toBe('\r\x1b[K')
  })

  it('writes nothing where nobody looks', () => {
    const written: string[] = []
    const bar = new ProgressBar({ write: text => written.push(text) })
    bar.draw(PROGRESS)
    bar.clear()
    expect(written).toEqual([])
  })
})
