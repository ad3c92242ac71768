/**
 * Private transfers of other shapes than the golden one, from plan to bytes to verdict to wallets: withdrawals, several payments
 * with memos, one input, larger rings. By hand: a proof of four amounts takes seconds here.
 *
 *   node --conditions=source --import tsx tests/private/shapes.ts
 */
import { equal, throws } from 'node:assert/strict';
import {
  buildTransfer,
  commit,
  contextOfImage,
  decodePoint,
  decodeTransfer,
  deriveWalletKeys,
  encodeTransfer,
  ephemeralKeyOf,
  type FoundOutput,
  findFaults,
  makePayment,
  makeProofGenerators,
  openOutput,
  type PrivateTransfer,
  type RingMember,
  type Spend,
  sharedSecretOf,
  type TransferPlan,
  type WalletKeys,
} from '@snapscale/crypto/private';

type Part = Pick<TransferPlan, 'spends' | 'payments'> & Partial<TransferPlan>;

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
const generators = makeProofGenerators(64, 4);
const chainId = random(32);
const wallet = () => deriveWalletKeys(random(32), 2);
const [alice, bob, carol] = [wallet(), wallet(), wallet()];
let nextRing = 0n;
const claims: { chainId: Uint8Array; transfer: PrivateTransfer; rings: readonly (readonly RingMember[])[] }[] = [];

const withdrawal = { account: 5n, amount: 30n, memo: new TextEncoder().encode('rent') };
run('one input, all to an account', alice, { spends: [coin(alice, 31n, 11)], payments: [], withdrawal }, [
  [alice, [0n, 0n]],
]);
run('one input, part to an account', alice, { spends: [coin(alice, 100n, 16)], payments: [], withdrawal }, [
  [alice, [0n, 69n]],
]);
const memo = random(64);
const payments = [
  { address: bob.address, amount: 10n, memo },
  { address: bob.address, amount: 20n },
  { address: carol.address, amount: 30n },
];
run(
  'three inputs, three payments with memos',
  alice,
  { spends: [60n, 1n, 2n].map((v) => coin(alice, v, 11)), payments },
  [
    [alice, [2n]],
    [bob, [10n, 20n]],
    [carol, [30n]],
  ],
);
run('to oneself', bob, { spends: [coin(bob, 2n ** 64n - 1n, 11)], payments: [{ address: bob.address, amount: 7n }] }, [
  [bob, [7n, 2n ** 64n - 1n - 8n]],
]);
throws(
  () => buildTransfer(planOf(alice, { spends: [coin(alice, 1n, 11)], payments }), generators, random),
  /coins hold 1/,
);

equal(findFaults(generators, claims, random).filter((fault) => fault !== undefined).length, 0);
process.stdout.write(`ok   ${claims.length} transfers in one batch\n`);

function planOf(keys: WalletKeys, part: Part): TransferPlan {
  return { keys, chainId, expirySec: 1, asset: new Uint8Array(16), fee: 1n, ...part };
}

function run(what: string, keys: WalletKeys, part: Part, expected: readonly (readonly [WalletKeys, bigint[]])[]): void {
  const { transfer } = buildTransfer(planOf(keys, part), generators, random);
  const bytes = encodeTransfer(transfer);
  const decoded = decodeTransfer(bytes);
  const rings = decoded.inputs.map(({ ring }) => part.spends.find(({ numbers }) => numbers[0] === ring[0])!.members);
  const claim = { chainId, transfer: decoded, rings };
  equal(findFaults(generators, [claim], random)[0], undefined, what);
  claims.push(claim);
  for (const [receiver, amounts] of expected) {
    const found = received(receiver, decoded);
    equal(String(found.map(({ amount }) => amount).sort(ascending)), String([...amounts].sort(ascending)), what);
    const withMemo = part.payments.some((payment) => payment.memo !== undefined);
    equal(
      found.every(({ memoText }) => (memoText !== undefined) === withMemo),
      true,
      what,
    );
  }
  process.stdout.write(`ok   ${what}: ${bytes.length} bytes\n`);
}

/** A coin that the wallet received before, hidden in a ring of other outputs. */
function coin(keys: WalletKeys, amount: bigint, ringSize: number): Spend {
  const context = contextOfImage(random(32));
  const { output, ephemeralKey } = makePayment(keys.address, { amount }, { context, index: 0, anchor: random(16) });
  const place = { context, ephemeralKey, index: 0 };
  const found = openOutput(keys, output, place, sharedSecretOf(keys, ephemeralKey)!)!;
  const index = random(1)[0]! % ringSize;
  const first = BigInt(random(1)[0]!) + 1000n * nextRing++;
  const members = Array.from({ length: ringSize }, (_, i) => (i === index ? memberOf(found) : decoy()));
  return { found, index, members, numbers: members.map((_, i) => first + 300n * BigInt(i)) };
}

function memberOf({ output }: FoundOutput): RingMember {
  return { key: decodePoint(output.key), commitment: decodePoint(output.commitment) };
}

function decoy(): RingMember {
  const { address } = deriveWalletKeys(random(32), 2);
  return { key: decodePoint(address.spendKey), commitment: commit({ value: 3n, blinding: 77n }) };
}

function received(keys: WalletKeys, transfer: PrivateTransfer): FoundOutput[] {
  const context = contextOfImage(transfer.inputs[0]!.image);
  return transfer.outputs.flatMap((output, index) => {
    const ephemeralKey = ephemeralKeyOf(transfer, index);
    return openOutput(keys, output, { context, ephemeralKey, index }, sharedSecretOf(keys, ephemeralKey)!) ?? [];
  });
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
