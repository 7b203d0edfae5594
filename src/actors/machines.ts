/** `tox-relays/machines`: the machines, for visualizers and model tests. Re-exports, nothing else. */
export {
  CLOSE_TIMEOUT_MS,
  createRelayMachine,
  REST_DELAY_MS,
  type RelayCommand,
  type RelayContext,
  type RelayEvent,
  type RelayMachineInput,
  type RelayMachineOptions,
  relayMachine,
} from './relay-machine.js'
export { GROUP_SIZE, type SupervisorEvent, supervisorMachine } from './supervisor-machine.js'
