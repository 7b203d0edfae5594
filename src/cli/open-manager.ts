/** A manager as the commands need it: from checked arguments, and whatever is wrong with them is the user's to mend. */
import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  createRelayManager,
  type ManagerOptions,
  type NodesRead,
  openStore,
  type ProxyOptions,
  type RelayAddress,
  type RelayManager,
} from '../index.js'
import { formatHostPort } from '../protocol/index.js'
import { BadInput, badFile, isSystemError } from './bad-input.js'

export interface ManagerArguments {
  readonly keyPair: ManagerOptions['keyPair']
  readonly list?: NodesRead<RelayAddress> | undefined
  readonly proxy?: ProxyOptions | undefined
  /** A file, made when missing. */
  readonly store?: string | undefined
}

/**
 * @param tell told of a store that was damaged
 * @throws BadInput
 */
export async function openManager(
  { keyPair, list, proxy, store }: ManagerArguments,
  tell: (line: string) => void,
): Promise<RelayManager> {
  const options: ManagerOptions = {
    keyPair,
    ...(list === undefined ? {} : { relays: list }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(store === undefined ? {} : { store: openStore(store, { report: tell }) }),
  }
  try {
    if (store !== undefined) await access(dirname(store), constants.W_OK)
    return await createRelayManager(options)
  } catch (error) {
    if (store !== undefined && isSystemError(error)) throw badFile('use', store, error)
    throw error instanceof TypeError || error instanceof RangeError ? new BadInput(error.message) : error
  }
}

/** Relays that are always kept connected. @param tell told of those that are not taken */
export function pinRelays(
  manager: RelayManager,
  relays: readonly RelayAddress[],
  tell: (line: string) => void,
): void {
  for (const { host, port, publicKey } of relays) {
    const added = manager.addRelay({ host, port, publicKey, pinned: true })
    if (!added.accepted) tell(`${formatHostPort({ host, port })} is not taken: ${added.refusal}`)
  }
}
