/**
 * Through a proxy with a password, and never around it: the relay is given by a name that only the proxy can resolve.
 * A company proxy of a few lines stands in for a real one; `socks5://` and `socks4://` work alike.
 *
 * Prints:
 *   the proxy is asked for relay.internal
 *   through the proxy: established
 *   with the wrong password: the proxy refused the user name or the password: check both
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, explain, generateKeyPair } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const relay = await startRelay()
const proxy = createServer().on('connect', (request, socket) => {
  const credentials = `Basic ${Buffer.from('alice:secret').toString('base64')}`
  if (request.headers['proxy-authorization'] !== credentials)
    return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
  console.log('the proxy is asked for', request.url.split(':')[0])
  const onward = connect(relay.port, relay.host, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.pipe(onward).pipe(socket)
  })
  onward.on('error', () => socket.destroy())
  socket.on('error', () => onward.destroy())
})
await once(proxy.listen(0, '127.0.0.1'), 'listening')
const { port } = /** @type {import('node:net').AddressInfo} */ (proxy.address())

const managerThrough = async password =>
  createRelayManager({
    keyPair: await generateKeyPair(),
    relays: [{ host: 'relay.internal', port: relay.port, publicKey: relay.publicKey, pinned: true }],
    proxy: `http://alice:${password}@127.0.0.1:${port}`,
  })
const reaches = (manager, name) =>
  firstValueFrom(manager.relays[0].state$.pipe(filter(state => state.name === name)))

const insider = await managerThrough('secret')
console.log('through the proxy:', (await reaches(insider, 'established')).name)

const outsider = await managerThrough('guess')
console.log('with the wrong password:', explain((await reaches(outsider, 'backoff')).reason))

await Promise.all([insider.close(), outsider.close(), relay.close()])
proxy.close()
