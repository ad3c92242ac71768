/** Schemas of keys and signatures; their packed bytes are the value. */
import {
  CryptoError,
  formatLegacyPublicKey,
  formatSignature,
  PUBLIC_KEY_BYTES,
  type PublicKey,
  parsePublicKey,
  parseSignature,
  RELYING_PARTY_BYTES_MAX,
  SIGNATURE_BYTES,
  type Signature,
  WEBAUTHN_PART_BYTES_MAX,
} from '@snapscale/crypto';
import { EncodeError, FormatError } from './errors.js';
import { type Json, stringFromJson } from './json.js';
import type { Reader } from './reader.js';
import type { Schema } from './schema.js';

/** A public key. JSON is `EOS…` for K1 and `PUB_R1_…`, `PUB_WA_…` otherwise, as nodeos prints; every form is read. */
export const publicKeySchema: Schema<PublicKey> = {
  name: 'public_key',
  sizeMin: PUBLIC_KEY_BYTES,
  sizeMax: PUBLIC_KEY_BYTES + 1 + 2 + RELYING_PARTY_BYTES_MAX,
  write(writer, value) {
    if (value.length < PUBLIC_KEY_BYTES) throw new EncodeError(`a public key of ${value.length} bytes`);
    writer.raw(value);
  },
  read(reader) {
    return readTyped(reader, PUBLIC_KEY_BYTES, (rest) => {
      if (rest.u8() > 2) rest.fail('WebAuthn user presence must be 0, 1 or 2');
      if (rest.bytes(RELYING_PARTY_BYTES_MAX).length === 0) rest.fail('WebAuthn relying party id is empty');
    }) as PublicKey;
  },
  toJson: formatLegacyPublicKey,
  fromJson: (json) => parseWith(parsePublicKey, json, 'public_key'),
};

/** A signature. JSON is `SIG_K1_…`, `SIG_R1_…` or `SIG_WA_…`. */
export const signatureSchema: Schema<Signature> = {
  name: 'signature',
  sizeMin: SIGNATURE_BYTES,
  sizeMax: SIGNATURE_BYTES + 2 * (2 + WEBAUTHN_PART_BYTES_MAX),
  write(writer, value) {
    if (value.length < SIGNATURE_BYTES) throw new EncodeError(`a signature of ${value.length} bytes`);
    writer.raw(value);
  },
  read(reader) {
    return readTyped(reader, SIGNATURE_BYTES, (rest) => {
      rest.bytes(WEBAUTHN_PART_BYTES_MAX);
      rest.bytes(WEBAUTHN_PART_BYTES_MAX);
    }) as Signature;
  },
  toJson: formatSignature,
  fromJson: (json) => parseWith(parseSignature, json, 'signature'),
};

/** Reads `size` bytes that begin with the type (0 K1, 1 R1, 2 WA) and, for WA, what `readRest` consumes, as one view. */
function readTyped(reader: Reader, size: number, readRest: (reader: Reader) => void): Uint8Array {
  const start = reader.position;
  const fixed = reader.raw(size);
  const type = fixed[0]!;
  if (type < 2) return fixed;
  if (type > 2) reader.fail(`${type} is not a key type`);
  readRest(reader);
  return reader.slice(start, reader.position);
}

function parseWith<T>(parse: (text: string) => T, json: Json, type: string): T {
  const text = stringFromJson(json, type);
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof CryptoError) throw new FormatError(`${type}: ${error.message}`);
    throw error;
  }
}
