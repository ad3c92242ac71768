/** What must hold of a transaction before it may wait for a block in the name of its first authoriser. */
import { Reject, type Rejection } from '@snapscale/protocol';
import { checkAuthorization } from '../authorization/check-authorization.js';
import { getChainConfig } from '../chain/chain-records.js';
import type { StateReader } from '../state/reader.js';
import type { VerifiedTransaction } from './apply-transaction.js';
import { checkAccounts, checkForm } from './transaction-checks.js';

/** Authorizations declared, and steps of their check: enough for everybody but those who build mazes of permissions. */
const LEVELS_MAX = 256;
const STEPS_MAX = 1_000;

/**
 * Why `verified` could not be executed on `state`, as far as its form, its accounts and its signatures go; undefined when
 * it could. Without this check anybody could fill the queue of another account. Cost: some microseconds.
 */
export function admissionProblem(state: StateReader, verified: VerifiedTransaction): Rejection | undefined {
  const { transaction, keys } = verified;
  let steps = 0;
  let levels = 0;
  for (const { authorization } of transaction.actions) levels += authorization.length;
  if (levels > LEVELS_MAX) return tooComplex;
  try {
    checkForm(transaction, 'user');
    checkAccounts(state, transaction, 'user');
    checkAuthorization(state, transaction.actions, {
      keys,
      permissions: [],
      delaySec: 0,
      maxDepth: getChainConfig(state).maxAuthorityDepth,
      onStep: () => {
        if (++steps > STEPS_MAX) throw new Reject(tooComplex);
      },
    });
    return undefined;
  } catch (error) {
    if (error instanceof Reject) return error.rejection;
    throw error;
  }
}

const tooComplex: Rejection = {
  code: 'snap_queue_full',
  message: `blocks are full, and a transaction with more than ${LEVELS_MAX} authorizations, or more than ${STEPS_MAX} steps to check them, cannot wait: send it again later`,
};
