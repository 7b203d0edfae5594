/**
 * `tox-relays/machines`: the machines, for visualizers and model tests. Re-exports, nothing else.
 *
 * @module tox-relays/machines
 */
export type {
  RelayCommand,
  RelayContext,
  RelayEmitted,
  RelayEvent,
  RelayIoInput,
  RelayMachineInput,
  RelayMachineOptions,
} from './relay-events.js'
export { createRelayMachine, relayMachine } from './relay-machine.js'
export { CLOSE_TIMEOUT_MS, REST_DELAY_MS } from './relay-setup.js'
export {
  GROUP_SIZE,
  type SupervisorContext,
  type SupervisorEvent,
  supervisorMachine,
} from './supervisor-machine.js'
