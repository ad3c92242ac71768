/** Which rejections of a transaction are the fault of the peer that sent it. */
import type { Rejection, RejectionCode } from '@snapscale/protocol';

/**
 * These follow from the bytes alone, and nodes pass on only what they have verified. All others depend on the moment (an
 * expiration, a full queue) or on the state, in which two honest nodes differ.
 */
const faults: ReadonlySet<RejectionCode> = new Set<RejectionCode>([
  'packed_transaction_type_exception',
  'tx_decompression_error',
  'tx_too_big',
  'tx_duplicate_sig',
  // A signature from which no key can be recovered.
  'assert_exception',
]);

export function isPeersFault({ code }: Rejection): boolean {
  return faults.has(code);
}
