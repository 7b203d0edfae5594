/** One-way latency between two ends through the same C relay: ours and C's in turn. */
import { pair } from './data-path.mjs'
import { medians, runC, startCRelay } from './peers.mjs'

const SIZE = 1373

/** @param gaps between packets, in µs: one for an idle link, one for a busy one */
export async function latencies({ runs, packets, gaps }) {
  const relay = await startCRelay()
  const ends = await pair([relay])
  const rows = []
  for (const gapUs of gaps) {
    const results = []
    for (let i = 0; i < runs; i++) {
      const c = await runC('latency', relay.port, relay.publicKey, packets, SIZE, gapUs)
      results.push({ ...(await ours(ends, packets, gapUs)), cP50Us: c.p50_us, cP99Us: c.p99_us })
    }
    rows.push({ gapUs, ...medians(results) })
  }
  await ends.close()
  relay.stop()
  return rows
}

/** The time of sending travels in the packet; both ends share a clock. */
function ours({ toB, toA }, packets, gapUs) {
  const payload = new Uint8Array(SIZE)
  const stamp = new DataView(payload.buffer)
  const taken = []
  return new Promise(resolve => {
    const arrivals = toA.packets$.subscribe(({ data }) => {
      taken.push((performance.now() - new DataView(data.buffer, data.byteOffset).getFloat64(0)) * 1000)
      if (taken.length < packets) return
      arrivals.unsubscribe()
      const sorted = taken.sort((a, b) => a - b)
      resolve({ p50Us: sorted[packets >> 1], p99Us: sorted[Math.floor(packets * 0.99)] })
    })
    let sent = 0
    let next = performance.now()
    const turn = () => {
      while (sent < packets && performance.now() >= next) {
        stamp.setFloat64(0, performance.now())
        if (toB.send(payload) === 'sent') sent++
        next += gapUs / 1000
      }
      // Timers of Node are whole milliseconds; a turn of the loop is as fine as its work allows.
      if (sent < packets) setImmediate(turn)
    }
    turn()
  })
}
