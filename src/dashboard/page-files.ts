/** The files of the page, read once. They are made by `npm run build` and hold nothing secret. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface PageFile {
  readonly type: string
  readonly bytes: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Beside the compiled server; from the sources, where the build put it. */
const PLACES = ['./public/', '../../dist/dashboard/public/']

/**
 * Every file by its path in the URL.
 * @throws Error when the page is not built
 */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const directory = PLACES.map(place => fileURLToPath(new URL(place, import.meta.url))).find(existsSync)
  if (!directory) throw new Error('the dashboard’s page is not built: run npm run build')
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return new Map(
    names.flatMap(name => {
      const type = TYPES[extname(name)]
      if (type === undefined) return []
      return [[`/${name.replaceAll(sep, '/')}`, { type, bytes: readFileSync(join(directory, name)) }]]
    }),
  )
}
