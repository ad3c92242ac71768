/**
 * Schemas of BLS keys and signatures. Decoding checks their size alone: whether they are points of the group costs
 * milliseconds, and every verification finds out.
 */
import {
  BLS_PUBLIC_KEY_BYTES,
  BLS_SIGNATURE_BYTES,
  type BlsPublicKey,
  type BlsSignature,
  CryptoError,
  formatBlsPublicKey,
  formatBlsSignature,
  parseBlsPublicKey,
  parseBlsSignature,
} from '@snapscale/crypto';
import { FormatError } from './errors.js';
import { type Json, stringFromJson } from './json.js';
import { fixedBytes } from './scalars.js';
import type { Schema } from './schema.js';

/** A finalizer's public key, 96 bytes. JSON is `PUB_BLS_…`. */
export const blsPublicKeySchema: Schema<BlsPublicKey> = {
  ...(fixedBytes(BLS_PUBLIC_KEY_BYTES, 'bls_public_key') as Schema<BlsPublicKey>),
  toJson: formatBlsPublicKey,
  fromJson: (json) => parseWith(parseBlsPublicKey, json, 'bls_public_key'),
};

/** A signature or an aggregate of some, 192 bytes. JSON is `SIG_BLS_…`. */
export const blsSignatureSchema: Schema<BlsSignature> = {
  ...(fixedBytes(BLS_SIGNATURE_BYTES, 'bls_signature') as Schema<BlsSignature>),
  toJson: formatBlsSignature,
  fromJson: (json) => parseWith(parseBlsSignature, json, 'bls_signature'),
};

function parseWith<T>(parse: (text: string) => T, json: Json, type: string): T {
  try {
    return parse(stringFromJson(json, type));
  } catch (error) {
    if (error instanceof CryptoError) throw new FormatError(error.message);
    throw error;
  }
}
