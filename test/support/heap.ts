/** How much memory is really in use: measured behind a full collection. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** Bytes on the JavaScript heap and in buffers outside of it that are still reachable. */
export function memoryInUse(): number {
  if (typeof collect !== 'function') throw new Error('no garbage collector to call')
  for (let i = 0; i < ROUNDS; i++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** What finalizers and weak references let go of is collected in the next round only. */
const ROUNDS = 3
