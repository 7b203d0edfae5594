/**
 * Every number of the protocol, with its unit. Sources are sections of docs/protocol.md.
 * Knows no behaviour: what is done with a number stands where it is used.
 */

/** Sizes in bytes (§1). */
export const KEY_SIZE = 32
export const NONCE_SIZE = 24
export const MAC_SIZE = 16

/** Handshake messages, fixed sizes without a length prefix (§2). */
export const CLIENT_HANDSHAKE_SIZE = 128
export const RELAY_HANDSHAKE_SIZE = 96

/** Frames: a big-endian u16 length, then MAC and ciphertext (§3). */
export const LENGTH_PREFIX_SIZE = 2
export const MAX_CIPHERTEXT_SIZE = 2048
export const MAX_PLAINTEXT_SIZE = MAX_CIPHERTEXT_SIZE - MAC_SIZE
export const MAX_FRAME_SIZE = LENGTH_PREFIX_SIZE + MAX_CIPHERTEXT_SIZE
export const FRAME_OVERHEAD = LENGTH_PREFIX_SIZE + MAC_SIZE

/** Payload limits (§4). */
export const MAX_DATA_SIZE = MAX_PLAINTEXT_SIZE - 1
export const MAX_OOB_SIZE = 1024
export const MAX_FORWARD_SIZE = 1792
export const MIN_ONION_REQUEST_SIZE = 160
export const MAX_ONION_REQUEST_SIZE = 1400
export const PING_ID_SIZE = 8

/** Connection ids: 0 means refused, 1–15 are reserved, 16–255 name routes (§4, §6). */
export const REFUSED_ID = 0
export const FIRST_CONNECTION_ID = 16
export const LAST_CONNECTION_ID = 255
export const MAX_ROUTES_PER_RELAY = LAST_CONNECTION_ID - FIRST_CONNECTION_ID + 1

/** Timing in milliseconds (§6). */
export const PING_INTERVAL_MS = 30_000
export const PONG_TIMEOUT_MS = 10_000
export const HANDSHAKE_TIMEOUT_MS = 10_000

/** Pongs that we owe while the socket is full; a newer one replaces the last (§4). */
export const MAX_OWED_PONGS = 32

/** At most this much may be unacknowledged on one link, or a c-toxcore relay can be wedged for ever (§8.1). */
export const SEND_WINDOW_BYTES = 64 * 1024

/** Default ports on which relays listen (§6). */
export const DEFAULT_RELAY_PORTS = [443, 3389, 33445] as const
