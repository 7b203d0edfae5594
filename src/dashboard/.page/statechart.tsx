/** The statechart, drawn at build time; here its parts are only lit and put out again. */

import { relayChart } from 'virtual:charts'
import { memo } from 'preact/compat'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Scene } from '../view/playback.js'

export function Statechart({ scene }: { scene: Scene }) {
  const ref = useRef<HTMLDivElement>(null)
  const [whole, setWhole] = useState(false)
  useLayoutEffect(() => {
    if (ref.current) light(ref.current, scene)
  }, [scene])
  return (
    <div class={`chart-frame ${whole ? 'whole' : ''}`}>
      <div ref={ref} class="chart-scroll">
        <Drawing />
      </div>
      <button type="button" class="small" aria-pressed={whole} onClick={() => setWhole(!whole)}>
        {whole ? 'Full size' : 'Whole chart'}
      </button>
    </div>
  )
}

// Our own build made it, of our own machine.
const Drawing = memo(() => <div dangerouslySetInnerHTML={{ __html: relayChart }} />)

function light(frame: HTMLElement, { active, passed, taken }: Scene): void {
  for (const state of frame.querySelectorAll('.chart-state')) {
    state.classList.toggle('lit', active.includes(state.id))
    state.classList.toggle('passed', passed.includes(state.id))
  }
  for (const label of frame.querySelectorAll('.chart-label'))
    label.classList.toggle('taken', taken.includes(label.id))
  for (const arrow of frame.querySelectorAll<SVGPathElement>('.chart-arrow')) {
    const transitions = arrow.getAttribute('data-transitions')?.split(' ') ?? []
    arrow.classList.toggle(
      'taken',
      transitions.some(id => taken.includes(id)),
    )
  }
  keepInSight(frame, active.at(-1) ?? '')
}

/** Scrolls the chart, never the page. */
function keepInSight(frame: HTMLElement, id: string): void {
  const state = [...frame.querySelectorAll('.chart-state')].find(each => each.id === id)
  if (!state) return
  const [inner, outer] = [state.getBoundingClientRect(), frame.getBoundingClientRect()]
  if (
    inner.top >= outer.top &&
    inner.bottom <= outer.bottom &&
    inner.left >= outer.left &&
    inner.right <= outer.right
  )
    return
  frame.scrollBy({
    top: (inner.top + inner.bottom - outer.top - outer.bottom) / 2,
    left: (inner.left + inner.right - outer.left - outer.right) / 2,
    behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth',
  })
}
