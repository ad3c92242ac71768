/** Hash functions of the chain, and the byte helpers that go with them. Everything is synchronous and portable. */
import { ripemd160 as nobleRipemd160, sha1 as nobleSha1 } from '@noble/hashes/legacy.js';
import { sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { keccak_256, sha3_256 as nobleSha3 } from '@noble/hashes/sha3.js';

export { compareBytes, concatBytes, equalBytes, fromHex, toHex } from './bytes.js';

import { type MessageSource, sha256Many } from './sha256/sha256.js';

export { type MessageSource, sha256, sha256Many, sha256Pair } from './sha256/sha256.js';

/** SHA-256 of each message, in their order; faster than single calls. */
export function sha256Each(messages: readonly Uint8Array[]): Uint8Array[] {
  const digests = new Uint8Array(32 * messages.length);
  const source: MessageSource = {
    sizeOf: (index) => messages[index]!.length,
    write: (index, target, offset) => target.set(messages[index]!, offset),
  };
  sha256Many(messages.length, source, digests);
  return messages.map((_, index) => digests.subarray(32 * index, 32 * index + 32));
}

/** SHA-512: 64 bytes. */
export function sha512(data: Uint8Array): Uint8Array {
  return nobleSha512(data);
}

/** SHA-1: 20 bytes. Kept for contracts only. */
export function sha1(data: Uint8Array): Uint8Array {
  return nobleSha1(data);
}

/** RIPEMD-160: 20 bytes. */
export function ripemd160(data: Uint8Array): Uint8Array {
  return nobleRipemd160(data);
}

/** SHA3-256 (FIPS 202): 32 bytes. */
export function sha3_256(data: Uint8Array): Uint8Array {
  return nobleSha3(data);
}

/** Keccak-256 (the padding of Ethereum): 32 bytes. */
export function keccak256(data: Uint8Array): Uint8Array {
  return keccak_256(data);
}
