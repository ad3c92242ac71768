/** What can be said of a transaction before it runs: its form, the accounts it names, its place in time. */

import { toHex } from '@snapscale/crypto';
import {
  type ChainConfig,
  edgeNodeExtension,
  formatName,
  microsToText,
  refBlockPrefixOf,
  reject,
  secondsToText,
  type Transaction,
} from '@snapscale/protocol';
import { authorizationStepsMax } from '../authorization/work.js';
import { permissionKey, taposKey, transactionKey } from '../state/keys.js';
import type { StateReader } from '../state/reader.js';
import { accountExists } from '../state/records.js';
import type { ApplyMode, VerifiedTransaction } from './apply-transaction.js';
import type { BlockInfo } from './types.js';

/** Checks that need no state. */
export function checkForm(transaction: Transaction, mode: ApplyMode): void {
  if (transaction.actions.length === 0) reject('tx_no_action', 'transaction must have at least one action');
  if (transaction.delaySec !== 0) {
    reject(
      'transaction_exception',
      `transaction cannot be delayed: delay_sec is ${transaction.delaySec}, deferred transactions are disabled`,
    );
  }
  checkExtensions(transaction);
  checkLevelCount(transaction);
  if (mode !== 'readOnly') return;
  if (transaction.contextFreeActions.length > 0) {
    reject('transaction_exception', 'context-free actions are not allowed in a read-only transaction');
  }
  if (transaction.actions.some(({ authorization }) => authorization.length > 0)) {
    reject('transaction_exception', 'read-only action cannot have authorizations');
  }
}

/** A check of more authorizations than this would be given up anyway, after their accounts had been looked up. */
function checkLevelCount({ actions }: Transaction): void {
  let count = 0;
  for (const { authorization } of actions) count += authorization.length;
  if (count <= authorizationStepsMax) return;
  reject(
    'tx_cpu_usage_exceeded',
    `${count} authorizations are declared, at most ${authorizationStepsMax} can be checked`,
  );
}

/** The only extension names the edge node that serves the transaction: one account name, at most once. */
function checkExtensions({ transactionExtensions }: Transaction): void {
  for (const { type, data } of transactionExtensions) {
    if (type !== edgeNodeExtension) {
      reject('invalid_transaction_extension', `transaction extension with type id ${type} is not supported`);
    }
    if (data.length !== NAME_BYTES) {
      reject(
        'invalid_transaction_extension',
        `the edge node extension holds ${data.length} bytes, expected the ${NAME_BYTES} of an account name`,
      );
    }
  }
  if (transactionExtensions.length > 1) {
    reject('invalid_transaction_extension', 'a transaction may name only one edge node');
  }
}

const NAME_BYTES = 8;

/** Checks accounts and permissions and, unless it only reads, expiration, reference block and duplicates. */
export function checkReferences(
  state: StateReader,
  block: BlockInfo,
  verified: VerifiedTransaction,
  config: ChainConfig,
  mode: ApplyMode,
): void {
  const { transaction, id } = verified;
  checkAccounts(state, transaction, mode);
  // As in nodeos: clients leave these fields empty, since a transaction that only reads never enters a block.
  if (mode === 'readOnly') return;
  checkTime(transaction, block, config);
  checkTapos(state, transaction);
  if (state.get(transactionKey(id)) !== undefined) {
    reject('tx_duplicate', `duplicate transaction ${toHex(id)}`);
  }
}

/** Checks that the accounts and permissions that it names exist. */
export function checkAccounts(state: StateReader, transaction: Transaction, mode: ApplyMode): void {
  for (const action of transaction.contextFreeActions) {
    if (!accountExists(state, action.account)) {
      reject('transaction_exception', `action's code account '${formatName(action.account)}' does not exist`);
    }
    if (action.authorization.length > 0) {
      reject('transaction_exception', 'context-free actions cannot have authorizations');
    }
  }
  let authorized = false;
  for (const action of transaction.actions) {
    if (!accountExists(state, action.account)) {
      reject('transaction_exception', `action's code account '${formatName(action.account)}' does not exist`);
    }
    for (const { actor, permission } of action.authorization) {
      authorized = true;
      if (state.get(permissionKey(actor, permission)) !== undefined) continue;
      if (!accountExists(state, actor)) {
        reject('transaction_exception', `action's authorizing actor '${formatName(actor)}' does not exist`);
      }
      reject(
        'transaction_exception',
        `action's authorizations include a non-existent permission: ${formatName(actor)}@${formatName(permission)}`,
      );
    }
  }
  if (!authorized && mode !== 'readOnly') {
    reject('tx_no_auths', 'transaction must have at least one authorization');
  }
}

function checkTime(transaction: Transaction, block: BlockInfo, config: ChainConfig): void {
  const expirationUs = BigInt(transaction.expiration) * 1_000_000n;
  if (expirationUs < block.timeUs) {
    reject(
      'expired_tx_exception',
      `transaction has expired, expiration is ${secondsToText(transaction.expiration)} and pending block time is ${microsToText(block.timeUs)}`,
    );
  }
  if (expirationUs > block.timeUs + BigInt(config.maxTransactionLifetime) * 1_000_000n) {
    reject(
      'tx_exp_too_far_exception',
      `transaction expiration is too far in the future relative to the reference time of ${microsToText(block.timeUs)}, expiration is ${secondsToText(transaction.expiration)} and the maximum transaction lifetime is ${config.maxTransactionLifetime} seconds`,
    );
  }
}

function checkTapos(state: StateReader, transaction: Transaction): void {
  const referred = state.get(taposKey(transaction.refBlockNum));
  if (referred === undefined || refBlockPrefixOf(referred) !== transaction.refBlockPrefix) {
    reject(
      'invalid_ref_block_exception',
      `transaction's reference block did not match: is this transaction from a different fork? ref_block_num ${transaction.refBlockNum}, ref_block_prefix ${transaction.refBlockPrefix}`,
    );
  }
}
