/** The identity file: a key pair that only its owner may read. The secret key goes nowhere else. */
import { randomUUID } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { generateKeyPair } from '../index.js'
import { cryptoReady, keyPairFromSecret, parseKey } from '../protocol/index.js'
import { BadInput, badFile, isSystemError } from './bad-input.js'
import { keyWords } from './words.js'

/** Keys as hex. */
export interface Identity {
  readonly publicKey: string
  readonly secretKey: string
}

const FILE_MODE = 0o600
const DIRECTORY_MODE = 0o700
/** The bits that let others than the owner at a file. */
const OTHERS = 0o077

/** Where the identity is, unless another file is named. */
export function defaultIdentityFile(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CONFIG_HOME } = environment
  const base = XDG_CONFIG_HOME?.startsWith('/') ? XDG_CONFIG_HOME : join(homedir(), '.config')
  return join(base, 'tox-relays', 'identity.json')
}

/**
 * Reads the identity, or makes one where there is none.
 * @param warn told when others may read the file
 * @throws BadInput
 */
export async function readOrMakeIdentity(file: string, warn: (line: string) => void): Promise<Identity> {
  const identity =
    (await readIdentity(file, warn)) ?? (await makeFirst(file)) ?? (await readIdentity(file, warn))
  if (identity) return identity
  throw new BadInput(`${file} comes and goes: it cannot be read, and it cannot be made`)
}

/** @returns undefined when there is no such file */
async function readIdentity(file: string, warn: (line: string) => void): Promise<Identity | undefined> {
  try {
    const identity = await parseIdentity(await readFile(file, 'utf8'), file)
    if (((await stat(file)).mode & OTHERS) !== 0) warn(`others may read ${file}: chmod 600 it`)
    return identity
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error instanceof BadInput ? error : badFile('read', file, error)
  }
}

/** @returns undefined when another program was quicker */
async function makeFirst(file: string): Promise<Identity | undefined> {
  try {
    return await keepNew(file, create)
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return undefined
    throw badFile('write', file, error)
  }
}

/**
 * Makes an identity and keeps it in a file with mode 0600.
 * @param force whether one that is there may be replaced
 * @throws BadInput
 */
export async function makeIdentity(file: string, { force = false } = {}): Promise<Identity> {
  try {
    return await keepNew(file, force ? replace : create)
  } catch (error) {
    if (isSystemError(error, 'EEXIST'))
      throw new BadInput(`${file} is there already: --force replaces it, and the identity in it is lost`)
    throw badFile('write', file, error)
  }
}

/** An identity that is not kept. */
export async function newIdentity(): Promise<Identity> {
  const { publicKey, secretKey } = await generateKeyPair()
  return { publicKey: keyWords(publicKey), secretKey: keyWords(secretKey) }
}

const VERSION = 1

async function keepNew(file: string, put: (fresh: string, file: string) => Promise<void>): Promise<Identity> {
  const identity = await newIdentity()
  if (file === defaultIdentityFile()) await mkdir(dirname(file), { recursive: true, mode: DIRECTORY_MODE })
  const fresh = `${file}.${randomUUID()}.new`
  try {
    await write(fresh, `${JSON.stringify({ version: VERSION, ...identity }, null, 2)}\n`)
    await put(fresh, file)
    return identity
  } finally {
    await rm(fresh, { force: true })
  }
}

/** Under its own name only when it is whole, and only if nobody was quicker: then EEXIST. */
const create = link
const replace = rename

async function write(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', FILE_MODE)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await chmod(file, FILE_MODE)
}

/** What the file holds is never quoted: it may be a secret. */
async function parseIdentity(text: string, file: string): Promise<Identity> {
  const { version, publicKey, secretKey } = fieldsOf(text, file)
  if (version !== VERSION || !isKey(publicKey) || !isKey(secretKey))
    throw new BadInput(`${file} is no identity file: tox-relays keygen makes one`)
  await cryptoReady()
  if (keyWords(keyPairFromSecret(parseKey(secretKey)).publicKey) !== publicKey.toUpperCase())
    throw new BadInput(`${file} is no identity file: its two keys do not belong together`)
  return { publicKey, secretKey }
}

type Fields = Partial<Record<'version' | 'publicKey' | 'secretKey', unknown>>

function fieldsOf(text: string, file: string): Fields {
  try {
    const fields: unknown = JSON.parse(text)
    return typeof fields === 'object' && fields !== null ? fields : {}
  } catch {
    throw new BadInput(`${file} is no identity file: it is not JSON`)
  }
}

const isKey = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)
