/**
 * Real relays that die: one in mid-stream, and all of them for a while. `OUTAGE_MS=120000` has them stay dead for so
 * long; otherwise it is as long as it takes until each was tried in vain a few times.
 */
import { filter, firstValueFrom, interval, map, timer } from 'rxjs'
import { expect, it } from 'vitest'
import { DEFAULT_BACKOFF } from '../../src/actors/backoff.js'
import { DIRECT_BUDGET_MS } from '../../src/io/dial.js'
import { type Meeting, meeting } from '../support/meetings.js'
import { describeWithPeer, type PeerRelay, startBootstrapd } from '../support/peers.js'
import { NumberStream } from './number-stream.js'

const RELAYS = 3
const { OUTAGE_MS: GIVEN_MS = 0 } = process.env
const OUTAGE_MS = Number(GIVEN_MS)
const TRIES = 3
/** What all relays may take to be back when the manager is told that the network is. */
const BACK_WITHIN_MS = 30_000

describeWithPeer('tox-bootstrapd', 'a friend online through three tox-bootstrapd', () => {
  it.each<[pace: string, of: { everyMs: number; packets: number; size: number; most: number }]>([
    ['1,000 packets a second', { everyMs: 10, packets: 10, size: 200, most: 200 }],
    ['all that it takes', { everyMs: 10, packets: 2_000, size: 1_373, most: 1_000 }],
  ])(
    'loses little of a stream of %s when the chosen relay is killed, and goes on by another',
    async (pace, { everyMs, most, packets, size }) => {
      await using stage = await onThreeRelays()
      const { pair } = stage
      using stream = new NumberStream(pair.toB, pair.toA, {
        pace$: interval(everyMs).pipe(map(() => packets)),
        size,
      })
      const { relay: chosen } = await stream.next(({ number }) => number >= 500)
      const states: string[] = []
      pair.toB.state$.subscribe(state => states.push(state))
      const killedAt = stream.sent
      const goesOn = stream.next(({ number, relay }) => relay !== chosen && number >= killedAt + 500)
      stage.relay(chosen).kill('SIGKILL')
      await goesOn
      const { lost } = stream
      const gapMs = Math.round(stream.gapAfter(chosen))
      console.log(`${pace}: a gap of ${gapMs} ms, ${lost.length} packets of ${size} bytes lost`)
      expect(gapMs).toBeLessThan(1_000)
      expect(lost.length).toBeLessThan(most)
      expect(lost.filter(number => number < killedAt - most || number > killedAt + most)).toEqual([])
      expect(new Set(stream.arrivals.map(({ number }) => number)).size).toBe(stream.arrivals.length)
      expect(states).toEqual(['online'])
    },
  )

  it.each([
    ['of a networkChanged()', true, BACK_WITHIN_MS],
    ['of their return, without a signal', false, DEFAULT_BACKOFF.capMs + DIRECT_BUDGET_MS],
  ])(
    'and all of them killed, then started again, is back soon, on all three: in time %s',
    async (how, signal, withinMs) => {
      await using stage = await onThreeRelays()
      const { pair, relays } = stage
      const dead = Promise.all([triedInVain(pair.a), triedInVain(pair.b)])
      for (const relay of relays) relay.kill('SIGKILL')
      await dead
      if (OUTAGE_MS > 0) await firstValueFrom(timer(OUTAGE_MS))
      await Promise.all(relays.map(relay => relay.restart()))
      const from = performance.now()
      if (signal) for (const manager of [pair.a, pair.b]) manager.networkChanged()
      await everyRouteOnline(pair)
      const tookMs = Math.round(performance.now() - from)
      console.log(`after ${OUTAGE_MS} ms and more: all back within ${tookMs} ms ${how}`)
      expect(tookMs).toBeLessThan(withinMs)
    },
    OUTAGE_MS + DEFAULT_BACKOFF.capMs + 60_000,
  )
})

interface Stage extends AsyncDisposable {
  readonly pair: Meeting
  readonly relays: readonly PeerRelay[]
  /** @param key in hex */
  relay(key: string): PeerRelay
}

/** Two friends, online to each other through each of the relays. */
async function onThreeRelays(): Promise<Stage> {
  const relays = await Promise.all(Array.from({ length: RELAYS }, () => startBootstrapd()))
  const pair = await meeting(relays.map(({ host, port, publicKey }) => ({ host, port, publicKey })))
  await everyRouteOnline(pair)
  return {
    pair,
    relays,
    relay: key => {
      const relay = relays.find(({ publicKey }) => publicKey.toLowerCase() === key.toLowerCase())
      if (!relay) throw new Error('no such relay')
      return relay
    },
    [Symbol.asyncDispose]: async () => {
      await pair[Symbol.asyncDispose]()
      await Promise.all(relays.map(relay => relay.stop()))
    },
  }
}

async function everyRouteOnline({ toA, toB }: Meeting): Promise<void> {
  await Promise.all(
    [toA, toB].map(friend =>
      firstValueFrom(
        friend.routes$.pipe(
          filter(routes => routes.length === RELAYS && routes.every(({ state }) => state === 'online')),
        ),
      ),
    ),
  )
}

/** Until each relay of a manager has been tried, in vain, a few times. */
async function triedInVain({ status$ }: Meeting['a']): Promise<void> {
  const failures = new Map<string, number>()
  await firstValueFrom(
    status$.pipe(
      filter(status => status.type === 'attempt-failed'),
      map(({ relay }) => failures.set(relay, (failures.get(relay) ?? 0) + 1)),
      filter(() => failures.size === RELAYS && [...failures.values()].every(count => count >= TRIES)),
    ),
  )
}
