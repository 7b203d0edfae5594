/** Establishing and idling, each run in a process of its own, so that none inherits the memory of another. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** @returns what establish.mjs measures */
export function establishOnce(addresses) {
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
