/** Fees that an account cannot pay: how much is missing, and the command that helps. */
import type { SnapError } from '@snapscale/sdk';
import { AnnotatedError } from '../program/failures.js';

/** Undefined where the error is another one, or does not say what is missing. */
export function creditProblem(error: SnapError): AnnotatedError | undefined {
  const { account, missing } = error.evidence;
  if (error.name !== 'snap_insufficient_credit' || account === undefined || missing === undefined) return undefined;
  return new AnnotatedError(error, {
    hints: [`Top it up from an account with tokens: snapscale transfer PAYER snap.fees "${missing}" ${account}`],
    values: { missing },
  });
}
