/** What the tests of private transfers share: vectors, a predictable source of randomness, rings and wallets. */
import { readFileSync } from 'node:fs';
import { BASE, encodeScalar, modOrder, multiply, type Scalar } from '../group.js';
import { keyImage } from '../key-image.js';
import { commit } from '../pedersen.js';
import type { RandomSource } from '../randomness.js';
import type { SecretInput } from '../ring-signature/sign.js';
import type { RingMember } from '../ring-signature/signature.js';
import { Transcript } from '../transcript.js';

/** A JSON file of vectors/private. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../../vectors/private/${name}`, import.meta.url), 'utf8'));
}

/** A broken generator: what hedging is for, and what makes results repeatable. */
export const stuckAtZero: RandomSource = (size) => new Uint8Array(size);

/** A repeatable stream of scalars and bytes. */
export function seeded(seed: string): { scalar(): Scalar; bytes: RandomSource } {
  const transcript = new Transcript('test').append('seed', new TextEncoder().encode(seed));
  return {
    scalar: () => transcript.challengeScalar('s'),
    bytes: (size) => transcript.challengeBytes('b', size),
  };
}

/** The same bytes with one bit flipped. */
export function flipped(bytes: Uint8Array, index: number, bit = 0): Uint8Array {
  const copy = bytes.slice();
  copy[index]! ^= 1 << bit;
  return copy;
}

/** A scalar's encoding plus L: the same scalar, not canonical. */
export function plusOrder(scalar: Scalar, order: bigint): Uint8Array {
  const bytes = encodeScalar(scalar);
  for (let i = 0, rest = scalar + order; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** A ring with a coin of `value` at `index`, and the secrets to spend it. */
export function makeRing(seed: string, size: number, index: number, value: bigint): SecretInput {
  const random = seeded(seed);
  const [secret, blinding, pseudoBlinding] = [random.scalar(), random.scalar(), random.scalar()];
  const ring: RingMember[] = Array.from({ length: size }, (_, i) =>
    i === index
      ? { key: multiply(BASE, secret), commitment: commit({ value, blinding }) }
      : { key: multiply(BASE, random.scalar()), commitment: commit({ value: BigInt(i), blinding: random.scalar() }) },
  );
  return {
    ring,
    index,
    secret,
    blindingDifference: modOrder(blinding - pseudoBlinding),
    image: keyImage(secret, ring[index]!.key),
    pseudoOutput: commit({ value, blinding: pseudoBlinding }),
  };
}
