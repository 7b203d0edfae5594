/** The status log, with a filter. */
import { signal } from '@preact/signals'
import { filterLines, type LogLine, lineOf, type Tone } from '../view/log-lines.js'
import { shortKey, timeOfDay } from '../view/words.js'
import { model, version } from './store.js'

const SHOWN = 400
const TONES: readonly (readonly [tone: Tone, name: string])[] = [
  ['good', 'good news'],
  ['warn', 'trouble'],
  ['bad', 'serious'],
  ['plain', 'the rest'],
]

const text = signal('')
const tones = signal<ReadonlySet<Tone>>(new Set())

export function Log() {
  version.value
  const lines = filterLines(model.log.map(lineOf), text.value, tones.value)
  return (
    <section class="card log-card" aria-label="Status log">
      <div class="filter">
        <input
          type="search"
          aria-label="Filter the log"
          placeholder="Filter: backoff refused, a key, route online …"
          value={text.value}
          onInput={event => {
            text.value = event.currentTarget.value
          }}
        />
        {TONES.map(([tone, name]) => (
          <button
            key={tone}
            type="button"
            class={`chip ${tone}`}
            aria-pressed={tones.value.has(tone)}
            onClick={() => toggle(tone)}
          >
            {name}
          </button>
        ))}
        <span class="quiet count">
          {lines.length} of {model.log.length}
          {model.logDropped > 0 && `, ${model.logDropped} came too fast`}
        </span>
      </div>
      <LogLines lines={lines.slice(-SHOWN).reverse()} />
    </section>
  )
}

function toggle(tone: Tone): void {
  const chosen = new Set(tones.value)
  if (!chosen.delete(tone)) chosen.add(tone)
  tones.value = chosen
}

/** @param lines newest first */
export function LogLines({ lines }: { lines: readonly LogLine[] }) {
  if (lines.length === 0) return <p class="empty">Nothing yet.</p>
  return (
    <ol class="log">
      {lines.map((line, index) => (
        <li key={`${line.time} ${line.type} ${index}`} class={line.tone}>
          <time>{timeOfDay(line.time)}</time>
          <span class="whom">{whom(line)}</span>
          <span class="words">{line.words}</span>
        </li>
      ))}
    </ol>
  )
}

function whom({ relay, friend }: LogLine) {
  if (friend !== undefined) return `friend ${shortKey(friend)}`
  if (relay === undefined) return 'network'
  const address = model.relayByKey(relay)?.facts.address
  return (
    <a href={`#/relays/${relay}`} title={relay}>
      {address ? `${address.host}:${address.port}` : shortKey(relay)}
    </a>
  )
}
