/** Relays as users name them on the command line: `host:port:PUBLICKEY`, or a file with a public node list. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { InvalidArgumentError } from 'commander'
import { type NodesRead, parseNodeList, parseRelay, type RelayAddress } from '../index.js'
import { BadInput, badFile, orBadInput } from './bad-input.js'

/** The spelling of a relay in every help text. */
export const RELAY_SPELLING = 'host:port:PUBLICKEY'

/** Standard input, where a file is wanted. */
const STDIN = '-'

/** For an option that may be repeated. @throws InvalidArgumentError */
export function collectRelay(value: string, earlier: readonly RelayAddress[] = []): RelayAddress[] {
  return [...earlier, asArgument(() => parseRelay(value))]
}

const KEY_DIGITS = 64

/** For an option that may be repeated. @throws InvalidArgumentError */
export function collectKey(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, parseKeyArgument(value)]
}

/** @throws InvalidArgumentError */
export function parseKeyArgument(value: string): string {
  if (value.length !== KEY_DIGITS)
    throw new InvalidArgumentError(`A public key has ${KEY_DIGITS} hex digits, this one has ${value.length}.`)
  if (!/^[0-9a-f]+$/i.test(value)) throw new InvalidArgumentError('A public key has hex digits only.')
  return value.toUpperCase()
}

/** For an option that is a number. Its result throws InvalidArgumentError. */
export function parseNumber({ min, max, whole = false }: { min: number; max: number; whole?: boolean }) {
  return (value: string): number => {
    const number = value.trim() === '' ? Number.NaN : Number(value)
    if (number >= min && number <= max && (!whole || Number.isInteger(number))) return number
    throw new InvalidArgumentError(`Wanted a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`)
  }
}

/**
 * Reads a public node list.
 * @param warn told of what in it cannot be used
 * @throws BadInput when there is nothing in it that can
 */
export async function readNodeList(
  file: string,
  warn: (line: string) => void,
): Promise<NodesRead<RelayAddress>> {
  const json = await read(file)
  const list = orBadInput(nameOf(file), () => parseNodeList(json))
  const [first] = list.problems
  if (list.nodes.length === 0)
    throw new BadInput(`${nameOf(file)}: no TCP relay in this node list${first ? ` (${first})` : ''}`)
  for (const problem of list.problems) warn(`${nameOf(file)}: ${problem}`)
  return list
}

async function read(file: string): Promise<string> {
  try {
    return file === STDIN ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw badFile('read', nameOf(file), error)
  }
}

const nameOf = (file: string): string => (file === STDIN ? 'standard input' : file)

function asArgument<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof TypeError || error instanceof RangeError
      ? new InvalidArgumentError(error.message)
      : error
  }
}
