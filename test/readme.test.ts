/** What README and docs promise: the example runs as it is printed, links lead somewhere, commands exist. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const INSTALL_TIMEOUT_MS = 180_000

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const README = read('README.md')
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'examples/README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter(file => file.endsWith('.md'))
    .map(file => `docs/${file}`),
]

describe('the package, packed and installed in an empty folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tox-relays-'))

  beforeAll(() => install(folder), INSTALL_TIMEOUT_MS)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('runs the README’s example as it is printed', async () => {
    writeFileSync(join(folder, 'example.mjs'), exampleIn(README))
    expect(await firstLines(folder, 'example.mjs', 2)).toEqual(['sent', 'hello through a relay'])
  })

  it('brings the program', () => {
    const program = join(folder, 'node_modules', '.bin', 'tox-relays')
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
    expect(stdout.trim()).toBe(manifest().version)
  })

  it('has its docs, and no source, test or example', () => {
    const installed = join(folder, 'node_modules', 'tox-relays')
    expect(readdirSync(installed).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'docs',
      'package.json',
    ])
  })
})

describe('the README', () => {
  it('has an example of twelve lines at most', () => {
    expect(exampleIn(README).trimEnd().split('\n').length).toBeLessThanOrEqual(12)
  })

  it('names only npm scripts that there are, as do the docs', () => {
    const scripts = Object.keys(manifest().scripts)
    for (const page of PAGES)
      expect(scripts, page).toEqual(expect.arrayContaining(scriptsNamedIn(read(page))))
  })

  it('has every command of the program in its table, and no other', () => {
    const named = [...README.matchAll(/^\| `tox-relays ([a-z]+)/gm)].map(([, command]) => command)
    const commands = [...programHelp().matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, command]) => command)
    expect(named.sort()).toEqual(commands.filter(command => command !== 'help' && command !== 'tox').sort())
  })

  it('names only options that the program has, as do the docs', () => {
    for (const page of PAGES)
      for (const [command, option] of optionsNamedIn(read(page)))
        expect(programHelp(command), `${page}: tox-relays ${command}`).toContain(option)
  })
})

describe.each(PAGES)('%s', page => {
  it('links to files that are there, and to headings that they have', () => {
    expect(linksIn(read(page)).filter(link => !leadsSomewhere(page, link))).toEqual([])
  })

  it('names only files of ours that are there', () => {
    const named = [...read(page).matchAll(/`((?:src|test|docs|examples|scripts)\/[\w./-]*)`/g)]
    const written = named.map(([, path = '']) => path).filter(path => path !== 'docs/api/')
    expect(written.filter(path => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

interface Manifest {
  readonly version: string
  readonly scripts: Readonly<Record<string, string>>
}

function manifest(): Manifest {
  return JSON.parse(read('package.json'))
}

/** The first block of code in TypeScript. */
function exampleIn(markdown: string): string {
  const [, code = ''] = /```ts\n(.*?)```/s.exec(markdown) ?? []
  return code
}

/** Packs the package and installs it without a registry: what it depends on comes from our own node_modules. */
function install(folder: string): void {
  const [tarball = ''] = npm(ROOT, ['pack', '--silent', '--pack-destination', folder]).trim().split('\n')
  const dependencies = { 'tox-relays': `file:${tarball}`, ...runtimePackages() }
  const project = { name: 'empty', private: true, type: 'module', dependencies }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(project))
  npm(folder, ['install', '--offline', '--install-links', '--no-audit', '--no-fund', '--ignore-scripts'])
}

/** Everything that is installed for the package's own dependencies, as `file:` dependencies. */
function runtimePackages(): Record<string, string> {
  const { packages }: { packages: Record<string, { dev?: boolean }> } = JSON.parse(read('package-lock.json'))
  const names = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev)
  return Object.fromEntries(
    names.map(([path]) => [path.replace(/^.*node_modules\//, ''), `file:${join(ROOT, path)}`]),
  )
}

function npm(folder: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${stderr}`)
  return stdout
}

/** Runs a program until it has printed so many lines, then ends it: the example keeps its relay open. */
function firstLines(folder: string, file: string, count: number): Promise<string[]> {
  const child = spawn(process.execPath, [file], { cwd: folder })
  return new Promise((resolve, reject) => {
    let printed = ''
    let errors = ''
    child.stderr.on('data', chunk => {
      errors += chunk
    })
    child.stdout.on('data', chunk => {
      printed += chunk
      const lines = printed.split('\n')
      if (lines.length <= count) return
      child.kill()
      resolve(lines.slice(0, count))
    })
    child.on('close', code => reject(new Error(`ended early with ${code}: ${printed}${errors}`)))
  })
}

const helps = new Map<string, string>()

function programHelp(...command: string[]): string {
  const name = command.join(' ')
  const help =
    helps.get(name) ??
    spawnSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), 'help', ...command], {
      encoding: 'utf8',
    }).stdout
  helps.set(name, help)
  return help
}

/** In blocks of code and in `code`: `npm test`, `npm run build`. */
function scriptsNamedIn(markdown: string): string[] {
  const named = [...markdown.matchAll(/\bnpm (?:run ([a-z:]+)|(start|test)\b)/g)]
  return named.map(([, run, short]) => run ?? short ?? '')
}

/** `tox-relays COMMAND … --option`, each with its command. */
function optionsNamedIn(markdown: string): [command: string, option: string][] {
  const calls = [...markdown.matchAll(/tox-relays ([a-z]+)\b([^\n`]*)/g)]
  return calls.flatMap(([, command = '', rest = '']) =>
    [...rest.replace(/[#|].*$/, '').matchAll(/--[a-z-]+/g)].map(([option]): [string, string] => [
      command,
      option,
    ]),
  )
}

function linksIn(markdown: string): string[] {
  const prose = markdown.replaceAll(/```.*?```/gs, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter(link => !/^[a-z]+:/.test(link))
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(ROOT, file))) return false
  return anchor === undefined || headingsOf(read(file)).includes(anchor)
}

/** The anchors that forges make of headings. */
function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  )
}
