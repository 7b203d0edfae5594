/**
 * A manager as a program of its own, to be watched from outside. Arguments: the proxy's URL, then relays as JSON. It
 * prints every status event as a JSON line, adds each relay that its input names, and ends when its input does.
 */
import { createInterface } from 'node:readline'
import { createRelayManager, generateKeyPair } from '../../dist/index.js'

const [proxy, ...relays] = process.argv.slice(2)
const manager = await createRelayManager({
  keyPair: await generateKeyPair(),
  proxy,
  relays: relays.map(relay => JSON.parse(relay)),
})
manager.status$.subscribe(event => console.log(JSON.stringify(event)))
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'end') break
  manager.addRelay(JSON.parse(line))
}
await manager.close()
process.stdin.destroy()
