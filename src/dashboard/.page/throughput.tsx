/** Bytes a second over the last minutes: what came above the line, what left below it. */
import { useState } from 'preact/hooks'
import { area, niceCeiling, ratesOf } from '../view/lines.js'
import { rate, timeOfDay } from '../view/words.js'
import { model, now, version } from './store.js'
import { useWidth } from './use-width.js'

const HEIGHT = 190
const MIDDLE = 96
const HALF = 84
const SPANS_MS = [60_000, 300_000, 600_000]

export function Throughput() {
  version.value
  const [ref, width] = useWidth<HTMLDivElement>(480)
  const [span, setSpan] = useState(SPANS_MS[0] ?? 60_000)
  const [pointed, setPointed] = useState<number | undefined>(undefined)
  const end = model.traffic.at(-1)?.[0] ?? now.value
  const rates = ratesOf(model.traffic).filter(({ at }) => at >= end - span)
  const top = niceCeiling(Math.max(0, ...rates.map(({ bytesIn, bytesOut }) => Math.max(bytesIn, bytesOut))))
  const x = (at: number): number => width - ((end - at) / span) * width
  const nearest = pointed === undefined ? rates.at(-1) : closest(rates, end - (1 - pointed / width) * span)
  return (
    <div ref={ref} class="throughput">
      <p class="readout">
        <span class="flow-in">↓ {rate(nearest?.bytesIn ?? 0)}</span>
        <span class="flow-out">↑ {rate(nearest?.bytesOut ?? 0)}</span>
        <span class="quiet">
          {nearest && pointed !== undefined ? timeOfDay(nearest.at).slice(0, -4) : 'now'}
        </span>
        <span class="spans">
          {SPANS_MS.map(ms => (
            <button
              key={ms}
              type="button"
              class="small"
              aria-pressed={ms === span}
              onClick={() => setSpan(ms)}
            >
              {ms / 60_000} min
            </button>
          ))}
        </span>
      </p>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`in ${rate(nearest?.bytesIn ?? 0)}, out ${rate(nearest?.bytesOut ?? 0)}`}
        onPointerMove={event => setPointed(event.offsetX)}
        onPointerLeave={() => setPointed(undefined)}
      >
        {[-1, -0.5, 0, 0.5, 1].map(share => (
          <line
            key={share}
            class={share === 0 ? 'axis' : 'grid'}
            x1="0"
            x2={width}
            y1={MIDDLE - share * HALF}
            y2={MIDDLE - share * HALF}
          />
        ))}
        <path
          class="area in"
          d={area(
            rates.map(each => [x(each.at), MIDDLE - (each.bytesIn / top) * HALF]),
            MIDDLE,
          )}
        />
        <path
          class="area out"
          d={area(
            rates.map(each => [x(each.at), MIDDLE + (each.bytesOut / top) * HALF]),
            MIDDLE,
          )}
        />
        {nearest && pointed !== undefined && (
          <line class="cursor" x1={x(nearest.at)} x2={x(nearest.at)} y1="4" y2={HEIGHT - 4} />
        )}
        <text class="scale" x="4" y={MIDDLE - HALF + 12}>
          {rate(top)}
        </text>
      </svg>
    </div>
  )
}

const closest = <Rate extends { readonly at: number }>(
  rates: readonly Rate[],
  at: number,
): Rate | undefined =>
  rates.reduce<Rate | undefined>(
    (best, each) => (!best || Math.abs(each.at - at) < Math.abs(best.at - at) ? each : best),
    undefined,
  )
