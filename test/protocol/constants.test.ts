import { expect, test } from 'vitest'
import * as constants from '../../src/protocol/constants.js'

test('every number is the one of docs/protocol.md', () => {
  expect({ ...constants }).toEqual({
    KEY_SIZE: 32,
    NONCE_SIZE: 24,
    MAC_SIZE: 16,
    CLIENT_HANDSHAKE_SIZE: 128,
    RELAY_HANDSHAKE_SIZE: 96,
    LENGTH_PREFIX_SIZE: 2,
    MAX_CIPHERTEXT_SIZE: 2048,
    MAX_PLAINTEXT_SIZE: 2032,
    MAX_FRAME_SIZE: 2050,
    FRAME_OVERHEAD: 18,
    MAX_DATA_SIZE: 2031,
    MAX_OOB_SIZE: 1024,
    MAX_FORWARD_SIZE: 1792,
    MIN_ONION_REQUEST_SIZE: 160,
    MAX_ONION_REQUEST_SIZE: 1400,
    PING_ID_SIZE: 8,
    REFUSED_ID: 0,
    FIRST_CONNECTION_ID: 16,
    LAST_CONNECTION_ID: 255,
    MAX_ROUTES_PER_RELAY: 240,
    PING_INTERVAL_MS: 30_000,
    PONG_TIMEOUT_MS: 10_000,
    HANDSHAKE_TIMEOUT_MS: 10_000,
    MAX_OWED_PONGS: 32,
    SEND_WINDOW_BYTES: 65_536,
    DEFAULT_RELAY_PORTS: [443, 3389, 33445],
  })
})
