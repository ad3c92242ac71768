/**
 * Arguments of the native actions of account `eosio`.
 *
 * As in nodeos, bytes behind the last field are ignored: system contracts append fields of their own to these actions
 * (`updateauth` has `authorized_by` as a binary extension), and the native part must accept their form.
 */
import {
  type Action,
  authoritySchema,
  bytes,
  checksum256,
  DecodeError,
  formatName,
  limits,
  nameSchema,
  permissionLevelSchema,
  Reader,
  reject,
  type Schema,
  struct,
  type TypeOf,
  u8,
} from '@snapscale/protocol';

export const newAccountSchema = struct('newaccount', {
  creator: nameSchema,
  name: nameSchema,
  owner: authoritySchema,
  active: authoritySchema,
});
export type NewAccount = TypeOf<typeof newAccountSchema>;

export const setCodeSchema = struct('setcode', {
  account: nameSchema,
  vmtype: u8,
  vmversion: u8,
  code: bytes(limits.actionDataBytesMax),
});

export const setAbiSchema = struct('setabi', { account: nameSchema, abi: bytes(limits.actionDataBytesMax) });

export const updateAuthSchema = struct('updateauth', {
  account: nameSchema,
  permission: nameSchema,
  parent: nameSchema,
  auth: authoritySchema,
});
export type UpdateAuth = TypeOf<typeof updateAuthSchema>;

export const deleteAuthSchema = struct('deleteauth', { account: nameSchema, permission: nameSchema });

export const linkAuthSchema = struct('linkauth', {
  account: nameSchema,
  code: nameSchema,
  type: nameSchema,
  requirement: nameSchema,
});

export const unlinkAuthSchema = struct('unlinkauth', { account: nameSchema, code: nameSchema, type: nameSchema });

export const cancelDelaySchema = struct('canceldelay', { cancelingAuth: permissionLevelSchema, trxId: checksum256 });

const decodedData = new WeakMap<Action, unknown>();

/**
 * The arguments of a native action; views into its data. Decoded once per action, since the authorization check and the
 * handler both need them. Rejects with `invalid_action_args_exception` when the data is too short or malformed.
 */
export function decodeActionData<T>(schema: Schema<T>, action: Action): T {
  const known = decodedData.get(action);
  if (known !== undefined) return known as T;
  try {
    const value = schema.read(new Reader(action.data));
    decodedData.set(action, value);
    return value;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return reject(
      'invalid_action_args_exception',
      `cannot read the arguments of ${formatName(action.account)}::${formatName(action.name)}: ${error.message}`,
    );
  }
}
