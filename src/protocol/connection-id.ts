/** The byte by which a relay names a route to one friend (§4): 16–255. */
import { FIRST_CONNECTION_ID, LAST_CONNECTION_ID } from './constants.js'

/** A byte known to lie in 16–255. */
export type ConnectionId = number & { readonly connectionId: unique symbol }

export const isConnectionId = (byte: number): byte is ConnectionId =>
  byte >= FIRST_CONNECTION_ID && byte <= LAST_CONNECTION_ID
