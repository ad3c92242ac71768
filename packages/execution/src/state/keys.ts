/**
 * The key space of the ledger on one page.
 *
 * A key is a one-character prefix followed by fixed-width big-endian fields, so that the order of keys is the order of
 * the fields. Prefixes marked ● are covered by the state commitment in block headers; the others can be derived from
 * blocks or change with every action (sequence numbers, duplicate checks) and would only make the commitment dear.
 *
 * | prefix | fields                                   | value                                   |
 * |--------|------------------------------------------|-----------------------------------------|
 * | a ●    | account                                  | account record                          |
 * | b ●    | account                                  | packed ABI                              |
 * | c ●    | sha256 of code                           | reference count u32 ‖ code              |
 * | d      | transaction id                           | expiration u32 (seconds)                |
 * | e      | expiration u32 ‖ block number u32        | concatenated transaction ids            |
 * | g      | one letter                               | chain-wide records                      |
 * | h      | block number mod 65536, u16              | block id (TAPOS)                        |
 * | i      | family ‖ code ‖ scope ‖ table ‖ secondary ‖ primary | payer                        |
 * | j ●    | family ‖ code ‖ scope ‖ table ‖ primary  | payer ‖ secondary key                   |
 * | k ●    | code ‖ scope ‖ table ‖ primary           | payer ‖ row                             |
 * | l ●    | account ‖ code ‖ action                  | required permission                     |
 * | p ●    | account ‖ permission                     | permission record                       |
 * | q      | account                                  | receive and authorisation sequences     |
 * | r ●    | account                                  | RAM use and limits                      |
 * | t ●    | code ‖ scope ‖ table                     | row count u32 ‖ payer                   |
 * | u      | account ‖ permission                     | time of last use                        |
 * | w      | k key, a level: ‖ account ‖ permission  | authorisers, for queries                |
 * | w      | l links by permission, p children by parent | what deleteauth must know            |
 */
import { prefixEnd, type StateKey } from './reader.js';

/** Families of secondary indices, as the first field of index keys. */
export type IndexFamily = '1' | '2' | '3' | '4' | '5';
export const indexFamilies = { idx64: '1', idx128: '2', idx256: '3', idxDouble: '4', idxLongDouble: '5' } as const;

const COMMITTED_PREFIXES = 'abcjklprt';

/** True when entries at `key` are leaves of the state commitment. */
export function isCommitted(key: StateKey): boolean {
  return COMMITTED_PREFIXES.includes(key[0]!);
}

const NAMES_REMEMBERED_MAX = 1 << 16;

/**
 * Keys that consist of a prefix and one name, remembered: the same few names occur again and again, and a key that was
 * made before has its hash already.
 */
function keysOfNames(prefix: StateKey): (value: bigint) => StateKey {
  const made = new Map<bigint, StateKey>();
  return (value) => {
    let key = made.get(value);
    if (key === undefined) {
      key = prefix + u64Key(value);
      if (made.size >= NAMES_REMEMBERED_MAX) made.clear();
      made.set(value, key);
    }
    return key;
  };
}

/** Keys that consist of a prefix and two names, remembered. */
function keysOfNamePairs(prefix: StateKey): (first: bigint, second: bigint) => StateKey {
  const made = new Map<bigint, (value: bigint) => StateKey>();
  return (first, second) => {
    let keys = made.get(first);
    if (keys === undefined) {
      keys = keysOfNames(prefix + nameKey(first));
      if (made.size >= NAMES_REMEMBERED_MAX) made.clear();
      made.set(first, keys);
    }
    return keys(second);
  };
}

/** Eight big-endian bytes of a u64. */
export const nameKey = keysOfNames('');

const scratch = new DataView(new ArrayBuffer(8));

/** Eight big-endian bytes of a u64, not cached (primary keys). */
export function u64Key(value: bigint): StateKey {
  scratch.setBigUint64(0, value);
  return u32Key(scratch.getUint32(0)) + u32Key(scratch.getUint32(4));
}

/** Four big-endian bytes of a u32. */
export function u32Key(value: number): StateKey {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** The u64 at `offset` of a key. */
export function u64FromKey(key: StateKey, offset: number): bigint {
  for (let i = 0; i < 8; i++) scratch.setUint8(i, key.charCodeAt(offset + i));
  return scratch.getBigUint64(0);
}

/** Bytes as a key fragment. */
export function bytesKey(bytes: Uint8Array): StateKey {
  if (bytes.length === 32) return hashKey(bytes);
  let key = '';
  for (let at = 0; at < bytes.length; at += 1024) key += String.fromCharCode(...bytes.subarray(at, at + 1024));
  return key;
}

/** The bytes of a hash, without the array that spreading makes. */
function hashKey(b: Uint8Array): StateKey {
  let key = '';
  for (let i = 0; i < 32; i += 8) {
    key += String.fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!);
  }
  return key;
}

/** A key as bytes. */
export function keyBytes(key: StateKey): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i);
  return bytes;
}

export const accountKey = keysOfNames('a');
export const abiKey = (account: bigint): StateKey => `b${nameKey(account)}`;
export const codeKey = (codeHash: Uint8Array): StateKey => `c${bytesKey(codeHash)}`;
export const transactionKey = (id: Uint8Array): StateKey => `d${bytesKey(id)}`;
export const expiryKey = (expirationSec: number, blockNum: number): StateKey =>
  `e${u32Key(expirationSec)}${u32Key(blockNum)}`;
export const taposKey = (blockNum: number): StateKey =>
  `h${String.fromCharCode((blockNum >>> 8) & 0xff, blockNum & 0xff)}`;
export const permissionKey = keysOfNamePairs('p');
export const linkKey = (account: bigint, code: bigint, action: bigint): StateKey =>
  `l${nameKey(account)}${nameKey(code)}${nameKey(action)}`;
export const sequenceKey = keysOfNames('q');
export const resourcesKey = keysOfNames('r');
export const lastUsedKey = keysOfNamePairs('u');

/** code ‖ scope ‖ table, 24 bytes: the middle of table, row and index keys. */
export function tableId(code: bigint, scope: bigint, table: bigint): StateKey {
  return nameKey(code) + nameKey(scope) + nameKey(table);
}
export const tableKey = (id: StateKey): StateKey => `t${id}`;
export const rowPrefix = (id: StateKey): StateKey => `k${id}`;
export const rowKey = (id: StateKey, primary: bigint): StateKey => `k${id}${u64Key(primary)}`;
export const indexPrefix = (family: IndexFamily, id: StateKey): StateKey => `i${family}${id}`;
export const indexKey = (family: IndexFamily, id: StateKey, secondary: StateKey, primary: bigint): StateKey =>
  `i${family}${id}${secondary}${u64Key(primary)}`;
export const indexRowPrefix = (family: IndexFamily, id: StateKey): StateKey => `j${family}${id}`;
export const indexRowKey = (family: IndexFamily, id: StateKey, primary: bigint): StateKey =>
  `j${family}${id}${u64Key(primary)}`;

/** Chain-wide records. */
export const globalKeys = {
  sequence: 'gs',
  config: 'gc',
  wasmLimits: 'gw',
  schedule: 'gy',
  proposedSchedule: 'gz',
  finalizers: 'gf',
  /** The genesis, so that a state tells which chain it is of. */
  genesis: 'gg',
  /** Header of the block whose state this is. */
  header: 'gh',
} as const satisfies Record<string, StateKey>;

/** [from, to) of all keys that begin with `prefix`. */
export function prefixRange(prefix: StateKey): readonly [StateKey, StateKey] {
  return [prefix, prefixEnd(prefix)];
}
