/**
 * Everything that both sides of a payment derive (UTXO-44 to UTXO-49; after Carrot, jeffro256/carrot). Each value is a Merlin hash
 * with a label of its own. A secret path wherever the shared secret goes in.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../../bytes.js';
import { BASE, decodePoint, multiplySecret, type Point, type Scalar } from '../group.js';
import { Transcript } from '../transcript.js';
import type { PrivateAddress } from './wallet-keys.js';

/** What a transfer's outputs are bound to, unique on the chain: it makes equal one-time keys impossible (UTXO-43). */
export type InputContext = Uint8Array;

/** A payment, or what comes back to the sender. */
export type OutputKind = 'payment' | 'change';

const ANCHOR_BYTES = 16;
const AMOUNT_BYTES = 8;

/** Context of a transfer that spends private outputs: its first key image. */
export function contextOfImage(image: Uint8Array): InputContext {
  return concatBytes(Uint8Array.of(0x49), image);
}

/** Context of a transfer from an account: chain, account and the account's count of such transfers. */
export function contextOfAccount(chainId: Uint8Array, account: bigint, count: bigint): InputContext {
  const numbers = new DataView(new ArrayBuffer(16));
  numbers.setBigUint64(0, account, true);
  numbers.setBigUint64(8, count, true);
  return concatBytes(Uint8Array.of(0x41), chainId, new Uint8Array(numbers.buffer));
}

/** d_e: the secret of an ephemeral key, from the anchor that the receiver gets to see (UTXO-44). */
export function ephemeralSecret(anchor: Uint8Array, context: InputContext, address: PrivateAddress): Uint8Array {
  return new Transcript('SnapScale/v1/stealth/ephemeral')
    .append('anchor', anchor)
    .append('context', context)
    .append('K_s', address.spendKey)
    .append('K_v', address.viewKey)
    .challengeBytes('d_e', 32);
}

/** sctx: the secret of one ephemeral key in one context (UTXO-45). */
export function contextSecret(shared: Uint8Array, ephemeralKey: Uint8Array, context: InputContext): Uint8Array {
  return new Transcript('SnapScale/v1/stealth/secret')
    .append('ss', shared)
    .append('D_e', ephemeralKey)
    .append('context', context)
    .challengeBytes('sctx', 32);
}

/** What is added to the spend secret for one output (UTXO-46). */
export function keyOffset(secret: Uint8Array, commitment: Uint8Array, index: number): Scalar {
  return new Transcript('SnapScale/v1/stealth/one-time')
    .append('sctx', secret)
    .append('C', commitment)
    .appendU64('index', index)
    .challengeScalar('offset');
}

/** P: the one-time key of an output (UTXO-46). */
export function oneTimeKey(offset: Scalar, spendKey: Uint8Array): Point {
  return multiplySecret(BASE, offset).add(decodePoint(spendKey));
}

/**
 * r: the blinding of an output's commitment (UTXO-47). With the index, so that two equal amounts that come back under one
 * ephemeral key have different commitments.
 */
export function outputBlinding(secret: Uint8Array, amount: bigint, kind: OutputKind, index: number): Scalar {
  return new Transcript('SnapScale/v1/stealth/blinding')
    .append('sctx', secret)
    .appendU64('amount', amount)
    .appendU64('kind', kind === 'payment' ? 0 : 1)
    .appendU64('index', index)
    .challengeScalar('r');
}

/** Eight bytes that hide the amount (UTXO-48). */
export function amountMask(secret: Uint8Array, key: Uint8Array): Uint8Array {
  return ofOutput('amount', secret, key, AMOUNT_BYTES);
}

/** Sixteen bytes that hide the anchor (UTXO-48). */
export function anchorMask(secret: Uint8Array, key: Uint8Array): Uint8Array {
  return ofOutput('anchor', secret, key, ANCHOR_BYTES);
}

/** One byte that spares the receiver 255 of 256 strangers' outputs most of the work (UTXO-48). */
export function viewTag(shared: Uint8Array, context: InputContext, key: Uint8Array): number {
  return new Transcript('SnapScale/v1/stealth/tag')
    .append('ss', shared)
    .append('context', context)
    .append('P', key)
    .challengeBytes('tag', 1)[0]!;
}

/** The anchor of change: only the owner of the view secret can make it (UTXO-49). */
export function changeAnchor(
  viewSecret: Uint8Array,
  ephemeralKey: Uint8Array,
  context: InputContext,
  key: Uint8Array,
): Uint8Array {
  return new Transcript('SnapScale/v1/stealth/change')
    .append('k_v', viewSecret)
    .append('D_e', ephemeralKey)
    .append('context', context)
    .append('P', key)
    .challengeBytes('anchor', ANCHOR_BYTES);
}

/** Key of a memo: HKDF-SHA-512 of the secret, salted with P, so that outputs that share a secret share no key (UTXO-50). */
export function memoKey(secret: Uint8Array, key: Uint8Array): Uint8Array {
  return hkdf(nobleSha512, secret, key, new TextEncoder().encode('SnapScale/v1/memo'), 32);
}

function ofOutput(purpose: string, secret: Uint8Array, key: Uint8Array, size: number): Uint8Array {
  return new Transcript(`SnapScale/v1/stealth/${purpose}`)
    .append('sctx', secret)
    .append('P', key)
    .challengeBytes(purpose, size);
}
