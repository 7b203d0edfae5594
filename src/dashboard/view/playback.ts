/** Where a machine was at any of its last steps, and how its time was divided among its states. */
import type { Step } from '../wire.js'

/** What of a statechart is to be lit. */
export interface Scene {
  /** Ids of the states that are active, outermost first. */
  readonly active: readonly string[]
  /** Ids of states that were passed through at that very moment. */
  readonly passed: readonly string[]
  /** Ids of the transitions taken at that moment. */
  readonly taken: readonly string[]
}

/** Steps this close are one move to the eye, in ms: a failure passes through several states at once. */
const SAME_MOMENT_MS = 5

/**
 * @param machine the machine's id, with which the ids of its states begin
 * @param index of the step
 * @param whole show all of the move that the step ends, not only the step
 */
export function sceneAt(machine: string, steps: readonly Step[], index: number, whole: boolean): Scene {
  const step = steps[index]
  if (!step) return { active: [], passed: [], taken: [] }
  const moves = whole ? steps.slice(startOfMove(steps, index), index + 1) : [step]
  const active = idsOf(machine, step.state)
  const passed = moves.flatMap(move => idsOf(machine, move.state)).filter(id => !active.includes(id))
  return { active, passed: [...new Set(passed)], taken: moves.flatMap(move => move.transitions) }
}

function startOfMove(steps: readonly Step[], index: number): number {
  let start = index
  for (;;) {
    const [step, before] = [steps[start], steps[start - 1]]
    if (!step || !before || step.at - before.at > SAME_MOMENT_MS || before.transitions.length === 0)
      return start
    start--
  }
}

/** `attempt.proxy` as the ids of `attempt` and of `proxy` in it. */
function idsOf(machine: string, state: string): string[] {
  const names = state.split('.')
  return names.map((_, index) => [machine, ...names.slice(0, index + 1)].join('.'))
}

/** A stretch of time in one state. */
export interface Stretch {
  /** The outermost state, or for an attempt the inner one, as it is named to users. */
  readonly state: string
  readonly from: number
  readonly to: number
  /** The step that began it. */
  readonly step: number
}

/** The states over time; what lasted no time is left out. */
export function stretches(steps: readonly Step[], now: number): Stretch[] {
  const found: Stretch[] = []
  steps.forEach((step, index) => {
    const state = nameOf(step.state)
    const to = Math.max(step.at, steps[index + 1]?.at ?? now)
    const last = found.at(-1)
    if (last?.state === state) found[found.length - 1] = { ...last, to }
    else if (to > step.at) found.push({ state, from: step.at, to, step: index })
  })
  return found
}

/** As in `RelayStateName`. */
export function nameOf(state: string): string {
  const [outer = '', inner] = state.split('.')
  return outer === 'attempt' && inner !== undefined ? inner : outer
}

/** How long a playback stays at a step: as long as it took, but never so long or short that one tires or misses it. */
export function dwellMs(steps: readonly Step[], index: number): number {
  const [step, next] = [steps[index], steps[index + 1]]
  return step && next ? Math.min(MAX_DWELL_MS, Math.max(MIN_DWELL_MS, next.at - step.at)) : 0
}

const MIN_DWELL_MS = 350
const MAX_DWELL_MS = 1_500
