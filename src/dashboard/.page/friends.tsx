/** The friends and their routes. */
import { signal } from '@preact/signals'
import { hostPort, milliseconds, shortKey } from '../view/words.js'
import type { FriendRow } from '../wire.js'
import { copy } from './header.js'
import { State } from './state.js'
import { ask, dialog, model, version } from './store.js'

const text = signal('')

export function Friends() {
  version.value
  const friends = [...model.friends.values()].filter(({ key, state }) =>
    `${key} ${state}`.toLowerCase().includes(text.value.trim().toLowerCase()),
  )
  return (
    <section class="friends" aria-label="Friends">
      <div class="filter card">
        <input
          type="search"
          aria-label="Filter the friends"
          placeholder="Filter: a key, online …"
          value={text.value}
          onInput={event => {
            text.value = event.currentTarget.value
          }}
        />
        <span class="quiet count">
          {friends.length} of {model.friends.size}
        </span>
        <button type="button" onClick={() => (dialog.value = 'friend')}>
          + Friend
        </button>
      </div>
      {friends.length === 0 && <p class="empty">No friend here. Press f to add one.</p>}
      <ul class="friend-list">
        {friends.map(friend => (
          <FriendCard key={friend.key} friend={friend} />
        ))}
      </ul>
    </section>
  )
}

function FriendCard({ friend: { key, state, awake, routes } }: { friend: FriendRow }) {
  return (
    <li class="card friend-card">
      <h3>
        <State name={state} />
        <button
          type="button"
          class="key quiet"
          title="Copy the public key"
          onClick={() => copy(key, 'the friend’s public key')}
        >
          {shortKey(key)}
        </button>
        {!awake && <span class="badge">asleep</span>}
      </h3>
      <ul class="routes">
        {routes.map(([id, route]) => (
          <Route key={id} id={id} state={route} />
        ))}
        {routes.length === 0 && <li class="quiet">tied to no relay</li>}
      </ul>
      <p class="buttons">
        <button type="button" onClick={() => ask({ type: 'friend.awake', key, awake: !awake })}>
          {awake ? 'Let rest' : 'Wake'}
        </button>
        <button type="button" class="danger" onClick={() => ask({ type: 'friend.remove', key })}>
          Remove
        </button>
      </p>
    </li>
  )
}

function Route({ id, state }: { id: number; state: string }) {
  const relay = model.relays.get(id)
  if (!relay) return null
  const { rttMs } = relay.numbers
  return (
    <li>
      <span class={`route-state ${state}`}>{state}</span>
      <a href={`#/relays/${relay.facts.key}`}>{hostPort(relay.facts.address)}</a>
      <span class="quiet">{rttMs < 0 ? relay.facts.state : milliseconds(rttMs)}</span>
    </li>
  )
}
