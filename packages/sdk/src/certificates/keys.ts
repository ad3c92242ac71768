/**
 * Keys in certificates. A subject key is a chain key: P-256 is R1, secp256k1 is K1, and nothing else is accepted. TLS 1.3
 * has no signatures with secp256k1: such a certificate is for access tokens alone.
 */
import {
  CryptoError,
  concatBytes,
  isSignatureBy,
  keyTypeOf,
  type PrivateKey,
  type PublicKey,
  pointOf,
  publicKeyOf,
  publicKeyOfPoint,
  sha256,
  sign,
} from '@snapscale/crypto';
import { failCertificate } from './certificate-error.js';
import { bitString, DerReader, oid, sequence, tags, unsignedInteger } from './encoding/der.js';

/** Something that signs with ECDSA and SHA-256: a key in memory, or in a device. */
export type Signer = {
  readonly publicKey: PublicKey;
  /** The signature of a message in DER. */
  sign(message: Uint8Array): Promise<Uint8Array>;
};

export const ecPublicKeyOid = '1.2.840.10045.2.1';
const ecdsaSha256Oid = '1.2.840.10045.4.3.2';
export const curveOids = { R1: '1.2.840.10045.3.1.7', K1: '1.3.132.0.10' } as const;

/** What keys of other kinds are called in errors. */
const otherKeys: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'RSA',
  '1.2.840.10040.4.1': 'DSA',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
  '1.2.840.10045.3.1.1': 'P-192',
};

/** A signer with a key in memory. Signatures are deterministic (RFC 6979). */
export function signerOf(key: PrivateKey): Signer {
  return {
    publicKey: publicKeyOf(key),
    // Packed: type, recovery id, r, s.
    sign: async (message) => encodeSignature(sign(key, sha256(message)).subarray(2, 66)),
  };
}

/** r ‖ s (64 bytes) in DER. */
export function encodeSignature(compact64: Uint8Array): Uint8Array {
  return sequence(unsignedInteger(compact64.subarray(0, 32)), unsignedInteger(compact64.subarray(32, 64)));
}

/** Whether a key signed a message; `signature` in DER. Never throws. Cost: about 1 ms. */
export function verifySignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const compact = compactSignature(signature);
  return compact !== undefined && isSignatureBy(key, compact, sha256(message));
}

/** `AlgorithmIdentifier` of all signatures here. */
export const signatureAlgorithm: Uint8Array = sequence(oid(ecdsaSha256Oid));

/** Reads the algorithm of a signature. @throws CertificateError `weak_key` when it is another */
export function readSignatureAlgorithm(reader: DerReader, what: string): void {
  const algorithm = reader.enter(tags.sequence);
  const found = algorithm.oid();
  if (found !== ecdsaSha256Oid) {
    failCertificate(
      'weak_key',
      `the ${what} is signed with the algorithm ${found}: only ECDSA with SHA-256 is accepted`,
    );
  }
  algorithm.end();
}

/** `SubjectPublicKeyInfo` of a key. */
export function encodePublicKey(key: PublicKey): Uint8Array {
  const type = keyTypeOf(key);
  if (type === 'WA') return failCertificate('weak_key', 'a WebAuthn key cannot be in a certificate: it signs no bytes');
  return sequence(sequence(oid(ecPublicKeyOid), oid(curveOids[type])), bitString(pointOf(key)));
}

/** The key of a `SubjectPublicKeyInfo`. @throws CertificateError `weak_key` for other kinds, with their name */
export function decodePublicKey(der: Uint8Array): PublicKey {
  const what = 'public key';
  const outer = new DerReader(der, what);
  const info = outer.enter(tags.sequence);
  outer.end();
  const algorithm = info.enter(tags.sequence);
  const kind = algorithm.oid();
  if (kind !== ecPublicKeyOid) return refuseKey(kind);
  if (!algorithm.isNext(tags.oid)) return failCertificate('weak_key', 'the public key does not name its curve');
  const curve = algorithm.oid();
  algorithm.end();
  const type = curve === curveOids.R1 ? 'R1' : curve === curveOids.K1 ? 'K1' : refuseKey(curve);
  const point = info.bytesOfBits();
  info.end();
  try {
    return publicKeyOfPoint(type, point);
  } catch (error) {
    if (error instanceof CryptoError) return failCertificate('malformed', error.message);
    throw error;
  }
}

/** How certificates name a key: the first 160 bits of its SHA-256 (RFC 7093 section 2). Of another CA it may be any bytes. */
export function keyIdentifier(key: PublicKey): Uint8Array {
  return sha256(pointOf(key)).subarray(0, 20);
}

/** r ‖ s (64 bytes) of a signature in DER, as JOSE has it; undefined when it is none. */
export function compactSignature(signature: Uint8Array): Uint8Array | undefined {
  try {
    const outer = new DerReader(signature, 'signature');
    const parts = outer.enter(tags.sequence);
    outer.end();
    const compact = concatBytes(padded(parts.unsigned(32)), padded(parts.unsigned(32)));
    parts.end();
    return compact;
  } catch {
    return undefined;
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  return concatBytes(new Uint8Array(32 - bytes.length), bytes);
}

function refuseKey(identifier: string): never {
  return failCertificate(
    'weak_key',
    `keys of the kind ${otherKeys[identifier] ?? identifier} are not accepted: use P-256 or secp256k1`,
  );
}
