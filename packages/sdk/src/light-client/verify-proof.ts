/**
 * Verifies a proof document offline, trusting nothing but what the user trusts: the schedule is followed to that of the anchor,
 * the anchor is final by its certificate, the block by its place in the anchor's tree over final blocks, and what the block
 * holds by the roots in its header (docs/spec/light-client.md).
 */
import { type ChainProof, type Checkpoint, chainProofSchema, violations } from '@snapscale/api';
import {
  finalHeaderProblem,
  followSteps,
  isProvenFinal,
  type LightClientPorts,
  type LightTrust,
} from '@snapscale/consensus/light-client';
import { blsVerifyAggregate, CryptoError, equalBytes, fromHex, toHex } from '@snapscale/crypto';
import {
  type BlockHeader,
  blockHeaderSchema,
  blockId,
  blockNumOf,
  DecodeError,
  decode,
  type Inflate,
  quorumCertificateSchema,
  type Schema,
  signersOf,
  slotToText,
} from '@snapscale/protocol';
import { type ProvenContent, proveContent } from './proof-content.js';
import { ProofProblem } from './proof-problem.js';
import { makeCheckpoint, type Trust, TrustError, trustPackedGenesis } from './trust.js';

/** A final block. */
export type FinalBlockView = { readonly num: number; readonly id: string; readonly timestamp: string };

/** What a proof shows, or why it shows nothing. */
export type ChainProofVerdict =
  | {
      readonly valid: true;
      readonly chainId: string;
      /** The block that the proof is about. */
      readonly block: FinalBlockView;
      /** The block with the certificate, with how many finalizers signed of how many. */
      readonly anchor: FinalBlockView & { readonly signers: number };
      readonly content: ProvenContent;
      /** To trust from now on: newer proofs need not be followed from the beginning. */
      readonly checkpoint: Checkpoint;
    }
  | { readonly valid: false; readonly reason: string };

/** Means of verification that have a default or can be left out. */
export type VerifyOptions = {
  /** Verifies an aggregate BLS signature; portable code unless given. */
  readonly verifyAggregate?: LightClientPorts['verify'];
  /** Needed for compressed transactions. */
  readonly inflate?: Inflate | undefined;
};

/** Steps of one document at most: more than thirty years of a change a week. */
const STEPS_MAX = 2048;

/**
 * Verifies a proof document, parsed from JSON. Whether it is about what was asked for is the caller's to compare: the verdict
 * says what it is about. Cost: one signature for each step that is followed and one for the anchor, 40 ms each in portable code.
 */
export function verifyChainProof(document: unknown, trust: Trust, options: VerifyOptions = {}): ChainProofVerdict {
  try {
    return verify(document, trust, options);
  } catch (error) {
    const isExpected =
      error instanceof ProofProblem ||
      error instanceof TrustError ||
      error instanceof DecodeError ||
      error instanceof CryptoError;
    if (!isExpected) throw error;
    return { valid: false, reason: error.message };
  }
}

function verify(document: unknown, trust: Trust, options: VerifyOptions): ChainProofVerdict {
  const proof = readDocument(document);
  const { chainId } = trust;
  if (proof.chain_id !== toHex(chainId)) {
    throw new ProofProblem(`the proof is of chain ${proof.chain_id}, trusted is chain ${toHex(chainId)}`);
  }
  const ports: LightClientPorts = { chainId, verify: options.verifyAggregate ?? blsVerifyAggregate };
  const reached = follow(ports, startOf(proof, trust), proof);
  const anchor = verifyAnchor(ports, reached, proof);
  checkAgainst(trust, anchor);
  const header = verifyBlock(proof, anchor);
  const { signers } = readHex('the certificate of the anchor', quorumCertificateSchema, proof.anchor.certificate);
  return {
    valid: true,
    chainId: proof.chain_id,
    block: viewOf(header),
    anchor: { ...viewOf(anchor), signers: signersOf(signers, signers.length * 8)?.length ?? 0 },
    content: proveContent(proof, header, options.inflate),
    checkpoint: makeCheckpoint(chainId, reached, anchor),
  };
}

function readDocument(document: unknown): ChainProof {
  const version = (document as { readonly version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== 1) {
    throw new ProofProblem(`the proof has format ${version}, this program reads format 1`);
  }
  const steps = (document as { readonly steps?: unknown } | null)?.steps;
  if (Array.isArray(steps) && steps.length > STEPS_MAX) {
    throw new ProofProblem(`the proof has ${steps.length} steps, at most ${STEPS_MAX} are followed`);
  }
  const [problem] = violations(chainProofSchema, document);
  if (problem !== undefined) throw new ProofProblem(`the document is no proof: ${problem}`);
  return document as ChainProof;
}

function startOf(proof: ChainProof, trust: Trust): LightTrust {
  if (trust.light !== undefined) return trust.light;
  if (proof.genesis === undefined) {
    throw new ProofProblem(
      'the proof does not bring the genesis, so that the chain id alone does not verify it: trust a checkpoint or a genesis file, or get the proof without a checkpoint',
    );
  }
  return trustPackedGenesis(fromHex(proof.genesis), trust.chainId).light!;
}

function follow(ports: LightClientPorts, start: LightTrust, proof: ChainProof): LightTrust {
  const steps = proof.steps.map(({ headers, certificate }, index) => ({
    headers: headers.map((hex) => readHex(`a header of step ${index + 1}`, blockHeaderSchema, hex)),
    certificate: readHex(`the certificate of step ${index + 1}`, quorumCertificateSchema, certificate),
  }));
  const reached = followSteps(ports, start, steps);
  if ('code' in reached) throw new ProofProblem(reached.message);
  return reached;
}

function verifyAnchor(ports: LightClientPorts, trust: LightTrust, { anchor }: ChainProof): BlockHeader {
  const header = readHex('the header of the anchor', blockHeaderSchema, anchor.header);
  const certificate = readHex('the certificate of the anchor', quorumCertificateSchema, anchor.certificate);
  const { version } = trust.schedule;
  if (header.scheduleVersion < version) {
    throw new ProofProblem(
      `the proof ends with schedule ${header.scheduleVersion}, and schedule ${version} is trusted already: it is older than the checkpoint; get a new one`,
    );
  }
  if (header.scheduleVersion > version) {
    throw new ProofProblem(
      `the proof does not lead from schedule ${version}, which is trusted, to schedule ${header.scheduleVersion}, which signed: get one that begins with schedule ${version}`,
    );
  }
  const problem = finalHeaderProblem(ports, trust, header, certificate);
  if (problem !== undefined) throw new ProofProblem(problem.message);
  return header;
}

/** Two different final blocks of one number mean that one of the two has been forged by a majority. */
function checkAgainst({ block }: Trust, anchor: BlockHeader): void {
  const { num, id } = viewOf(anchor);
  if (block !== undefined && block.num === num && block.id !== id) {
    throw new ProofProblem(`block ${num} of the proof is ${id}, that of the checkpoint is ${block.id}: two chains`);
  }
}

function verifyBlock({ block }: ChainProof, anchor: BlockHeader): BlockHeader {
  const header = readHex('the header of the block', blockHeaderSchema, block.header);
  const id = blockId(header);
  const num = blockNumOf(id);
  if (block.path === null) {
    if (equalBytes(id, blockId(anchor))) return header;
    throw new ProofProblem(`block ${num} is not the anchor, and no path leads from one to the other`);
  }
  const { leaf_count: leafCount, siblings } = block.path;
  const path = { index: num - 1, leafCount, siblings: siblings.map(fromHex) };
  if (isProvenFinal(anchor, id, path)) return header;
  throw new ProofProblem(`the path does not lead from block ${num} to the finality root of ${viewOf(anchor).num}`);
}

function viewOf(header: BlockHeader): FinalBlockView {
  const id = blockId(header);
  return { num: blockNumOf(id), id: toHex(id), timestamp: slotToText(header.slot) };
}

function readHex<T>(what: string, schema: Schema<T>, hex: string): T {
  try {
    return decode(schema, fromHex(hex));
  } catch (error) {
    if (error instanceof DecodeError || error instanceof CryptoError) {
      throw new ProofProblem(`${what} cannot be read: ${error.message}`);
    }
    throw error;
  }
}
