/**
 * Outputs to private addresses: made by the sender, found and opened by the receiver (UTXO-44 to UTXO-51).
 */
import { x25519 } from '@noble/curves/ed25519.js';
import { equalBytes } from '../../bytes.js';
import { failCrypto } from '../../errors.js';
import { SEAL_TAG_BYTES, seal, unseal } from '../chacha20-poly1305.js';
import { encodePoint, modOrder, type Scalar } from '../group.js';
import { AMOUNT_MAX, commit, VISIBLE_BLINDING } from '../pedersen.js';
import * as derive from './derivations.js';
import { agree, type PrivateAddress, type ViewKeys } from './wallet-keys.js';

/** Bytes of a memo as its owner sees it, and sealed. */
export const MEMO_BYTES = 64;
export const SEALED_MEMO_BYTES: number = MEMO_BYTES + SEAL_TAG_BYTES;

/** Sizes of the other fields. */
export const ANCHOR_BYTES = 16;
export const ENCRYPTED_AMOUNT_BYTES = 8;

/** An output as it stands on the chain. Points are encoded. */
export type PrivateOutput = {
  readonly key: Uint8Array;
  readonly commitment: Uint8Array;
  readonly viewTag: number;
  readonly encryptedAmount: Uint8Array;
  readonly encryptedAnchor: Uint8Array;
  /** Sealed; all outputs of a transfer have one, or none has. */
  readonly memo: Uint8Array | undefined;
};

/** Where an output stands. */
export type OutputPlace = {
  readonly context: derive.InputContext;
  /** D_e of the output. */
  readonly ephemeralKey: Uint8Array;
  /** Position among the outputs of its transfer. */
  readonly index: number;
};

/** An output with what its sender knows of it. */
export type MadeOutput = {
  readonly output: PrivateOutput;
  readonly amount: bigint;
  readonly blinding: Scalar;
  /** sctx: discloses this one output (disclosure.ts). */
  readonly secret: Uint8Array;
  readonly kind: derive.OutputKind;
};

/** An output that was found, with what its owner needs to show or, with the spend secret, to spend it. */
export type FoundOutput = MadeOutput & {
  /** x = offset + k_s. */
  readonly offset: Scalar;
  readonly memoText: Uint8Array | undefined;
};

type Contents = {
  readonly amount: bigint;
  readonly memo?: Uint8Array | undefined;
  /** The amount is visible and the blinding is 1: a transfer from an account (UTXO-7). */
  readonly visible?: boolean;
};

/** A payment to an address and the ephemeral key that it needs. `anchor` is 16 fresh bytes. A secret path. */
export function makePayment(
  address: PrivateAddress,
  contents: Contents,
  place: Omit<OutputPlace, 'ephemeralKey'> & { readonly anchor: Uint8Array },
): MadeOutput & { readonly ephemeralKey: Uint8Array; readonly ephemeralSecret: Uint8Array } {
  if (place.anchor.length !== ANCHOR_BYTES)
    failCrypto(`an anchor has ${ANCHOR_BYTES} bytes, not ${place.anchor.length}`);
  const ephemeralSecret = derive.ephemeralSecret(place.anchor, place.context, address);
  const ephemeralKey = x25519.getPublicKey(ephemeralSecret);
  const shared =
    agree(ephemeralSecret, address.viewKey) ?? failCrypto('cannot pay to an address: its view key is of low order');
  const made = makeOutput(address, contents, { ...place, ephemeralKey }, shared, 'payment', () => place.anchor);
  return { ...made, ephemeralKey, ephemeralSecret };
}

/** What comes back to the sender, under any ephemeral key: also one of a payment beside it. A secret path. */
export function makeChange(keys: ViewKeys, contents: Contents, place: OutputPlace): MadeOutput {
  const shared =
    agree(keys.viewSecret, place.ephemeralKey) ?? failCrypto('cannot make change: the ephemeral key is of low order');
  return makeOutput(keys.address, contents, place, shared, 'change', (key) =>
    derive.changeAnchor(keys.viewSecret, place.ephemeralKey, place.context, key),
  );
}

function makeOutput(
  address: PrivateAddress,
  { amount, memo, visible = false }: Contents,
  { context, ephemeralKey, index }: OutputPlace,
  shared: Uint8Array,
  kind: derive.OutputKind,
  anchorOf: (key: Uint8Array) => Uint8Array,
): MadeOutput {
  if (amount < 0n || amount > AMOUNT_MAX)
    failCrypto(`cannot make an output of ${amount}: not an unsigned 64-bit amount`);
  if (memo !== undefined && memo.length !== MEMO_BYTES)
    failCrypto(`a memo has ${MEMO_BYTES} bytes, not ${memo.length}`);
  const secret = derive.contextSecret(shared, ephemeralKey, context);
  const blinding = visible ? VISIBLE_BLINDING : derive.outputBlinding(secret, amount, kind, index);
  const commitment = encodePoint(commit({ value: amount, blinding }));
  const key = encodePoint(derive.oneTimeKey(derive.keyOffset(secret, commitment, index), address.spendKey));
  const output: PrivateOutput = {
    key,
    commitment,
    viewTag: derive.viewTag(shared, context, key),
    encryptedAmount: xor(amountBytes(amount), derive.amountMask(secret, key)),
    encryptedAnchor: xor(anchorOf(key), derive.anchorMask(secret, key)),
    memo: memo === undefined ? undefined : seal(derive.memoKey(secret, key), memo, commitment),
  };
  return { output, amount, blinding, secret, kind };
}

/** The secret that a receiver shares with an ephemeral key; once for all outputs under it. Undefined: the key is of low order. */
export function sharedSecretOf(keys: ViewKeys, ephemeralKey: Uint8Array): Uint8Array | undefined {
  return agree(keys.viewSecret, ephemeralKey);
}

/**
 * The output, opened, if it is for these keys and consistent in every field (UTXO-51): the key, the commitment, and the anchor, which shows that
 * the sender used this whole address. Anything else is no output of theirs, whoever sent it. A secret path.
 */
export function openOutput(
  keys: ViewKeys,
  output: PrivateOutput,
  place: OutputPlace,
  shared: Uint8Array,
): FoundOutput | undefined {
  const { address } = keys;
  if (derive.viewTag(shared, place.context, output.key) !== output.viewTag) return undefined;
  const secret = derive.contextSecret(shared, place.ephemeralKey, place.context);
  const offset = derive.keyOffset(secret, output.commitment, place.index);
  if (!equalBytes(encodePoint(derive.oneTimeKey(offset, address.spendKey)), output.key)) return undefined;
  const anchor = xor(output.encryptedAnchor, derive.anchorMask(secret, output.key));
  const kind = kindOf(keys, anchor, output, place);
  if (kind === undefined) return undefined;
  const opening = openWithSecret(secret, output, kind, place.index);
  if (opening === undefined) return undefined;
  const memoText =
    output.memo === undefined ? undefined : unseal(derive.memoKey(secret, output.key), output.memo, output.commitment);
  return { output, ...opening, secret, kind, offset, memoText };
}

/** x of a found output. A secret path. */
export function spendSecretOf(found: FoundOutput, spendSecret: Scalar): Scalar {
  return modOrder(found.offset + spendSecret);
}

/** A payment's anchor gives D_e again; change has an anchor that only this view secret makes. */
function kindOf(
  keys: ViewKeys,
  anchor: Uint8Array,
  { key }: PrivateOutput,
  { context, ephemeralKey }: OutputPlace,
): derive.OutputKind | undefined {
  if (equalBytes(anchor, derive.changeAnchor(keys.viewSecret, ephemeralKey, context, key))) return 'change';
  const again = x25519.getPublicKey(derive.ephemeralSecret(anchor, context, keys.address));
  return equalBytes(again, ephemeralKey) ? 'payment' : undefined;
}

/** What the secret of one output shows: its amount and blinding, if they give its commitment. A secret path. */
export function openWithSecret(
  secret: Uint8Array,
  output: PrivateOutput,
  kind: derive.OutputKind,
  index: number,
): { readonly amount: bigint; readonly blinding: Scalar } | undefined {
  const amount = readAmount(xor(output.encryptedAmount, derive.amountMask(secret, output.key)));
  const gives = (blinding: Scalar) => equalBytes(encodePoint(commit({ value: amount, blinding })), output.commitment);
  const blinding = [derive.outputBlinding(secret, amount, kind, index), VISIBLE_BLINDING].find(gives);
  return blinding === undefined ? undefined : { amount, blinding };
}

function amountBytes(amount: bigint): Uint8Array {
  const bytes = new Uint8Array(ENCRYPTED_AMOUNT_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, amount, true);
  return bytes;
}

function readAmount(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0, true);
}

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== right.length) failCrypto(`an output's field has ${left.length} bytes, not ${right.length}`);
  return left.map((byte, i) => byte ^ right[i]!);
}
