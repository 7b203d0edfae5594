/** The data path through the public API: A sends, a relay in another process forwards, B receives. */
import { createRelayManager, generateKeyPair } from '../../dist/index.js'

/** Two managers on these relays, friends of each other, online. */
export async function pair(relays) {
  const [a, b] = [await generateKeyPair(), await generateKeyPair()]
  const managers = await Promise.all([a, b].map(keyPair => createRelayManager({ keyPair, relays })))
  const [toB, toA] = [managers[0].addFriend(b.publicKey), managers[1].addFriend(a.publicKey)]
  await Promise.all([toB, toA].map(online))
  return { toB, toA, close: () => Promise.all(managers.map(manager => manager.close())) }
}

/**
 * Sends `count` packets as fast as `send` takes them.
 * @returns CPU in µs and wall time in s of both ends together, and how many arrived in order
 */
export async function stream({ toB, toA }, count, size) {
  const payload = new Uint8Array(size)
  const head = new DataView(payload.buffer)
  let sent = 0
  let inOrder = 0
  let received = 0
  const before = process.cpuUsage()
  const start = performance.now()
  await new Promise(resolve => {
    const arrivals = toA.packets$.subscribe(({ data }) => {
      if (new DataView(data.buffer, data.byteOffset).getUint32(0) === inOrder) inOrder++
      if (++received < count) return
      arrivals.unsubscribe()
      drains.unsubscribe()
      resolve()
    })
    const pump = () => {
      while (sent < count) {
        head.setUint32(0, sent)
        if (toB.send(payload) !== 'sent') return
        sent++
      }
    }
    const drains = toB.drain$.subscribe(pump)
    pump()
  })
  const { user, system } = process.cpuUsage(before)
  const seconds = (performance.now() - start) / 1000
  return { cpuUs: (user + system) / count, seconds, packetsPerSecond: count / seconds, inOrder }
}

function online(friend) {
  return new Promise(resolve => {
    const states = friend.state$.subscribe(state => {
      if (state !== 'online') return
      resolve()
      queueMicrotask(() => states.unsubscribe())
    })
  })
}
