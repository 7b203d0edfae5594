/** The sizes that the wire allows: what arrives out of bounds is the relay's fault, what we would send is ours. */
import { byteAt } from './bytes.js'
import { violation } from './errors.js'

/** @throws ToxError `protocol-violation` */
export function requireSize(plain: Uint8Array, least: number, most = least): void {
  if (plain.length < least || plain.length > most)
    throw violation(`packet ${byteAt(plain, 0)} of ${plain.length} bytes`)
}

/** @throws RangeError */
export function sized(name: string, bytes: Uint8Array, least: number, most: number): Uint8Array {
  if (bytes.length < least || bytes.length > most)
    throw new RangeError(
      `${name}: wanted ${least === most ? least : `${least}–${most}`} bytes, got ${bytes.length}`,
    )
  return bytes
}
