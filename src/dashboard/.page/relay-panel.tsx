/** The relay that is picked: its facts, what can be done to it, its machine alive, and its past. */
import type { RelayView } from '../view/model.js'
import { bytes, duration, hostPort, milliseconds, rate, shortKey } from '../view/words.js'
import { copy } from './header.js'
import { Machine } from './machine.js'
import { NextAttempt, Sparkline } from './relay-row.js'
import { State } from './state.js'
import { ask, model, now, version } from './store.js'

const GRAPH = { width: 240, height: 44 }

export function RelayPanel({ relay }: { relay: RelayView }) {
  version.value
  const { facts } = relay
  return (
    <section class="card panel" aria-label={`Relay ${hostPort(facts.address)}`}>
      <header>
        <a class="back" href="#/relays" aria-label="Back to the table">
          ✕
        </a>
        <h2>{hostPort(facts.address)}</h2>
        <State name={facts.state} />
        <small class="quiet">for {duration(now.value - facts.since)}</small>
        <button
          type="button"
          class="key quiet"
          title="Copy the public key"
          onClick={() => copy(facts.key, 'the relay’s public key')}
        >
          {shortKey(facts.key)}
        </button>
      </header>
      {facts.reason && (
        <p class="why">
          <b>{facts.reason}</b>: {facts.why}. <NextAttempt at={facts.nextAttemptAt} />
        </p>
      )}
      <Buttons relay={relay} />
      <Numbers relay={relay} />
      <Machine relayKey={facts.key} />
    </section>
  )
}

function Buttons({ relay: { facts } }: { relay: RelayView }) {
  const { key, pinned, asleep, state } = facts
  const up = state === 'established'
  return (
    <p class="buttons start">
      <button
        type="button"
        disabled={state === 'quarantined'}
        onClick={() => ask({ type: 'relay.retry', key })}
      >
        {up ? 'Ping now' : 'Reconnect now'}
      </button>
      {asleep ? (
        <button type="button" onClick={() => ask({ type: 'relay.wake', key })}>
          Wake
        </button>
      ) : (
        <button type="button" onClick={() => ask({ type: 'relay.sleep', key })}>
          Sleep
        </button>
      )}
      <button
        type="button"
        aria-pressed={pinned}
        onClick={() => ask({ type: 'relay.pin', key, pinned: !pinned })}
      >
        {pinned ? 'Unpin' : 'Pin'}
      </button>
      <button type="button" class="danger" onClick={() => ask({ type: 'relay.remove', key })}>
        Remove
      </button>
    </p>
  )
}

function Numbers({ relay: { facts, numbers, roundTrips } }: { relay: RelayView }) {
  const uptime = numbers.uptimeMs + (facts.state === 'established' ? now.value - facts.since : 0)
  return (
    <div class="numbers">
      <div class="graph">
        <small>round trip</small>
        <b>{numbers.rttMs < 0 ? '–' : milliseconds(numbers.rttMs)}</b>
        <Sparkline values={roundTrips} size={GRAPH} />
      </div>
      <dl>
        <Fact name="score" value={numbers.rttMs < 0 ? '–' : `${Math.round(numbers.score)}`} />
        <Fact name="attempts that succeed" value={`${numbers.success} %`} />
        <Fact name="connected in all" value={duration(uptime)} />
        <Fact name="routes online" value={`${numbers.routesOnline} / ${numbers.routes}`} />
        <Fact name="in" value={`${rate(numbers.inRate)}, ${bytes(numbers.bytesIn)}`} />
        <Fact name="out" value={`${rate(numbers.outRate)}, ${bytes(numbers.bytesOut)}`} />
        <Fact name="queue" value={`${numbers.queue} packets`} />
        <Fact name="window" value={bytes(numbers.window)} />
        {facts.addresses.length > 1 && (
          <Fact name="addresses" value={facts.addresses.map(hostPort).join(', ')} />
        )}
        <Counts name="packets received" counts={model.watched?.detail.packetsIn ?? {}} />
        <Counts name="packets dropped" counts={model.watched?.detail.drops ?? {}} />
      </dl>
    </div>
  )
}

function Counts({ name, counts }: { name: string; counts: Readonly<Record<string, number>> }) {
  const entries = Object.entries(counts)
  if (entries.length === 0) return null
  return <Fact name={name} value={entries.map(([kind, count]) => `${kind} ${count}`).join(', ')} />
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
