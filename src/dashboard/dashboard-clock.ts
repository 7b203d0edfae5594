/** The dashboard's time: the manager's own when it is given, else the system's. */
import type { ManagerOptions } from '../index.js'

export type DashboardClock = Pick<NonNullable<ManagerOptions['clock']>, 'now' | 'setTimeout' | 'clearTimeout'>

/** Its timers do not keep a program alive that has nothing else to do. */
export const SYSTEM_CLOCK: DashboardClock = {
  now: () => Date.now(),
  setTimeout: (call, delayMs) => setTimeout(call, delayMs).unref(),
  clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
}
