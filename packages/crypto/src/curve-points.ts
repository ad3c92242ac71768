/** K1 and R1 keys as other software knows them: points with both coordinates, and signatures without a recovery id. */
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { failCrypto } from './errors.js';
import { keyTypeOf, type PublicKey, publicKeyFromBytes } from './keys.js';

/** The point of a key, uncompressed: `04`, x, y (65 bytes). Cost: a square root. @throws CryptoError when there is none */
export function pointOf(key: PublicKey): Uint8Array {
  const type = keyTypeOf(key);
  if (type === 'WA') return failCrypto('cannot take the point of a WebAuthn key: its signatures are not of bytes');
  try {
    return (type === 'K1' ? secp256k1 : p256).Point.fromBytes(key.subarray(1, 34)).toBytes(false);
  } catch (cause) {
    return failCrypto(`cannot take the point of a ${type} key: it is not on its curve`, cause);
  }
}

/** The key of a point, compressed (33 bytes) or not (65). @throws CryptoError when it is not on the curve */
export function publicKeyOfPoint(type: 'K1' | 'R1', point: Uint8Array): PublicKey {
  if (point.length !== 33 && point.length !== 65) failCrypto(`cannot read a point: it has ${point.length} bytes`);
  try {
    const compressed = (type === 'K1' ? secp256k1 : p256).Point.fromBytes(point).toBytes(true);
    const packed = new Uint8Array(34);
    packed[0] = type === 'K1' ? 0 : 1;
    packed.set(compressed, 1);
    return publicKeyFromBytes(packed);
  } catch (cause) {
    return failCrypto(`cannot read a point: it is not on the curve of ${type} keys`, cause);
  }
}

/**
 * Whether r ‖ s (64 bytes) is the signature of a 32-byte digest by a K1 or R1 key. High s is accepted, as X.509 and JOSE
 * do. Cost: about 1 ms.
 */
export function isSignatureBy(key: PublicKey, compact64: Uint8Array, digest: Uint8Array): boolean {
  const type = keyTypeOf(key);
  if (type === 'WA' || compact64.length !== 64 || digest.length !== 32) return false;
  try {
    return (type === 'K1' ? secp256k1 : p256).verify(compact64, digest, key.subarray(1, 34), {
      prehash: false,
      lowS: false,
    });
  } catch {
    return false;
  }
}
