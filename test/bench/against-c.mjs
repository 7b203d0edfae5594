/** The same work done by c-toxcore's own client, and by its relay: what every figure of ours is compared with. */
import { readFileSync } from 'node:fs'
import { pair, stream } from './data-path.mjs'
import { floor } from './floor.mjs'
import { median, medians, runC, startCRelay, startOwnRelays } from './peers.mjs'

/**
 * Under way at most, for the C client, which has no window of its own: over 90 would wedge the relay, and few are held
 * up by Nagle's algorithm on the relay's side.
 */
const C_WINDOW = 60
/** Linux counts a process's CPU time in these, in /proc. */
const TICKS_PER_SECOND = 100

/** Our two ends and C's two clients in turn, through the same C relay. */
export async function clientsThroughC({ runs, packets, sizes }) {
  const relay = await startCRelay()
  const ends = await pair([relay])
  await stream(ends, packets / 2, sizes[0])
  const rows = []
  for (const size of sizes)
    rows.push({ size, ...medians(await repeat(runs, () => compareClients(ends, relay, packets, size))) })
  await ends.close()
  relay.stop()
  return rows
}

async function compareClients(ends, relay, packets, size) {
  const floorUs = await floor(size)
  const c = await runC('data', relay.port, relay.publicKey, packets, size, C_WINDOW)
  const ours = await stream(ends, packets, size)
  return {
    cpuUs: ours.cpuUs,
    cCpuUs: c.cpu_us_per_packet,
    toC: ours.cpuUs / c.cpu_us_per_packet,
    toFloor: ours.cpuUs / floorUs,
    throughputToC: ours.packetsPerSecond / c.packets_per_s,
  }
}

/** The embedded relay and C's relay in turn, under the same two C clients. */
export async function relaysUnderC({ runs, packets, size }) {
  const theirs = await startCRelay()
  const {
    relays: [address],
    pid,
    stop,
  } = await startOwnRelays(1)
  const ours = { ...address, pid }
  const rows = await repeat(runs, async () => {
    const [a, b] = [await forward(ours, packets, size), await forward(theirs, packets, size)]
    return {
      cpuUs: a.cpuUs,
      cCpuUs: b.cpuUs,
      toC: a.cpuUs / b.cpuUs,
      throughputToC: a.perSecond / b.perSecond,
    }
  })
  theirs.stop()
  stop()
  return { size, ...medians(rows) }
}

async function forward({ port, publicKey, pid }, packets, size) {
  const before = cpuSeconds(pid)
  const { packets_per_s: perSecond } = await runC('data', port, publicKey, packets, size, C_WINDOW)
  return { cpuUs: ((cpuSeconds(pid) - before) * 1e6) / packets, perSecond }
}

/** User and system time of another process. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** CPU of an established link, C's clients. @returns µs */
export async function establishWithC(count, runs) {
  const relay = await startCRelay()
  const rows = await repeat(runs, () => runC('establish', relay.port, relay.publicKey, count))
  relay.stop()
  return median(rows.map(row => row.cpu_us_each))
}

async function repeat(times, once) {
  const rows = []
  for (let i = 0; i < times; i++) rows.push(await once())
  return rows
}
