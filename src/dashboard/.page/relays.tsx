/** The relays: filter and table, and beside them the one that is picked. */
import { signal } from '@preact/signals'
import type { RelayStateName } from '../../index.js'
import { arrange, type Filter, STATES } from '../view/relay-table.js'
import { RelayPanel } from './relay-panel.js'
import { order, RelayWindow } from './relay-window.js'
import { State } from './state.js'
import { model, picked, place, version } from './store.js'

export const relayFilter = signal<Filter>({ text: '', states: new Set() })

export function Relays() {
  return (
    <div class={`relays ${place.value.relay === undefined ? '' : 'with-panel'}`}>
      <RelayTable />
      {place.value.relay !== undefined && <Picked />}
    </div>
  )
}

function Picked() {
  const relay = picked.value
  if (relay) return <RelayPanel relay={relay} />
  return (
    <section class="card panel" aria-label="Relay">
      <p class="empty">That relay is gone.</p>
      <a href="#/relays">Back to the table</a>
    </section>
  )
}

function RelayTable() {
  version.value
  const rows = arrange(model.relays.values(), relayFilter.value, order.value)
  return (
    <section class="card table-card" aria-label="Relays">
      <TableFilter shown={rows.length} />
      <RelayWindow rows={rows} />
    </section>
  )
}

function TableFilter({ shown }: { shown: number }) {
  const { text, states } = relayFilter.value
  const present = STATES.filter(
    state => states.has(state) || [...model.relays.values()].some(({ facts }) => facts.state === state),
  )
  return (
    <div class="filter">
      <input
        type="search"
        aria-label="Filter the relays"
        placeholder="Filter: address, key, state, reason …"
        value={text}
        onInput={event => {
          relayFilter.value = { text: event.currentTarget.value, states }
        }}
      />
      {present.map(state => (
        <button
          key={state}
          type="button"
          class="chip"
          aria-pressed={states.has(state)}
          onClick={() => toggle(state)}
        >
          <State name={state} />
        </button>
      ))}
      <span class="quiet count">
        {shown} of {model.relays.size}
      </span>
    </div>
  )
}

function toggle(state: RelayStateName): void {
  const states = new Set(relayFilter.value.states)
  if (!states.delete(state)) states.add(state)
  relayFilter.value = { ...relayFilter.value, states }
}
