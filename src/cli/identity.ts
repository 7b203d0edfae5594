/** The identity file: a key pair that only its owner may read. The secret key goes nowhere else. */
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
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
  try {
    const identity = await parseIdentity(await readFile(file, 'utf8'), file)
    if (((await stat(file)).mode & OTHERS) !== 0) warn(`others may read ${file}: chmod 600 it`)
    return identity
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return makeIdentity(file)
    throw error instanceof BadInput ? error : badFile('read', file, error)
  }
}

/**
 * Makes an identity and keeps it in a file with mode 0600.
 * @param force whether one that is there may be replaced
 * @throws BadInput
 */
export async function makeIdentity(file: string, { force = false } = {}): Promise<Identity> {
  const identity = await newIdentity()
  try {
    if (file === defaultIdentityFile()) await mkdir(dirname(file), { recursive: true, mode: DIRECTORY_MODE })
    await (force ? replace : create)(file, `${JSON.stringify({ version: VERSION, ...identity }, null, 2)}\n`)
    return identity
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

async function create(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', FILE_MODE)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await chmod(file, FILE_MODE)
}

async function replace(file: string, text: string): Promise<void> {
  const fresh = `${file}.${process.pid}.new`
  try {
    await create(fresh, text)
    await rename(fresh, file)
  } finally {
    await rm(fresh, { force: true })
  }
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
