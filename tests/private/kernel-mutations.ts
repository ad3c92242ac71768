/**
 * Mutates the golden private transfer, its rings and its hints, byte after byte, and expects the kernel to refuse every mutation
 * (and to accept what only changes hints); every EVERY-th mutation goes to the reference as well, whose fault must be the same.
 *
 *   node --conditions=source --import tsx tests/private/kernel-mutations.ts [COUNT = 10000] [EVERY = 100] [SEED = 1]
 *
 * With at least as many mutations as bytes each byte is taken in turn, one bit of it. Exit code 1 names those that held or
 * differed. About 100 s for 10,000.
 */
import { CryptoError, fromHex } from '@snapscale/crypto';
import {
  decodePoint,
  decodeRingSignature,
  decodeTransfer,
  findFault,
  makeHints,
  makeProofGenerators,
  type TransferFault,
} from '@snapscale/crypto/private';
import { createChainKernel, findTransferFaults } from '@snapscale/crypto/private-kernel';
import { readVectors } from '../../packages/crypto/src/private/testing/fixtures.js';
import { openClaim } from '../../packages/crypto/src/private/transfer/verify.js';

type Golden = { chainId: string; rings: { key: string; commitment: string }[][]; transfer: string };
type Outcome = TransferFault | 'refused' | 'holds';

const [count = '10000', every = '100', seed = '1'] = process.argv.slice(2);
const golden = readVectors<Golden>('transfer.json');
const chainId = fromHex(golden.chainId);
const transfer = fromHex(golden.transfer);
const members = golden.rings.map((ring) => ring.map(({ key, commitment }) => fromHex(key + commitment)));
const kernel = await createChainKernel();
const generators = makeProofGenerators(64, 2);
const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
const hints = goldenHints();
const ringEnd = transfer.length + 64 * members.flat().length;
const size = ringEnd + hints.length;

function goldenHints(): Uint8Array {
  const open = openClaim({
    chainId,
    transfer: decodeTransfer(transfer),
    rings: members.map((ring) => ring.map(decode)),
  });
  if (typeof open === 'string') throw new Error(`the golden transfer is ${open}`);
  const { inputs, message } = open;
  const { signature, ringSize } = decodeTransfer(transfer);
  const nodes = makeHints(message, inputs, decodeRingSignature(signature, inputs.length, ringSize));
  return Uint8Array.from(nodes.flat().flatMap(({ l, r, m }) => [...l, ...r, ...m]));
}

function decode(member: Uint8Array) {
  return { key: decodePoint(member.subarray(0, 32)), commitment: decodePoint(member.subarray(32)) };
}

/** What kernel and reference say with one bit flipped. */
function outcomes(at: number, bit: number, isCompared: boolean): { ours: Outcome; theirs: Outcome | undefined } {
  const bytes = transfer.slice();
  const rings = members.map((ring) => ring.map((member) => member.slice()));
  const changedHints = hints.slice();
  const place =
    at < bytes.length ? bytes : at < ringEnd ? rings.flat()[Math.floor((at - bytes.length) / 64)]! : changedHints;
  const offset = at < bytes.length ? at : at < ringEnd ? (at - bytes.length) % 64 : at - ringEnd;
  place[offset]! ^= 1 << bit;
  const guarded = (work: () => TransferFault | undefined): Outcome => {
    try {
      return work() ?? 'holds';
    } catch (error) {
      if (error instanceof CryptoError) return 'refused';
      throw error;
    }
  };
  const split = (member: Uint8Array) => ({ key: member.subarray(0, 32), commitment: member.subarray(32) });
  const ours = guarded(() => {
    const claim = { chainId, transfer: decodeTransfer(bytes), rings: rings.map((ring) => ring.map(split)) };
    const withHints = at >= transfer.length && at % 2 === 0;
    return findTransferFaults(kernel, [withHints ? { ...claim, hints: changedHints } : claim], random)[0];
  });
  const theirs = () =>
    guarded(() => {
      const decoded = rings.map((ring) => ring.map(decode));
      return findFault(generators, { chainId, transfer: decodeTransfer(bytes), rings: decoded });
    });
  return { ours, theirs: isCompared ? theirs() : undefined };
}

const tally = new Map<string, number>();
const wrong: string[] = [];
let state = BigInt(seed);
let compared = 0;
for (let i = 0; i < Number(count); i++) {
  state = (state * 6364136223846793005n + 1442695040888963407n) & (2n ** 64n - 1n);
  const at = Number(count) >= size ? i % size : Number((state >> 16n) % BigInt(size));
  const bit = Number((state >> 61n) & 7n);
  const isCompared = i % Number(every) === 0;
  const { ours, theirs } = outcomes(at, bit, isCompared);
  if (isCompared) compared++;
  if ((ours === 'holds') !== at >= ringEnd) wrong.push(`byte ${at}, bit ${bit}: the kernel says ${ours}`);
  // Members that are no points never come from a chain: the reference does not get as far, the kernel finds them in the ring.
  const isSame = theirs === undefined || ours === theirs || (ours === 'ring_signature' && theirs === 'refused');
  if (!isSame) wrong.push(`byte ${at}, bit ${bit}: the kernel says ${ours}, the reference ${theirs}`);
  tally.set(ours, (tally.get(ours) ?? 0) + 1);
}
process.stdout.write(`${[...tally].map(([what, times]) => `${what}: ${times}`).join('\n')}\n`);
process.stdout.write(`${count} mutations of ${size} bytes, ${compared} of them compared with the reference\n`);
for (const line of wrong) process.stdout.write(`${line}\n`);
process.exitCode = wrong.length > 0 ? 1 : 0;
