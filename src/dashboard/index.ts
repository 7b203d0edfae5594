/** `tox-relays/dashboard`: the page that shows a manager at work, and its machines as drawings. Re-exports, nothing else. */
export type { InspectionSource } from './broadcast.js'
export { type Dashboard, type DashboardOptions, type ShownManager, startDashboard } from './dashboard.js'
export type { DashboardClock } from './dashboard-clock.js'
export { mermaidOf } from './mermaid.js'
export { type ChartState, type ChartTransition, type Statechart, statechartOf } from './statechart.js'
