/**
 * Weights that make one equation of many. They come from the port and from all claims (UTXO-24): who makes proofs can choose
 * no errors that cancel, even if the port is broken, since the weights change with every byte of every proof.
 */
import type { Scalar } from './group.js';
import type { RandomSource } from './randomness.js';
import { Transcript } from './transcript.js';

/** `count` weights of 128 bits, none zero. `digests` depend on the whole of each claim. */
export function batchWeights(digests: readonly Uint8Array[], count: number, random: RandomSource): Scalar[] {
  const transcript = new Transcript('SnapScale/v1/batch').append('fresh', random(32));
  for (const digest of digests) transcript.append('digest', digest);
  return Array.from({ length: count }, () => {
    const bytes = transcript.challengeBytes('weight', 16);
    return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) || 1n;
  });
}
