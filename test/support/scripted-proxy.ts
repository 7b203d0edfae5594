/** Proxies that say what no real one would: a script reads what the client asks and answers byte by byte. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'

export interface ScriptedProxy extends AsyncDisposable {
  readonly host: '127.0.0.1'
  readonly port: number
  /** Everything that clients sent, one Buffer per connection. */
  readonly heard: readonly Buffer[]
  /** Resolves when every client that came has gone. */
  deserted(): Promise<void>
}

export type Script = (talk: Talk) => Promise<unknown> | unknown

export async function startScriptedProxy(script: Script): Promise<ScriptedProxy> {
  const talks: Talk[] = []
  const server = createServer({ noDelay: true }, socket => {
    const talk = new Talk(socket)
    talks.push(talk)
    socket.on('error', () => {})
    // A client that leaves in mid-script is what some tests are about.
    void Promise.resolve(script(talk)).catch(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    host: '127.0.0.1',
    port: address.port,
    get heard() {
      return talks.map(talk => talk.heard)
    },
    deserted: async () => {
      for (const { socket } of talks)
        if (!socket.closed) await new Promise(resolve => socket.once('close', resolve))
    },
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of talks) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** One client of a scripted proxy. */
export class Talk {
  readonly socket: Socket
  heard = Buffer.alloc(0)
  #taken = 0

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', chunk => {
      this.heard = Buffer.concat([this.heard, chunk])
      socket.emit('heard')
    })
  }

  /** The next `count` bytes from the client. */
  async hear(count: number): Promise<Buffer> {
    while (this.heard.length - this.#taken < count) await this.#more()
    this.#taken += count
    return this.heard.subarray(this.#taken - count, this.#taken)
  }

  /** All up to an empty line. */
  async hearHead(): Promise<string> {
    for (;;) {
      const end = this.heard.indexOf('\r\n\r\n', this.#taken)
      if (end >= 0) return (await this.hear(end + 4 - this.#taken)).toString()
      await this.#more()
    }
  }

  /** Sends it in pieces that end before each of `cuts`, a turn of the event loop apart. */
  async say(bytes: string | Iterable<number>, cuts: Iterable<number> = []): Promise<void> {
    const all = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from([...bytes])
    let from = 0
    for (const cut of [...cuts, all.length]) {
      if (cut > from) this.socket.write(all.subarray(from, cut))
      from = Math.max(from, cut)
      await turn()
    }
  }

  /** Sends every byte on its own. */
  spell(bytes: string | Iterable<number>): Promise<void> {
    const all = [...(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)]
    return this.say(all, all.keys())
  }

  async #more(): Promise<void> {
    const left = once(this.socket, 'close').then(() => Promise.reject(new Error('the client left')))
    left.catch(() => {})
    await Promise.race([once(this.socket, 'heard'), left])
  }
}
