/**
 * What somebody without the chain can check (FIN-15): from a schedule that he trusts to any later block, with headers and
 * commit certificates alone; and from one final block to all older ones.
 */
import {
  type BlsPublicKey,
  type BlsSignature,
  equalBytes,
  type MerkleProof,
  verifyMerkleProof,
} from '@snapscale/crypto';
import {
  activeScheduleExtension,
  type BlockHeader,
  blockId,
  blockNumOf,
  DecodeError,
  type FinalityExtension,
  finalityExtension,
  finalityExtensionSchema,
  type Genesis,
  headerExtension,
  limits,
  type QuorumCertificate,
  Reject,
  type Rejection,
  reject,
  type VotingSchedule,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { certificateDigest, certificateProblem, signerKeys } from './certificate.js';
import { makeElectorate } from './electorate.js';
import { proposalProblem, scheduleProblem } from './set-change.js';

/** The newest schedule that is trusted, and the one before it, unless that is not known. */
export type LightTrust = { readonly schedule: VotingSchedule; readonly previous: VotingSchedule | undefined };

/** What somebody who trusts only a genesis trusts. */
export function genesisTrust({ producers }: Pick<Genesis, 'producers'>): LightTrust {
  return { schedule: { version: 0, producers }, previous: undefined };
}

/** A light client's means: the chain that it follows, and how it verifies an aggregate signature. */
export type LightClientPorts = {
  readonly chainId: Uint8Array;
  verify(keys: readonly BlsPublicKey[], digest: Uint8Array, signature: BlsSignature): boolean;
};

/** Why nobody should trust these schedules, whoever says them; undefined if a chain can have them, one after the other. */
export function trustProblem({ schedule, previous }: LightTrust): string | undefined {
  if (previous === undefined) return scheduleProblem(schedule);
  return scheduleProblem(previous) ?? proposalProblem(previous, schedule);
}

/** Why this header with this commit certificate is not final by what is trusted; undefined if it is. */
export function finalHeaderProblem(
  ports: LightClientPorts,
  trust: LightTrust,
  header: BlockHeader,
  certificate: QuorumCertificate,
): Rejection | undefined {
  return problemOf(() => assertFinal(ports, trust, header, certificate));
}

/**
 * Follows one change of the schedule. `headers` begins with the block that brought the new schedule into force and goes on,
 * block by block, to the one that `certificate` is for, often the same. Returns what is trusted then.
 */
export function followSchedule(
  ports: LightClientPorts,
  trust: LightTrust,
  headers: readonly BlockHeader[],
  certificate: QuorumCertificate,
): LightTrust | Rejection {
  let next: LightTrust | undefined;
  const problem = problemOf(() => {
    const first = headers[0];
    const last = headers.at(-1);
    if (first === undefined || last === undefined || headers.length > limits.reversibleBlocksMax) {
      return refuse(`a step to another schedule cannot have ${headers.length} headers`);
    }
    const schedule = headerExtension(first, activeScheduleExtension, votingScheduleSchema);
    if (schedule === undefined) return refuse('the first header brings no schedule into force');
    const wrong = proposalProblem(trust.schedule, schedule);
    if (wrong !== undefined) refuse(`the schedule cannot follow: ${wrong}`);
    for (let i = 1; i < headers.length; i++) {
      if (!equalBytes(headers[i]!.previous, blockId(headers[i - 1]!)))
        refuse(`header ${i} does not follow the one before`);
    }
    next = { schedule, previous: trust.schedule };
    if (!isJoint(last)) refuse('the schedule before does not vote on the last header');
    assertFinal(ports, next, last, certificate);
  });
  return problem ?? next!;
}

/** How many blocks, from block 1 on, a header shows as final: the leaves of its `finalityMroot`. Undefined if it says nothing. */
export function finalCountOf(header: BlockHeader): number | undefined {
  let count: number | undefined;
  problemOf(() => {
    count = leafCountOf(finalityOf(header));
  });
  return count;
}

/**
 * Whether a block is an ancestor of what `header`, itself final or not, shows as final. The proof is a Merkle proof of the
 * block's id, whose number gives its place.
 */
export function isProvenFinal(header: BlockHeader, id: Uint8Array, proof: MerkleProof): boolean {
  let proven = false;
  problemOf(() => {
    const finality = finalityOf(header);
    // The number of leaves comes from the header alone: with another one, a proof could name another place.
    const inPlace = proof.leafCount === leafCountOf(finality) && proof.index === blockNumOf(id) - 1;
    proven = inPlace && verifyMerkleProof(finality.finalityMroot, id, proof);
  });
  return proven;
}

function assertFinal(
  { chainId, verify }: LightClientPorts,
  { schedule, previous }: LightTrust,
  header: BlockHeader,
  certificate: QuorumCertificate,
): void {
  if (header.scheduleVersion !== schedule.version) {
    refuse(`the header is of schedule ${header.scheduleVersion}, trusted is ${schedule.version}`);
  }
  if (isJoint(header) && previous === undefined) refuse('schedule before the trusted one votes too, and is not known');
  const electorate = isJoint(header) ? makeElectorate(previous!, schedule) : makeElectorate(schedule);
  const id = blockId(header);
  const point = { id, num: blockNumOf(id), slot: header.slot, electorate };
  if (certificate.phase !== 1) refuse('the certificate is not of the commit phase');
  const problem = certificateProblem(certificate, point);
  if (problem !== undefined) refuse(problem);
  const digest = certificateDigest(chainId, certificate);
  if (!verify(signerKeys(certificate, point), digest, certificate.signature)) refuse('its signature is not valid');
}

function leafCountOf({ finalized }: FinalityExtension): number {
  return finalized === undefined ? 1 : blockNumOf(finalized.blockId);
}

function isJoint(header: BlockHeader): boolean {
  return finalityOf(header).joint;
}

function finalityOf(header: BlockHeader): FinalityExtension {
  const finality = headerExtension(header, finalityExtension, finalityExtensionSchema);
  return finality ?? refuse('the header says nothing about finality');
}

function problemOf(check: () => void): Rejection | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Reject) return error.rejection;
    if (error instanceof DecodeError) return { code: 'invalid_block_header_extension', message: error.message };
    throw error;
  }
}

function refuse(why: string): never {
  return reject('snap_invalid_certificate', `cannot accept the block as final: ${why}`);
}
