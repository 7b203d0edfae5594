/** Which real programs are on this machine, and what becomes of a test whose peer is not. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

/** The programs that `npm run peers` installs, by the name of their executable. */
export type Peer =
  | 'tox-bootstrapd'
  | 'tox-c-peer'
  | 'microsocks'
  | 'danted'
  | 'tinyproxy'
  | 'squid'
  | 'tor'
  | 'chromium'
  | 'strace'
  | 'ip'

/**
 * `describe` for tests with real programs. On a machine without them the suite is skipped, with a name that says what
 * to do; in CI it fails.
 */
export function describeWithPeer(needed: Peer | readonly Peer[], title: string, suite: () => void): void {
  const missing = [needed].flat().filter(peer => findProgram(peer) === undefined)
  if (missing.length === 0) return void describe(title, suite)
  const remedy = `${missing.join(' and ')} not found: run npm run peers`
  const { CI } = process.env
  if (CI) return void describe(title, () => failingWith(remedy))
  describe.skipIf(missing.length > 0)(`${title} (${remedy})`, suite)
}

function failingWith(words: string): void {
  it('finds its real peer', () => {
    throw new Error(words)
  })
}

const OWN_BUILD = fileURLToPath(new URL('../../build', import.meta.url))
/** Debian keeps some of the peers where only root looks. */
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/sbin']

/** The path of a program, as a shell would find it, or undefined. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined
  const { PATH = '' } = process.env
  const searched = PATH.split(delimiter).filter(directory => directory !== '')
  return [OWN_BUILD, ...searched, ...SYSTEM_DIRECTORIES]
    .map(directory => join(directory, name))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
