/**
 * Which states and events of the machines the model tests take, and where each leads: `npm run coverage:states`. Exits
 * with 1 when a test fails or something was not taken.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))
const folder = mkdtempSync(join(tmpdir(), 'tox-relays-states-'))
try {
  const { status, stdout } = runModels()
  const machines = readdirSync(folder).map(file => JSON.parse(readFileSync(join(folder, file), 'utf8')))
  for (const machine of machines) show(machine)
  const missing = machines.flatMap(machine => machine.missing ?? [])
  if (status !== 0) console.error(stdout)
  if (status !== 0 || missing.length > 0 || machines.length === 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function runModels() {
  return spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/model/'], {
    encoding: 'utf8',
    env: { ...process.env, STATES_COVERAGE_DIR: folder },
  })
}

function show({ name, states, pairs, missing = [] }) {
  const taken = Object.keys(pairs).length
  console.log(
    `${name}: ${states.length} states, ${taken} events in states taken, ${missing.length} missing\n`,
  )
  let lastState
  for (const [pair, to] of Object.entries(pairs)) {
    const [state, event] = split(pair)
    if (state !== lastState) console.log(`  ${state}`)
    console.log(`    ${event.padEnd(20)} ${to}`)
    lastState = state
  }
  for (const each of missing) console.log(`  MISSING ${each}`)
  console.log()
}

function split(pair) {
  const at = pair.lastIndexOf(' ')
  return [pair.slice(0, at), pair.slice(at + 1)]
}
