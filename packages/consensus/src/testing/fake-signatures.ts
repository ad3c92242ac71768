/** Signatures for tests that cost nothing: digests that anybody could make, with the algebra of the real ones. */
import {
  BLS_PUBLIC_KEY_BYTES,
  BLS_SIGNATURE_BYTES,
  type BlsPublicKey,
  type BlsSignature,
  concatBytes,
  equalBytes,
  type PublicKey,
  type Signature,
  sha256,
} from '@snapscale/crypto';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A block signing key; the label makes it. */
export function fakeKey(label: string): PublicKey {
  return concatBytes(Uint8Array.of(0, 2), sha256(text(`block ${label}`))) as PublicKey;
}

export function fakeBlockSignature(key: PublicKey, digest: Uint8Array): Signature {
  return concatBytes(Uint8Array.of(0), key.slice(1), sha256(concatBytes(key, digest)).subarray(0, 32)) as Signature;
}

/** The key that signed, as a host recovers it; a wrong signature recovers to a key that nobody has. */
export function fakeRecover(digest: Uint8Array, signature: Signature): PublicKey {
  const key = concatBytes(Uint8Array.of(0), signature.subarray(1, 34)) as PublicKey;
  return equalBytes(fakeBlockSignature(key, digest), signature) ? key : fakeKey('nobody');
}

/** A finalizer key; the label makes it. */
export function fakeFinalizerKey(label: string): BlsPublicKey {
  const key = new Uint8Array(BLS_PUBLIC_KEY_BYTES);
  key.set(sha256(text(`finalizer ${label}`)));
  return key as BlsPublicKey;
}

export function fakeVoteSignature(key: BlsPublicKey, digest: Uint8Array): BlsSignature {
  const signature = new Uint8Array(BLS_SIGNATURE_BYTES);
  signature.set(sha256(concatBytes(key, digest)));
  return signature as BlsSignature;
}

/** Aggregates by exclusive or, and verifies: what a host does for a `verify` effect. */
export function fakeVerify(
  digest: Uint8Array,
  keys: readonly BlsPublicKey[],
  signatures: readonly BlsSignature[],
): BlsSignature | undefined {
  const aggregate = sum(signatures);
  const expected = sum(keys.map((key) => fakeVoteSignature(key, digest)));
  return keys.length > 0 && equalBytes(aggregate, expected) ? aggregate : undefined;
}

function sum(signatures: readonly Uint8Array[]): BlsSignature {
  const total = new Uint8Array(BLS_SIGNATURE_BYTES);
  for (const signature of signatures) for (let i = 0; i < total.length; i++) total[i]! ^= signature[i]!;
  return total as BlsSignature;
}
