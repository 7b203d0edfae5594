/** The stream from the server: opened again whenever it breaks, closed while nobody looks. */
import type { Message } from '../wire.js'
import { readEvents } from './event-reader.js'

export type Connection = 'connecting' | 'live' | 'lost' | 'refused'

export interface Listener {
  message(message: Message): void
  changed(connection: Connection): void
}

const FIRST_RETRY_MS = 300
const LAST_RETRY_MS = 3_000
const UNAUTHORIZED = 401

export function connect(token: string, listener: Listener): void {
  let retryMs = FIRST_RETRY_MS
  let abort = new AbortController()
  let timer = 0

  const run = async (): Promise<void> => {
    abort = new AbortController()
    const { signal } = abort
    const answered = await readEvents<Message>('/events', token, signal, message => {
      if (message.type === 'hello') listener.changed('live')
      retryMs = FIRST_RETRY_MS
      listener.message(message)
    }).catch(() => undefined)
    if (document.hidden) return
    if (answered === UNAUTHORIZED) return listener.changed('refused')
    listener.changed('lost')
    timer = window.setTimeout(run, retryMs)
    retryMs = Math.min(LAST_RETRY_MS, retryMs * 2)
  }

  document.addEventListener('visibilitychange', () => {
    window.clearTimeout(timer)
    abort.abort()
    if (!document.hidden) void run()
  })
  void run()
}
