/** Where in the page we are: the part of the address behind the #. */

export const VIEWS = ['overview', 'relays', 'friends', 'log'] as const
export type View = (typeof VIEWS)[number]

export interface Place {
  readonly view: View
  /** The key of the relay that is picked. */
  readonly relay?: string
}

export function parsePlace(hash: string): Place {
  const [, view = '', key = ''] = hash.split('/')
  const known = VIEWS.find(each => each === view) ?? 'overview'
  return known === 'relays' && key !== '' ? { view: known, relay: key } : { view: known }
}

export const hashOf = ({ view, relay }: Place): string =>
  view === 'overview' ? '#/' : `#/${view}${relay === undefined ? '' : `/${relay}`}`

export function go(place: Place): void {
  location.hash = hashOf(place)
}
