/** The layers of docs/architecture.md: reads every import under src and fails on an arrow that points up. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const MAX_LINES = 250

/** Layer → what it may import from src, beside itself. */
const LAYERS_BELOW: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  io: ['protocol'],
  testing: ['protocol', 'io'],
  actors: ['protocol', 'io'],
  manager: ['protocol', 'io', 'actors'],
  index: ['protocol', 'io', 'actors', 'manager'],
  cli: [],
  dashboard: [],
}

/** Ordinary users of the package: of the rest of src they may import what package.json exports. */
const USERS = ['cli', 'dashboard']

/** Layer → packages that it may import. The layers that are not named here may import any. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  protocol: /^$/,
  io: /^(rxjs|socks|node:.+)$/,
  testing: /^(rxjs|node:.+)$/,
  actors: /^(xstate|rxjs|node:(net|crypto|util|diagnostics_channel))$/,
}
/** The one place of the protocol that knows a crypto library, and the types of that. */
const CRYPTO = {
  files: ['protocol/crypto.ts', 'protocol/libsodium.d.ts'],
  packages: /^(libsodium-wrappers|node:crypto)$/,
}

interface Module {
  /** Relative to src. */
  readonly file: string
  readonly text: string
  /** Files relative to src, and names of packages. */
  readonly imports: readonly string[]
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MODULES = readModules(join(ROOT, 'src'))
const DOORS = publicDoors(readFileSync(join(ROOT, 'package.json'), 'utf8'))

describe('the source', () => {
  it('is read: every layer that matters has files, and they import each other', () => {
    const layers = new Set(MODULES.map(module => layerOf(module.file)))
    expect([...layers]).toEqual(expect.arrayContaining(['protocol', 'io', 'actors']))
    expect(MODULES.flatMap(module => module.imports).filter(isOurs).length).toBeGreaterThan(10)
  })

  it('has no file outside the layers', () => {
    expect(MODULES.map(module => layerOf(module.file)).filter(layer => !(layer in LAYERS_BELOW))).toEqual([])
  })

  it('has no import that points up', () => {
    expect(arrows(MODULES).filter(([from, to]) => isOurs(to) && !mayImport(from, to))).toEqual([])
  })

  it('imports only the packages that belong in each layer', () => {
    expect(arrows(MODULES).filter(([from, to]) => !isOurs(to) && !mayUse(from, to))).toEqual([])
  })

  it('imports only files that are there', () => {
    const missing = arrows(MODULES).filter(([, to]) => isOurs(to) && !existsSync(join(ROOT, 'src', to)))
    expect(missing).toEqual([])
  })

  it('has no import cycle among its running code', () => {
    expect(findCycle(MODULES.map(withoutTypes))).toEqual([])
  })

  it(`has no file of more than ${MAX_LINES} lines`, () => {
    const lines = (text: string) => text.trimEnd().split('\n').length
    const long = MODULES.filter(module => lines(module.text) > MAX_LINES)
    expect(long.map(module => `${module.file}: ${lines(module.text)} lines`)).toEqual([])
  })
})

describe('the rules', () => {
  it.each([
    ['protocol/session.ts', 'protocol/frames.ts', true],
    ['protocol/session.ts', 'io/clock.ts', false],
    ['io/dial.ts', 'actors/link.ts', false],
    ['actors/link.ts', 'manager.ts', false],
    ['actors/link.ts', 'testing/index.ts', false],
    ['manager.ts', 'actors/link.ts', true],
    ['manager.ts', 'index.ts', false],
    ['cli/up.ts', 'index.ts', true],
    ['cli/up.ts', 'io/relay-server.ts', true],
    ['cli/up.ts', 'io/dial.ts', false],
    ['cli/up.ts', 'manager.ts', false],
    ['dashboard/server.ts', 'cli/up.ts', false],
  ])('an import of %s from %s is allowed: %s', (from, to, allowed) => {
    expect(mayImport(from, to)).toBe(allowed)
  })

  it.each([
    ['protocol/crypto.ts', 'libsodium-wrappers', true],
    ['protocol/session.ts', 'libsodium-wrappers', false],
    ['protocol/session.ts', 'rxjs', false],
    ['io/dial.ts', 'xstate', false],
    ['actors/link.ts', 'node:tls', false],
    ['cli/up.ts', 'commander', true],
  ])('%s may use the package %s: %s', (from, to, allowed) => {
    expect(mayUse(from, to)).toBe(allowed)
  })

  it('find every kind of import, types and re-exports too', () => {
    const text = `
      import type { A } from './a.js'
      export * from '../io/b.js'
      import {
        c } from "rxjs"
      const d = import('./d.js')
      type E = import('./e.js').E`
    expect(readImports('actors/x.ts', text)).toEqual([
      'actors/a.ts',
      'io/b.ts',
      'rxjs',
      'actors/d.ts',
      'actors/e.ts',
    ])
  })

  it('know the imports that are left at run time: types that name each other are no cycle', () => {
    const text =
      "import type {\n  A,\n} from './a.js'\nimport { type B, b } from './b.js'\nexport type { C } from './c.js'"
    expect(withoutTypes({ file: 'actors/x.ts', text, imports: [] }).imports).toEqual(['actors/b.ts'])
  })

  it('find a cycle, and name its files', () => {
    const module = (file: string, ...imports: string[]) => ({ file, text: '', imports })
    const ring = [module('a.ts', 'b.ts', 'rxjs'), module('b.ts', 'c.ts'), module('c.ts', 'b.ts')]
    expect(findCycle(ring)).toEqual(['b.ts', 'c.ts', 'b.ts'])
    expect(findCycle(ring.slice(0, 2))).toEqual([])
  })
})

function mayImport(from: string, to: string): boolean {
  const [layer, target] = [layerOf(from), layerOf(to)]
  if (layer === target || LAYERS_BELOW[layer]?.includes(target)) return true
  return USERS.includes(layer) && DOORS.includes(to)
}

function mayUse(from: string, name: string): boolean {
  if (CRYPTO.files.includes(from)) return CRYPTO.packages.test(name)
  return PACKAGES[layerOf(from)]?.test(name) ?? true
}

/** Its folder; of the files directly in src, index.ts is a layer of its own above the others. */
function layerOf(file: string): string {
  if (file.includes('/')) return file.slice(0, file.indexOf('/'))
  return file === 'index.ts' ? 'index' : 'manager'
}

function isOurs(target: string): boolean {
  return /\.(ts|tsx|css|svg|json)$/.test(target)
}

function arrows(modules: readonly Module[]): [from: string, to: string][] {
  return modules.flatMap(({ file, imports }) => imports.map((to): [string, string] => [file, to]))
}

/** The files of a first cycle, from one of them back to it; empty without one. */
function findCycle(modules: readonly Module[]): string[] {
  const importsOf = new Map(modules.map(({ file, imports }) => [file, imports]))
  const innocent = new Set<string>()
  const follow = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (innocent.has(file)) return []
    for (const next of importsOf.get(file) ?? []) {
      const cycle = follow(next, [...path, file])
      if (cycle.length > 0) return cycle
    }
    innocent.add(file)
    return []
  }
  return modules.map(({ file }) => follow(file, [])).find(cycle => cycle.length > 0) ?? []
}

function readModules(directory: string): Module[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.tsx?$/.test(file))
    .map(file => {
      const text = readFileSync(join(directory, file), 'utf8')
      return { file, text, imports: readImports(file, text) }
    })
}

/** What verbatimModuleSyntax leaves to run: all but `import type …` and `export type …`. */
function withoutTypes({ file, text }: Module): Module {
  const script = text.replaceAll(/^(import|export) type [^'"]*? from ['"].*$/gm, '')
  return { file, text: script, imports: readImports(file, script) }
}

function readImports(file: string, text: string): string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true)
  return importedFiles.map(({ fileName }) => (fileName.startsWith('.') ? sourceOf(file, fileName) : fileName))
}

/** `./a.js` is compiled from `a.ts`, or from `a.tsx` where there is one. */
function sourceOf(file: string, specifier: string): string {
  const path = posix.join(posix.dirname(file), specifier).replace(/\.js(x?)$/, '.ts$1')
  return existsSync(join(ROOT, 'src', `${path}x`)) ? `${path}x` : path
}

/** The source files behind the exports of package.json. */
function publicDoors(manifest: string): string[] {
  return [...manifest.matchAll(/"default": "\.\/dist\/(.+)\.js"/g)].map(([, path]) => `${path}.ts`)
}
