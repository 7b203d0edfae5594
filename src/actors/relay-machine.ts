/**
 * The life of one relay (behaviour §2) as a statechart: queued → attempt {connecting → proxy → handshake} →
 * established {pinging ⇄ quiet} → closing, and around it backoff, sleeping, quarantined and the final closed.
 * It decides when; the I/O actor, invoked once for the relay's whole life, does. No secret is in its input, context
 * or events, since those show in snapshots and inspectors. Packets never become its events.
 */
import { assign, cancel, emit, fromCallback, raise, sendTo, setup, stateIn } from 'xstate'
import { systemClock } from '../io/clock.js'
import { DIRECT_BUDGET_MS } from '../io/dial.js'
import { PING_INTERVAL_MS } from '../protocol/constants.js'
import { faultOf, type Reason } from '../protocol/errors.js'
import type { HostPort } from '../protocol/relay-address.js'
import { backoffMs, STABLE_AFTER_MS } from './backoff.js'
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

const DEFAULT_OPTIONS: RelayMachineOptions = {
  clock: systemClock,
  chance: Math.random,
  budgetMs: () => DIRECT_BUDGET_MS,
  viaProxy: () => false,
  retryMs: (failures, chance) => backoffMs(failures, chance),
}

/** Does nothing: a machine that is only looked at has no sockets. The manager provides the real one. */
const noIo = fromCallback<RelayCommand, RelayIoInput>(() => {})

export const createRelayMachine = ({
  clock,
  chance,
  budgetMs,
  retryMs,
  viaProxy,
}: RelayMachineOptions = DEFAULT_OPTIONS) =>
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
  }).createMachine({
    id: 'relay',
    description: 'One relay: reached when needed, kept alive, tried again for ever.',
    context: ({ input }) => ({
      publicKey: input.publicKey,
      addresses: input.addresses,
      addressIndex: 0,
      tried: 0,
      needed: input.needed,
      removed: false,
      failures: 0,
      reason: undefined,
      retryAt: 0,
      confirmedAt: undefined,
      violations: [],
      quarantines: 0,
      rttMs: undefined,
    }),
    invoke: { src: 'io', id: 'io', input: ({ context }) => ({ publicKey: context.publicKey }) },
    initial: 'sleeping',
    on: {
      'need.began': { actions: 'noteNeed' },
      'need.ended': { actions: 'noteNoNeed' },
      'address.added': { actions: 'addAddress' },
      'relay.remove': '.closed',
    },
    states: {
      sleeping: {
        description: 'Nobody needs the relay. No socket, no timer.',
        always: [
          { guard: 'mustWait', target: 'backoff' },
          { guard: 'isNeeded', target: 'queued' },
        ],
        on: { 'network.changed': { actions: 'retryNow' } },
      },
      queued: {
        description: 'Waits for a turn: only so many relays are dialled at once.',
        entry: 'askForTurn',
        on: {
          'turn.came': 'attempt',
          'need.ended': { target: 'sleeping', actions: ['noteNoNeed', 'newRound', 'giveUp'] },
        },
      },
      attempt: {
        description: 'On the way to one of the relay’s addresses, within a budget of time.',
        initial: 'connecting',
        entry: 'dial',
        after: {
          budget: [
            { guard: stateIn({ attempt: 'proxy' }), target: 'failed', actions: timedOut('proxy-timeout') },
            {
              guard: stateIn({ attempt: 'handshake' }),
              target: 'failed',
              actions: timedOut('handshake-timeout'),
            },
            { guard: 'viaProxy', target: 'failed', actions: timedOut('proxy-unreachable') },
            { target: 'failed', actions: timedOut('connect-timeout') },
          ],
        },
        on: {
          'attempt.failed': { target: 'failed', actions: 'noteReason' },
          'need.ended': { target: 'sleeping', actions: ['noteNoNeed', 'newRound'] },
          'network.changed': 'queued',
          'handshake.done': 'established',
        },
        exit: 'giveUp',
        states: {
          connecting: {
            description: 'TCP is being set up, to the relay or to the proxy.',
            on: { 'proxy.reached': 'proxy', 'socket.opened': 'handshake' },
          },
          proxy: {
            description: 'The proxy is asked to connect us to the relay.',
            on: { 'socket.opened': 'handshake' },
          },
          handshake: { description: 'Our 128 bytes are sent; the relay’s 96 are awaited.' },
        },
      },
      failed: {
        description: 'An attempt failed: on to the relay’s next address, or wait.',
        entry: 'tellFailure',
        always: [
          { guard: 'hasAnotherAddress', target: 'queued', actions: 'nextAddress' },
          { target: 'lost', actions: 'newRound' },
        ],
      },
      established: {
        description: 'The link is up: packets flow.',
        initial: 'pinging',
        entry: 'newRound',
        exit: ['stopRest', 'noteLinkEnd'],
        on: {
          'link.confirmed': { actions: ['noteConfirmed', 'tellConfirmed'] },
          'link.lost': { target: 'lost', actions: 'noteReason' },
          'pong.overdue': { target: 'lost', actions: ['noteReason', 'destroyLink'] },
          'need.began': { actions: ['noteNeed', 'stopRest'] },
          'need.ended': { actions: ['noteNoNeed', 'startRest'] },
          'rest.over': 'closing',
          'relay.remove': { target: 'closing', actions: 'noteRemoved' },
        },
        states: {
          pinging: {
            description: 'A ping is open; the link itself watches its 10 s.',
            on: { 'keepalive.answered': { target: 'quiet', actions: ['noteRtt', 'tellAnswer'] } },
          },
          quiet: {
            description: 'The last ping was answered.',
            after: { pingInterval: { target: 'pinging', actions: 'sendPing' } },
            on: { 'network.changed': { target: 'pinging', actions: 'sendPing' } },
          },
        },
      },
      closing: {
        description: 'Important packets and our good-bye are on their way.',
        entry: 'hangUp',
        exit: 'destroyLink',
        after: { closeTimeout: 'hungUp' },
        on: {
          'link.hungUp': 'hungUp',
          'link.lost': 'hungUp',
          'relay.remove': { actions: 'noteRemoved' },
          'relay.keep': { actions: 'noteKept' },
        },
      },
      hungUp: {
        description: 'The link is closed as we wished.',
        always: [{ guard: 'isRemoved', target: 'closed' }, { target: 'sleeping' }],
      },
      lost: {
        description: 'An attempt or a link ended against our wish.',
        always: [
          { guard: 'deservesQuarantine', target: 'quarantined', actions: 'planQuarantine' },
          { guard: 'isNeeded', target: 'backoff', actions: 'planRetry' },
          { target: 'sleeping', actions: 'planRetry' },
        ],
      },
      backoff: {
        description: 'Waits before the next attempt, longer after each failure.',
        after: { retryDelay: 'queued' },
        on: {
          'network.changed': { target: 'queued', actions: 'retryNow' },
          'need.ended': { target: 'sleeping', actions: 'noteNoNeed' },
        },
      },
      quarantined: {
        description: 'Broke the protocol again and again: left alone for hours, whoever needs it.',
        after: { retryDelay: 'sleeping' },
      },
      closed: {
        description: 'Removed. Nothing is left.',
        type: 'final',
        entry: 'destroyLink',
      },
    },
  })

/** The machine as it is, without sockets: for visualizers and model tests. */
export const relayMachine = createRelayMachine()

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

function timedOut(reason: Reason) {
  return { type: 'noteTimeout', params: { reason } } as const
}
