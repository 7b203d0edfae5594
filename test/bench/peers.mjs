/** The other processes that a benchmark needs: c-toxcore's relay and client, and embedded relays of our own. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const C_PEER = fileURLToPath(new URL('../../build/tox-c-peer', import.meta.url))
export const hasCPeer = existsSync(C_PEER)

/** Starts a program and waits for its first line. */
async function start(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill())
  const lines = createInterface({ input: child.stdout })
  const first = await new Promise((resolve, reject) => {
    lines.once('line', resolve)
    child.once('exit', code => reject(new Error(`${command} ended with ${code}`)))
    child.once('error', reject)
  })
  return { child, first, stop: () => child.kill() }
}

/** c-toxcore's own relay. @returns its address */
export async function startCRelay() {
  const port = await freePort()
  const { child, first, stop } = await start(C_PEER, ['relay', String(port)])
  return { host: '127.0.0.1', port, publicKey: first, pid: child.pid, stop }
}

/** Embedded relays in a process of their own. @returns their addresses */
export async function startOwnRelays(count) {
  const script = fileURLToPath(new URL('relays.mjs', import.meta.url))
  const { child, first, stop } = await start(process.execPath, [script, String(count)])
  return { relays: JSON.parse(first), pid: child.pid, stop }
}

/** Runs c-toxcore's client to its end. @returns what it printed */
export function runC(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(C_PEER, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', chunk => {
      text += chunk
    })
    child.once('error', reject)
    child.once('close', code =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`tox-c-peer: exit ${code}`)),
    )
  })
}

function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** The median of each field over several runs. */
export function medians(runs) {
  return Object.fromEntries(Object.keys(runs[0]).map(key => [key, median(runs.map(run => run[key]))]))
}

export const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
