/** The block, the producers, and the ways in which a contract ends. */
import { decodeUtf8, type Name, reject } from '@snapscale/protocol';
import { ContractExit } from '../../wasm/host-port.js';
import { declare, type HostFunction } from '../declaration.js';
import { gasPrices } from '../gas-prices.js';

/** Bytes of an assertion's text that are kept. */
const ASSERT_MESSAGE_BYTES_MAX = 1024;
/** Error codes from here on belong to the system. */
const RESERVED_ERROR_CODES = 10_000_000_000_000_000_000n;
const DIGEST_BYTES = 32;
const NAME_BYTES = 8;

export const chainFunctions: readonly HostFunction[] = [
  declare('current_time', {
    params: [],
    result: 'i64',
    gas: gasPrices.callWithNames,
    doc: 'Time of the block, microseconds since 1970.',
    make: (env) => () => env.context.block.timeUs,
  }),
  declare('publication_time', {
    params: [],
    result: 'i64',
    gas: gasPrices.callWithNames,
    doc: 'When the transaction was published: the time of its block, since there are no deferred transactions.',
    make: (env) => () => env.context.block.timeUs,
  }),
  declare('get_block_num', {
    params: [],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Number of the block.',
    make: (env) => () => env.context.block.num,
  }),
  declare('get_active_producers', {
    params: ['buffer: i32', 'size: i32'],
    result: 'i32',
    gas: gasPrices.activeProducers,
    doc: 'Copies up to size bytes of the array of active producer names and returns how many; with size 0 returns the size of the array. Eight times size must lie in memory, as on Antelope.',
    make: (env) => (buffer, size) => {
      const room = size >>> 0;
      const { activeProducers } = env.context.block;
      const bytes = NAME_BYTES * activeProducers.length;
      const out = env.span(buffer, spanLength(room, NAME_BYTES));
      if (room === 0) return bytes;
      const copied = Math.min(room, bytes);
      env.chargeGas(bytes * gasPrices.copiedName);
      out.set(packedNames(activeProducers).subarray(0, copied));
      return copied;
    },
  }),
  declare('is_feature_activated', {
    params: ['digest: i32'],
    result: 'i32',
    gas: gasPrices.stateRead,
    doc: '1 if the protocol feature with this digest is active, else 0.',
    make: (env) => (digest) => {
      const at = env.reference(digest, DIGEST_BYTES);
      return env.context.isFeatureActivated(env.bytes.slice(at, at + DIGEST_BYTES)) ? 1 : 0;
    },
  }),
  declare('abort', {
    params: [],
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Rejects the transaction.',
    make: () => () => reject('abort_called', 'abort() called'),
  }),
  declare('eosio_assert', {
    params: ['condition: i32', 'message: i32'],
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Rejects the transaction with a NUL-terminated text, cut at 1024 bytes, when the condition is 0.',
    make: (env) => (condition, message) => {
      if (condition !== 0) env.cStringEnd(message);
      else failAssertion(env.cString(message, ASSERT_MESSAGE_BYTES_MAX));
    },
  }),
  declare('eosio_assert_message', {
    params: ['condition: i32', 'message: i32', 'size: i32'],
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Rejects the transaction with a text, cut at 1024 bytes, when the condition is 0.',
    make: (env) => (condition, message, size) => {
      const bytes = env.span(message, size);
      if (condition !== 0) return;
      failAssertion(decodeUtf8(bytes, 0, Math.min(bytes.length, ASSERT_MESSAGE_BYTES_MAX)));
    },
  }),
  declare('eosio_assert_code', {
    params: ['condition: i32', 'code: i64'],
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Rejects the transaction with an error code when the condition is 0. Codes from 10^19 on are reserved.',
    make: () => (condition, code) => {
      if (condition !== 0) return;
      const unsigned = BigInt.asUintN(64, code);
      const evidence = { error_code: String(unsigned) };
      if (unsigned >= RESERVED_ERROR_CODES) {
        const message = `eosio_assert_code called with reserved error code: ${unsigned}`;
        reject('restricted_error_code_exception', message, evidence);
      }
      reject('eosio_assert_code_exception', `assertion failure with error code: ${unsigned}`, evidence);
    },
  }),
  declare('eosio_exit', {
    params: ['code: i32'],
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Ends the action successfully.',
    make: () => () => {
      throw new ContractExit();
    },
  }),
  deadFunction('is_feature_active', 'i32'),
  deadFunction('activate_feature', undefined),
];

const packed = new WeakMap<readonly Name[], Uint8Array>();

/** Names as an array in memory; made once for a list. */
function packedNames(list: readonly Name[]): Uint8Array {
  let bytes = packed.get(list);
  if (bytes === undefined) {
    bytes = new Uint8Array(NAME_BYTES * list.length);
    const view = new DataView(bytes.buffer);
    for (const [i, one] of list.entries()) view.setBigUint64(NAME_BYTES * i, one, true);
    packed.set(list, bytes);
  }
  return bytes;
}

function failAssertion(text: string): never {
  return reject('eosio_assert_message_exception', `assertion failure with message: ${text}`);
}

/** Functions of the first EOSIO that never worked: linkable, and always refused. */
function deadFunction(name: string, result: 'i32' | undefined): HostFunction {
  const refuse = () => reject('unsupported_feature', `${name} is not supported`);
  const common = { params: ['feature: i64'], privileged: true, gas: gasPrices.call, doc: 'Always rejects.' } as const;
  return result === undefined
    ? declare(name, { ...common, make: () => refuse })
    : declare(name, { ...common, result, make: () => refuse });
}

/** Bytes of an array argument. */
function spanLength(count: number, size: number): number {
  const bytes = count * size;
  if (bytes > 0xffffffff) reject('wasm_execution_error', `access violation: an array of ${count} elements`);
  return bytes;
}
