/**
 * Runs the named steps in turn, so that each npm script works on a fresh clone: `node scripts/run.mjs build start`.
 * Plain Node, no package needed: the first thing it does is to install them. Writes to stderr only, and only when it
 * takes work, since the standard output belongs to the program that the last step starts.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { missingPeers } from './peers.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const USAGE = 2
const DIST = 'dist'
const PROGRAM = 'dist/cli/main.js'
const BUILT_FROM = 'build/dist.hash'

/** Steps that do their work and return. */
const STEPS = {
  build,
  'peers-in-ci': () => process.env.CI && run(process.execPath, ['scripts/peers.mjs']),
}

/** Steps that take over: whatever follows their name on the command line is theirs. */
const LAST_STEPS = {
  start: args => handOver(PROGRAM, ['up', ...args]),
  test: args => {
    process.once('exit', nameMissingPeers)
    return handOver('node_modules/vitest/vitest.mjs', ['run', ...args])
  },
  bench: args => handOver('test/bench/main.mjs', args),
}

process.chdir(ROOT)
await runSteps(process.argv.slice(2))

async function runSteps(words) {
  const end = words.findIndex(word => word in LAST_STEPS)
  const steps = end < 0 ? words : words.slice(0, end)
  const unknown = steps.find(word => !(word in STEPS))
  if (unknown !== undefined || words.length === 0) fail(`usage: node scripts/run.mjs ${usage()}`, USAGE)
  installDependencies()
  for (const step of steps) STEPS[step]()
  if (end >= 0) await LAST_STEPS[words[end]](words.slice(end + 1))
}

function usage() {
  return `[${Object.keys(STEPS).join('] [')}] [${Object.keys(LAST_STEPS).join(' | ')} [arguments…]]`
}

/**
 * The program runs in this very process: signals, terminal and exit code need no passing on, and Ctrl-C reaches it
 * exactly as often as it was sent.
 */
async function handOver(file, args) {
  const path = resolve(file)
  if (!existsSync(path)) fail(`${file} is missing`)
  process.argv = [process.execPath, path, ...args]
  await import(pathToFileURL(path).href)
}

function nameMissingPeers() {
  const missing = missingPeers()
  if (missing.length > 0)
    say(`tests without their peer did not run; "npm run peers" installs ${missing.join(' ')}`)
}

// Dependencies

function installDependencies() {
  if (dependenciesAreFresh()) return
  say('installing dependencies (npm ci) …')
  const npm = process.env.npm_execpath
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  if (npm?.endsWith('npm-cli.js')) run(process.execPath, [npm, ...args])
  else run('npm', args)
}

/** Compared by content: file times say nothing after a checkout. npm writes its own list when it is done. */
function dependenciesAreFresh() {
  const installed = lockedPackages('node_modules/.package-lock.json')
  const wanted = lockedPackages('package-lock.json')
  if (installed === undefined || wanted === undefined) return false
  const paths = Object.keys(wanted).filter(path => path !== '')
  return (
    paths.every(
      path => sameRelease(wanted[path], installed[path]) || (wanted[path].optional && !installed[path]),
    ) && Object.keys(installed).every(path => path in wanted)
  )
}

function sameRelease(wanted, installed) {
  return wanted.version === installed?.version && wanted.integrity === installed?.integrity
}

function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

// Build

/** Builds beside `dist` and swaps it in when all went well: no file of a deleted source stays behind. */
function build() {
  const hash = hashOf(['tsconfig.json', 'package-lock.json', ...filesUnder('src'), ...filesUnder('scripts')])
  if (existsSync(DIST) && read(BUILT_FROM) === hash) return
  const fresh = `build/dist-${process.pid}`
  compile(fresh)
  run(process.execPath, ['scripts/build-dashboard.mjs', fresh])
  rmSync(DIST, { recursive: true, force: true })
  renameSync(fresh, DIST)
  if (existsSync(PROGRAM)) chmodSync(PROGRAM, 0o755)
  writeFileSync(BUILT_FROM, hash)
}

function compile(outDir) {
  mkdirSync(outDir, { recursive: true })
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }))
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--outDir', outDir])
}

function filesUnder(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

function hashOf(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file))
  return hash.digest('hex')
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

// Words and programs

/** Runs a program to its end, its output on stderr; its failure ends ours. */
function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] })
  if (status === 0) return
  fail(`${[command, ...args].join(' ')} failed: ${error?.message ?? signal ?? `exit ${status}`}`, status ?? 1)
}

function say(words) {
  process.stderr.write(`tox-relays: ${words}\n`)
}

function fail(words, code = 1) {
  say(words)
  process.exit(code)
}
