/**
 * Server-sent events to any number of pages. One that does not keep up is let go, and comes back to a fresh start;
 * nothing is kept for it. Knows nothing of what the messages mean.
 */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'

/** So much may wait for a page that does not read, in bytes. */
const MAX_WAITING = 4 * 1024 * 1024

export class EventStream {
  readonly id = randomUUID()
  /** The relay whose steps this page wants to see. */
  watched: string | undefined
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  send(message: object): void {
    this.sendText(JSON.stringify(message))
  }

  /** @param text JSON, perhaps the same for many pages */
  sendText(text: string): void {
    if (this.#response.writableLength > MAX_WAITING) this.close()
    else this.#response.write(`data: ${text}\n\n`)
  }

  close(): void {
    this.#response.destroy()
  }
}

export class EventStreams {
  readonly #streams = new Map<string, EventStream>()

  get all(): EventStream[] {
    return [...this.#streams.values()]
  }

  get(id: string): EventStream | undefined {
    return this.#streams.get(id)
  }

  /** Takes over a response for as long as its page listens. */
  open(response: ServerResponse): EventStream {
    const stream = new EventStream(response)
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.flushHeaders()
    response.on('close', () => this.#streams.delete(stream.id))
    this.#streams.set(stream.id, stream)
    return stream
  }

  /** Sends one message to every page; it is put into words once. */
  sendAll(message: object): void {
    if (this.#streams.size === 0) return
    const text = JSON.stringify(message)
    for (const stream of this.#streams.values()) stream.sendText(text)
  }

  close(): void {
    for (const stream of this.all) stream.close()
  }
}
