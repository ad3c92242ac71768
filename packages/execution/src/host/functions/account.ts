/** Accounts, their code and their permissions. */
import type { PublicKey } from '@snapscale/crypto';
import {
  type PermissionLevel,
  permissionLevelSchema,
  publicKeySchema,
  type Reader,
  reject,
  transactionSchema,
} from '@snapscale/protocol';
import { declare, type HostFunction } from '../declaration.js';
import { asName, type HostEnvironment } from '../environment.js';
import { gasPrices } from '../gas-prices.js';

/** version u8, code sequence u64, hash, VM type u8, VM version u8. */
const CODE_HASH_BYTES = 43;
const DELAY_US_MAX = (1n << 63n) - 1n;

export const accountFunctions: readonly HostFunction[] = [
  declare('is_account', {
    params: ['account: i64'],
    result: 'i32',
    gas: gasPrices.stateRead,
    doc: '1 if the account exists, else 0.',
    make: (env) => (account) => (env.context.isAccount(asName(account)) ? 1 : 0),
  }),
  declare('get_code_hash', {
    params: ['account: i64', 'version: i32', 'buffer: i32', 'size: i32'],
    result: 'i32',
    gas: gasPrices.stateRead,
    doc: 'Writes {varuint32 0, u64 code sequence, sha256 of the code, u8 VM type, u8 VM version} if buffer has room, and returns its size. Zeros for an account without code.',
    make: (env) => (account, _version, buffer, size) => {
      const out = env.span(buffer, size);
      const { codeSequence, codeHash, vmType, vmVersion } = env.context.codeInfo(asName(account));
      if (out.length < CODE_HASH_BYTES) return CODE_HASH_BYTES;
      const packed = new Uint8Array(CODE_HASH_BYTES);
      new DataView(packed.buffer).setBigUint64(1, codeSequence, true);
      packed.set(codeHash, 9);
      packed[41] = vmType;
      packed[42] = vmVersion;
      out.set(packed);
      return CODE_HASH_BYTES;
    },
  }),
  declare('check_transaction_authorization', {
    params: ['trx: i32', 'trxSize: i32', 'keys: i32', 'keysSize: i32', 'perms: i32', 'permsSize: i32'],
    result: 'i32',
    gas: gasPrices.checkAuthorization,
    doc: "1 if the packed keys and permission levels would authorise the packed transaction's actions, else 0. Rejects malformed bytes.",
    make: (env) => (trx, trxSize, keys, keysSize, perms, permsSize) => {
      const packed = env.copy(trx, trxSize);
      env.chargeGas(packed.length * gasPrices.checkedByte);
      chargeProvided(env, keysSize, permsSize);
      const provided = readProvided(env, keys, keysSize, perms, permsSize);
      const transaction = env.decode(transactionSchema, packed, 'transaction');
      return env.context.checkTransactionAuthorization(transaction, provided.keys, provided.permissions) ? 1 : 0;
    },
  }),
  declare('check_permission_authorization', {
    params: [
      'account: i64',
      'permission: i64',
      'keys: i32',
      'keysSize: i32',
      'perms: i32',
      'permsSize: i32',
      'delayUs: i64',
    ],
    result: 'i32',
    gas: gasPrices.checkAuthorization,
    doc: '1 if the packed keys and permission levels satisfy the permission after a delay in microseconds, else 0. Rejects malformed bytes and delays above 2^63 - 1.',
    make: (env) => (account, permission, keys, keysSize, perms, permsSize, delayUs) => {
      const delay = BigInt.asUintN(64, delayUs);
      if (delay > DELAY_US_MAX) reject('action_validate_exception', `provided delay is too large: ${delay} us`);
      chargeProvided(env, keysSize, permsSize);
      const provided = readProvided(env, keys, keysSize, perms, permsSize);
      const { context } = env;
      const satisfied = context.checkPermissionAuthorization(
        asName(account),
        asName(permission),
        provided.keys,
        provided.permissions,
        delay,
      );
      return satisfied ? 1 : 0;
    },
  }),
  declare('get_permission_last_used', {
    params: ['account: i64', 'permission: i64'],
    result: 'i64',
    gas: gasPrices.stateRead,
    doc: 'When the permission last authorised an action, microseconds since 1970. Rejects an unknown permission.',
    make: (env) => (account, permission) => env.context.permissionLastUsedUs(asName(account), asName(permission)),
  }),
  declare('get_account_creation_time', {
    params: ['account: i64'],
    result: 'i64',
    gas: gasPrices.stateRead,
    doc: 'When the account was created, microseconds since 1970. Rejects an unknown account.',
    make: (env) => (account) => env.context.accountCreationTimeUs(asName(account)),
  }),
];

function chargeProvided(env: HostEnvironment, keysSize: number, permsSize: number): void {
  env.chargeGas(((keysSize >>> 0) + (permsSize >>> 0)) * gasPrices.providedByte);
}

/** The keys and permission levels that a check takes as given: packed sets, empty when their size is 0. */
function readProvided(
  env: HostEnvironment,
  keys: number,
  keysSize: number,
  perms: number,
  permsSize: number,
): { keys: readonly PublicKey[]; permissions: readonly PermissionLevel[] } {
  const keyBytes = env.copy(keys, keysSize);
  const permissionBytes = env.copy(perms, permsSize);
  return {
    keys: readSet(env, keyBytes, 'public keys', publicKeySchema.sizeMin, (reader) => publicKeySchema.read(reader)),
    permissions: readSet(env, permissionBytes, 'permission levels', permissionLevelSchema.sizeMin, (reader) =>
      permissionLevelSchema.read(reader),
    ),
  };
}

function readSet<T>(
  env: HostEnvironment,
  bytes: Uint8Array,
  what: string,
  sizeMin: number,
  read: (reader: Reader) => T,
): readonly T[] {
  if (bytes.length === 0) return [];
  return env.decodeWith(bytes, what, (reader) =>
    Array.from({ length: reader.count(bytes.length, sizeMin) }, () => read(reader)),
  );
}
