/** Whether a certificate could be one for a block: everything but the signature (FIN-7). */
import { type BlsPublicKey, equalBytes } from '@snapscale/crypto';
import { type QuorumCertificate, signersOf, voteDigest, votePhaseNames } from '@snapscale/protocol';
import { quorumProblem } from './electorate.js';
import type { ChainPoint } from './root.js';

/** Why `certificate` cannot be one for the block; undefined if its signature decides. */
export function certificateProblem(
  { slot, blockId, signers }: QuorumCertificate,
  { id, slot: blockSlot, electorate }: ChainPoint,
): string | undefined {
  if (!equalBytes(blockId, id)) return 'it is for another block';
  if (slot !== blockSlot) return `it names slot ${slot}, the block has ${blockSlot}`;
  const count = electorate.members.length;
  const positions = signersOf(signers, count);
  if (positions === undefined) return `its bitmap of ${signers.length} bytes is not one of ${count} finalizers`;
  return quorumProblem(electorate, new Set(positions));
}

/** Keys of those who signed, of a certificate without {@link certificateProblem}. */
export function signerKeys(certificate: QuorumCertificate, { electorate }: ChainPoint): BlsPublicKey[] {
  const positions = signersOf(certificate.signers, electorate.members.length) ?? [];
  return positions.map((position) => electorate.members[position]!.finalizerKey);
}

/** Whether two certificates are the same in every byte. */
export function sameCertificate(a: QuorumCertificate | undefined, b: QuorumCertificate | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.phase === b.phase &&
    a.slot === b.slot &&
    equalBytes(a.blockId, b.blockId) &&
    equalBytes(a.signers, b.signers) &&
    equalBytes(a.signature, b.signature)
  );
}

/** What the signers of a certificate signed. */
export function certificateDigest(chainId: Uint8Array, certificate: QuorumCertificate): Uint8Array {
  return voteDigest(chainId, certificate);
}

/** 'prepare certificate', for messages. */
export function certificateName({ phase }: QuorumCertificate): string {
  return `${votePhaseNames[phase]} certificate`;
}
