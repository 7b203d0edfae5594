/**
 * Memory across restarts: relays with their addresses and scores, and friends. In a JSON file here; elsewhere for
 * whoever implements {@link Store}. Holds no secret. Knows files; what is in them, store-content knows.
 */
import { open, readFile, rename, rm } from 'node:fs/promises'
import { type Clock, systemClock } from './io/clock.js'
import { formatContent, parseContent, type StoreContent } from './store-content.js'

/** Where a manager's memory is kept. */
export interface Store {
  /** What was saved last; nothing when nothing was. */
  load(): Promise<StoreContent>
  save(content: StoreContent): Promise<void>
}

export interface StoreOptions {
  /** Told, in a sentence, of a file that is damaged, and where it is kept. */
  readonly report?: (problem: string) => void
  readonly clock?: Pick<Clock, 'now'>
}

/** Nobody else needs to know whom we talk to. */
const FILE_MODE = 0o600

const NOTHING: StoreContent = { relays: [], friends: [] }

/** A store in a JSON file, which is made with the first save; its folder must be there. */
export function openStore(file: string, options: StoreOptions = {}): Store {
  return new FileStore(file, options)
}

class FileStore implements Store {
  readonly #file: string
  readonly #report: (problem: string) => void
  readonly #clock: Pick<Clock, 'now'>
  #lastSave: Promise<void> = Promise.resolve()

  constructor(file: string, { report = () => {}, clock = systemClock }: StoreOptions) {
    this.#file = file
    this.#report = report
    this.#clock = clock
  }

  /**
   * A damaged file is set aside, and what is good in it saved in its place.
   * @throws the system's error when it cannot be read; TypeError when it is of a newer version
   */
  async load(): Promise<StoreContent> {
    const text = await readIfThere(this.#file)
    if (text === undefined) return NOTHING
    const { content, problems } = parseContent(text)
    if (problems.length > 0) await this.#setAside(content, problems)
    return content
  }

  /** One after the other, in order. The file is the old one or the new one, never a part. */
  save(content: StoreContent): Promise<void> {
    const text = formatContent(content)
    const write = () => replaceFile(this.#file, text)
    this.#lastSave = this.#lastSave.then(write, write)
    return this.#lastSave
  }

  async #setAside(content: StoreContent, problems: readonly string[]): Promise<void> {
    const aside = `${this.#file}.damaged-${new Date(this.#clock.now()).toISOString().replaceAll(':', '-')}`
    await rename(this.#file, aside)
    await this.save(content)
    const good = `${content.relays.length} relays and ${content.friends.length} friends could be read`
    this.#report(`${this.#file} is damaged (${summary(problems)}): ${good}; it is kept as ${aside}`)
  }
}

const TOLD_PROBLEMS = 3

function summary(problems: readonly string[]): string {
  const more = problems.length - TOLD_PROBLEMS
  return problems.slice(0, TOLD_PROBLEMS).join('; ') + (more > 0 ? `; and ${more} more` : '')
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.${process.pid}.new`
  try {
    const handle = await open(fresh, 'w', FILE_MODE)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, file)
  } finally {
    await rm(fresh, { force: true })
  }
}
