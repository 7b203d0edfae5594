/** The status log as sentences, and which of them a filter lets through. */
import type { Status } from '../../index.js'
import { hostPort, shortKey } from './words.js'

export type Tone = 'good' | 'bad' | 'warn' | 'plain'

export interface LogLine {
  readonly time: number
  readonly type: Status['type']
  readonly tone: Tone
  readonly words: string
  readonly relay?: string
  readonly friend?: string
}

export function lineOf(status: Status): LogLine {
  const { time, type } = status
  const whom = {
    ...('relay' in status && { relay: status.relay }),
    ...('friend' in status && { friend: status.friend }),
  }
  return { time, type, tone: toneOf(status), words: wordsOf(status), ...whom }
}

/** @param text words, all of which must occur */
export function filterLines(lines: readonly LogLine[], text: string, tones: ReadonlySet<Tone>): LogLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return lines.filter(line => {
    if (tones.size > 0 && !tones.has(line.tone)) return false
    const all = `${line.type} ${line.words} ${line.relay ?? ''} ${line.friend ?? ''}`.toLowerCase()
    return words.every(word => all.includes(word))
  })
}

function wordsOf(status: Status): string {
  switch (status.type) {
    case 'relay-added':
      return `added, at ${hostPort(status.address)} (${status.origin})`
    case 'relay-removed':
      return 'removed'
    case 'relay-state':
      return `${status.state}${status.reason === undefined ? '' : `: ${status.reason}`}`
    case 'attempt-failed':
      return `${hostPort(status.address)}: ${status.reason}`
    case 'relay-confirmed':
      return 'proved to be itself'
    case 'keepalive':
      return `answered a ping after ${status.rttMs.toFixed(1)} ms`
    case 'relay-refused':
      return `${hostPort(status.address)} refused: ${status.refusal}`
    case 'relay-broke':
      return 'broke: a bug of ours'
    case 'store-failed':
      return `the store cannot be written: ${status.problem}`
    case 'network-down':
      return 'not one relay is connected any more'
    case 'network-up':
      return 'connected'
    case 'friend-added':
      return 'added'
    case 'friend-removed':
      return 'removed'
    case 'friend-state':
      return status.state
    case 'route':
      return `route ${status.state} on ${shortKey(status.relay)}`
  }
}

function toneOf(status: Status): Tone {
  switch (status.type) {
    case 'relay-state':
      if (status.state === 'established') return 'good'
      if (status.state === 'quarantined') return 'bad'
      return status.state === 'backoff' ? 'warn' : 'plain'
    case 'friend-state':
      return status.state === 'online' ? 'good' : status.state === 'offline' ? 'warn' : 'plain'
    case 'route':
      return status.state === 'online' ? 'good' : status.state === 'refused' ? 'warn' : 'plain'
    case 'network-up':
      return 'good'
    case 'network-down':
    case 'relay-broke':
      return 'bad'
    case 'relay-refused':
    case 'store-failed':
      return 'warn'
    default:
      return 'plain'
  }
}
