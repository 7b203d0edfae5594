/** The raw WASM module below libsodium-wrappers, which its own types leave out; the part that crypto.ts uses. */
import 'libsodium-wrappers'

declare module 'libsodium-wrappers' {
  export const libsodium: {
    /** Replaced when the memory grows: read it anew each time. */
    readonly HEAPU8: Uint8Array
    _malloc(size: number): number
    _free(pointer: number): void
    _crypto_box_beforenm(key: number, publicKey: number, secretKey: number): number
    _crypto_box_easy_afternm(
      cipher: number,
      plain: number,
      size: number,
      sizeHigh: number,
      nonce: number,
      key: number,
    ): number
    _crypto_box_open_easy_afternm(
      plain: number,
      cipher: number,
      size: number,
      sizeHigh: number,
      nonce: number,
      key: number,
    ): number
    _crypto_scalarmult_base(publicKey: number, secretKey: number): number
  }
}
