/** `tox-relays/machines`: the machines, for visualizers and model tests. Re-exports, nothing else. */
export type {
  RelayCommand,
  RelayContext,
  RelayEvent,
  RelayMachineInput,
  RelayMachineOptions,
} from './relay-events.js'
export { CLOSE_TIMEOUT_MS, createRelayMachine, REST_DELAY_MS, relayMachine } from './relay-machine.js'
export { GROUP_SIZE, type SupervisorEvent, supervisorMachine } from './supervisor-machine.js'
