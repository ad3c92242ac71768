/**
 * Making a private transfer (UTXO-90 to UTXO-96): coins and rings are chosen by the wallet, the rest is made here. A secret path.
 */
import { x25519 } from '@noble/curves/ed25519.js';
import { compareBytes, concatBytes } from '../../bytes.js';
import { failCrypto } from '../../errors.js';
import { contextOfImage, type InputContext } from '../address/derivations.js';
import { type FoundOutput, type MadeOutput, makeChange, makePayment, spendSecretOf } from '../address/output.js';
import type { PrivateAddress, WalletKeys } from '../address/wallet-keys.js';
import { sealForAuditor } from '../disclosure.js';
import { BASES, type ProofGenerators } from '../generators.js';
import { decodePoint, encodePoint, modOrder, type Scalar } from '../group.js';
import { keyImage } from '../key-image.js';
import { AMOUNT_MAX, commit } from '../pedersen.js';
import { hedgedNonces, type NonceSource, type RandomSource } from '../randomness.js';
import { encodeRangeProof, RANGE_PROOF_VALUES_MAX } from '../range-proof/proof.js';
import { proveRange } from '../range-proof/prove.js';
import { type SecretInput, signRings } from '../ring-signature/sign.js';
import { encodeRingSignature, type RingMember } from '../ring-signature/signature.js';
import { rangeTranscript, signingMessage } from './hashes.js';
import { ephemeralKeyCount, type PrivateTransfer, type UnprovenTransfer, type Withdrawal } from './transfer.js';

/** An output to spend, hidden among the members of a ring. */
export type Spend = {
  readonly found: FoundOutput;
  /** Numbers of the members, strictly ascending, and what the chain has under them. */
  readonly numbers: readonly bigint[];
  readonly members: readonly RingMember[];
  /** Position of the output among them. */
  readonly index: number;
};

/** A payment to make. */
export type Payment = { readonly address: PrivateAddress; readonly amount: bigint; readonly memo?: Uint8Array };

/** What a transfer is made of. */
export type TransferPlan = {
  readonly keys: WalletKeys;
  readonly chainId: Uint8Array;
  readonly expirySec: number;
  readonly asset: Uint8Array;
  readonly fee: bigint;
  readonly spends: readonly Spend[];
  readonly payments: readonly Payment[];
  readonly withdrawal?: Withdrawal;
  /** X25519 key of the asset's auditor, where one reads each output. */
  readonly auditorKey?: Uint8Array;
};

/** The transfer, and its outputs as their maker knows them. */
export type BuiltTransfer = { readonly transfer: PrivateTransfer; readonly made: readonly MadeOutput[] };

type PlacedOutput = MadeOutput & { readonly ephemeralKey: Uint8Array; readonly ephemeralSecret: Uint8Array };
type Coin = Spend & { readonly secret: Scalar; readonly image: Uint8Array };

/** Makes, proves and signs a transfer. @throws CryptoError where the coins do not suffice or a ring does not hold its coin. */
export function buildTransfer(plan: TransferPlan, generators: ProofGenerators, random: RandomSource): BuiltTransfer {
  const coins = plan.spends.map((spend) => coinOf(plan.keys, spend)).sort((a, b) => compareBytes(a.image, b.image));
  if (coins.length === 0) failCrypto('cannot make a transfer: it spends nothing');
  const images = concatBytes(...coins.map(({ image }) => image));
  const nonces = hedgedNonces(
    random,
    'transfer',
    concatBytes(images, ...plan.payments.map(({ address }) => address.spendKey)),
    coins.map(({ secret }) => secret),
  );
  const made = makeOutputs(plan, changeOf(plan), contextOfImage(coins[0]!.image), nonces);
  const blindings = pseudoBlindings(coins.length, made, nonces);
  const inputs = coins.map((coin, i) => secretInput(coin, blindings[i]!));
  const unproven: UnprovenTransfer = {
    expirySec: plan.expirySec,
    asset: plan.asset,
    fee: plan.fee,
    ringSize: coins[0]!.numbers.length,
    inputs: coins.map(({ numbers, image }, i) => ({
      ring: numbers,
      image,
      pseudoOutput: encodePoint(inputs[i]!.pseudoOutput),
    })),
    outputs: made.map(({ output }) => output),
    ephemeralKeys: made.slice(0, ephemeralKeyCount(made.length)).map(({ ephemeralKey }) => ephemeralKey),
    auditorSeals: auditorSeals(plan, made),
    withdrawal: plan.withdrawal,
  };
  const rangeProof = encodeRangeProof(
    proveRange({
      generators,
      bases: BASES,
      transcript: rangeTranscript(plan.chainId, unproven),
      openings: made.map(({ amount, blinding }) => ({ value: amount, blinding })),
      random,
    }),
  );
  const rings = coins.map(({ members }) => members);
  const message = signingMessage(plan.chainId, { ...unproven, rangeProof }, rings);
  const signature = encodeRingSignature(signRings({ message, inputs, random }));
  return { transfer: { ...unproven, rangeProof, signature }, made };
}

function coinOf(keys: WalletKeys, spend: Spend): Coin {
  const secret = spendSecretOf(spend.found, keys.spendSecret);
  const image = encodePoint(keyImage(secret, decodePoint(spend.found.output.key)));
  return { ...spend, secret, image };
}

/** What is left for the sender. */
function changeOf({ spends, payments, fee, withdrawal }: TransferPlan): bigint {
  const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
  const available = sum(spends.map(({ found }) => found.amount));
  const needed = fee + (withdrawal?.amount ?? 0n) + sum(payments.map(({ amount }) => amount));
  if (needed > available) failCrypto(`cannot make a transfer of ${needed} with fee: its coins hold ${available}`);
  if (available > AMOUNT_MAX) failCrypto('cannot make a transfer: its coins hold more than 64 bits can count');
  return available - needed;
}

/** Payments, change and empty change up to a power of two, in random order (UTXO-92). */
function makeOutputs(plan: TransferPlan, change: bigint, context: InputContext, nonces: NonceSource): PlacedOutput[] {
  const { payments } = plan;
  const size = [2, 4, 8, RANGE_PROOF_VALUES_MAX].find((count) => count > payments.length);
  if (size === undefined) return failCrypto(`cannot make a transfer of ${payments.length} payments: at most 15`);
  const hasMemos = payments.some(({ memo }) => memo !== undefined);
  const memoOf = (memo: Uint8Array | undefined) => (hasMemos ? { memo: memo ?? new Uint8Array(64) } : {});
  const places = shuffled(size, nonces);
  const made = new Array<PlacedOutput>(size);
  for (const [i, { address, amount, memo }] of payments.entries()) {
    const place = { context, index: places[i]!, anchor: nonces.bytes(16) };
    made[place.index] = makePayment(address, { amount, ...memoOf(memo) }, place);
  }
  const isShared = ephemeralKeyCount(size) === 1;
  let shared = isShared ? made.find((output) => output !== undefined) : undefined;
  for (let i = payments.length; i < size; i++) {
    const ephemeralSecret = shared?.ephemeralSecret ?? nonces.bytes(32);
    const ephemeralKey = shared?.ephemeralKey ?? x25519.getPublicKey(ephemeralSecret);
    const place = { context, ephemeralKey, index: places[i]! };
    const amount = i === payments.length ? change : 0n;
    const output = { ...makeChange(plan.keys, { amount, ...memoOf(undefined) }, place), ephemeralKey, ephemeralSecret };
    made[place.index] = output;
    if (isShared) shared ??= output;
  }
  return made;
}

/** A random order of 0 … size-1 (Fisher-Yates; the bias of 64 bits is below 2^-59). */
function shuffled(size: number, nonces: NonceSource): number[] {
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const drawn = new DataView(nonces.bytes(8).buffer).getBigUint64(0, true);
    const j = Number(drawn % BigInt(i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Blindings of the pseudo-outputs: random, and the last such that both sides have one sum (UTXO-94). */
function pseudoBlindings(inputs: number, made: readonly MadeOutput[], nonces: NonceSource): Scalar[] {
  const free = Array.from({ length: inputs - 1 }, () => nonces.scalar());
  const total = made.reduce((sum, { blinding }) => sum + blinding, 0n);
  return [...free, modOrder(total - free.reduce((sum, blinding) => sum + blinding, 0n))];
}

function secretInput({ found, members, index, secret, image }: Coin, pseudoBlinding: Scalar): SecretInput {
  return {
    ring: members,
    index,
    secret,
    image: decodePoint(image),
    pseudoOutput: commit({ value: found.amount, blinding: pseudoBlinding }),
    blindingDifference: modOrder(found.blinding - pseudoBlinding),
  };
}

function auditorSeals({ auditorKey }: TransferPlan, made: readonly PlacedOutput[]): Uint8Array[] {
  if (auditorKey === undefined) return [];
  return made.map(
    ({ ephemeralSecret, ephemeralKey, output, secret }) =>
      sealForAuditor(auditorKey, ephemeralSecret, ephemeralKey, output, secret) ??
      failCrypto('cannot seal for the auditor: its key is of low order'),
  );
}
