import { expect, test } from 'vitest'
import { isConnectionId } from '../../src/protocol/connection-id.js'

test('240 bytes name routes: 16 to 255, and no other', () => {
  const ids = Array.from({ length: 300 }, (_, byte) => byte).filter(isConnectionId)
  expect(ids).toEqual(Array.from({ length: 240 }, (_, i) => 16 + i))
  expect(isConnectionId(-1)).toBe(false)
})
