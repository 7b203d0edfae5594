/** The live map: us, the relays, the friends, and through what each is reached. */
import { useState } from 'preact/hooks'
import { friendMap, type MapLink, type MapRelay, type FriendMap as Picture } from '../view/friend-map.js'
import { hostPort, rate, shortKey } from '../view/words.js'
import { go } from './place.js'
import { model, version } from './store.js'
import { useWidth } from './use-width.js'

const ROW = 34
const LEAST_ROWS = 6
const US = 26
/** A faster flow is not drawn faster: nobody could follow it. */
const FLOWS = [
  { above: 100_000, kind: 'fast' },
  { above: 5_000, kind: 'steady' },
  { above: 0, kind: 'slow' },
]

export function FriendMap() {
  version.value
  const [ref, width] = useWidth<HTMLDivElement>(640)
  const [lit, setLit] = useState<string | undefined>(undefined)
  const map = friendMap(model.relays, model.friends.values())
  if (map.relays.length === 0)
    return (
      <div ref={ref} class="map">
        <p class="empty">No relay is awake.</p>
      </div>
    )
  const height = Math.max(map.rows, LEAST_ROWS) * ROW
  const at = places(map, width, height)
  return (
    <div ref={ref} class="map">
      <svg width={width} height={height} role="img" aria-label={inWords(map)}>
        <g class="lines">
          {map.relays.map(node => (
            <Spoke
              key={node.relay.facts.id}
              node={node}
              from={at.us}
              to={at.relay(node)}
              dim={isDim(node, map, lit)}
            />
          ))}
          {map.links.map(link => (
            <Link
              key={`${link.relay.relay.facts.id} ${link.friend.key}`}
              link={link}
              d={curve(at.relayEnd(link.relay), at.friend(link.friend))}
              dim={lit !== undefined && lit !== link.friend.key && lit !== link.relay.relay.facts.key}
            />
          ))}
        </g>
        <g class="us" transform={`translate(${at.us.x} ${at.us.y})`}>
          <circle r={US - 8} />
          <text y="4">us</text>
        </g>
        {map.relays.map(node => (
          <RelayNode
            key={node.relay.facts.id}
            node={node}
            {...at.relay(node)}
            width={at.label}
            light={setLit}
            dim={isDim(node, map, lit)}
          />
        ))}
        {map.friends.map(friend => (
          <g
            key={friend.key}
            class={`node friend ${friend.state}`}
            transform={`translate(${at.friend(friend).x} ${at.friend(friend).y})`}
            onPointerEnter={() => setLit(friend.key)}
            onPointerLeave={() => setLit(undefined)}
          >
            <title>{`${friend.key}: ${friend.state}`}</title>
            <circle r="7" />
            <text x="13" y="4">
              {shortKey(friend.key)}
            </text>
          </g>
        ))}
      </svg>
      <p class="map-rest">{restOf(map)}</p>
    </div>
  )
}

function RelayNode(props: {
  node: MapRelay
  x: number
  y: number
  width: number
  dim: boolean
  light: (key: string | undefined) => void
}) {
  const { relay } = props.node
  const { key, state, address } = relay.facts
  const label = hostPort(address)
  const letters = Math.floor(props.width / LETTER)
  return (
    <a
      class={`node relay ${props.dim ? 'dim' : ''}`}
      href={`#/relays/${key}`}
      aria-label={`relay ${label}, ${state}`}
      onPointerEnter={() => props.light(key)}
      onPointerLeave={() => props.light(undefined)}
      onFocus={() => props.light(key)}
      onBlur={() => props.light(undefined)}
      onClick={event => {
        event.preventDefault()
        go({ view: 'relays', relay: key })
      }}
    >
      <g transform={`translate(${props.x} ${props.y})`}>
        <title>{`${label} ${key}: ${state}`}</title>
        <rect x="-8" y="-12" width={props.width + 16} height="24" rx="12" class="plate" />
        <circle r="5" class={`dot ${state}`} />
        <text x="11" y="4">
          {label.length > letters ? `…${label.slice(-letters + 1)}` : label}
        </text>
      </g>
    </a>
  )
}

/** The line from us to a relay; it moves when bytes do. */
function Spoke({ node, from, to, dim }: { node: MapRelay; from: Point; to: Point; dim: boolean }) {
  const { facts, numbers } = node.relay
  const bytes = numbers.inRate + numbers.outRate
  const flow = FLOWS.find(({ above }) => bytes > above)?.kind ?? 'still'
  const d = curve(from, { x: to.x - 8, y: to.y })
  return (
    <g class={dim ? 'dim' : ''}>
      <path d={d} class={`spoke ${facts.state}`}>
        <title>{`in ${rate(numbers.inRate)}, out ${rate(numbers.outRate)}`}</title>
      </path>
      {facts.state === 'established' && flow !== 'still' && <path d={d} class={`flow ${flow}`} />}
    </g>
  )
}

function Link({ link, d, dim }: { link: MapLink; d: string; dim: boolean }) {
  return (
    <path d={d} class={`route ${link.state} ${dim ? 'dim' : ''}`}>
      <title>{`route ${link.state}`}</title>
    </path>
  )
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Width of a letter of a label, in px. */
const LETTER = 7.2
const LONGEST_LABEL = 21
const FRIEND_LABEL = 82

/** Where everything stands: us at the left, friends at the right, relays between. */
function places(map: Picture, width: number, height: number) {
  const label = Math.min(LONGEST_LABEL * LETTER, width * 0.36)
  const left = Math.max(US + 40, width * 0.36 - label / 2)
  const y = (row: number): number => (row * height) / map.rows
  return {
    label,
    us: { x: US, y: height / 2 },
    relay: ({ row }: { row: number }): Point => ({ x: left, y: y(row) }),
    relayEnd: ({ row }: { row: number }): Point => ({ x: left + label + 8, y: y(row) }),
    friend: ({ row }: { row: number }): Point => ({ x: width - FRIEND_LABEL - 10, y: y(row) }),
  }
}

function curve(from: Point, to: Point): string {
  const middle = (from.x + to.x) / 2
  return `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`
}

function isDim(node: MapRelay, map: Picture, lit: string | undefined): boolean {
  if (lit === undefined || lit === node.relay.facts.key) return false
  return !map.links.some(({ relay, friend }) => relay === node && friend.key === lit)
}

function inWords({ links, friends }: Picture): string {
  const online = new Set(links.filter(({ state }) => state === 'online').map(({ friend }) => friend.key))
  return `map: ${online.size} of ${friends.length} friends are reached through a relay`
}

function restOf({ otherRelays, otherFriends }: Picture): string {
  const parts = [
    otherRelays > 0 ? `${otherRelays} more relays, asleep or without a friend` : '',
    otherFriends > 0 ? `${otherFriends} more friends` : '',
  ]
  return parts.filter(part => part !== '').join(' · ')
}
