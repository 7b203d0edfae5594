/** The keyboard: every view and every action can be reached without a mouse. */
import { networkBack } from './header.js'
import { go, VIEWS } from './place.js'
import { dialog, place } from './store.js'
import { nextTheme } from './theme.js'

/** Key → what it does; shown in the help. */
export const KEYS: readonly (readonly [keys: string, words: string])[] = [
  ['1 – 4', 'overview, relays, friends, log'],
  ['/', 'to the filter'],
  ['↑ ↓', 'from row to row'],
  ['Enter', 'look at a relay closely'],
  ['Esc', 'back to the table'],
  ['← →', 'step through a relay’s past'],
  ['Space', 'play it, or stop'],
  ['l', 'back to what happens now'],
  ['a', 'add a relay'],
  ['f', 'add a friend'],
  ['n', 'network is back'],
  ['t', 'light, dark, or as the system has it'],
  ['?', 'this help'],
]

const ACTIONS: Readonly<Record<string, () => void>> = {
  '/': () => document.querySelector<HTMLInputElement>('input[type=search]')?.focus(),
  a: () => {
    dialog.value = 'relay'
  },
  f: () => {
    dialog.value = 'friend'
  },
  n: () => void networkBack(),
  t: nextTheme,
  '?': () => {
    dialog.value = 'help'
  },
  Escape: () => place.value.relay && go({ view: 'relays' }),
}

/** @returns stops listening */
export function listenToKeys(): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.value !== undefined) return
    if (isTyping(event.target) && event.key !== 'Escape') return
    const view = VIEWS[Number(event.key) - 1]
    const action = view ? () => go({ view }) : ACTIONS[event.key]
    if (!action) return
    event.preventDefault()
    if (event.target instanceof HTMLElement && isTyping(event.target)) event.target.blur()
    action()
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches('input:not([type=range]):not([type=checkbox]), textarea, select')
