/** The first view: the map, the flow, the states, the latest news. */
import { lineOf } from '../view/log-lines.js'
import { STATES } from '../view/relay-table.js'
import { FriendMap } from './friend-map.js'
import { LogLines } from './log.js'
import { go } from './place.js'
import { relayFilter } from './relays.js'
import { State } from './state.js'
import { model, version } from './store.js'
import { Throughput } from './throughput.js'

const LATEST = 12

export function Overview() {
  version.value
  return (
    <div class="overview">
      <section class="card map-card" aria-label="Map">
        <h2>Who is reached through what</h2>
        <FriendMap />
      </section>
      <section class="card flow-card" aria-label="Throughput">
        <h2>Throughput</h2>
        <Throughput />
      </section>
      <section class="card states-card" aria-label="States of the relays">
        <h2>Relays by state</h2>
        <StatesBar />
      </section>
      <section class="card news-card" aria-label="Latest news">
        <h2>
          Latest <a href="#/log">all</a>
        </h2>
        <LogLines lines={model.log.slice(-LATEST).reverse().map(lineOf)} />
      </section>
    </div>
  )
}

function StatesBar() {
  const counts = STATES.map(state => ({
    state,
    count: [...model.relays.values()].filter(({ facts }) => facts.state === state).length,
  })).filter(({ count }) => count > 0)
  if (counts.length === 0) return <p class="empty">No relay yet. Press a to add one.</p>
  return (
    <>
      <div class="states-bar" aria-hidden="true">
        {counts.map(({ state, count }) => (
          <i key={state} class={`fill ${state}`} style={{ flexGrow: `${count}` }} />
        ))}
      </div>
      <ul class="states-list">
        {counts.map(({ state, count }) => (
          <li key={state}>
            <button
              type="button"
              class="quiet"
              onClick={() => {
                relayFilter.value = { text: '', states: new Set([state]) }
                go({ view: 'relays' })
              }}
            >
              <State name={state} /> <b>{count}</b>
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
