/** A scene for tests of whole transfers: Alice has coins of 60 and 40 and pays 70 to Bob, with a fee of 2 and an auditor. */
import { x25519 } from '@noble/curves/ed25519.js';
import { contextOfAccount, contextOfImage } from '../address/derivations.js';
import { type FoundOutput, makePayment, openOutput, sharedSecretOf } from '../address/output.js';
import { deriveWalletKeys, type WalletKeys } from '../address/wallet-keys.js';
import { BASE, decodePoint, encodePoint, multiply } from '../group.js';
import { commit } from '../pedersen.js';
import type { RingMember } from '../ring-signature/signature.js';
import type { Spend, TransferPlan } from '../transfer/build.js';
import { seeded } from './fixtures.js';

/** Everything that a test wants to look into. */
export type Scene = {
  readonly alice: WalletKeys;
  readonly bob: WalletKeys;
  readonly auditorSecret: Uint8Array;
  readonly plan: TransferPlan;
  /** Members in the order of the transfer's inputs: here that of the plan, as the images happen to ascend. */
  readonly rings: readonly (readonly RingMember[])[];
};

const RING_SIZE = 11;

/** The scene; always the same. */
export function makeScene(): Scene {
  const random = seeded('scene');
  const wallet = () => deriveWalletKeys(random.bytes(32), 2);
  const [alice, bob] = [wallet(), wallet()];
  const auditorSecret = random.bytes(32);
  const chainId = random.bytes(32);
  const fromAccount = receive(alice, contextOfAccount(chainId, 7n, 0n), { amount: 60n, visible: true });
  const fromAddress = receive(alice, contextOfImage(encodePoint(multiply(BASE, random.scalar()))), { amount: 40n });
  const spends = [hide(fromAccount, 4, 3n), hide(fromAddress, 0, 1000n)];
  const plan: TransferPlan = {
    keys: alice,
    chainId,
    expirySec: 1_900_000_000,
    asset: new Uint8Array(16).fill(0x58),
    fee: 2n,
    spends,
    payments: [{ address: bob.address, amount: 70n }],
    auditorKey: x25519.getPublicKey(auditorSecret),
  };
  return { alice, bob, auditorSecret, plan, rings: spends.map(({ members }) => members) };

  function receive(
    keys: WalletKeys,
    context: Uint8Array,
    contents: { amount: bigint; visible?: boolean },
  ): FoundOutput {
    const { output, ephemeralKey } = makePayment(keys.address, contents, {
      context,
      index: 0,
      anchor: random.bytes(16),
    });
    return openOutput(keys, output, { context, ephemeralKey, index: 0 }, sharedSecretOf(keys, ephemeralKey)!)!;
  }

  function hide(found: FoundOutput, index: number, firstNumber: bigint): Spend {
    const own = { key: decodePoint(found.output.key), commitment: decodePoint(found.output.commitment) };
    const members = Array.from({ length: RING_SIZE }, (_, i) =>
      i === index
        ? own
        : {
            key: multiply(BASE, random.scalar()),
            commitment: commit({ value: BigInt(i), blinding: random.scalar() }),
          },
    );
    return { found, numbers: members.map((_, i) => firstNumber + 7n * BigInt(i)), members, index };
  }
}
