/**
 * Run as a program: `node --expose-gc establish.mjs`. Reads relay addresses from its standard input, one JSON line,
 * keeps a manager connected to all of them and prints how long that took and what each idle relay costs in memory,
 * as the slope from the first fifth to all.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { createRelayManager, generateKeyPair } from '../../dist/index.js'

/** By then the first pings are answered and their timers gone: the relays are idle, in ms. */
const IDLE_AFTER_MS = 11_000

const relays = JSON.parse((await once(createInterface({ input: process.stdin }), 'line'))[0])
const few = Math.floor(relays.length / 5)
const manager = await createRelayManager({ keyPair: await generateKeyPair(), limits: { dials: 256 } })
await establish(relays.slice(0, few))
await setTimeout(IDLE_AFTER_MS)
const [heapFew, rssFew] = memory()
const before = process.cpuUsage()
const start = performance.now()
await establish(relays.slice(few))
const seconds = (performance.now() - start) / 1000
const { user, system } = process.cpuUsage(before)
await setTimeout(IDLE_AFTER_MS)
const [heapAll, rssAll] = memory()
const more = relays.length - few
console.log(
  JSON.stringify({
    relaysPerSecond: more / seconds,
    cpuUsEach: (user + system) / more,
    heapBytesEach: (heapAll - heapFew) / more,
    rssBytesEach: (rssAll - rssFew) / more,
  }),
)
process.exit()

/** Adds relays and resolves when the first ping of each is answered. */
async function establish(some) {
  let waiting = some.length
  const done = new Promise(resolve => {
    const statuses = manager.status$.subscribe(({ type }) => {
      if (type !== 'relay-confirmed' || --waiting > 0) return
      statuses.unsubscribe()
      resolve()
    })
  })
  for (const relay of some) manager.addRelay({ ...relay, pinned: true })
  await done
}

function memory() {
  for (let i = 0; i < 3; i++) globalThis.gc()
  const { heapUsed, rss } = process.memoryUsage()
  return [heapUsed, rss]
}
