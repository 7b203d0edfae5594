/**
 * The token: comes behind the # of the address, which no browser sends anywhere, is kept for other tabs and reloads,
 * and taken out of the address bar.
 */
const NAME = 'tox-relays-token'

export function takeToken(): string {
  const [, given] = /^#token=([^&]+)/.exec(location.hash) ?? []
  if (given !== undefined) {
    localStorage.setItem(NAME, given)
    history.replaceState(null, '', '#/')
  }
  return given ?? localStorage.getItem(NAME) ?? ''
}
