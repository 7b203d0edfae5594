/**
 * The proxy as users name it on the command line. A password shows to everyone who lists processes, so it may come
 * from a file or from the environment instead; no message here or from the parser of arguments ever holds one.
 */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { type ProxyOptions, proxyOptionsOf } from '../index.js'
import { BadInput, badFile, orBadInput } from './bad-input.js'
import { harmless } from './words.js'

export interface ProxyArguments {
  readonly proxy?: string
  readonly proxyPasswordFile?: string
  readonly proxyExcept?: string
  readonly proxyIsolation?: boolean
}

/** Where a password may be, for a proxy URL with a user and no password. */
const PASSWORD_VARIABLE = 'TOX_RELAYS_PROXY_PASSWORD'

export const withProxyArguments = (command: Command): Command =>
  command
    .option(
      '--proxy <url>',
      'reach relays through socks5://, socks4:// or http://[user[:password]@]host[:port], and no other way',
    )
    .option(
      '--proxy-password-file <file>',
      `the proxy’s password is the first line of this file (or in the variable ${PASSWORD_VARIABLE})`,
    )
    .option(
      '--proxy-except <list>',
      'addresses, networks and names to reach directly all the same, with commas between: 10.0.0.0/8,nas.lan',
    )
    .option(
      '--proxy-isolation',
      'SOCKS5 credentials made from your identity: Tor gives it circuits of its own',
    )

/** @throws BadInput that shows no password */
export async function readProxy(
  { proxy, proxyPasswordFile, proxyExcept, proxyIsolation }: ProxyArguments,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ProxyOptions | undefined> {
  if (proxy === undefined) {
    if (proxyPasswordFile !== undefined || proxyExcept !== undefined || proxyIsolation)
      throw new BadInput('the --proxy-… options need a proxy: add --proxy')
    return undefined
  }
  const options = orBadInput('--proxy', () => proxyOptionsOf(proxy))
  const password = await passwordFor(options, proxyPasswordFile, environment[PASSWORD_VARIABLE])
  return {
    ...options,
    ...(password === undefined ? {} : { password }),
    ...(proxyExcept === undefined ? {} : { except: proxyExcept.split(',').map(each => each.trim()) }),
    ...(proxyIsolation ? { isolation: true } : {}),
  }
}

/** The proxy for people, without user and password. */
export const proxyWords = ({ kind, host }: ProxyOptions): string => harmless(`${kind} proxy ${host}`)

async function passwordFor(
  { user, password }: ProxyOptions,
  file: string | undefined,
  fromEnvironment: string | undefined,
): Promise<string | undefined> {
  if (file === undefined) return password ?? (user === undefined ? undefined : fromEnvironment)
  if (user === undefined) throw new BadInput('--proxy-password-file: the URL of the proxy names no user')
  if (password !== undefined)
    throw new BadInput('--proxy-password-file: the URL of the proxy has a password already')
  return readPassword(file)
}

async function readPassword(file: string): Promise<string> {
  try {
    const [line = ''] = (await readFile(file, 'utf8')).split(/\r?\n/, 1)
    return line
  } catch (error) {
    throw badFile('read', file, error)
  }
}
