/**
 * The life of one relay (behaviour §2) as a statechart: queued → attempt {connecting → proxy → handshake} →
 * established {pinging ⇄ quiet} → closing, and around it backoff, sleeping, quarantined and the final closed.
 * It decides when; the I/O actor, invoked once for the relay's whole life, does. No secret is in its input, context
 * or events, since those show in snapshots and inspectors. Packets never become its events.
 */
import { stateIn } from 'xstate'
import { systemClock } from '../io/clock.js'
import { DIRECT_BUDGET_MS } from '../io/dial.js'
import type { Reason } from '../protocol/errors.js'
import { backoffMs } from './backoff.js'
import type { RelayMachineOptions } from './relay-events.js'
import { relaySetup } from './relay-setup.js'

const DEFAULT_OPTIONS: RelayMachineOptions = {
  clock: systemClock,
  chance: Math.random,
  budgetMs: () => DIRECT_BUDGET_MS,
  viaProxy: () => false,
  retryMs: (failures, chance) => backoffMs(failures, chance),
}

export const createRelayMachine = (options: RelayMachineOptions = DEFAULT_OPTIONS) =>
  relaySetup(options).createMachine({
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
          'need.ended': { guard: 'isNeeded', actions: ['noteNoNeed', 'startRest'] },
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

function timedOut(reason: Reason) {
  return { type: 'noteTimeout', params: { reason } } as const
}
