/**
 * `eosio::canceldelay`, `eosio::onerror` and `eosio::onblock`: actions about transactions and blocks.
 *
 * Deferred transactions do not exist here (as on Antelope chains since DISABLE_DEFERRED_TRXS), so nothing can be
 * cancelled and nothing can fail later.
 */
import { reject } from '@snapscale/protocol';
import type { ActionContext } from '../apply/types.js';
import { cancelDelaySchema, decodeActionData } from './action-data.js';
import { requireWritable } from './native-handler.js';

/** Does nothing, as in nodeos without deferred transactions; as a user's action it is already refused by its own rule. */
export function applyCancelDelay(context: ActionContext): void {
  requireWritable(context);
  context.requireAuthorization(decodeActionData(cancelDelaySchema, context.action).cancelingAuth.actor);
}

/** The notification of a failed deferred transaction. There are none, so whoever sends it pretends. */
export function applyOnError(): void {
  reject(
    'action_validate_exception',
    'onerror is sent by the chain for failed deferred transactions, which do not exist',
  );
}

/** First action of every block, sent by the chain itself. */
export function applyOnBlock(context: ActionContext): void {
  // Only transactions of the node itself have no expiration: a user's would have expired in 1970.
  if (context.transaction.transaction.expiration !== 0) {
    reject('action_validate_exception', 'onblock is sent by the chain at the start of a block, not by users');
  }
}
