/** Runs embedded relays and prints their addresses: `node relays.mjs COUNT`. */
import { startRelay } from '../../dist/io/relay-server.js'
import { toHex } from '../../dist/protocol/bytes.js'

const relays = []
for (let i = 0; i < Number(process.argv[2]); i++) relays.push(await startRelay({ port: 0 }))
console.log(
  JSON.stringify(relays.map(({ host, port, publicKey }) => ({ host, port, publicKey: toHex(publicKey) }))),
)
setInterval(() => {}, 2 ** 30)
