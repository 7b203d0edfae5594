/** Every example runs by itself on the built package, ends by itself, and prints what its head says. */
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const EXAMPLES = readdirSync(`${ROOT}examples`).filter(file => file.endsWith('.mjs'))
const RUN_TIMEOUT_MS = 60_000

const read = (file: string): string => readFileSync(`${ROOT}${file}`, 'utf8')

describe('the examples', () => {
  it('are there, and examples/README.md names each', () => {
    expect(EXAMPLES.length).toBeGreaterThan(15)
    const named = [...read('examples/README.md').matchAll(/\]\(([\w-]+\.mjs)\)/g)].map(([, file]) => file)
    expect(named.sort()).toEqual(EXAMPLES.sort())
  })

  it('import the package by its name, and nothing of its inside', () => {
    const imports = EXAMPLES.flatMap(file => [...read(`examples/${file}`).matchAll(/from '(.+)'/g)])
    const allowed = /^(tox-relays(\/[a-z]+)?|rxjs|xstate|node:[\w/]+)$/
    expect(imports.map(([, name = '']) => name).filter(name => !allowed.test(name))).toEqual([])
  })

  it('keep to the types that the package promises', { timeout: RUN_TIMEOUT_MS }, () => {
    const { stdout } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'examples'], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
  })

  it.each(EXAMPLES)('%s prints what its head says', { timeout: RUN_TIMEOUT_MS }, async file => {
    const promised = promisedBy(read(`examples/${file}`))
    expect(promised.length).toBeGreaterThan(0)
    const { stdout, stderr, code } = await run(`examples/${file}`)
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    const printed = stdout.trimEnd().split('\n')
    expect(printed.map((line, index) => agree(line, promised[index]))).toEqual(promised)
  })
})

/** The lines below "Prints:" in the comment at a file's head. */
function promisedBy(source: string): string[] {
  const [, block = ''] = /^ \* Prints:\n((?: \* {3}.*\n)+)/m.exec(source) ?? []
  return [...block.matchAll(/^ \* {3}(.*)$/gm)].map(([, line = '']) => line)
}

/** The promised line if the printed one agrees with it, else the printed one; `…` stands for what nobody can know. */
function agree(printed: string, promised = ''): string {
  const pattern = promised.split('…').map(literally).join('.+')
  return new RegExp(`^${pattern}$`).test(printed) ? promised : printed
}

const literally = (literal: string): string => literal.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')

async function run(file: string): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(process.execPath, [file], { cwd: ROOT, timeout: RUN_TIMEOUT_MS / 2 })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { stdout, stderr, code }
}
