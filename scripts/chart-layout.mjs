/**
 * Where the boxes and arrows of a statechart go: elkjs at build time, so that the page has no layout to do. Text is
 * measured by counting letters, since there is no browser here: monospaced ones, which have one width everywhere.
 */
import Elk from 'elkjs'

/** In px, for the font sizes of chart.css. */
const TITLE = { width: 7.9, height: 18 }
const TEXT = { width: 6.1, height: 14 }
const WORDS_PER_LINE = 30
const PADDING = 10
/** The dot in the corner of an initial state. */
const START_WIDTH = 14

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.edgeLabels.inline': 'true',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.spacing.nodeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeNodeBetweenLayers': '8',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  'elk.spacing.nodeNode': '16',
  'elk.spacing.edgeNode': '12',
  'elk.spacing.edgeEdge': '10',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
}

/** What the root does, it does in every state: its arrows start at a box of their own. */
const ANYWHERE = { name: 'any state', description: '', states: [], stays: [] }

/**
 * @param chart what `statechartOf` says of a machine
 * @param words whether boxes show more than their names
 * @returns boxes `{ id, name, lines, final, initial, depth, x, y, width, height }` and arrows
 * `{ source, target, points, transitions: [{ id, label, x, y }] }`
 */
export async function layOut(chart, { words = true } = {}) {
  const arrows = group(chart)
  const fromRoot = arrows.some(({ source }) => source === chart.root.id)
  const anywhere = fromRoot ? [node({ ...ANYWHERE, id: chart.root.id }, words)] : []
  const { children, edges, width, height } = await new Elk().layout({
    id: 'chart',
    layoutOptions: OPTIONS,
    children: [...chart.root.states.map(state => node(state, words)), ...anywhere],
    edges: arrows.map(edge),
  })
  const paths = new Map(edges.map(each => [each.id, each]))
  return {
    id: chart.id,
    width: Math.ceil(width),
    height: Math.ceil(height),
    boxes: children.flatMap(child => boxes(child, 0)),
    arrows: arrows.map(arrow => place(arrow, paths.get(arrow.id))),
  }
}

/** Transitions with the same ends share one arrow. */
function group({ transitions }) {
  const arrows = new Map()
  for (const transition of transitions) {
    const { source, target } = transition
    const id = `${source}→${target}`
    const arrow = arrows.get(id) ?? { id, source, target, transitions: [] }
    arrows.set(id, arrow)
    arrow.transitions.push(transition)
  }
  return [...arrows.values()]
}

function node(state, words) {
  const lines = !words ? [] : [...wrap(state.description), ...state.stays.map(({ label }) => `• ${label}`)]
  const title = state.name.length * TITLE.width + (state.initial ? START_WIDTH : 0)
  const width = Math.max(title, ...lines.map(line => line.length * TEXT.width))
  const height = TITLE.height + lines.length * TEXT.height
  const top = height + 2 * PADDING
  return {
    id: state.id,
    state,
    lines,
    width: width + 2 * PADDING,
    height: top - 4,
    ...(state.states.length === 0
      ? {}
      : {
          children: state.states.map(child => node(child, words)),
          layoutOptions: {
            'elk.padding': `[top=${top + 6},left=14,bottom=14,right=14]`,
            'elk.nodeSize.constraints': 'MINIMUM_SIZE',
            'elk.nodeSize.minimum': `(${width + 2 * PADDING}, ${top})`,
          },
        }),
  }
}

function edge({ id, source, target, transitions }) {
  const texts = transitions.map(({ label }) => label).filter(label => label !== '')
  const width = Math.max(0, ...texts.map(text => text.length)) * TEXT.width + 8
  const labels = texts.length === 0 ? [] : [{ text: id, width, height: texts.length * TEXT.height + 4 }]
  return { id, sources: [source], targets: [target], labels }
}

function boxes({ id, state, lines, x, y, width, height, children = [] }, depth) {
  const { name, final = false, initial = false } = state
  const box = { id, name, lines, final, initial, depth, x, y, width, height }
  return [box, ...children.flatMap(child => boxes(child, depth + 1))]
}

function place({ source, target, transitions }, { sections, labels }) {
  const [{ startPoint, bendPoints = [], endPoint }] = sections
  const [label] = labels
  return {
    source,
    target,
    points: [startPoint, ...bendPoints, endPoint].map(({ x, y }) => [round(x), round(y)]),
    label: label && { x: round(label.x), y: round(label.y), width: label.width, height: label.height },
    transitions: transitions.map(({ id, label }) => ({ id, label })),
  }
}

const round = value => Math.round(value * 10) / 10

function wrap(text) {
  const lines = []
  for (const word of text.split(' ').filter(word => word !== '')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= WORDS_PER_LINE)
      lines[lines.length - 1] += ` ${word}`
    else lines.push(word)
  }
  return lines
}
