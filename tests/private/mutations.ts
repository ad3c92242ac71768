/**
 * Mutates the golden private transfer and its rings, byte after byte, and expects every mutation to be refused: by hand, as it
 * takes a tenth of a second for each.
 *
 *   node --conditions=source --import tsx tests/private/mutations.ts [COUNT = 200] [SEED = 1]
 *
 * With more than as many mutations as bytes each byte is taken in turn, one bit of it. Exit code 1 names those that held.
 */
import { readFileSync } from 'node:fs';
import { CryptoError, fromHex } from '@snapscale/crypto';
import {
  decodePoint,
  decodeTransfer,
  findFault,
  makeProofGenerators,
  type RingMember,
  type TransferFault,
} from '@snapscale/crypto/private';

type Golden = { chainId: string; rings: { key: string; commitment: string }[][]; transfer: string };

const [count = '200', seed = '1'] = process.argv.slice(2);
const golden: Golden = JSON.parse(
  readFileSync(new URL('../../vectors/private/transfer.json', import.meta.url), 'utf8'),
);
const generators = makeProofGenerators(64, 2);
const chainId = fromHex(golden.chainId);
const transfer = fromHex(golden.transfer);
const rings = golden.rings.map((ring) =>
  ring.map(({ key, commitment }) => Buffer.concat([fromHex(key), fromHex(commitment)])),
);
const size = transfer.length + 64 * rings.flat().length;

/** What the verifier says with one bit flipped, in the transfer or, behind it, in the members of its rings. */
function outcome(at: number, bit: number): TransferFault | 'refused' | undefined {
  const bytes = transfer.slice();
  const members = rings.map((ring) => ring.map((member) => Uint8Array.from(member)));
  if (at < bytes.length) bytes[at]! ^= 1 << bit;
  else members.flat()[Math.floor((at - bytes.length) / 64)]![(at - bytes.length) % 64]! ^= 1 << bit;
  try {
    const decoded = members.map((ring) => ring.map(decodeMember));
    return findFault(generators, { chainId, transfer: decodeTransfer(bytes), rings: decoded });
  } catch (error) {
    if (error instanceof CryptoError) return 'refused';
    throw error;
  }
}

function decodeMember(bytes: Uint8Array): RingMember {
  return { key: decodePoint(bytes.subarray(0, 32)), commitment: decodePoint(bytes.subarray(32)) };
}

const tally = new Map<string, number>();
const held: string[] = [];
let state = BigInt(seed);
for (let i = 0; i < Number(count); i++) {
  state = (state * 6364136223846793005n + 1442695040888963407n) & (2n ** 64n - 1n);
  const at = Number(count) >= size ? i % size : Number((state >> 16n) % BigInt(size));
  const bit = Number((state >> 61n) & 7n);
  const found = outcome(at, bit);
  if (found === undefined) held.push(`byte ${at}, bit ${bit}`);
  tally.set(found ?? 'held', (tally.get(found ?? 'held') ?? 0) + 1);
}
process.stdout.write(`${[...tally].map(([what, times]) => `${what}: ${times}`).join('\n')}\n`);
for (const mutation of held) process.stdout.write(`held: ${mutation}\n`);
process.exitCode = held.length > 0 ? 1 : 0;
