/** What is always in sight: who we are, how it goes, where one can go. */
import { rate, shortKey } from '../view/words.js'
import { hashOf, VIEWS, type View } from './place.js'
import { ask, connection, dialog, model, note, place, version } from './store.js'
import { nextTheme, theme } from './theme.js'

const NAMES: { readonly [Name in View]: string } = {
  overview: 'Overview',
  relays: 'Relays',
  friends: 'Friends',
  log: 'Log',
}

export function Header() {
  version.value
  return (
    <header class="top">
      <a class="brand" href="#/" aria-label="tox-relays, overview">
        <Mark />
        <span>tox-relays</span>
      </a>
      <button
        type="button"
        class="key quiet"
        title="Copy our public key"
        onClick={() => copy(model.publicKey, 'our public key')}
      >
        {shortKey(model.publicKey)}
      </button>
      <Vitals />
      <div class="tools">
        <button type="button" onClick={networkBack} title="Every waiting relay is tried at once (n)">
          Network is back
        </button>
        <button type="button" onClick={() => (dialog.value = 'relay')} title="Add a relay (a)">
          + Relay
        </button>
        <button type="button" onClick={() => (dialog.value = 'friend')} title="Add a friend (f)">
          + Friend
        </button>
        <button
          type="button"
          class="icon"
          onClick={nextTheme}
          aria-label={`Theme: ${theme.value}`}
          title={`Theme: ${theme.value} (t)`}
        >
          {{ system: '◐', light: '☀', dark: '☾' }[theme.value]}
        </button>
        <button
          type="button"
          class="icon"
          onClick={() => (dialog.value = 'help')}
          aria-label="Help and keys"
          title="Help and keys (?)"
        >
          ?
        </button>
      </div>
    </header>
  )
}

export async function networkBack(): Promise<void> {
  if (await ask({ type: 'network.back' }))
    note('Every waiting relay is tried at once, every connected one pinged.')
}

export async function copy(text: string, what: string): Promise<void> {
  await navigator.clipboard.writeText(text).catch(() => undefined)
  note(`Copied ${what}: ${text}`)
}

/** The numbers that tell at a glance whether all is well. */
function Vitals() {
  const relays = [...model.relays.values()]
  const up = relays.filter(({ facts }) => facts.state === 'established').length
  const friends = [...model.friends.values()]
  const online = friends.filter(({ state }) => state === 'online').length
  const inRate = relays.reduce((sum, { numbers }) => sum + numbers.inRate, 0)
  const outRate = relays.reduce((sum, { numbers }) => sum + numbers.outRate, 0)
  const word = { connecting: 'connecting', live: 'live', lost: 'not answering', refused: 'no access' }[
    connection.value
  ]
  return (
    <dl class="vitals">
      <Vital name="page" value={word} kind={`link ${connection.value}`} />
      <Vital name="relays" value={`${up} / ${relays.length}`} kind={up > 0 ? 'good' : 'bad'} />
      <Vital name="friends online" value={`${online} / ${friends.length}`} kind={online > 0 ? 'good' : ''} />
      <Vital name="in" value={rate(inRate)} kind="flow-in" />
      <Vital name="out" value={rate(outRate)} kind="flow-out" />
    </dl>
  )
}

function Vital({ name, value, kind }: { name: string; value: string; kind: string }) {
  return (
    <div class={`vital ${kind}`}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

export function Navigation() {
  return (
    <nav class="tabs" aria-label="Views">
      {VIEWS.map((view, index) => (
        <a
          key={view}
          href={hashOf({ view })}
          aria-current={place.value.view === view ? 'page' : undefined}
          title={`${NAMES[view]} (${index + 1})`}
        >
          {NAMES[view]}
        </a>
      ))}
      {model.stately && (
        <a class="away" href="/stately" target="_blank" rel="noreferrer">
          Stately ↗
        </a>
      )}
    </nav>
  )
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M7 16 L16 7 L25 16 M7 16 L16 25 L25 16" />
      <circle cx="7" cy="16" r="3.6" />
      <circle class="relay" cx="16" cy="7" r="3" />
      <circle class="relay" cx="16" cy="25" r="3" />
      <circle class="friend" cx="25" cy="16" r="3.6" />
    </svg>
  )
}
