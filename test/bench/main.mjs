/**
 * `npm run bench`: what a packet, a link and an idle relay cost. Timings on shared machines scatter, so each figure
 * that matters is a ratio of two things measured in the same run, and the median of several runs. `--json` for one
 * JSON object, `--quick` for fewer packets, relays and runs.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pair, stream } from './data-path.mjs'
import { floor } from './floor.mjs'
import { median, startOwnRelays } from './peers.mjs'

const quick = process.argv.includes('--quick')
const RUNS = quick ? 3 : 5
const PACKETS = quick ? 10_000 : 40_000
const RELAYS = quick ? 300 : 1_000
const SIZES = [1373, 64]

const results = { dataPath: await dataPath(), relays: await relays() }
if (process.argv.includes('--json')) console.log(JSON.stringify(results))
else print(results)
process.exit()

async function dataPath() {
  const others = await startOwnRelays(1)
  const ends = await pair(others.relays)
  await stream(ends, PACKETS / 2, SIZES[0])
  const rows = []
  for (const size of SIZES) {
    const runs = []
    for (let i = 0; i < RUNS; i++) {
      const floorUs = await floor(size)
      const { cpuUs, packetsPerSecond } = await stream(ends, PACKETS, size)
      runs.push({ floorUs, cpuUs, packetsPerSecond, ratio: cpuUs / floorUs })
    }
    rows.push({ size, ...medians(runs) })
  }
  await ends.close()
  others.stop()
  return rows
}

/** Each run in a process of its own, so that none inherits the memory of another. */
async function relays() {
  const others = await startOwnRelays(RELAYS)
  const runs = []
  for (let i = 0; i < RUNS; i++) runs.push(await establishOnce(others.relays))
  others.stop()
  return { count: RELAYS, ...medians(runs) }
}

function establishOnce(addresses) {
  const script = fileURLToPath(new URL('establish.mjs', import.meta.url))
  const child = spawn(process.execPath, ['--expose-gc', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(`${JSON.stringify(addresses)}\n`)
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', chunk => {
      text += chunk
    })
    child.once('close', code =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`establish: exit ${code}`)),
    )
  })
}

function medians(runs) {
  return Object.fromEntries(Object.keys(runs[0]).map(key => [key, median(runs.map(run => run[key]))]))
}

function print({ dataPath, relays }) {
  for (const { size, cpuUs, floorUs, ratio, packetsPerSecond } of dataPath)
    console.log(
      `${size} bytes: ${cpuUs.toFixed(1)} µs of CPU a relayed packet, ${ratio.toFixed(2)} × the floor ` +
        `(seal + open ${floorUs.toFixed(1)} µs), ${Math.round(packetsPerSecond)} packets/s`,
    )
  const { count, relaysPerSecond, cpuUsEach, heapBytesEach, rssBytesEach } = relays
  console.log(
    `${count} relays: ${Math.round(relaysPerSecond)} established a second (${Math.round(cpuUsEach)} µs of CPU each), ` +
      `${(heapBytesEach / 1024).toFixed(1)} KB of heap and ${(rssBytesEach / 1024).toFixed(1)} KB of RSS an idle relay`,
  )
}
