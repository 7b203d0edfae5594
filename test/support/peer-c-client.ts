/** c-toxcore's own TCP client, as `tox-c-peer` runs it: a friend that sends everything back, and a pair that measures. */
import { type PeerProcess, startProcess } from './peer-process.js'

export interface CClientOptions {
  /** A relay's port on 127.0.0.1. */
  readonly port: number
  /** The relay's public key, 64 hex digits. */
  readonly relayKey: string
}

export type CEchoEvent =
  /** 6 is a relay that has answered, 7 a connection that has ended. */
  | { readonly event: 'status'; readonly value: number }
  | { readonly event: 'routed'; readonly id: number }
  | { readonly event: 'online' | 'offline' }
  /** Said for the first three packets, then for every thousandth. */
  | { readonly event: 'data'; readonly count: number; readonly length: number }
  | { readonly event: 'oob'; readonly length: number }

export interface CEcho extends AsyncDisposable {
  /** Its public key, 64 hex digits. */
  readonly self: string
  readonly process: PeerProcess
  /** Tells it its friend; to be called once, and only if it was started with '-'. Until then it does nothing. */
  setFriend(key: string): void
  /** All that happened to it, from the first event on. Each call starts anew. */
  events(): AsyncGenerator<CEchoEvent, void, undefined>
  /** The next event of that kind; what comes before is passed over. Rejects if the client ends without it. */
  next(kind: CEchoEvent['event']): Promise<CEchoEvent>
  stop(): Promise<void>
}

export interface CEchoOptions extends CClientOptions {
  /** The friend to which it asks for a route, 64 hex digits, or '-' to be told later. */
  readonly friendKey: string
  /** After that it ends by itself. Default: an hour. */
  readonly seconds?: number
}

/** Starts a client that sends every data packet and every OOB packet back to where it came from. */
export async function startCEcho({
  port,
  relayKey,
  friendKey,
  seconds = 3600,
}: CEchoOptions): Promise<CEcho> {
  const readyWhen = /^\{"self":"([0-9A-F]{64})"\}$/
  const args = ['echo', `${port}`, relayKey, friendKey, `${seconds}`]
  const process = await startProcess({ command: 'tox-c-peer', args, readyWhen })
  const [, self = ''] = await process.waitForLine(readyWhen)
  const unread = eventsOf(process)
  return {
    self,
    process,
    setFriend: key => process.write(`${key}\n`),
    events: () => eventsOf(process),
    next: kind => nextOf(unread, kind),
    stop: () => process.stop(),
    [Symbol.asyncDispose]: () => process.stop(),
  }
}

async function* eventsOf(process: PeerProcess): AsyncGenerator<CEchoEvent, void, undefined> {
  for await (const line of process.lines()) {
    const said: unknown = line.startsWith('{') ? JSON.parse(line) : undefined
    if (isEvent(said)) yield said
  }
}

const EVENTS: readonly unknown[] = ['status', 'routed', 'online', 'offline', 'data', 'oob']

const isEvent = (said: unknown): said is CEchoEvent =>
  typeof said === 'object' && said !== null && 'event' in said && EVENTS.includes(said.event)

/** Not a `for await`: leaving one would end the generator, and the next call goes on with it. */
async function nextOf(
  events: AsyncGenerator<CEchoEvent, void>,
  kind: CEchoEvent['event'],
): Promise<CEchoEvent> {
  for (let step = await events.next(); !step.done; step = await events.next()) {
    if (step.value.event === kind) return step.value
  }
  throw new Error(`tox-c-peer ended without an event "${kind}"`)
}

export interface CDataOptions extends CClientOptions {
  readonly count: number
  /** Bytes of each payload. */
  readonly size: number
  /** Packets under way at most. */
  readonly window: number
}

export interface CDataResult {
  readonly received: number
  readonly sent: number
  readonly wallSeconds: number
  /** CPU time of the two clients, without the relay. */
  readonly cpuSeconds: number
}

/**
 * Sends packets from one C client to another through the relay, and measures.
 * @throws with its output, if not all of them arrive within 60 s
 */
export async function runCData({ port, relayKey, count, size, window }: CDataOptions): Promise<CDataResult> {
  const args = ['data', port, relayKey, count, size, window].map(String)
  await using process = await startProcess({ command: 'tox-c-peer', args })
  const code = await process.ended
  const output = process.output.join('\n')
  if (code !== 0) throw new Error(`tox-c-peer data ended with ${code}: ${output}`)
  const number = (name: string) => Number(new RegExp(`"${name}":([\\d.]+)`).exec(output)?.[1])
  return {
    received: number('count'),
    sent: number('sent'),
    wallSeconds: number('wall_s'),
    cpuSeconds: number('cpu_s'),
  }
}
