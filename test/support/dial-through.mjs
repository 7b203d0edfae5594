/**
 * A program of its own, to be watched from outside: dials every relay through every proxy and prints what came of it,
 * one JSON line each. Arguments: proxy URLs, '--', relays as JSON `{"host":…,"port":…}`. A proxy named 'none' is none.
 */
import { dial } from '../../dist/io/dial.js'
import { parseProxy } from '../../dist/io/proxy.js'

const words = process.argv.slice(2)
const end = words.indexOf('--')
for (const url of words.slice(0, end)) {
  const proxy = url === 'none' ? undefined : parseProxy(url)
  for (const relay of words.slice(end + 1)) {
    const { signal } = new AbortController()
    const outcome = await dial(JSON.parse(relay), { signal, proxy }).then(
      socket => socket.destroy() ?? 'connected',
      error => error.code,
    )
    console.log(JSON.stringify({ proxy: url, relay, outcome }))
  }
}
