/** Status events as sentences for people. */
import { explain, type Relay, type Status } from '../index.js'
import { formatHostPort } from '../protocol/index.js'
import { harmless, shortKey, timeOfDay, waitWords } from './words.js'

/** Names a relay by its key, for people: by its address when it is known. */
export type NameRelay = (key: string) => string

export const nameRelay =
  (find: (key: string) => Relay | undefined): NameRelay =>
  key => {
    const relay = find(key)
    return relay ? formatHostPort(relay.state.address) : shortKey(key)
  }

/** @returns undefined for what is not worth a line */
export function newsOf(status: Status, name: NameRelay): string | undefined {
  const sentence = sentenceOf(status, name)
  return sentence === undefined ? undefined : `${timeOfDay(status.time)} ${harmless(sentence)}`
}

function sentenceOf(status: Status, name: NameRelay): string | undefined {
  switch (status.type) {
    case 'relay-state':
      return relaySentence(status, name(status.relay))
    case 'relay-added':
      return `${formatHostPort(status.address)} added`
    case 'relay-removed':
      return `${name(status.relay)} removed`
    case 'relay-refused':
      return `${formatHostPort(status.address)} not taken: ${status.refusal}`
    case 'relay-broke':
      return `${name(status.relay)} removed after a fault of ours`
    case 'store-failed':
      return `the store could not be written: ${status.problem}`
    case 'network-down':
      return 'no relay is connected'
    case 'friend-state':
      return `friend ${shortKey(status.friend)} is ${status.state}`
    case 'route':
      return routeSentence(status, name(status.relay))
    case 'attempt-failed':
    case 'keepalive':
    case 'network-up':
    case 'relay-confirmed':
    case 'friend-added':
    case 'friend-removed':
      return undefined
  }
}

type RouteStatus = Extract<Status, { type: 'route' }>

/** The steps on the way to a route are no news; where it leads to is. */
function routeSentence({ friend, state }: RouteStatus, name: string): string | undefined {
  if (state !== 'online' && state !== 'refused') return undefined
  return `friend ${shortKey(friend)} ${state} through ${name}`
}

type RelayStatus = Extract<Status, { type: 'relay-state' }>

function relaySentence(status: RelayStatus, name: string): string | undefined {
  const { state, reason, nextAttemptAt, time } = status
  const why = reason === undefined ? '' : `: ${explain(reason)}`
  const next = nextAttemptAt === undefined ? '' : `; next attempt in ${waitWords(nextAttemptAt - time)}`
  if (state === 'backoff') return `${name} not connected${why}${next}`
  if (state === 'quarantined') return `${name} is left alone${why}${next}`
  if (state === 'established') return `${name} connected`
  return state === 'sleeping' || state === 'closing' ? `${name} ${state}` : undefined
}
