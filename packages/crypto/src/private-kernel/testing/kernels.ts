/** Kernels for tests, and the reference's values as bytes. */
import type { CommitmentBases, ProofGenerators } from '../../private/generators.js';
import { encodePoint, encodeScalar } from '../../private/group.js';
import type { SecretInput } from '../../private/ring-signature/sign.js';
import type { RingInput } from '../../private/ring-signature/signature.js';
import type { FixedPoints, KernelRingInput, KernelSpendSecrets } from '../index.js';

/** Generators and bases of the reference, encoded. */
export function fixedPoints(generators: ProofGenerators, bases: CommitmentBases): FixedPoints {
  return {
    bits: generators.bits,
    valueBase: encodePoint(bases.valueBase),
    blindingBase: encodePoint(bases.blindingBase),
    g: generators.g.map(encodePoint),
    h: generators.h.map(encodePoint),
  };
}

/** An input of the reference, encoded. */
export function encodeInput({ ring, image, pseudoOutput }: RingInput): KernelRingInput {
  return {
    ring: ring.map(({ key, commitment }) => ({ key: encodePoint(key), commitment: encodePoint(commitment) })),
    image: encodePoint(image),
    pseudoOutput: encodePoint(pseudoOutput),
  };
}

/** Secrets of the reference, encoded. */
export function encodeSecrets({ index, secret, blindingDifference }: SecretInput): KernelSpendSecrets {
  return { index, secret: encodeScalar(secret), blindingDifference: encodeScalar(blindingDifference) };
}
