/**
 * Whether a private transfer holds, as far as cryptography decides it (UTXO-80 to UTXO-86). What needs the chain is the
 * caller's: images not seen, keys not used, members final and of the asset, fee tier, expiry, amounts of the shielded pool.
 */
import { CryptoError } from '../../errors.js';
import { BASES, type ProofGenerators } from '../generators.js';
import { decodeNonIdentity, decodePoint, IDENTITY, multiply, type Point } from '../group.js';
import { AMOUNT_MAX, sumPoints } from '../pedersen.js';
import type { RandomSource } from '../randomness.js';
import { decodeRangeProof } from '../range-proof/proof.js';
import { type RangeClaim, verifyRange, verifyRanges } from '../range-proof/verify.js';
import {
  decodeRingSignature,
  type RingInput,
  type RingMember,
  type RingSignature,
} from '../ring-signature/signature.js';
import { verifyRings } from '../ring-signature/verify.js';
import { AMOUNT_BITS } from './codec.js';
import { rangeTranscript, signingMessage } from './hashes.js';
import type { PrivateTransfer } from './transfer.js';

/** Why a transfer does not hold. */
export type TransferFault = 'malformed' | 'overflow' | 'unbalanced' | 'range_proof' | 'ring_signature';

/** The transfer with what the chain says about its rings: members in the order of each input's numbers. */
export type TransferClaim = {
  readonly chainId: Uint8Array;
  readonly transfer: PrivateTransfer;
  readonly rings: readonly (readonly RingMember[])[];
};

/** A claim whose points and scalars are decoded and whose sums agree: what is left are the two proofs. */
export type OpenClaim = {
  readonly range: RangeClaim;
  readonly message: Uint8Array;
  readonly inputs: readonly RingInput[];
  readonly signature: RingSignature;
};

/** The first fault of a transfer, or undefined: it holds. Cheap checks come first. */
export function findFault(generators: ProofGenerators, claim: TransferClaim): TransferFault | undefined {
  const open = openClaim(claim);
  if (typeof open === 'string') return open;
  if (!guarded(() => verifyRange({ generators, bases: BASES }, open.range))) return 'range_proof';
  return ringFault(open);
}

/**
 * The faults of many transfers, in their order. Range proofs are verified together; where that fails, one by one, so that a
 * bad transfer never takes a good one with it.
 */
export function findFaults(
  generators: ProofGenerators,
  claims: readonly TransferClaim[],
  random: RandomSource,
): (TransferFault | undefined)[] {
  const opened = claims.map(openClaim);
  const parameters = { generators, bases: BASES };
  const ranges = opened.filter((open) => typeof open !== 'string').map(({ range }) => range);
  const allHold = guarded(() => verifyRanges(parameters, ranges, random));
  return opened.map((open) => {
    if (typeof open === 'string') return open;
    if (!allHold && !guarded(() => verifyRange(parameters, open.range))) return 'range_proof';
    return ringFault(open);
  });
}

/** Decodes everything and checks the sums; a fault where that already fails. */
export function openClaim(claim: TransferClaim): OpenClaim | TransferFault {
  const { chainId, transfer, rings } = claim;
  const publicOut = transfer.fee + (transfer.withdrawal?.amount ?? 0n);
  if (publicOut > AMOUNT_MAX) return 'overflow';
  try {
    const { outputs, inputs } = transfer;
    for (const { key } of outputs) decodeNonIdentity(key);
    const commitments = outputs.map(({ commitment }) => decodePoint(commitment));
    const ringInputs = inputs.map((input, i) => ringInput(input, rings[i] ?? [], transfer.ringSize));
    if (rings.length !== inputs.length) return 'malformed';
    const proof = decodeRangeProof(transfer.rangeProof, AMOUNT_BITS, outputs.length);
    const signature = decodeRingSignature(transfer.signature, inputs.length, transfer.ringSize);
    if (!balances(ringInputs, commitments, publicOut)) return 'unbalanced';
    return {
      range: { commitments, proof, transcript: rangeTranscript(chainId, transfer) },
      message: signingMessage(chainId, transfer, rings),
      inputs: ringInputs,
      signature,
    };
  } catch (error) {
    if (error instanceof CryptoError) return 'malformed';
    throw error;
  }
}

function ringInput(input: PrivateTransfer['inputs'][number], ring: readonly RingMember[], ringSize: number): RingInput {
  if (ring.length !== ringSize) throw new CryptoError(`a ring has ${ring.length} members, not ${ringSize}`);
  return { ring, image: decodeNonIdentity(input.image), pseudoOutput: decodeNonIdentity(input.pseudoOutput) };
}

/** Σ C' = Σ C + (fee + withdrawal)·H (UTXO-83). */
function balances(inputs: readonly RingInput[], commitments: readonly Point[], publicOut: bigint): boolean {
  const spent = sumPoints(inputs.map(({ pseudoOutput }) => pseudoOutput));
  const made = sumPoints(commitments).add(multiply(BASES.valueBase, publicOut));
  return spent.subtract(made).equals(IDENTITY);
}

function ringFault({ message, inputs, signature }: OpenClaim): TransferFault | undefined {
  return verifyRings(message, inputs, signature) ? undefined : 'ring_signature';
}

/** A challenge of zero, which has no inverse, is a proof that does not hold. */
function guarded(verify: () => boolean): boolean {
  try {
    return verify();
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}
