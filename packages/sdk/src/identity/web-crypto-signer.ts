/** Keys that cannot leave: Web Cryptography signs with them, and shows them to nobody. */
import { publicKeyOfPoint } from '@snapscale/crypto';
import { encodeSignature, type Signer } from '../certificates/keys.js';
import { IdentityError } from './identity-error.js';

/** What is used of `crypto.subtle`. `Key` is `CryptoKey`. */
export type SigningPort<Key> = {
  exportKey(format: 'raw', key: Key): Promise<ArrayBuffer>;
  sign(algorithm: { name: 'ECDSA'; hash: 'SHA-256' }, key: Key, message: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
};

/**
 * A signer with a pair of keys of Web Cryptography, made by
 * `subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])`: the private key may be one that cannot be
 * exported. Keep the pair in IndexedDB, which stores it as it is.
 */
export async function webCryptoSigner<Key>(
  subtle: SigningPort<Key>,
  { publicKey, privateKey }: { readonly publicKey: Key; readonly privateKey: Key },
): Promise<Signer> {
  const point = new Uint8Array(await subtle.exportKey('raw', publicKey));
  if (point.length !== 65) throw new IdentityError('unusable', 'the key is not one of P-256');
  return {
    publicKey: publicKeyOfPoint('R1', point),
    async sign(message) {
      const signed = await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, message.slice());
      return encodeSignature(new Uint8Array(signed));
    },
  };
}
