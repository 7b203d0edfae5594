/** The two faces of `up`: a live picture for people, JSON lines for programs. */
import type { Subscription } from 'rxjs'
import type { RelayManager, Status } from '../index.js'
import { complain } from './complain.js'
import { statusLine } from './json-lines.js'
import { type NameRelay, nameRelay, newsOf } from './news.js'
import { paintFor } from './paint.js'
import { Screen, type Terminal } from './screen.js'
import type { Traffic } from './traffic.js'
import { drawUp } from './up-picture.js'
import { upRows } from './up-rows.js'
import { keyWords, timeOfDay } from './words.js'

export interface View {
  /** Tells the person something that is no status. */
  tell(line: string): void
  /** The end begins: what was shown stays, nothing of it changes any more. */
  lastLook(): void
  close(): void
}

/** Status events as JSON lines. */
export function lineView(manager: RelayManager, output: { write(text: string): unknown }): View {
  for (const status of known(manager)) output.write(statusLine(status))
  const subscription = manager.status$.subscribe(status => output.write(statusLine(status)))
  return { tell: complain, lastLook: () => {}, close: () => subscription.unsubscribe() }
}

/** Those of a node list or a store are there before anybody can listen. */
const known = ({ relays, friends }: RelayManager): Status[] => [
  ...relays.map(
    ({ key, state, origin }): Status => ({
      time: state.since,
      type: 'relay-added',
      relay: key,
      address: state.address,
      origin,
    }),
  ),
  ...friends.map(({ key }): Status => ({ time: Date.now(), type: 'friend-added', friend: key })),
]

export interface LiveViewOptions {
  readonly manager: RelayManager
  readonly traffic: Traffic
  readonly terminal: Terminal
  /** What the first line begins with. */
  readonly title: string
}

const REDRAW_MS = 250
const NEWS_KEPT = 100

export class LiveView implements View {
  readonly #options: LiveViewOptions
  readonly #screen: Screen
  readonly #startedAt = Date.now()
  readonly #news: string[] = []
  /** Told while the picture hid them; said again when it is gone. */
  readonly #told: string[] = []
  readonly #subscription: Subscription
  readonly #timer: NodeJS.Timeout
  readonly #name: NameRelay
  #over = false

  constructor(options: LiveViewOptions) {
    const { manager, terminal } = options
    const paint = paintFor(true)
    this.#options = options
    this.#name = nameRelay(key => manager.relay(key))
    this.#screen = new Screen(terminal, size => drawUp(this.#picture(), size, paint))
    this.#subscription = manager.status$.subscribe(status => this.#note(newsOf(status, this.#name)))
    this.#screen.open()
    this.#timer = setInterval(() => this.#screen.draw(), REDRAW_MS)
  }

  tell(line: string): void {
    if (this.#over) {
      complain(line)
      return
    }
    this.#told.push(line)
    this.#note(`${timeOfDay(Date.now())} ${line}`)
  }

  lastLook(): void {
    this.#over = true
    clearInterval(this.#timer)
    this.#subscription.unsubscribe()
    this.#screen.close()
    for (const line of this.#told.splice(0)) complain(line)
  }

  close(): void {}

  #note(line: string | undefined): void {
    if (line === undefined) return
    this.#news.push(line)
    if (this.#news.length > NEWS_KEPT) this.#news.shift()
  }

  #picture() {
    const { manager, traffic, title } = this.#options
    const now = Date.now()
    return {
      title,
      ownKey: keyWords(manager.publicKey),
      upFor: now - this.#startedAt,
      news: this.#news,
      ...upRows(manager, traffic, now),
    }
  }
}
