/** The hashes of a private transfer, and what its signature signs (UTXO-73 to UTXO-75). */
import type { RingMember } from '../ring-signature/signature.js';
import { Transcript } from '../transcript.js';
import { encodeParts } from './codec.js';
import type { PrivateTransfer, UnprovenTransfer } from './transfer.js';

/** Hash of everything but pseudo-outputs and proofs, on one chain (UTXO-73). */
export function prefixHash(chainId: Uint8Array, transfer: UnprovenTransfer): Uint8Array {
  return new Transcript('SnapScale/v1/prefix')
    .append('chain', chainId)
    .append('prefix', encodeParts(transfer).prefix)
    .challengeBytes('hash', 32);
}

/** The transcript that a range proof begins from (UTXO-22). */
export function rangeTranscript(chainId: Uint8Array, transfer: UnprovenTransfer): Transcript {
  return new Transcript('SnapScale/v1/range').append('prefix', prefixHash(chainId, transfer));
}

/**
 * The 32 bytes that the ring signature signs (UTXO-75): chain, prefix with every index, image and output, every member's key
 * and commitment, pseudo-outputs, range proof.
 */
export function signingMessage(
  chainId: Uint8Array,
  transfer: Omit<PrivateTransfer, 'signature'>,
  rings: readonly (readonly RingMember[])[],
): Uint8Array {
  const { prefix, base } = encodeParts(transfer);
  const transcript = new Transcript('SnapScale/v1/tx').append('chain', chainId).append('prefix', prefix);
  for (const { key, commitment } of rings.flat()) transcript.appendPoint('P', key).appendPoint('C', commitment);
  return transcript.append('base', base).append('range-proof', transfer.rangeProof).challengeBytes('msg', 32);
}

/** The transfer's id (UTXO-74). Proofs may be pruned: their hash stands in for them. */
export function transferId(chainId: Uint8Array, transfer: PrivateTransfer): Uint8Array {
  const { base } = encodeParts(transfer);
  const hash = (label: string, bytes: Uint8Array) =>
    new Transcript(`SnapScale/v1/${label}`).append('bytes', bytes).challengeBytes('hash', 32);
  const proofs = new Transcript('SnapScale/v1/proofs')
    .append('range-proof', transfer.rangeProof)
    .append('signature', transfer.signature)
    .challengeBytes('hash', 32);
  return new Transcript('SnapScale/v1/id')
    .append('prefix', prefixHash(chainId, transfer))
    .append('base', hash('base', base))
    .append('proofs', proofs)
    .challengeBytes('id', 32);
}
