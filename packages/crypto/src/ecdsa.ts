/**
 * ECDSA over secp256k1 (K1) and P-256 (R1) as Antelope uses it: a signature carries a recovery id, and the signer's
 * key is recovered, not named. Recovery enters through a port, because a host has a faster one than the portable default.
 */
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { CryptoError, failCrypto } from './errors.js';
import {
  keyTypeOf,
  makeWebAuthnPublicKey,
  type PrivateKey,
  type PublicKey,
  publicKeyFromBytes,
  type Signature,
  signatureFromBytes,
} from './keys.js';
import { checkWebAuthnAssertion } from './webauthn.js';

/**
 * Recovery of a compressed public key (33 bytes) from r ‖ s (64 bytes), a recovery id (0..3) and a digest (32 bytes).
 * An implementation throws when r or s is zero or not below the order, or when no key results. It must not judge
 * high s: the caller has applied the rules of the chain.
 */
export type RecoverPort = {
  recoverK1(compact64: Uint8Array, recoveryId: number, digest: Uint8Array): Uint8Array;
  recoverR1(compact64: Uint8Array, recoveryId: number, digest: Uint8Array): Uint8Array;
};

/** What recovery may be asked to leave out. */
export type RecoverOptions = {
  /** Demand the canonical form of K1 signatures, as transactions do; contracts recover without. Default true. */
  readonly requireCanonical?: boolean;
};

/** Header byte of a recoverable signature of a compressed key: 27 + 4 + recovery id. */
const COMPACT_HEADER = 31;
const R1_HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;
const K1_ATTEMPTS_MAX = 255;

/** Portable recovery with @noble/curves: about 2 ms each. */
export const portableRecover: RecoverPort = {
  recoverK1: (compact64, recoveryId, digest) =>
    secp256k1.recoverPublicKey(withRecoveryId(compact64, recoveryId), digest, { prehash: false }),
  recoverR1: (compact64, recoveryId, digest) =>
    p256.recoverPublicKey(withRecoveryId(compact64, recoveryId), digest, { prehash: false }),
};

/** Packed public key of a private key. Cost: about 0.5 ms. */
export function publicKeyOf(privateKey: PrivateKey): PublicKey {
  const curve = privateKey.type === 'K1' ? secp256k1 : p256;
  const packed = new Uint8Array(34);
  packed[0] = privateKey.type === 'K1' ? 0 : 1;
  packed.set(curve.getPublicKey(privateKey.secret, true), 1);
  return publicKeyFromBytes(packed);
}

/** Whether the packed key is a point of its curve. Cost: a square root, about 0.1 ms. */
export function isUsablePublicKey(key: PublicKey): boolean {
  const curve = keyTypeOf(key) === 'K1' ? secp256k1 : p256;
  return curve.utils.isValidPublicKey(key.subarray(1, 34), true);
}

/**
 * Signs a 32-byte digest with the deterministic nonces of RFC 6979 and low s.
 * K1: the attempt number is the additional data of RFC 6979 section 3.6 (one byte, from 1), raised until the signature
 * is canonical (about two attempts), which gives the bytes that the common JavaScript wallets give.
 */
export function sign(privateKey: PrivateKey, digest: Uint8Array): Signature {
  requireDigest(digest, 'sign');
  if (privateKey.type === 'R1') {
    return packSignature(1, p256.sign(digest, privateKey.secret, { prehash: false, lowS: true, format: 'recovered' }));
  }
  for (let attempt = 1; attempt <= K1_ATTEMPTS_MAX; attempt++) {
    const recovered = secp256k1.sign(digest, privateKey.secret, {
      prehash: false,
      lowS: true,
      format: 'recovered',
      extraEntropy: Uint8Array.of(attempt),
    });
    if (isCanonicalK1(recovered)) return packSignature(0, recovered);
  }
  return failCrypto(`cannot sign: no canonical K1 signature in ${K1_ATTEMPTS_MAX} attempts`);
}

/**
 * Whether r and s of a 65-byte compact signature have their shortest DER form at 32 bytes:
 * top bit clear, and not a zero byte followed by a clear top bit.
 */
export function isCanonicalK1(compact65: Uint8Array): boolean {
  return isShortestScalar(compact65, 1) && isShortestScalar(compact65, 33);
}

/**
 * Public key that signed the digest. Rules: K1 canonical (unless waived), R1 low s, WebAuthn as in
 * {@link checkWebAuthnAssertion}.
 * @throws CryptoError when there is no such key or a rule is broken.
 */
export function recoverPublicKey(
  signature: Signature,
  digest: Uint8Array,
  recover: RecoverPort = portableRecover,
  options: RecoverOptions = {},
): PublicKey {
  requireDigest(digest, 'recover public key');
  const type = keyTypeOf(signature);
  const compact = signature.subarray(1, 66);
  if (type === 'WA') {
    const assertion = checkWebAuthnAssertion(signature, digest);
    const point = runRecovery(recover.recoverR1, compact, COMPACT_HEADER, assertion.signedDigest, 'WebAuthn');
    return makeWebAuthnPublicKey(point, assertion.userPresence, assertion.relyingPartyId);
  }
  if (type === 'R1') {
    if (scalarAt(compact, 33) > R1_HALF_ORDER) failCrypto('cannot recover public key: high s in R1 signature');
    return packPublicKey(1, runRecovery(recover.recoverR1, compact, 27, digest, 'R1'));
  }
  if (options.requireCanonical !== false && !isCanonicalK1(compact)) {
    failCrypto('cannot recover public key: the K1 signature is not canonical');
  }
  return packPublicKey(0, runRecovery(recover.recoverK1, compact, 27, digest, 'K1'));
}

function runRecovery(
  recover: RecoverPort['recoverK1'],
  compact: Uint8Array,
  headerMin: number,
  digest: Uint8Array,
  what: string,
): Uint8Array {
  const header = compact[0]!;
  if (header < headerMin || header > 34) failCrypto(`cannot recover ${what} public key: header byte ${header}`);
  try {
    return recover(compact.subarray(1, 65), (header - 27) & 3, digest);
  } catch (cause) {
    if (cause instanceof CryptoError) throw cause;
    return failCrypto(`cannot recover ${what} public key: the signature belongs to no key`, cause);
  }
}

function isShortestScalar(bytes: Uint8Array, offset: number): boolean {
  const first = bytes[offset]!;
  return first < 0x80 && !(first === 0 && bytes[offset + 1]! < 0x80);
}

function scalarAt(bytes: Uint8Array, offset: number): bigint {
  let value = 0n;
  for (let i = 0; i < 32; i++) value = (value << 8n) | BigInt(bytes[offset + i]!);
  return value;
}

function withRecoveryId(compact64: Uint8Array, recoveryId: number): Uint8Array {
  const out = new Uint8Array(65);
  out[0] = recoveryId;
  out.set(compact64, 1);
  return out;
}

function packSignature(type: number, recovered: Uint8Array): Signature {
  const packed = new Uint8Array(66);
  packed[0] = type;
  packed.set(recovered, 1);
  packed[1] = COMPACT_HEADER + recovered[0]!;
  return signatureFromBytes(packed);
}

function packPublicKey(type: number, point: Uint8Array): PublicKey {
  const packed = new Uint8Array(34);
  packed[0] = type;
  packed.set(point, 1);
  return publicKeyFromBytes(packed);
}

function requireDigest(digest: Uint8Array, what: string): void {
  if (digest.length !== 32) failCrypto(`cannot ${what}: the digest has ${digest.length} bytes instead of 32`);
}
