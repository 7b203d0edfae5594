/** A statechart in mermaid's language, for docs and for whoever draws with that. */
import type { ChartState, ChartTransition, Statechart } from './statechart.js'

const INDENT = '    '

/** A `stateDiagram-v2`, without the fence around it. */
export function mermaidOf({ root, transitions }: Statechart): string {
  return [
    'stateDiagram-v2',
    ...root.states.flatMap(state => stateLines(state, 1)),
    ...lines(startsIn(root), 1),
    ...lines(transitions.map(transitionLine), 1),
    '',
  ].join('\n')
}

function stateLines(state: ChartState, depth: number): string[] {
  const id = mermaidId(state.id)
  if (state.states.length === 0) return lines([`state "${state.name}" as ${id}`, ...endsIn(state)], depth)
  return [
    ...lines([`state "${state.name}" as ${id} {`], depth),
    ...state.states.flatMap(child => stateLines(child, depth + 1)),
    ...lines(startsIn(state), depth + 1),
    ...lines(['}'], depth),
  ]
}

const startsIn = ({ states }: ChartState): string[] =>
  states.filter(state => state.initial).map(({ id }) => `[*] --> ${mermaidId(id)}`)

const endsIn = ({ id, final }: ChartState): string[] => (final ? [`${mermaidId(id)} --> [*]`] : [])

/** What the root does, it does in every state; mermaid has no arrow for that but one from a state of its own. */
function transitionLine(transition: ChartTransition): string {
  const source = transition.source.includes('.') ? mermaidId(transition.source) : 'any'
  return `${source} --> ${mermaidId(transition.target)}${transition.label && `: ${transition.label}`}`
}

const mermaidId = (id: string): string => id.split('.').slice(1).join('_')

const lines = (texts: readonly string[], depth: number): string[] =>
  texts.map(text => INDENT.repeat(depth) + text)
