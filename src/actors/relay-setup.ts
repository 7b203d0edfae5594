/**
 * What a relay's machine can do: its delays, guards and actions, all named. When it does what, the statechart in
 * relay-machine.ts says.
 */
import { assign, cancel, emit, fromCallback, raise, sendTo, setup } from 'xstate'
import { PING_INTERVAL_MS } from '../protocol/constants.js'
import { faultOf, type Reason } from '../protocol/errors.js'
import type { HostPort } from '../protocol/relay-address.js'
import { STABLE_AFTER_MS } from './backoff.js'
import { deservesQuarantine, quarantineMs, recentViolations } from './quarantine.js'
import type {
  RelayCommand,
  RelayContext,
  RelayEmitted,
  RelayEvent,
  RelayIoInput,
  RelayMachineInput,
  RelayMachineOptions,
} from './relay-events.js'

/** A relay that nobody needs any more stays up this long, in ms (protocol §6). */
export const REST_DELAY_MS = 10_000
/** How long a relay may take to answer our good-bye, in ms (behaviour §2). */
export const CLOSE_TIMEOUT_MS = 2_000

export const relaySetup = ({ clock, chance, budgetMs, retryMs, viaProxy }: RelayMachineOptions) =>
  setup({
    types: {} as {
      context: RelayContext
      events: RelayEvent | RelayCommand
      emitted: RelayEmitted
      input: RelayMachineInput
    },
    actors: { io: noIo },
    delays: {
      budget: ({ context }) => budgetMs(context.publicKey, addressOf(context)),
      pingInterval: PING_INTERVAL_MS,
      restDelay: REST_DELAY_MS,
      closeTimeout: CLOSE_TIMEOUT_MS,
      retryDelay: ({ context }) => Math.max(0, context.retryAt - clock.now()),
    },
    guards: {
      viaProxy: ({ context }) => viaProxy(context.publicKey, addressOf(context)),
      isNeeded: ({ context }) => context.needed,
      isRemoved: ({ context }) => context.removed,
      mustWait: ({ context }) => context.needed && context.retryAt > clock.now(),
      hasAnotherAddress: ({ context }) => context.tried + 1 < context.addresses.length,
      deservesQuarantine: ({ context }) =>
        deservesQuarantine(recentViolations(context.violations, clock.now())),
    },
    actions: {
      askForTurn: sendTo('io', ({ context }) => ({ type: 'wait.turn', address: addressOf(context) })),
      dial: sendTo('io', ({ context }) => ({ type: 'dial', address: addressOf(context) })),
      giveUp: sendTo('io', { type: 'give.up' }),
      sendPing: sendTo('io', { type: 'ping' }),
      hangUp: sendTo('io', { type: 'hang.up' }),
      destroyLink: sendTo('io', { type: 'destroy' }),
      noteNeed: assign({ needed: true }),
      noteNoNeed: assign({ needed: false }),
      noteRemoved: assign({ removed: true }),
      noteKept: assign({ removed: false }),
      startRest: raise({ type: 'rest.over' }, { delay: 'restDelay', id: 'rest' }),
      stopRest: cancel('rest'),
      noteReason: assign(({ context, event }) => {
        const reason = reasonOf(event) ?? context.reason
        return { reason, violations: violationsAfter(context.violations, reason, clock.now()) }
      }),
      nextAddress: assign(({ context }) => ({
        addressIndex: (context.addressIndex + 1) % context.addresses.length,
        tried: context.tried + 1,
      })),
      newRound: assign({ tried: 0 }),
      addAddress: assign(({ context, event }) =>
        event.type === 'address.added' ? { addresses: [...context.addresses, event.address] } : {},
      ),
      /** Only a link that stood for a while makes up for the failures before it. */
      noteLinkEnd: assign(({ context }) => {
        const stoodMs = context.confirmedAt === undefined ? 0 : clock.now() - context.confirmedAt
        return { failures: stoodMs >= STABLE_AFTER_MS ? 0 : context.failures, confirmedAt: undefined }
      }),
      planRetry: assign(({ context }) => {
        const failures = context.failures + 1
        const reason = context.reason ?? 'closed-by-relay'
        return {
          failures: faultOf(reason) === 'proxy' ? context.failures : failures,
          retryAt: clock.now() + retryMs(failures, chance(), reason),
        }
      }),
      planQuarantine: assign(({ context }) => ({
        quarantines: context.quarantines + 1,
        violations: [],
        retryAt: clock.now() + quarantineMs(context.quarantines),
      })),
      retryNow: assign({ retryAt: 0 }),
      noteConfirmed: assign({ confirmedAt: () => clock.now(), reason: undefined }),
      noteRtt: assign(({ event }) => (event.type === 'keepalive.answered' ? { rttMs: event.rttMs } : {})),
      noteTimeout: assign((_, { reason }: { reason: Reason }) => ({ reason })),
      tellFailure: emit(({ context }) => ({
        type: 'attempt.failed' as const,
        address: addressOf(context),
        reason: context.reason ?? 'unreachable',
      })),
      tellConfirmed: emit({ type: 'link.confirmed' }),
      tellAnswer: emit(({ context }) => ({
        type: 'keepalive.answered' as const,
        rttMs: context.rttMs ?? 0,
      })),
    },
  })

/** Does nothing: a machine that is only looked at has no sockets. The manager provides the real one. */
const noIo = fromCallback<RelayCommand, RelayIoInput>(() => {})

/** The address that this attempt is for. */
function addressOf({ addresses, addressIndex }: RelayContext): HostPort {
  const address = addresses[addressIndex] ?? addresses[0]
  if (!address) throw new RangeError('a relay without an address')
  return address
}

function reasonOf(event: RelayEvent | RelayCommand): Reason | undefined {
  if (event.type === 'attempt.failed' || event.type === 'link.lost') return event.reason
  return event.type === 'pong.overdue' ? 'ping-timeout' : undefined
}

const violationsAfter = (
  earlier: readonly number[],
  reason: Reason | undefined,
  now: number,
): readonly number[] => (reason === 'protocol-violation' ? [...recentViolations(earlier, now), now] : earlier)
