/**
 * Draws the machines: in mermaid's language for docs, or as states and arrows in plain values for a drawing of your own.
 *
 * Prints:
 *   relay: 11 states, of which 2 have states within
 *   sleeping --> queued: [isNeeded]
 *   backoff --> queued: after retryDelay
 */
import { mermaidOf, statechartOf } from 'tox-relays/dashboard'
import { relayMachine } from 'tox-relays/machines'

const { id, root } = statechartOf(relayMachine)
const compound = root.states.filter(({ states }) => states.length > 0)
console.log(`${id}: ${root.states.length} states, of which ${compound.length} have states within`)

const mermaid = mermaidOf(statechartOf(relayMachine))
for (const line of mermaid.split('\n'))
  if (/(sleeping|backoff) --> queued: (\[|after)/.test(line)) console.log(line.trim())
