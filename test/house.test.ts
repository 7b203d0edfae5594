/** The promises of package.json and of the scripts behind it. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(`${ROOT}${file}`, 'utf8')

/** A group of package.json, with strings as its values. */
function group(name: string): [key: string, value: string][] {
  const manifest: Record<string, unknown> = JSON.parse(read('package.json'))
  return Object.entries(manifest[name] ?? {}).map(([key, value]) => [key, `${value}`])
}

describe('package.json', () => {
  it('pins every dependency to one release', () => {
    const all = [...group('dependencies'), ...group('devDependencies')]
    expect(all.length).toBeGreaterThan(0)
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('names only programs and exports that the build makes of a source file', () => {
    const targets = [...read('package.json').matchAll(/"(?:\.\/)?dist\/([^"]+?)(?:\.d\.ts|\.js)"/g)]
    const sources = targets.map(([, path]) => `src/${path}.ts`)
    expect(sources).toContain('src/index.ts')
    expect(sources).toContain('src/cli/main.ts')
    expect(sources.filter(file => !existsSync(`${ROOT}${file}`))).toEqual([])
  })
})

describe('scripts/run.mjs', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [`${ROOT}scripts/run.mjs`, ...args], { encoding: 'utf8' })

  it.each([[['bulid', 'start']], [[]]])('answers %j with its usage and exit code 2', args => {
    const { status, stdout, stderr } = run(...args)
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain('usage: node scripts/run.mjs [build]')
  })
})
