/**
 * Builds the dashboard's page: `node scripts/build-dashboard.mjs DIST`, after tsc has compiled into DIST. The
 * statecharts are drawn from the compiled machines; the page is bundled with all it needs, nothing comes from outside.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'vite'
import { layOut } from './chart-layout.mjs'
import { svgOf } from './chart-svg.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
export const PAGE = join(ROOT, 'src/dashboard/.page')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [dist] = process.argv.slice(2)
  if (dist === undefined) {
    process.stderr.write('usage: node scripts/build-dashboard.mjs DIST\n')
    process.exit(2)
  }
  await buildPage(resolve(dist))
}

/** @param dist where tsc has put the machines; the page goes to dashboard/public in it */
async function buildPage(dist) {
  const { relayMachine } = await import(pathToFileURL(join(dist, 'actors/machines.js')).href)
  const { statechartOf } = await import(pathToFileURL(join(dist, 'dashboard/statechart.js')).href)
  const chart = statechartOf(relayMachine)
  const relayChart = svgOf(await layOut(chart, { words: false }))
  await build({
    root: PAGE,
    configFile: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    plugins: [virtual('virtual:charts', { relayChart, descriptions: descriptionsOf(chart.root) })],
    build: {
      outDir: join(dist, 'dashboard/public'),
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: [join(PAGE, 'index.html'), join(PAGE, 'stately.html')] },
    },
  })
}

/** The drawing with all its words and its own style: for docs and other pages. */
export async function pictureOf(chart) {
  return svgOf(await layOut(chart), readFileSync(join(PAGE, 'chart.css'), 'utf8'))
}

function descriptionsOf(state) {
  return Object.assign({ [state.id]: state.description }, ...state.states.map(descriptionsOf))
}

/** A module that exists only here: each value is an export. */
function virtual(name, values) {
  const lines = Object.entries(values).map(([key, value]) => `export const ${key} = ${JSON.stringify(value)}`)
  return {
    name,
    resolveId: id => (id === name ? `\0${name}` : undefined),
    load: id => (id === `\0${name}` ? lines.join('\n') : undefined),
  }
}
