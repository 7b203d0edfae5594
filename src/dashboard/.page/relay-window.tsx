/** The rows of the table: only those in sight exist, so that a thousand cost no more than thirty. */
import { signal } from '@preact/signals'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { RelayView } from '../view/model.js'
import { type Column, type Order, rowsInSight } from '../view/relay-table.js'
import { go } from './place.js'
import { RelayRow } from './relay-row.js'
import { picked, place } from './store.js'

export const order = signal<Order>({ column: 'state', descending: false })

const COLUMNS: readonly (readonly [column: Column, name: string, title: string])[] = [
  ['state', 'State', 'What it does now, and for how long'],
  ['address', 'Relay', 'Its address and key'],
  ['rttMs', 'Round trip', 'Of its pings, newest at the right'],
  ['score', 'Score', 'Round trip over success: lower is better'],
  ['routes', 'Routes', 'Friends online through it, of those tied to it'],
  ['inRate', 'In', 'Bytes received a second, and in all'],
  ['outRate', 'Out', 'Bytes sent a second, and in all'],
  ['queue', 'Queue', 'Packets that wait to be sent'],
  ['window', 'Window', 'Bytes sent that it has not acknowledged'],
  ['reason', 'Reason', 'Why the last attempt or link ended, and when the next one comes'],
]

/** Rows stand at fixed heights; those out of sight are room only. */
export function RelayWindow({ rows }: { rows: readonly RelayView[] }) {
  const ref = useRef<HTMLDivElement>(null)
  const [sight, setSight] = useState({ scrollTop: 0, height: 600, rowHeight: 44 })
  useLayoutEffect(() => {
    const body = ref.current
    if (!body) return
    const measure = (): void => {
      const rowHeight = Number.parseFloat(getComputedStyle(body).getPropertyValue('--row')) || 44
      setSight({ scrollTop: body.scrollTop, height: body.clientHeight, rowHeight })
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(body)
    body.addEventListener('scroll', measure, { passive: true })
    return () => {
      observer.disconnect()
      body.removeEventListener('scroll', measure)
    }
  }, [])
  const { first, end } = rowsInSight({ ...sight, count: rows.length })
  const shown = rows.slice(first, end)
  const inTabOrder = shown.find(relay => relay === picked.value) ?? shown[0]
  const focus = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))]
    if (row && ref.current) focusRow(ref.current, rows.indexOf(row), row.facts.key, sight.rowHeight)
  }
  return (
    <div class="table">
      <div class="table-head">
        {COLUMNS.map(([column, name, title]) => (
          <ColumnHead key={column} column={column} name={name} title={title} />
        ))}
      </div>
      <div ref={ref} class="table-body">
        <ol class="table-room" style={{ height: `${rows.length * sight.rowHeight}px` }}>
          {shown.map((relay, index) => (
            <RelayRow
              key={relay.facts.id}
              relay={relay}
              index={first + index}
              count={rows.length}
              top={(first + index) * sight.rowHeight}
              isPicked={relay === picked.value}
              canTab={relay === inTabOrder}
              move={focus}
            />
          ))}
        </ol>
        {rows.length === 0 && <p class="empty">No relay here. Press a to add one.</p>}
      </div>
    </div>
  )
}

/** A row out of sight has to come into being before it can be focused. */
function focusRow(body: HTMLElement, index: number, key: string, rowHeight: number): void {
  const top = index * rowHeight
  if (top < body.scrollTop) body.scrollTop = top
  else if (top + rowHeight > body.scrollTop + body.clientHeight)
    body.scrollTop = top + rowHeight - body.clientHeight
  requestAnimationFrame(() =>
    body.querySelector<HTMLElement>(`[data-key="${key}"]`)?.focus({ preventScroll: true }),
  )
  if (place.value.relay !== undefined && place.value.relay !== key) go({ view: 'relays', relay: key })
}

function ColumnHead({ column, name, title }: { column: Column; name: string; title: string }) {
  const { column: chosen, descending } = order.value
  const sorted = chosen === column ? (descending ? 'descending' : 'ascending') : ''
  return (
    <div class={`cell ${column}`}>
      <button
        type="button"
        class="quiet"
        title={title}
        aria-label={sorted === '' ? `Sort by ${name}` : `${name}, ${sorted}`}
        onClick={() => {
          order.value = { column, descending: chosen === column && !descending }
        }}
      >
        {name}
        {sorted === '' ? '' : descending ? ' ↓' : ' ↑'}
      </button>
    </div>
  )
}
