/**
 * A way of your own to the relays, under the manager: `dial` opens a stream, whatever carries it. Here all relays are
 * reached through a gateway on a Unix socket, as from a sandbox without a network.
 *
 * Prints:
 *   dialled through the gateway
 *   the relay is established
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AsyncSubject, filter, firstValueFrom, Observable, Subject } from 'rxjs'
import { createRelayManager, generateKeyPair, ToxError } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

/** Any duplex stream as the manager wants it. */
function byteSocket(stream) {
  const drain$ = new Subject()
  const ended$ = new AsyncSubject()
  const endWith = code => {
    ended$.next(new ToxError(code))
    ended$.complete()
    stream.destroy()
  }
  stream.on('drain', () => drain$.next())
  stream.on('error', () => endWith('reset'))
  stream.on('close', () => endWith('closed-by-relay'))
  return {
    data$: new Observable(receiver => {
      const take = chunk => receiver.next(chunk)
      stream.on('data', take).resume()
      return () => stream.off('data', take).pause()
    }),
    drain$,
    ended$,
    get room() {
      return stream.writable ? Math.max(0, stream.writableHighWaterMark - stream.writableLength) : 0
    },
    write(bytes) {
      const taken = Math.min(bytes.length, this.room)
      if (taken > 0) stream.write(bytes.subarray(0, taken))
      return taken
    },
    end() {
      stream.end()
      stream.resume()
    },
    destroy() {
      ended$.complete()
      stream.destroy()
    },
  }
}

const directory = await mkdtemp(join(tmpdir(), 'tox-relays-'))
const path = join(directory, 'gateway')
const relay = await startRelay()
const gateway = createServer(socket => {
  const onward = connect(relay.port, relay.host)
  socket.pipe(onward).pipe(socket)
  for (const [end, other] of [
    [socket, onward],
    [onward, socket],
  ]) {
    end.on('error', () => {})
    end.on('close', () => other.destroy())
  }
})
await once(gateway.listen(path), 'listening')

/** Rejects with a ToxError only; an abort of the signal ends it, however far it is. */
function dial(_target, { signal }) {
  return new Promise((resolve, reject) => {
    const stream = connect(path)
    const giveUp = () => {
      stream.destroy()
      reject(new ToxError('connect-timeout'))
    }
    signal.addEventListener('abort', giveUp)
    stream.once('error', () => reject(new ToxError('unreachable')))
    stream.once('connect', () => {
      signal.removeEventListener('abort', giveUp)
      console.log('dialled through the gateway')
      resolve(byteSocket(stream))
    })
  })
}

const manager = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay], dial })
await firstValueFrom(manager.relays[0].state$.pipe(filter(({ name }) => name === 'established')))
console.log('the relay is established')

await manager.close()
await relay.close()
gateway.close()
await rm(directory, { recursive: true })
