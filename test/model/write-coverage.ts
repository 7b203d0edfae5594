/** Leaves what a model test has seen where `npm run coverage:states` looks for it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Seen {
  readonly states: readonly string[]
  /** `state event` → where it led. */
  readonly pairs: Readonly<Record<string, string>>
  readonly missing?: readonly string[]
}

/** Does nothing unless the script asks for it. */
export function writeCoverage(name: string, seen: Seen): void {
  const { STATES_COVERAGE_DIR: folder } = process.env
  if (folder) writeFileSync(join(folder, `${name}.json`), JSON.stringify({ name, ...seen }))
}
