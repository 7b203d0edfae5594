/** Waits until nothing waits any more on any link: what is queued is sent first when a manager drains. */
import type { Relays } from './actors/relays.js'
import type { Clock } from './io/clock.js'

/** A relay that takes nothing must not hold up the end, in ms. */
const DRAIN_TIMEOUT_MS = 10_000
const LOOK_MS = 10

export async function allSent(relays: Relays, clock: Clock): Promise<void> {
  const deadline = clock.now() + DRAIN_TIMEOUT_MS
  while (relays.all.some(({ link }) => link !== undefined && link.queueDepth > 0) && clock.now() < deadline)
    await new Promise<void>(resolve => clock.setTimeout(() => resolve(), LOOK_MS))
}
