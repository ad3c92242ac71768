/** The action being executed, who authorised it, and whom it concerns. */
import { limits, reject } from '@snapscale/protocol';
import { declare, type HostFunction } from '../declaration.js';
import { asName } from '../environment.js';
import { gasPrices } from '../gas-prices.js';

export const actionFunctions: readonly HostFunction[] = [
  declare('read_action_data', {
    params: ['buffer: i32', 'size: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Copies up to size bytes of the action data into buffer and returns how many; with size 0 returns the size of the data.',
    make: (env) => (buffer, size) => {
      const out = env.span(buffer, size);
      const { data } = env.context.action;
      if (out.length === 0) return data.length;
      const copied = Math.min(out.length, data.length);
      env.chargeGas(Math.floor(copied * gasPrices.copiedByte));
      out.set(copied === data.length ? data : data.subarray(0, copied));
      return copied;
    },
  }),
  declare('action_data_size', {
    params: [],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.call,
    doc: 'Size of the action data in bytes.',
    make: (env) => () => env.context.action.data.length,
  }),
  declare('current_receiver', {
    params: [],
    result: 'i64',
    contextFree: true,
    gas: gasPrices.callWithNames,
    doc: 'The account whose code is running.',
    make: (env) => () => env.context.receiver,
  }),
  declare('set_action_return_value', {
    params: ['value: i32', 'size: i32'],
    gas: gasPrices.returnValue,
    doc: 'Sets what the action returns; a later call replaces it. Rejects more than max_action_return_value_size bytes except in read-only transactions.',
    make: (env) => (value, size) => {
      const bytes = env.span(value, size);
      const { config, transaction } = env.context;
      const chosen = transaction.readOnly ? Number.POSITIVE_INFINITY : config.maxActionReturnValueSize;
      const bound = Math.min(chosen, limits.returnValueBytesMax);
      if (bytes.length > bound) {
        reject('action_return_value_exception', `action return value size must be less or equal to ${bound} bytes`);
      }
      env.chargeGas(bytes.length * gasPrices.returnedByte);
      env.context.setReturnValue(bytes.slice());
    },
  }),
  declare('require_auth', {
    params: ['account: i64'],
    gas: gasPrices.authorization,
    doc: 'Rejects unless the action declares an authorization by the account, with whatever permission.',
    make: (env) => (account) => env.context.requireAuthorization(asName(account)),
  }),
  declare('require_auth2', {
    params: ['account: i64', 'permission: i64'],
    gas: gasPrices.authorization,
    doc: 'Rejects unless the action declares an authorization by the account with exactly this permission.',
    make: (env) => (account, permission) => env.context.requireAuthorization(asName(account), asName(permission)),
  }),
  declare('has_auth', {
    params: ['account: i64'],
    result: 'i32',
    gas: gasPrices.authorization,
    doc: '1 if the action declares an authorization by the account, else 0.',
    make: (env) => (account) => (env.context.hasAuthorization(asName(account)) ? 1 : 0),
  }),
  declare('require_recipient', {
    params: ['account: i64'],
    gas: gasPrices.notification,
    doc: 'Notifies the account of this action after its receiver has run; once, however often it is asked for.',
    make: (env) => (account) => env.context.requireRecipient(asName(account)),
  }),
  declare('get_sender', {
    params: [],
    result: 'i64',
    gas: gasPrices.callWithNames,
    doc: 'The contract that sent this action inline; 0 for an action of the transaction itself.',
    make: (env) => () => env.context.sender,
  }),
];
