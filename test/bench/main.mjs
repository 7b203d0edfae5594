/**
 * `npm run bench`: what a packet, a link and an idle relay cost. Timings on shared machines scatter, so each figure
 * that matters is a ratio of two things measured in the same run, and the median of several runs. `--json` for one
 * JSON object, `--quick` for fewer packets, relays and runs.
 */
import { clientsThroughC, establishWithC, relaysUnderC } from './against-c.mjs'
import { pair, stream } from './data-path.mjs'
import { floor } from './floor.mjs'
import { establishOnce } from './idle.mjs'
import { latencies } from './latency.mjs'
import { hasCPeer, medians, startOwnRelays } from './peers.mjs'
import { print } from './print.mjs'

const quick = process.argv.includes('--quick')
const RUNS = quick ? 3 : 5
const PACKETS = quick ? 10_000 : 40_000
const RELAYS = quick ? 300 : 1_000
const SIZES = [1373, 64]
/** Between packets: an idle link, and one at about half load. */
const GAPS_US = [10_000, 200]
/** C's relay queues 256 connections; more at once are reset. */
const C_CLIENTS = 200

const results = {
  dataPath: await dataPath(),
  relays: await relays(),
  ...(hasCPeer ? await againstC() : {}),
}
if (process.argv.includes('--json')) console.log(JSON.stringify(results))
else print(results)
process.exit()

/** Our two ends through our own relay, beside the floor. */
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

async function relays() {
  const others = await startOwnRelays(RELAYS)
  const runs = []
  for (let i = 0; i < RUNS; i++) runs.push(await establishOnce(others.relays))
  others.stop()
  return { count: RELAYS, ...medians(runs) }
}

async function againstC() {
  return {
    clients: await clientsThroughC({ runs: RUNS, packets: PACKETS / 2, sizes: SIZES }),
    forwarding: await relaysUnderC({ runs: RUNS, packets: PACKETS / 2, size: SIZES[0] }),
    latency: await latencies({ runs: RUNS, packets: PACKETS / 20, gaps: GAPS_US }),
    cEstablishUs: await establishWithC(C_CLIENTS, RUNS),
  }
}
