/** Hashes and recovery of signers. */
import {
  CryptoError,
  equalBytes,
  type PublicKey,
  publicKeyFromBytes,
  publicKeySize,
  recoverPublicKey,
  ripemd160,
  sha1,
  sha256,
  sha512,
  signatureFromBytes,
  signatureSize,
} from '@snapscale/crypto';
import { reject } from '@snapscale/protocol';
import { declare, type HostFunction } from '../declaration.js';
import type { HostEnvironment } from '../environment.js';
import { gasPrices } from '../gas-prices.js';

const DIGEST_BYTES = 32;
/** Room that a key of a type newer than K1 and R1 needs at least. */
const EC_KEY_BYTES = 33;
const K1_TYPE = 0;
const WEBAUTHN_TYPE = 2;

type Hash = {
  readonly name: string;
  readonly bytes: number;
  readonly price: { readonly base: number; readonly perByte: number };
  readonly compute: (data: Uint8Array) => Uint8Array;
};

const hashes: readonly Hash[] = [
  { name: 'sha256', bytes: 32, price: gasPrices.sha256, compute: sha256 },
  { name: 'sha1', bytes: 20, price: gasPrices.sha1, compute: sha1 },
  { name: 'sha512', bytes: 64, price: gasPrices.sha512, compute: sha512 },
  { name: 'ripemd160', bytes: 20, price: gasPrices.ripemd160, compute: ripemd160 },
];

export const cryptoFunctions: readonly HostFunction[] = [
  declare('assert_recover_key', {
    params: ['digest: i32', 'signature: i32', 'signatureSize: i32', 'key: i32', 'keySize: i32'],
    contextFree: true,
    gas: gasPrices.recoverKey,
    doc: 'Rejects unless the packed key made the packed signature of the 32-byte digest. K1 signatures need not be canonical.',
    make: (env) => (digest, signature, signatureLength, key, keyLength) => {
      const at = env.reference(digest, DIGEST_BYTES);
      const keyBytes = env.span(key, keyLength);
      const recovered = recover(env, at, env.span(signature, signatureLength));
      if (!equalBytes(recovered, readKey(keyBytes))) {
        reject('crypto_api_exception', 'Error expected key different than recovered key');
      }
    },
  }),
  declare('recover_key', {
    params: ['digest: i32', 'signature: i32', 'signatureSize: i32', 'buffer: i32', 'size: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.recoverKey,
    doc: 'Writes the packed key that made the packed signature of the 32-byte digest and returns its size. K1 and R1 keys need 34 bytes of buffer; WebAuthn keys at least 33, and are cut to the buffer.',
    make: (env) => (digest, signature, signatureLength, buffer, size) => {
      const at = env.reference(digest, DIGEST_BYTES);
      const out = env.span(buffer, size);
      const recovered = recover(env, at, env.span(signature, signatureLength));
      if (recovered[0] === WEBAUTHN_TYPE) {
        if (out.length < EC_KEY_BYTES) {
          reject('wasm_execution_error', 'destination buffer must at least be able to hold an ECC public key');
        }
        out.set(recovered.subarray(0, out.length));
      } else {
        if (out.length < recovered.length) {
          reject('out_of_range_exception', `a key of ${recovered.length} bytes does not fit into ${out.length}`);
        }
        out.set(recovered);
      }
      return recovered.length;
    },
  }),
  ...hashes.flatMap((hash) => [hashFunction(hash), assertHashFunction(hash)]),
];

function hashFunction({ name, bytes, price, compute }: Hash): HostFunction {
  return declare(name, {
    params: ['data: i32', 'size: i32', 'hash: i32'],
    contextFree: true,
    gas: price.base,
    doc: `Writes the ${name} hash (${bytes} bytes) of size bytes at data.`,
    make: (env) => (data, size, hash) => {
      const input = env.span(data, size);
      const out = env.reference(hash, bytes);
      env.chargeGas(input.length * price.perByte);
      env.bytes.set(compute(input), out);
    },
  });
}

function assertHashFunction({ name, bytes, price, compute }: Hash): HostFunction {
  return declare(`assert_${name}`, {
    params: ['data: i32', 'size: i32', 'hash: i32'],
    contextFree: true,
    gas: price.base,
    doc: `Rejects unless the ${bytes} bytes at hash are the ${name} hash of size bytes at data.`,
    make: (env) => (data, size, hash) => {
      const input = env.span(data, size);
      const at = env.reference(hash, bytes);
      env.chargeGas(input.length * price.perByte);
      if (!equalBytes(compute(input), env.bytes.subarray(at, at + bytes))) {
        reject('crypto_api_exception', 'hash mismatch');
      }
    },
  });
}

function recover(env: HostEnvironment, digestAt: number, signature: Uint8Array): PublicKey {
  const digest = env.bytes.slice(digestAt, digestAt + DIGEST_BYTES);
  const extra = signature[0] === K1_TYPE ? 0 : gasPrices.recoverKeyR1;
  env.chargeGas(extra + signature.length * gasPrices.sha256.perByte);
  return orReject(() => {
    const packed = signatureFromBytes(signature.subarray(0, signatureSize(signature, 0)));
    return recoverPublicKey(packed, digest, env.recover, { requireCanonical: false });
  });
}

function readKey(bytes: Uint8Array): PublicKey {
  return orReject(() => publicKeyFromBytes(bytes.subarray(0, publicKeySize(bytes, 0))));
}

function orReject<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof CryptoError) return reject('crypto_api_exception', error.message);
    throw error;
  }
}
