/** `--dashboard [port]`: opens the page that shows a manager at work. */
import { type Dashboard, startDashboard } from '../dashboard/index.js'
import type { RelayManager } from '../index.js'
import { BadInput } from './bad-input.js'

/** As commander gives it: true without a port. */
export type DashboardOption = string | boolean | undefined

const MAX_PORT = 0xffff

/** @throws BadInput for a port that is none, or in use */
export async function openDashboard(
  manager: RelayManager,
  option: DashboardOption,
): Promise<Dashboard | undefined> {
  if (option === undefined || option === false) return undefined
  const port = option === true ? 0 : Number(option)
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT)
    throw new BadInput(`--dashboard: wanted a port from 0 to ${MAX_PORT}, got ${option}`)
  try {
    return await startDashboard(manager, { port })
  } catch (error) {
    throw new BadInput(`--dashboard: ${error instanceof Error ? error.message : error}`)
  }
}
