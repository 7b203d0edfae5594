/**
 * The dashboard: a page on this machine that shows what a manager's relays do, and what can be done to them. An
 * ordinary user of the manager: everything it shows can be had by anybody else, too.
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { RelayManager } from '../index.js'
import { Broadcast, type BroadcastOptions } from './broadcast.js'
import { Gate, nameInUrl, requireLoopback } from './gate.js'
import { createFront } from './http-front.js'
import { readPageFiles } from './page-files.js'

export interface DashboardOptions extends BroadcastOptions {
  /** A loopback address to listen on; 127.0.0.1 unless said otherwise. */
  readonly host?: string
  /** 0, unless said otherwise, takes any free port. */
  readonly port?: number
  /** At least 16 characters; random unless given. With the same one a page comes back after a restart by itself. */
  readonly token?: string
}

export interface Dashboard extends AsyncDisposable {
  /** To be opened in a browser; has the token behind the #, which browsers do not send. */
  readonly url: string
  readonly port: number
  readonly token: string
  /** Resolves when the port is free. Harmless when repeated. */
  close(): Promise<void>
}

/** What a manager needs to be shown. */
export type ShownManager = RelayManager & { readonly metrics?: () => string }

/**
 * Serves the dashboard of a manager until closed, or until the manager is.
 * @throws RangeError for a host that is not loopback, or a token that is too short
 * @throws Error when it cannot listen there, with the system's `code`
 */
export async function startDashboard(
  manager: ShownManager,
  options: DashboardOptions = {},
): Promise<Dashboard> {
  const { host = '127.0.0.1', port = 0, stately } = options
  requireLoopback(host)
  const gate = new Gate(host, options.token)
  const files = readPageFiles()
  const broadcast = new Broadcast(manager, options)
  const server = createFront({
    files,
    gate,
    stately: stately !== undefined,
    open: {
      '/events': response => broadcast.open(response),
      '/inspection': stately && (response => broadcast.openInspection(response)),
    },
    metrics: () => manager.metrics?.() ?? '',
    act: body => broadcast.act(body),
  })
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (error) {
    broadcast.close()
    throw error
  }
  const dashboard = new RunningDashboard(server, broadcast, gate.token, host)
  void manager.closed.then(() => dashboard.close())
  return dashboard
}

class RunningDashboard implements Dashboard {
  readonly url: string
  readonly port: number
  readonly token: string
  readonly #server: Server
  readonly #broadcast: Broadcast
  #closing: Promise<void> | undefined

  constructor(server: Server, broadcast: Broadcast, token: string, host: string) {
    const address = server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
    this.token = token
    this.url = `http://${nameInUrl(host)}:${this.port}/#token=${token}`
    this.#server = server
    this.#broadcast = broadcast
  }

  close(): Promise<void> {
    this.#closing ??= this.#stop()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #stop(): Promise<void> {
    this.#broadcast.close()
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}
