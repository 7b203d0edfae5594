/** One relay in the table: a row on a screen, two lines on a phone. */
import { sparkline } from '../view/lines.js'
import type { RelayView } from '../view/model.js'
import { bytes, duration, hostPort, milliseconds, rate, shortKey } from '../view/words.js'
import { hashOf } from './place.js'
import { State } from './state.js'
import { now } from './store.js'

const SPARK = { width: 84, height: 22 }
const SPARK_SLOTS = 40

export interface RowProps {
  readonly relay: RelayView
  readonly index: number
  /** Rows in all. */
  readonly count: number
  readonly top: number
  readonly isPicked: boolean
  /** One row at a time is in the tab order; the arrows do the rest. */
  readonly canTab: boolean
  /** Puts the focus on another row. */
  readonly move: (index: number) => void
}

export function RelayRow({ relay, index, count, top, isPicked, canTab, move }: RowProps) {
  const { facts, numbers, roundTrips } = relay
  const onKeyDown = (event: KeyboardEvent): void => {
    const target = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + 10,
      PageUp: index - 10,
      Home: 0,
      End: Number.MAX_SAFE_INTEGER,
    }[event.key]
    if (target === undefined) return
    event.preventDefault()
    move(target)
  }
  return (
    <li style={{ transform: `translateY(${top}px)` }} aria-posinset={index + 1} aria-setsize={count}>
      <a
        class="table-row"
        href={hashOf({ view: 'relays', relay: facts.key })}
        aria-current={isPicked ? 'true' : undefined}
        tabIndex={canTab ? 0 : -1}
        data-key={facts.key}
        onKeyDown={onKeyDown}
      >
        <span class="cell state-cell">
          <State name={facts.state} />
          <small>{duration(now.value - facts.since)}</small>
        </span>
        <span class="cell address">
          <span class="host">{hostPort(facts.address)}</span>
          <small>
            <code>{shortKey(facts.key)}</code>
            {facts.pinned && <span class="badge">pinned</span>}
            {facts.asleep && <span class="badge">put to sleep</span>}
            {facts.origin !== 'user' && <span class="badge">{facts.origin}</span>}
          </small>
        </span>
        <span class="cell rttMs">
          <Sparkline values={roundTrips} />
          <span>{numbers.rttMs < 0 ? '–' : milliseconds(numbers.rttMs)}</span>
        </span>
        <span class="cell score" title={`${numbers.success} % of attempts succeed`}>
          {numbers.rttMs < 0 ? '–' : Math.round(numbers.score)}
        </span>
        <span class="cell routes">
          <b>{numbers.routesOnline}</b>
          <small> / {numbers.routes}</small>
        </span>
        <Flow name="inRate" now={numbers.inRate} total={numbers.bytesIn} />
        <Flow name="outRate" now={numbers.outRate} total={numbers.bytesOut} />
        <span class="cell queue">{numbers.queue}</span>
        <span class="cell window">{bytes(numbers.window)}</span>
        <span class="cell reason" title={facts.why}>
          <span>{facts.reason ?? ''}</span>
          <NextAttempt at={facts.nextAttemptAt} />
        </span>
      </a>
    </li>
  )
}

function Flow({ name, now: current, total }: { name: string; now: number; total: number }) {
  return (
    <span class={`cell ${name}`}>
      <span class={current > 0 ? 'flowing' : 'still'}>{rate(current)}</span>
      <small>{bytes(total)}</small>
    </span>
  )
}

export function NextAttempt({ at }: { at: number | undefined }) {
  if (at === undefined) return null
  const left = at - now.value
  return <small>{left <= 0 ? 'next attempt now' : `next attempt in ${duration(left)}`}</small>
}

export function Sparkline({
  values,
  size = SPARK,
  slots = SPARK_SLOTS,
}: {
  values: readonly number[]
  size?: typeof SPARK
  slots?: number
}) {
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${size.width} ${size.height}`}
      width={size.width}
      height={size.height}
      aria-hidden="true"
    >
      <path d={sparkline(values, size, slots)} />
    </svg>
  )
}
