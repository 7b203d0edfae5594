/** The identity file when several programs want one at the same moment. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readOrMakeIdentity } from '../../src/cli/identity.js'

const AT_ONCE = 20

it('programs that start at the same moment share one identity, and leave nothing else behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'identity-'))
  const file = join(folder, 'identity.json')
  const all = await Promise.all(Array.from({ length: AT_ONCE }, () => readOrMakeIdentity(file, () => {})))
  expect(new Set(all.map(({ secretKey }) => secretKey)).size).toBe(1)
  expect(await readdir(folder)).toEqual(['identity.json'])
  await rm(folder, { recursive: true })
})
