/** The page's state, as signals: what the server told, where we are, what we asked for. */
import { computed, signal } from '@preact/signals'
import { Model, type RelayView } from '../view/model.js'
import type { Action, ActionResult } from '../wire.js'
import { type Connection, connect } from './connection.js'
import { type Place, parsePlace } from './place.js'
import { takeToken } from './token.js'

export const model = new Model()
/** Changes whenever the model does: whoever shows it reads this. */
export const version = signal(0)
export const connection = signal<Connection>('connecting')
/** The server's time, in ms since the epoch; moves on every second. */
export const now = signal(Date.now())
export const place = signal<Place>(parsePlace(location.hash))
export const dialog = signal<'relay' | 'friend' | 'help' | undefined>(undefined)
export const notes = signal<readonly { readonly id: number; readonly words: string }[]>([])

/** The relay that is looked at closely. */
export const picked = computed<RelayView | undefined>(() => {
  version.value
  return place.value.relay === undefined ? undefined : model.relayByKey(place.value.relay)
})

const NOTE_MS = 6_000
let token = ''

export function start(): void {
  token = takeToken()
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#token=')) return location.reload()
    place.value = parsePlace(location.hash)
    watchPicked()
  })
  place.value = parsePlace(location.hash)
  setInterval(() => {
    now.value = Date.now() + model.clockSkewMs
  }, 1_000)
  connect(token, {
    changed: state => {
      connection.value = state
    },
    message: message => {
      const receivedAt = Date.now()
      model.apply(message, receivedAt)
      now.value = receivedAt + model.clockSkewMs
      version.value++
      if (message.type === 'hello') watchPicked()
    },
  })
}

/** Asks the server to do something; what is wrong with it is said in a note. @returns whether it was done */
export async function ask(action: Action): Promise<boolean> {
  const result = await post(action).catch(() => UNREACHABLE)
  if (!result.ok) note(result.message)
  return result.ok
}

export function note(words: string): void {
  const fresh = { id: Math.random(), words }
  notes.value = [...notes.value, fresh]
  setTimeout(() => {
    notes.value = notes.value.filter(each => each !== fresh)
  }, NOTE_MS)
}

const UNREACHABLE: ActionResult = { ok: false, message: 'the dashboard’s server cannot be reached' }

async function post(action: Action): Promise<ActionResult> {
  const response = await fetch('/action', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(action),
  })
  return response.ok ? response.json() : { ok: false, message: await response.text() }
}

/** What is watched belongs to a stream: each new one is told anew. */
function watchPicked(): void {
  const key = place.value.relay
  if (key !== undefined && model.stream !== '' && model.watched?.key !== key) model.watched = undefined
  if (key !== undefined && model.stream !== '' && model.relayByKey(key))
    void ask({ type: 'watch', stream: model.stream, key })
}
