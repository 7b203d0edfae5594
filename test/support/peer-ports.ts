/** Ports for real peers, which must name their port before they open it. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the range from which systems take the ports of outgoing connections: nobody gets the port by chance between
 * this choice and its use, nor while its owner is being restarted.
 */
const FIRST_PORT = 15_000
const PORT_COUNT = 17_000
const ATTEMPTS = 200

const given = new Set<number>()

/** A port that is free on every address for TCP and for UDP, never given twice by one test worker. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT)
    if (given.has(port)) continue
    given.add(port)
    if ((await isFreeForTcp(port)) && (await isFreeForUdp(port))) return port
  }
  throw new Error(`no free port in ${ATTEMPTS} attempts`)
}

async function isFreeForTcp(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen({ port, exclusive: true }), 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind({ port, exclusive: true })
    await once(socket, 'listening')
  } catch {
    return false
  }
  socket.close()
  await once(socket, 'close')
  return true
}
