/**
 * Randomness comes in as a port, and never alone: nonces are hedged (UTXO-11). Each signer and prover draws from a generator
 * that is keyed with its secrets, what it signs, and fresh bytes. With a broken port (all zero, repeating) two messages
 * still have different nonces, and without the secrets nobody can predict them.
 */
import type { Scalar } from './group.js';
import { encodeScalar } from './group.js';
import { Transcript } from './transcript.js';

/** Fresh bytes of the host's cryptographic generator. */
export type RandomSource = (size: number) => Uint8Array;

/** A stream of nonces for one signature or proof. */
export type NonceSource = { scalar(): Scalar; bytes(size: number): Uint8Array };

const FRESH_BYTES = 64;

/**
 * Nonces for one run. `purpose` is a label of its own, `context` binds what is signed or proven, `secrets` are all secrets of
 * the run. A secret path.
 */
export function hedgedNonces(
  random: RandomSource,
  purpose: string,
  context: Uint8Array,
  secrets: readonly Scalar[],
): NonceSource {
  const transcript = new Transcript(`SnapScale/v1/nonce/${purpose}`).append('context', context);
  for (const secret of secrets) transcript.rekey('secret', encodeScalar(secret));
  transcript.rekey('fresh', random(FRESH_BYTES));
  return {
    scalar: () => nonZero(() => transcript.challengeScalar('nonce')),
    bytes: (size) => transcript.challengeBytes('bytes', size),
  };
}

function nonZero(draw: () => Scalar): Scalar {
  let scalar = draw();
  while (scalar === 0n) scalar = draw();
  return scalar;
}
