/**
 * Secondary keys: their form in a contract's memory, and the form whose byte order is their order.
 *
 * | family       | in memory                       | order                                     |
 * |--------------|---------------------------------|-------------------------------------------|
 * | idx64        | u64, little-endian              | of integers                               |
 * | idx128       | u128, little-endian             | of integers                               |
 * | idx256       | two u128, each little-endian    | of the first, then of the second          |
 * | idxDouble    | binary64, little-endian         | IEEE less-than; -0 equals +0; no NaN      |
 * | idxLongDouble| binary128, little-endian        | the same                                  |
 *
 * The original bytes are stored beside the index entry, so that a contract gets back the zero that it stored.
 */
import { billableBytes } from '../../native/billable.js';
import { type IndexFamily, indexFamilies, u32Key } from '../../state/keys.js';
import type { StateKey } from '../../state/reader.js';

/** One kind of secondary key. */
export type KeyKind = {
  readonly family: IndexFamily;
  /** Size in memory and in an index entry. */
  readonly bytes: number;
  /** RAM billed for an entry. */
  readonly billable: bigint;
  /** The sortable form, from `bytes` bytes of memory. */
  readonly sortable: (key: Uint8Array) => StateKey;
  /** Whether the bytes are a NaN, which no index takes. */
  readonly isNaNKey: (key: Uint8Array) => boolean;
};

const WORD_BYTES = 16;
const SIGN = 0x80000000;

/** The five kinds, by the names that `indexFamilies` gives them. */
export const keyKinds = {
  idx64: integerKind(indexFamilies.idx64, 8, billableBytes.idx64, (key) => integerKey(key, 0, 8)),
  idx128: integerKind(indexFamilies.idx128, WORD_BYTES, billableBytes.idx128, (key) => integerKey(key, 0, WORD_BYTES)),
  idx256: integerKind(
    indexFamilies.idx256,
    2 * WORD_BYTES,
    billableBytes.idx256,
    (key) => integerKey(key, 0, WORD_BYTES) + integerKey(key, WORD_BYTES, WORD_BYTES),
  ),
  idxDouble: floatKind(indexFamilies.idxDouble, 8, billableBytes.idxDouble, 0x7ff00000),
  idxLongDouble: floatKind(indexFamilies.idxLongDouble, WORD_BYTES, billableBytes.idxLongDouble, 0x7fff0000),
} as const satisfies Record<keyof typeof indexFamilies, KeyKind>;

function integerKind(
  family: IndexFamily,
  bytes: number,
  billable: number,
  sortable: (key: Uint8Array) => StateKey,
): KeyKind {
  return { family, bytes, billable: BigInt(billable), sortable, isNaNKey: () => false };
}

/** `exponent`: the bits of the exponent among the four most significant bytes. */
function floatKind(family: IndexFamily, bytes: number, billable: number, exponent: number): KeyKind {
  const top = bytes - 4;
  const isNaNKey = (key: Uint8Array): boolean => {
    const magnitude = wordAt(key, top) & ~SIGN;
    if (magnitude < exponent) return false;
    return magnitude > exponent || !isZero(key, top);
  };
  return { family, bytes, billable: BigInt(billable), sortable: (key) => floatKey(key, top), isNaNKey };
}

/** Little-endian bytes as big-endian ones. */
function integerKey(key: Uint8Array, offset: number, bytes: number): StateKey {
  let text = '';
  for (let at = offset + bytes - 4; at >= offset; at -= 4) text += u32Key(wordAt(key, at));
  return text;
}

/**
 * Negative numbers sort in reverse of their magnitude, so all their bits are flipped; of the others the sign. A zero has
 * the form of +0 whatever its sign.
 */
function floatKey(key: Uint8Array, top: number): StateKey {
  const high = wordAt(key, top);
  const negative = high < 0 && !((high & ~SIGN) === 0 && isZero(key, top));
  const flip = negative ? -1 : 0;
  let text = u32Key(negative ? ~high : high | SIGN);
  for (let at = top - 4; at >= 0; at -= 4) text += u32Key(wordAt(key, at) ^ flip);
  return text;
}

/** Four little-endian bytes, signed. */
function wordAt(key: Uint8Array, at: number): number {
  return key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24);
}

function isZero(key: Uint8Array, end: number): boolean {
  for (let i = 0; i < end; i++) if (key[i] !== 0) return false;
  return true;
}
