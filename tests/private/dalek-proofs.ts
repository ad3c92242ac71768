/**
 * All sixteen published proofs of dalek's bulletproofs, single and as batches; the larger ones are too slow for npm test.
 *
 *   node --conditions=source --import tsx tests/private/dalek-proofs.ts
 */
import { readFileSync } from 'node:fs';
import { fromHex } from '@snapscale/crypto';
import {
  DALEK_BASES,
  decodePoint,
  decodeRangeProof,
  makeProofGenerators,
  Transcript,
  verifyRange,
  verifyRanges,
} from '@snapscale/crypto/private';

type Vectors = { label: string; commitments: string[]; proofs: { bits: number; values: number; proof: string }[] };

const { label, commitments, proofs }: Vectors = JSON.parse(
  readFileSync(new URL('../../vectors/private/dalek-range-proofs.json', import.meta.url), 'utf8'),
);
let failures = 0;
for (const bits of new Set(proofs.map((entry) => entry.bits))) {
  const parameters = { generators: makeProofGenerators(bits, 8), bases: DALEK_BASES };
  const claims = proofs
    .filter((entry) => entry.bits === bits)
    .map(({ values, proof }) => ({
      commitments: commitments.slice(0, values).map((commitment) => decodePoint(fromHex(commitment))),
      proof: decodeRangeProof(fromHex(proof), bits, values),
      transcript: new Transcript(label),
    }));
  for (const claim of claims) report(`${claim.commitments.length} of ${bits} bits`, verifyRange(parameters, claim));
  const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
  report(`all of ${bits} bits in one batch`, verifyRanges(parameters, claims, random));
}
process.exitCode = failures === 0 ? 0 : 1;

function report(what: string, holds: boolean): void {
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'} ${what}\n`);
  if (!holds) failures++;
}
