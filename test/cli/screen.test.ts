import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Screen } from '../../src/cli/screen.js'

class FakeTerminal extends EventEmitter {
  columns = 20
  rows = 3
  written = ''

  write(text: string): void {
    this.written += text
  }

  /** What was written since the last call. */
  take(): string {
    const { written } = this
    this.written = ''
    return written
  }
}

function openScreen(lines: readonly string[] = ['one', 'two']) {
  const terminal = new FakeTerminal()
  const seen = { lines }
  const screen = new Screen(terminal, () => seen.lines)
  screen.open()
  return { terminal, screen, seen }
}

describe('a screen', () => {
  it('takes the second page, hides the cursor and draws at once', () => {
    const { terminal } = openScreen()
    expect(terminal.take()).toBe('\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2Kone\r\n\x1b[2Ktwo\r\n\x1b[J')
  })

  it('draws again in place, and only when something has changed', () => {
    const { terminal, screen, seen } = openScreen()
    terminal.take()
    screen.draw()
    expect(terminal.take()).toBe('')
    seen.lines = ['three']
    screen.draw()
    expect(terminal.take()).toBe('\x1b[H\x1b[2Kthree\r\n\x1b[J')
  })

  it('shows no more lines than there are, and does not scroll', () => {
    const { terminal } = openScreen(['1', '2', '3', '4'])
    expect(terminal.take()).toSatisfy((text: string) => text.endsWith('\x1b[2K1\r\n\x1b[2K2\r\n\x1b[2K3'))
  })

  it('draws anew when the terminal has another size', () => {
    const { terminal } = openScreen()
    terminal.take()
    terminal.emit('resize')
    expect(terminal.take()).toContain('one')
  })

  it('asks for a picture of the usual size where the terminal does not know its own', () => {
    const terminal = new FakeTerminal()
    terminal.columns = 0
    terminal.rows = 0
    new Screen(terminal, ({ columns, rows }) => [`${columns}x${rows}`]).open()
    expect(terminal.take()).toContain('80x24')
  })

  it('gives the terminal back, with the last picture on the first page, and is then still', () => {
    const { terminal, screen } = openScreen()
    terminal.take()
    screen.close()
    expect(terminal.take()).toBe('\x1b[?7h\x1b[?25h\x1b[?1049lone\ntwo\n')
    screen.close()
    screen.draw()
    terminal.emit('resize')
    expect(terminal.take()).toBe('')
  })
})
