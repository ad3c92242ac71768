/**
 * Range proofs between this reference and dalek's bulletproofs, compiled to WebAssembly by others: proofs made here must verify
 * there and the other way round, under dalek's bases and under this chain's; tampered ones must not. By hand, since the outside package is
 * no dependency of this repository:
 *
 *   npm pack @aptos-labs/confidential-asset-wasm-bindings@0.0.2   (elsewhere; unpack it)
 *   node --conditions=source --import tsx tests/private/outside-verifier.ts FOLDER/package/range-proofs
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  BASES,
  type CommitmentBases,
  commit,
  decodePoint,
  decodeRangeProof,
  encodePoint,
  encodeRangeProof,
  encodeScalar,
  makeProofGenerators,
  type Opening,
  proveRange,
  Transcript,
  verifyRange,
} from '@snapscale/crypto/private';

/** What the outside package exports. */
type Outside = {
  default(options: { module_or_path: Uint8Array }): Promise<unknown>;
  batch_range_proof(
    values: BigUint64Array,
    blindings: Uint8Array[],
    valueBase: Uint8Array,
    blindingBase: Uint8Array,
    bits: number,
  ): { proof(): Uint8Array; comms(): Uint8Array[] };
  batch_verify_proof(
    proof: Uint8Array,
    commitments: Uint8Array[],
    valueBase: Uint8Array,
    blindingBase: Uint8Array,
    bits: number,
  ): boolean;
};

const LABEL = 'AptosConfidentialAsset/BulletproofRangeProof';

const folder = resolve(process.argv[2] ?? '.');
const outside: Outside = await import(pathToFileURL(resolve(folder, 'aptos_rp_wasm-esm.js')).href);
await outside.default({ module_or_path: readFileSync(resolve(folder, 'aptos_rp_wasm_bg.wasm')) });

const swapped: CommitmentBases = { valueBase: BASES.blindingBase, blindingBase: BASES.valueBase };
let failures = 0;

for (const bases of [BASES, swapped]) {
  for (const [bits, values] of [
    [64, [2n ** 64n - 1n]],
    [64, [0n, 12345678901234567890n]],
    [16, [1n, 2n, 3n, 65535n]],
  ] as const) {
    const openings = values.map((value, i) => ({ value, blinding: 1000003n + 7n * BigInt(i) }));
    check(`made here, ${values.length} of ${bits} bits`, madeHere(bases, bits, openings));
    check(`made there, ${values.length} of ${bits} bits`, madeThere(bases, bits, openings));
  }
}
process.exitCode = failures === 0 ? 0 : 1;

function madeHere(bases: CommitmentBases, bits: number, openings: readonly Opening[]): boolean {
  const proof = encodeRangeProof(
    proveRange({
      generators: makeProofGenerators(bits, openings.length),
      bases,
      transcript: new Transcript(LABEL),
      openings,
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    }),
  );
  const tampered = proof.map((byte, i) => (i === 4 * 32 ? byte ^ 1 : byte));
  const commitments = openings.map((opening) => encodePoint(commit(opening, bases)));
  return verifyThere(bases, bits, proof, commitments) && !verifyThere(bases, bits, tampered, commitments);
}

function verifyThere(bases: CommitmentBases, bits: number, proof: Uint8Array, commitments: Uint8Array[]): boolean {
  const [value, blinding] = [encodePoint(bases.valueBase), encodePoint(bases.blindingBase)];
  try {
    return outside.batch_verify_proof(proof, commitments, value, blinding, bits);
  } catch {
    return false;
  }
}

function madeThere(bases: CommitmentBases, bits: number, openings: readonly Opening[]): boolean {
  const made = outside.batch_range_proof(
    BigUint64Array.from(openings, ({ value }) => value),
    openings.map(({ blinding }) => encodeScalar(blinding)),
    encodePoint(bases.valueBase),
    encodePoint(bases.blindingBase),
    bits,
  );
  return verifyRange(
    { generators: makeProofGenerators(bits, openings.length), bases },
    {
      commitments: made.comms().map(decodePoint),
      proof: decodeRangeProof(made.proof(), bits, openings.length),
      transcript: new Transcript(LABEL),
    },
  );
}

function check(what: string, passes: boolean): void {
  process.stdout.write(`${passes ? 'ok  ' : 'FAIL'} ${what}\n`);
  if (!passes) failures++;
}
