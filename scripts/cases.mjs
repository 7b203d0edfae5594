/**
 * The cases that must hold, one line each with the results of their tests: `npm run cases`. Exits with 1 when a case
 * fails or has no test. A test belongs to a case when its name says `case N`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CASES = [
  'handshake response in 1-byte pieces',
  'response and first frames in one segment',
  'one byte flipped, a wrong key, a web server',
  '95 bytes, then silence',
  'replay of an old response',
  '1 MB before the handshake ends',
  'a frame split at every offset',
  '50 frames in one segment',
  'frame lengths 0, 1, 15, 16, 2048, 2049; an empty data packet',
  'our data of 2031 and 2032 bytes',
  'the nonce carries and wraps',
  'frames swapped or repeated',
  'responses before we asked, 240 at once',
  'our disconnect crosses a connect',
  'late data after its id was given to another',
  'a friend dropped and added again at once',
  'a friend dropped while his request is open',
  'dropped after refusal, dropped twice',
  'the 241st friend on one relay',
  'our own key as friend',
  'a pong at 9.9 s, at 10 s, never',
  'a socket that takes 1 byte at a time',
  'a half-sent frame, then a routing request',
  'a relay that never reads',
  'a link that dies with control queued',
  'out of band: to exactly one place',
  'the chosen relay closes in mid-stream',
  'a relay that shakes hands, then closes, for ever',
  'no network for an hour',
  'the same key with another address',
  'removed in every state',
  'wake during closing, sleep during connecting',
  'A sleeps, wakes, sleeps; B is awake',
  'onion switched on with 1 connected and 5 asleep',
  'a friend shares 40 relays',
  'share with 1, 2, 3, 4 connected relays',
  'packed nodes that are damaged',
  'an HTTP proxy’s reply in pieces',
  'an HTTP proxy’s refusals',
  'a SOCKS proxy’s refusals',
  'a proxy that is silent, or down',
  'two identities over Tor',
  'a second connection with the same key',
  'a subscriber that throws',
  'data queued for a friend who is dropped',
  'two managers with overlapping lists',
]

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))
const { tests, complaints } = runTests()
const results = CASES.map((title, i) => resultOf(i + 1, title, tests))
for (const { line } of results) console.log(line)
const good = results.filter(({ ok }) => ok).length
console.log(`\n${good} of ${CASES.length}`)
if (good < CASES.length) {
  console.error(complaints)
  process.exitCode = 1
}

function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'tox-relays-cases-'))
  try {
    const outputFile = join(folder, 'results.json')
    const options = [
      'run',
      ...filesWithCases(),
      '-t',
      'case \\d+',
      '--reporter=json',
      `--outputFile=${outputFile}`,
    ]
    const { stderr } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', ...options], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const { testResults } = JSON.parse(readFileSync(outputFile, 'utf8'))
    return { tests: testResults.flatMap(file => file.assertionResults), complaints: stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function resultOf(number, title, tests) {
  const own = tests.filter(({ fullName, status }) => isOf(number, fullName) && status !== 'skipped')
  const failed = own.filter(({ status }) => status !== 'passed')
  const ok = own.length > 0 && failed.length === 0
  const word = ok ? 'ok' : own.length === 0 ? 'MISSING' : 'FAILED'
  const count = `${own.length} ${own.length === 1 ? 'test' : 'tests'}`
  const names = failed.map(({ fullName }) => `\n          ${fullName}`).join('')
  return { ok, line: `${String(number).padStart(2)}  ${word.padEnd(8)}${title} (${count})${names}` }
}

function isOf(number, name) {
  return new RegExp(`\\bcase ${number}\\b`).test(name)
}

/** Only these are run: vitest would load every file to look for names. */
function filesWithCases() {
  return readdirSync('test', { recursive: true, withFileTypes: true })
    .filter(entry => entry.name.endsWith('.test.ts'))
    .map(({ name, parentPath }) => join(parentPath, name))
    .filter(file => /\bcase \d/.test(readFileSync(file, 'utf8')))
}
