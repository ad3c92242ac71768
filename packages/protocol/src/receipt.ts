/** Receipts of executed actions, and the digests that a block commits to. */
import { concatBytes, sha256, sha256Each } from '@snapscale/crypto';
import { type Action, actionSchema } from './action.js';
import { array, pair, struct } from './codec/composites.js';
import { checksum256, u64, varuint32 } from './codec/scalars.js';
import { encode, type TypeOf } from './codec/schema.js';
import { Writer } from './codec/writer.js';
import { limits } from './limits.js';
import { nameSchema } from './name.js';

/** Wire type of an action receipt. */
export const actionReceiptSchema = struct('action_receipt', {
  receiver: nameSchema,
  actDigest: checksum256,
  globalSequence: u64,
  recvSequence: u64,
  authSequence: array(pair(nameSchema, u64), limits.authorizationsMax),
  codeSequence: varuint32,
  abiSequence: varuint32,
});

/** Proof that a receiver executed an action, with the counters at that moment. `authSequence` is sorted by account. */
export type ActionReceipt = TypeOf<typeof actionReceiptSchema>;

/**
 * Digest of an action and what it returned: sha256( sha256(account, name, authorization) ‖ sha256(data, return value) ),
 * the form of the ACTION_RETURN_VALUE feature; data and return value are length-prefixed.
 */
export function actionDigest(action: Action, returnValue: Uint8Array): Uint8Array {
  const head = new Writer(64);
  head.u64(action.account);
  head.u64(action.name);
  actionSchema.fields.authorization.write(head, action.authorization);
  const body = new Writer(action.data.length + returnValue.length + 16);
  body.bytes(action.data);
  body.bytes(returnValue);
  return sha256(concatBytes(sha256(head.finish()), sha256(body.finish())));
}

/** Digest of a receipt: SHA-256 of its encoding. The leaves of a block's `actionMroot`, in execution order. */
export function actionReceiptDigest(receipt: ActionReceipt): Uint8Array {
  return sha256(encode(actionReceiptSchema, receipt));
}

/** Digests of many receipts, in their order; faster than one by one. */
export function actionReceiptDigests(receipts: readonly ActionReceipt[]): Uint8Array[] {
  return sha256Each(receipts.map((receipt) => encode(actionReceiptSchema, receipt)));
}
