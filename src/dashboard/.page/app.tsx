/** The whole page: header, the view one is at, and what lies above them. */
import { useEffect } from 'preact/hooks'
import { Dialogs } from './dialogs.js'
import { Friends } from './friends.js'
import { Header, Navigation } from './header.js'
import { listenToKeys } from './keys.js'
import { Log } from './log.js'
import { Overview } from './overview.js'
import type { View } from './place.js'
import { Relays } from './relays.js'
import { connection, notes, place } from './store.js'

const VIEWS: { readonly [Name in View]: () => preact.JSX.Element } = {
  overview: Overview,
  relays: Relays,
  friends: Friends,
  log: Log,
}

export function App() {
  useEffect(listenToKeys, [])
  const View = VIEWS[place.value.view]
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <Header />
      <Navigation />
      <Trouble />
      <main id="main" data-view={place.value.view}>
        <View />
      </main>
      <Dialogs />
      <Notes />
    </>
  )
}

function Trouble() {
  if (connection.value === 'lost')
    return (
      <p class="trouble" role="status">
        The program does not answer. What you see is how it was; trying again by itself …
      </p>
    )
  if (connection.value !== 'refused') return null
  return (
    <p class="trouble" role="alert">
      This page needs the address that the program printed when it started, with the token behind the #. It
      may have been started anew since.
    </p>
  )
}

function Notes() {
  return (
    <div class="notes" role="status" aria-live="polite">
      {notes.value.map(({ id, words }) => (
        <p key={id}>{words}</p>
      ))}
    </div>
  )
}
