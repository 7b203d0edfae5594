/** Light, dark, or as the system has it. */
import { signal } from '@preact/signals'

const NAME = 'tox-relays-theme'
const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export const theme = signal<Theme>(THEMES.find(each => each === localStorage.getItem(NAME)) ?? 'system')

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
  localStorage.setItem(NAME, theme.value)
  applyTheme()
}

export function applyTheme(): void {
  document.documentElement.style.colorScheme = theme.value === 'system' ? 'light dark' : theme.value
}
