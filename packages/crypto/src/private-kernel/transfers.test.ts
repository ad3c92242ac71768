import { beforeAll, describe, expect, test } from 'vitest';
import { concatBytes, fromHex } from '../bytes.js';
import { BASES, makeProofGenerators } from '../private/generators.js';
import { decodePoint, encodePoint, encodeScalar, GROUP_ORDER, modOrder, multiply } from '../private/group.js';
import { makeHints } from '../private/ring-signature/hints.js';
import { decodeRingSignature } from '../private/ring-signature/signature.js';
import { flipped, plusOrder, readVectors, seeded } from '../private/testing/fixtures.js';
import { decodeTransfer } from '../private/transfer/codec.js';
import { findFault, openClaim } from '../private/transfer/verify.js';
import { createChainKernel, findTransferFaults, type KernelTransferClaim, type PrivateKernel } from './index.js';
import { fixedPoints } from './testing/kernels.js';

const golden = readVectors<{ chainId: string; rings: { key: string; commitment: string }[][]; transfer: string }>(
  'transfer.json',
);
const good: KernelTransferClaim = {
  chainId: fromHex(golden.chainId),
  transfer: decodeTransfer(fromHex(golden.transfer)),
  rings: golden.rings.map((ring) =>
    ring.map(({ key, commitment }) => ({ key: fromHex(key), commitment: fromHex(commitment) })),
  ),
};
const generators = makeProofGenerators(64, 2);
const random = seeded('kernel transfers').bytes;
let kernel: PrivateKernel;

beforeAll(async () => {
  kernel = await createChainKernel();
});

type Change = Partial<KernelTransferClaim['transfer']>;
const withTransfer = (change: Change): KernelTransferClaim => ({ ...good, transfer: { ...good.transfer, ...change } });
const faultOf = (claim: KernelTransferClaim) => findTransferFaults(kernel, [claim], random)[0];

/** The claim as the reference takes it. */
function decoded({ chainId, transfer, rings }: KernelTransferClaim) {
  const members = rings.map((ring) =>
    ring.map(({ key, commitment }) => ({ key: decodePoint(key), commitment: decodePoint(commitment) })),
  );
  return { chainId, transfer, rings: members };
}

function hintsOf(claim: KernelTransferClaim): Uint8Array {
  const open = openClaim(decoded(claim));
  if (typeof open === 'string') throw new Error(open);
  const signature = decodeRingSignature(claim.transfer.signature, open.inputs.length, claim.transfer.ringSize);
  const nodes = makeHints(open.message, open.inputs, signature);
  return concatBytes(...nodes.flat().flatMap(({ l, r, m }) => [l, r, m]));
}

/** One point of the first input or output replaced. */
function withPoint(where: 'image' | 'pseudoOutput' | 'key' | 'commitment', bytes: Uint8Array): KernelTransferClaim {
  const { inputs, outputs } = good.transfer;
  return withTransfer({
    inputs: inputs.map((input, i) => (i === 0 && where in input ? { ...input, [where]: bytes } : input)),
    outputs: outputs.map((output, i) => (i === 0 && where in output ? { ...output, [where]: bytes } : output)),
  });
}

test('the generators it makes are those of the reference', async () => {
  const fixed = fixedPoints(generators, BASES);
  const made = await createChainKernel(2);
  expect(made.parties).toBe(2);
  const opening = { value: 5n, blinding: encodeScalar(7n) };
  const fresh = new Uint8Array(64);
  const { PrivateKernel: Kernel } = await import('./index.js');
  const other = await Kernel.create(fixed);
  const proof = made.proveRange(made.transcript('x'), [opening, opening], fresh);
  expect(other.proveRange(other.transcript('x'), [opening, opening], fresh)).toEqual(proof);
  expect(() => findTransferFaults(made, [good], random)).toThrow(/2 amounts, not 16/);
});

describe('a transfer of the reference', () => {
  test('holds, singly, many together, with hints and with wrong ones', () => {
    const hints = hintsOf(good);
    expect(findTransferFaults(kernel, [], random)).toEqual([]);
    expect(faultOf(good)).toBeUndefined();
    expect(faultOf({ ...good, hints })).toBeUndefined();
    for (const wrong of [flipped(hints, 97), hints.slice(1), new Uint8Array()]) {
      expect(
        findTransferFaults(
          kernel,
          [
            { ...good, hints },
            { ...good, hints: wrong },
          ],
          random,
        ),
      ).toEqual([undefined, undefined]);
    }
    const bad = withTransfer({ signature: flipped(good.transfer.signature, 40) });
    const many = Array.from({ length: 18 }, (_, i) => (i === 5 || i === 17 ? { ...bad, hints } : { ...good, hints }));
    expect(findTransferFaults(kernel, many, random)).toEqual(
      many.map((_, i) => (i === 5 || i === 17 ? 'ring_signature' : undefined)),
    );
  });

  test('faults have the names that the reference gives them', () => {
    const { transfer } = good;
    const point = encodePoint(multiply(BASES.valueBase, 3n));
    const scalar = (bytes: Uint8Array, at: number) => {
      const copy = bytes.slice();
      const value = copy.slice(at, at + 32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      copy.set(plusOrder(value, GROUP_ORDER), at);
      return copy;
    };
    const otherMask = encodeScalar(modOrder(5n));
    const cases: KernelTransferClaim[] = [
      withTransfer({ fee: 2n ** 64n - 1n, withdrawal: { account: 1n, amount: 1n, memo: new Uint8Array() } }),
      withTransfer({ fee: transfer.fee + 1n }),
      ...(['image', 'pseudoOutput', 'key', 'commitment'] as const).flatMap((where) =>
        [point, new Uint8Array(32), new Uint8Array(32).fill(255)].map((bytes) => withPoint(where, bytes)),
      ),
      withTransfer({ rangeProof: flipped(transfer.rangeProof, 4) }),
      withTransfer({ rangeProof: scalar(transfer.rangeProof, 128) }),
      withTransfer({ rangeProof: transfer.rangeProof.slice(32) }),
      withTransfer({
        rangeProof: concatBytes(transfer.rangeProof.slice(0, 160), otherMask, transfer.rangeProof.slice(192)),
      }),
      withTransfer({ signature: flipped(transfer.signature, 3) }),
      withTransfer({ signature: scalar(transfer.signature, 32) }),
      withTransfer({ signature: transfer.signature.slice(1) }),
      withTransfer({ expirySec: transfer.expirySec + 1 }),
      { ...good, chainId: flipped(good.chainId, 0) },
      { ...good, rings: [...good.rings].reverse() },
      { ...good, rings: good.rings.slice(1) },
      { ...good, rings: good.rings.map((ring) => ring.slice(1)) },
    ];
    const verdicts = findTransferFaults(kernel, cases, random);
    const theirs = cases.map((claim) => findFault(generators, decoded(claim)));
    expect(verdicts).toEqual(theirs);
    expect(new Set(theirs)).toEqual(new Set(['overflow', 'unbalanced', 'malformed', 'range_proof', 'ring_signature']));
  });
});
