/** A laid-out statechart as SVG: one id per state and transition, all colours by the classes of chart.css. */

const RADIUS = 8
const LINE = 14
const MARGIN = 12

/** @param style a style sheet to put inside, for a picture that stands alone; the page has its own */
export function svgOf({ id, width, height, boxes, arrows }, style = '') {
  const size = `${-MARGIN} ${-MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="${size}" role="img" aria-label="statechart ${id}">`,
    ...(style && [`<style>${style}</style>`]),
    `<defs><marker id="${id}-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="chart-head" d="M0 0.5 L7.5 4 L0 7.5 z"/></marker></defs>`,
    ...boxes.map(box),
    ...arrows.map(arrow => path(id, arrow)),
    ...arrows.map(labels),
    '</svg>',
    '',
  ].join('\n')
}

function box({ id, name, lines, final, initial, depth, x, y, width, height }) {
  const kind = ['chart-state', `depth-${depth}`, final && 'final', initial && 'initial']
    .filter(Boolean)
    .join(' ')
  const text = lines.map((line, index) => words('chart-text', line, x + 10, y + 36 + index * LINE))
  return [
    `<g id="${id}" class="${kind}">`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${RADIUS}"/>`,
    ...(final
      ? [
          `<rect class="chart-inner" x="${x + 3}" y="${y + 3}" width="${width - 6}" height="${height - 6}" rx="${RADIUS - 3}"/>`,
        ]
      : []),
    ...(initial ? [`<circle class="chart-start" cx="${x + width - 12}" cy="${y + 14}" r="4"/>`] : []),
    words('chart-name', name, x + 10, y + 19),
    ...text,
    '</g>',
  ].join('')
}

function path(chart, { points, transitions, source, target }) {
  const ids = transitions.map(({ id }) => id).join(' ')
  return `<path class="chart-arrow" data-transitions="${ids}" data-source="${source}" data-target="${target}" d="${rounded(points)}" marker-end="url(#${chart}-head)"/>`
}

function labels({ label, transitions }) {
  const named = transitions.filter(each => each.label !== '')
  const silent = transitions.filter(each => each.label === '').map(({ id }) => `<g id="${id}"></g>`)
  if (!label) return silent.join('')
  const { x, y, width, height } = label
  const texts = named.map(
    (each, index) =>
      `<text id="${each.id}" class="chart-label" x="${x + width / 2}" y="${y + 13 + index * LINE}">${escaped(each.label)}</text>`,
  )
  return `<g><rect class="chart-plate" x="${x}" y="${y}" width="${width}" height="${height}" rx="4"/>${texts.join('')}${silent.join('')}</g>`
}

const words = (kind, text, x, y) => `<text class="${kind}" x="${x}" y="${y}">${escaped(text)}</text>`

/** A polyline whose corners are round. */
function rounded([first, ...rest]) {
  const corners = rest.map((point, index) =>
    corner(index === 0 ? first : rest[index - 1], point, rest[index + 1]),
  )
  return [`M${first}`, ...corners].join(' ')
}

function corner(before, point, after) {
  if (!after) return `L${point}`
  const radius = Math.min(RADIUS, length(before, point) / 2, length(point, after) / 2)
  return `L${toward(point, before, radius)} Q${point} ${toward(point, after, radius)}`
}

const length = ([x, y], [u, v]) => Math.hypot(u - x, v - y)

function toward([x, y], [u, v], distance) {
  const share = distance / (length([x, y], [u, v]) || 1)
  return [x + (u - x) * share, y + (v - y) * share].map(value => Math.round(value * 10) / 10)
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = text => text.replace(/[&<>"]/g, letter => ENTITIES[letter])
