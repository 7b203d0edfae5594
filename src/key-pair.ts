/** Identities: a DHT key pair is all there is to one. */
import { cryptoReady, type KeyPair, newKeyPair, type Random, systemRandom } from './protocol/crypto.js'

/** A fresh identity. */
export async function generateKeyPair(random: Random = systemRandom): Promise<KeyPair> {
  await cryptoReady()
  return newKeyPair(random)
}
