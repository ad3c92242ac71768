/**
 * Verification of whole private transfers with the kernel: the verdicts of ../private/transfer/verify.ts, in a twentieth of its
 * time. Range proofs are verified together, and so are ring signatures that come with hints; where that fails, one by one.
 */
import { failCrypto } from '../errors.js';
import { BASES } from '../private/generators.js';
import { encodePoint, encodeScalar } from '../private/group.js';
import { AMOUNT_MAX } from '../private/pedersen.js';
import type { RandomSource } from '../private/randomness.js';
import { rangeProofBytes } from '../private/range-proof/proof.js';
import { ringSignatureBytes } from '../private/ring-signature/signature.js';
import { AMOUNT_BITS, encodeParts } from '../private/transfer/codec.js';
import type { PrivateTransfer } from '../private/transfer/transfer.js';
import type { TransferFault } from '../private/transfer/verify.js';
import {
  ITEM_BYTES,
  type KernelHintedClaim,
  type KernelRangeClaim,
  type KernelRingClaim,
  NODE_BYTES,
} from './claims.js';
import type { PrivateKernel } from './kernel.js';

/** A member of a ring as the chain keeps it. */
export type EncodedMember = { readonly key: Uint8Array; readonly commitment: Uint8Array };

/** A transfer with what the chain says about its rings, and hints if somebody sent them. */
export type KernelTransferClaim = {
  readonly chainId: Uint8Array;
  readonly transfer: PrivateTransfer;
  readonly rings: readonly (readonly EncodedMember[])[];
  readonly hints?: Uint8Array | undefined;
};

/** What is left of a claim when its form and its sums are right. */
type OpenTransfer = {
  readonly range: KernelRangeClaim;
  readonly ring: KernelRingClaim;
  readonly hints: Uint8Array | undefined;
};

/** Signatures with hints in one sum, and range proofs in one. Larger sums gain nothing. */
const TOGETHER = 16;
const OUTPUT_COUNTS: readonly number[] = [1, 2, 4, 8, 16];

const ONE = encodeScalar(1n);
const VALUE_BASE = encodePoint(BASES.valueBase);

/**
 * The faults of transfers, in their order; undefined: it holds. The kernel is one of {@link createChainKernel}; `random` is the
 * host's cryptographic generator. Hints decide nothing but the time that it takes.
 */
export function findTransferFaults(
  kernel: PrivateKernel,
  claims: readonly KernelTransferClaim[],
  random: RandomSource,
): (TransferFault | undefined)[] {
  const most = OUTPUT_COUNTS.at(-1)!;
  if (kernel.parties < most)
    failCrypto(`cannot verify transfers with a kernel for ${kernel.parties} amounts, not ${most}`);
  const faults: (TransferFault | undefined)[] = [];
  for (let begin = 0; begin < claims.length; begin += TOGETHER) {
    faults.push(...findTogether(kernel, claims.slice(begin, begin + TOGETHER), random));
  }
  return faults;
}

function findTogether(
  kernel: PrivateKernel,
  claims: readonly KernelTransferClaim[],
  random: RandomSource,
): (TransferFault | undefined)[] {
  const opened = claims.map((claim) => open(kernel, claim));
  const good = opened.filter((entry) => typeof entry !== 'string');
  const ranges = good.map(({ range }) => range);
  const rangesHold = ranges.length > 1 && kernel.verifyRanges(ranges, random(ITEM_BYTES));
  const hinted = good.flatMap(({ ring, hints }) => (hints === undefined ? [] : [{ ...ring, hints }]));
  const hintsHold = hinted.length > 0 && verifyHinted(kernel, hinted, random);
  return opened.map((entry, i) => {
    if (typeof entry === 'string') return entry;
    if (!rangesHold && !kernel.verifyRange(entry.range)) return malformedOr(kernel, claims[i]!, 'range_proof');
    if (hintsHold && entry.hints !== undefined) return undefined;
    return kernel.verifyRings(entry.ring) ? undefined : malformedOr(kernel, claims[i]!, 'ring_signature');
  });
}

/** Hints of another size than their rings are none. */
function verifyHinted(kernel: PrivateKernel, claims: readonly KernelHintedClaim[], random: RandomSource): boolean {
  const sizes = claims.map(({ inputs }) => NODE_BYTES * inputs.length * (inputs[0]?.ring.length ?? 0));
  return claims.every(({ hints }, i) => hints.length === sizes[i]) && kernel.verifyHinted(claims, random(ITEM_BYTES));
}

/** Sizes and sums (UTXO-80 to UTXO-83); points and scalars of the proofs are left to their verifiers. */
function open(kernel: PrivateKernel, claim: KernelTransferClaim): OpenTransfer | TransferFault {
  const { chainId, transfer, rings, hints } = claim;
  const { inputs, outputs } = transfer;
  const publicOut = transfer.fee + (transfer.withdrawal?.amount ?? 0n);
  if (publicOut > AMOUNT_MAX) return 'overflow';
  if (!hasItsSizes(claim)) return 'malformed';
  if (outputs.some(({ key }) => kernel.classifyPoint(key) !== 'point')) return 'malformed';
  const commitments = outputs.map(({ commitment }) => commitment);
  const pseudos = inputs.map(({ pseudoOutput }) => pseudoOutput);
  if ([...commitments, ...pseudos].some((point) => kernel.classifyPoint(point) === 'no point')) return 'malformed';
  const spent = kernel.sumOfProducts(
    pseudos,
    pseudos.map(() => ONE),
  );
  const values = [...commitments.map(() => ONE), encodeScalar(publicOut)];
  const made = kernel.sumOfProducts([...commitments, VALUE_BASE], values);
  if (spent.some((byte, i) => byte !== made[i])) return malformedOr(kernel, claim, 'unbalanced');
  const { prefix, base } = encodeParts(transfer);
  const prefixHash = kernel.transcript('SnapScale/v1/prefix').append('chain', chainId).append('prefix', prefix);
  const transcript = kernel.transcript('SnapScale/v1/range').append('prefix', prefixHash.challengeBytes('hash', 32));
  const ring = {
    message: signingMessage(kernel, claim, prefix, base),
    inputs: inputs.map(({ image, pseudoOutput }, i) => ({ ring: rings[i]!, image, pseudoOutput })),
    signature: transfer.signature,
  };
  return { range: { transcript, commitments, proof: transfer.rangeProof }, ring, hints };
}

/** Whether every list and every item has the size that its transfer's numbers ask for. */
function hasItsSizes({ transfer, rings }: KernelTransferClaim): boolean {
  const { inputs, outputs, ringSize, rangeProof, signature } = transfer;
  const items = [
    ...inputs.flatMap(({ image, pseudoOutput }) => [image, pseudoOutput]),
    ...outputs.flatMap(({ key, commitment }) => [key, commitment]),
    ...rings.flat().flatMap(({ key, commitment }) => [key, commitment]),
  ];
  return (
    OUTPUT_COUNTS.includes(outputs.length) &&
    items.every(({ length }) => length === ITEM_BYTES) &&
    rings.length === inputs.length &&
    rings.every(({ length }) => length === ringSize) &&
    rangeProof.length === rangeProofBytes(AMOUNT_BITS, outputs.length) &&
    signature.length === ringSignatureBytes(inputs.length, ringSize)
  );
}

/** 'malformed' where a point or a scalar is none, which comes first; else the fault that was found. */
function malformedOr(kernel: PrivateKernel, { transfer }: KernelTransferClaim, fault: TransferFault): TransferFault {
  const { inputs, rangeProof, signature } = transfer;
  const proof = itemsOf(rangeProof);
  const isScalar = (index: number) => (index >= 4 && index < 7) || index >= proof.length - 2;
  const points = [
    ...inputs.flatMap(({ image, pseudoOutput }) => [image, pseudoOutput]),
    ...proof.filter((_, i) => !isScalar(i)),
  ];
  const scalars = [...proof.filter((_, i) => isScalar(i)), ...itemsOf(signature).slice(1)];
  const isFormed =
    points.every((point) => kernel.classifyPoint(point) === 'point') &&
    scalars.every((scalar) => kernel.isScalar(scalar));
  return isFormed ? fault : 'malformed';
}

function itemsOf(bytes: Uint8Array): Uint8Array[] {
  const count = bytes.length / ITEM_BYTES;
  return Array.from({ length: count }, (_, i) => bytes.subarray(ITEM_BYTES * i, ITEM_BYTES * (i + 1)));
}

/** What the ring signature signs (UTXO-75). */
function signingMessage(
  kernel: PrivateKernel,
  { chainId, transfer, rings }: KernelTransferClaim,
  prefix: Uint8Array,
  base: Uint8Array,
): Uint8Array {
  const transcript = kernel.transcript('SnapScale/v1/tx').append('chain', chainId).append('prefix', prefix);
  for (const { key, commitment } of rings.flat()) transcript.append('P', key).append('C', commitment);
  return transcript.append('base', base).append('range-proof', transfer.rangeProof).challengeBytes('msg', 32);
}
