/** The transaction around the action, and actions that a contract sends. */
import { type Action, actionSchema, encode, reject, transactionSchema } from '@snapscale/protocol';
import { declare, type HostFunction } from '../declaration.js';
import type { HostEnvironment } from '../environment.js';
import { gasPrices } from '../gas-prices.js';

const SENDER_ID_BYTES = 16;
const CONTEXT_FREE_ACTION = 0;
const NORMAL_ACTION = 1;

export const transactionFunctions: readonly HostFunction[] = [
  declare('send_inline', {
    params: ['action: i32', 'size: i32'],
    gas: gasPrices.sendInline,
    doc: 'Executes a packed action after this one, with the authority of the receiver. Rejects packed actions of max_inline_action_size bytes and more, unknown accounts and permissions, and what the receiver may not authorise.',
    make: (env) => (action, size) => env.context.executeInline(readAction(env, action, size)),
  }),
  declare('send_context_free_inline', {
    params: ['action: i32', 'size: i32'],
    gas: gasPrices.sendInline,
    doc: 'Executes a packed action without authorizations as a context-free action after this one.',
    make: (env) => (action, size) => env.context.executeContextFreeInline(readAction(env, action, size)),
  }),
  declare('send_deferred', {
    params: ['senderId: i32', 'payer: i64', 'trx: i32', 'size: i32', 'replace: i32'],
    gas: gasPrices.sendInline,
    doc: 'Does nothing but reject malformed transactions: deferred transactions are switched off.',
    make: (env) => (senderId, _payer, trx, size, _replace) => {
      env.reference(senderId, SENDER_ID_BYTES);
      const packed = env.span(trx, size);
      env.chargeGas(Math.floor(packed.length * gasPrices.decodedByte));
      env.decode(transactionSchema, packed, 'deferred transaction');
    },
  }),
  declare('cancel_deferred', {
    params: ['senderId: i32'],
    result: 'i32',
    gas: gasPrices.call,
    doc: 'Returns 0: there are no deferred transactions.',
    make: (env) => (senderId) => {
      env.reference(senderId, SENDER_ID_BYTES);
      return 0;
    },
  }),
  declare('read_transaction', {
    params: ['buffer: i32', 'size: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Copies up to size bytes of the packed transaction into buffer and returns how many; with size 0 returns its size.',
    make: (env) => (buffer, size) => copyOut(env, buffer, size, env.context.transaction.packed),
  }),
  declare('transaction_size', {
    params: [],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Size of the packed transaction in bytes.',
    make: (env) => () => env.context.transaction.packed.length,
  }),
  declare('expiration', {
    params: [],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'When the transaction expires, seconds since 1970.',
    make: (env) => () => env.context.transaction.transaction.expiration,
  }),
  declare('tapos_block_num', {
    params: [],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Number, modulo 65536, of the block that the transaction refers to.',
    make: (env) => () => env.context.transaction.transaction.refBlockNum,
  }),
  declare('tapos_block_prefix', {
    params: [],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'The part of the id of the block that the transaction refers to.',
    make: (env) => () => env.context.transaction.transaction.refBlockPrefix,
  }),
  declare('get_action', {
    params: ['type: i32', 'index: i32', 'buffer: i32', 'size: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Writes the packed context-free (type 0) or normal (type 1) action of the transaction if buffer has room, and returns its size; -1 when there is no action with this index. Rejects other types.',
    make: (env) => (type, index, buffer, size) => {
      const out = env.span(buffer, size);
      const { contextFreeActions, actions } = env.context.transaction.transaction;
      if (type !== CONTEXT_FREE_ACTION && type !== NORMAL_ACTION) {
        reject('action_not_found_exception', `action is not found: type ${type >>> 0}`);
      }
      const action = (type === NORMAL_ACTION ? actions : contextFreeActions)[index >>> 0];
      if (action === undefined) return -1;
      env.chargeGas(Math.floor(packedSize(action) * gasPrices.decodedByte));
      const packed = encode(actionSchema, action);
      if (packed.length <= out.length) out.set(packed);
      return packed.length;
    },
  }),
  declare('get_context_free_data', {
    params: ['index: i32', 'buffer: i32', 'size: i32'],
    result: 'i32',
    contextFree: 'only',
    gas: gasPrices.call,
    doc: 'Copies up to size bytes of an item of the context-free data into buffer and returns how many; with size 0 returns its size; -1 when there is no such item. In context-free actions only.',
    make: (env) => (index, buffer, size) => {
      const item = env.context.transaction.contextFreeData[index >>> 0];
      if (item !== undefined) return copyOut(env, buffer, size, item);
      env.span(buffer, size);
      return -1;
    },
  }),
];

function copyOut(env: HostEnvironment, buffer: number, size: number, bytes: Uint8Array): number {
  const out = env.span(buffer, size);
  if (out.length === 0) return bytes.length;
  const copied = Math.min(out.length, bytes.length);
  env.chargeGas(Math.floor(copied * gasPrices.copiedByte));
  out.set(bytes.subarray(0, copied));
  return copied;
}

function readAction(env: HostEnvironment, action: number, size: number): Action {
  const span = env.span(action, size);
  const bound = env.context.config.maxInlineActionSize;
  if (span.length >= bound) reject('inline_action_too_big', `inline action too big: ${span.length} of ${bound} bytes`);
  env.chargeGas(Math.floor(span.length * gasPrices.decodedByte));
  return env.decode(actionSchema, span.slice(), 'inline action');
}

function packedSize(action: Action): number {
  return 64 + 16 * action.authorization.length + action.data.length;
}
