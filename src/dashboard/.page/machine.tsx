/** A relay's machine: the statechart lit up as it is now, or as it was at any of its last steps. */

import { descriptions } from 'virtual:charts'
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { dwellMs, nameOf, sceneAt, stretches } from '../view/playback.js'
import { duration, timeOfDay } from '../view/words.js'
import type { Step } from '../wire.js'
import { Statechart } from './statechart.js'
import { model, now, version } from './store.js'

const MACHINE = 'relay'

/** The step that is shown; undefined for the newest, as it comes. */
const cursor = signal<Step | undefined>(undefined)
const playing = signal(false)

export function Machine({ relayKey }: { relayKey: string }) {
  version.value
  const steps = model.watched?.key === relayKey ? model.watched.steps : []
  const index = indexIn(steps)
  useEffect(goLive, [relayKey])
  useEffect(() => listen(), [])
  useEffect(() => play(steps, index), [playing.value, cursor.value, steps.length])
  const step = steps[index]
  if (!step) return <p class="empty">Waiting for its steps …</p>
  const live = cursor.value === undefined
  return (
    <div class="machine">
      <Player steps={steps} index={index} live={live} />
      <Ribbon steps={steps} index={index} />
      <p class="where">
        <b>{step.state}</b> {descriptions[`${MACHINE}.${step.state}`]}
      </p>
      <div class="machine-parts">
        <Statechart scene={sceneAt(MACHINE, steps, index, live)} />
        <Steps steps={steps} index={index} />
      </div>
    </div>
  )
}

const indexIn = (steps: readonly Step[]): number => {
  const found = cursor.value ? steps.indexOf(cursor.value) : -1
  return found < 0 ? steps.length - 1 : found
}

function goLive(): void {
  cursor.value = undefined
  playing.value = false
}

function goTo(steps: readonly Step[], index: number): void {
  cursor.value = steps[Math.max(0, Math.min(steps.length - 1, index))]
}

const allSteps = (): readonly Step[] => model.watched?.steps ?? []

function togglePlay(): void {
  const steps = allSteps()
  if (!playing.value && indexIn(steps) === steps.length - 1) goTo(steps, 0)
  playing.value = !playing.value
}

/** Goes on to the next step after a while. @returns stops that */
function play(steps: readonly Step[], index: number): (() => void) | undefined {
  if (!playing.value) return undefined
  if (index >= steps.length - 1) {
    goLive()
    return undefined
  }
  const timer = setTimeout(() => goTo(steps, index + 1), dwellMs(steps, index))
  return () => clearTimeout(timer)
}

function stepBy(count: number): void {
  const steps = allSteps()
  playing.value = false
  goTo(steps, indexIn(steps) + count)
}

/** @returns stops listening to the keyboard */
function listen(): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLElement && event.target.matches('input, textarea, dialog *')) return
    if (event.key === 'ArrowLeft') stepBy(-1)
    else if (event.key === 'ArrowRight') stepBy(1)
    else if (event.key === 'l') goLive()
    else if (event.key === ' ' && !(event.target instanceof HTMLButtonElement)) togglePlay()
    else return
    event.preventDefault()
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}

function Player({ steps, index, live }: { steps: readonly Step[]; index: number; live: boolean }) {
  const step = steps[index]
  return (
    <fieldset class="player" aria-label="Playback">
      <button
        type="button"
        class="icon"
        aria-label="To the first step"
        disabled={index === 0}
        onClick={() => stepBy(-steps.length)}
      >
        ⏮
      </button>
      <button
        type="button"
        class="icon"
        aria-label="One step back"
        disabled={index === 0}
        onClick={() => stepBy(-1)}
      >
        ◀
      </button>
      <button
        type="button"
        class="icon main"
        aria-label={playing.value ? 'Stop' : 'Play'}
        disabled={steps.length < 2}
        onClick={togglePlay}
      >
        {playing.value ? '⏸' : '▶'}
      </button>
      <button
        type="button"
        class="icon"
        aria-label="One step on"
        disabled={index >= steps.length - 1}
        onClick={() => stepBy(1)}
      >
        ▶
      </button>
      <input
        type="range"
        aria-label="Step"
        aria-valuetext={step && `${timeOfDay(step.at)} ${step.event} ${step.state}`}
        min={0}
        max={steps.length - 1}
        value={index}
        onInput={event => goTo(steps, Number(event.currentTarget.value))}
      />
      <output>
        {index + 1} / {steps.length}
      </output>
      <button type="button" class={`live ${live ? 'on' : ''}`} aria-pressed={live} onClick={goLive}>
        Live
      </button>
    </fieldset>
  )
}

/** The states over time, as stretches of colour. */
function Ribbon({ steps, index }: { steps: readonly Step[]; index: number }) {
  const parts = stretches(steps, now.value)
  const current = parts.findLast(({ step }) => step <= index)
  return (
    <fieldset class="ribbon" aria-label="States over time">
      {parts.map(part => (
        <button
          key={`${part.from} ${part.state}`}
          type="button"
          tabIndex={-1}
          class={`fill ${part.state}`}
          aria-current={part === current ? 'step' : undefined}
          style={{ flexGrow: `${Math.log2(2 + (part.to - part.from) / 1_000)}` }}
          title={`${part.state} for ${duration(part.to - part.from)}, from ${timeOfDay(part.from)}`}
          onClick={() => goTo(steps, part.step)}
        />
      ))}
    </fieldset>
  )
}

const SHOWN_STEPS = 60

function Steps({ steps, index }: { steps: readonly Step[]; index: number }) {
  const last = steps.slice(-SHOWN_STEPS)
  return (
    <ol class="steps" aria-label="Last events">
      {last.toReversed().map(step => (
        <li key={`${step.at} ${steps.indexOf(step)}`}>
          <button
            type="button"
            aria-current={steps[index] === step ? 'step' : undefined}
            onClick={() => goTo(steps, steps.indexOf(step))}
          >
            <time>{timeOfDay(step.at)}</time>
            <span class="event">
              {step.event || (step.transitions.length > 0 ? 'at once' : 'seen first')}
            </span>
            {step.detail !== '' && <span class="detail">{step.detail}</span>}
            <span class={`state ${nameOf(step.state)}`}>
              <i aria-hidden="true" />
              {step.state}
            </span>
          </button>
        </li>
      ))}
    </ol>
  )
}
