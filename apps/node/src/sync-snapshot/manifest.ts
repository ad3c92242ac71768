/**
 * What a peer says of a snapshot before it gives it: the hashes of its pieces, and why its block is final. Somebody who trusts a
 * genesis or a checkpoint checks all that before the first piece is fetched.
 */
import {
  finalHeaderProblem,
  finalHeaderSchema,
  followSteps,
  isProvenFinal,
  type LightClientPorts,
  type LightTrust,
  lightStepSchema,
  type TrustedSchedule,
  trustedSchedules,
} from '@snapscale/consensus/light-client';
import { concatBytes, equalBytes, sha256 } from '@snapscale/crypto';
import {
  array,
  blockHeaderSchema,
  blockId,
  blockNumOf,
  bytes,
  checksum256,
  DecodeError,
  decode,
  encode,
  limits,
  nullable,
  peerLimits,
  struct,
  type TypeOf,
  u8,
  u32,
  u64,
  Writer,
} from '@snapscale/protocol';

/** Bytes of a piece; the last one may have fewer. */
export const PIECE_BYTES: number = peerLimits.chunkBytesMax;
const HASH_BYTES = 32;
const MANIFEST_VERSION = 1;
/** Steps from the first schedule on; a manifest must have room for the hashes too. */
const STEPS_MAX = 1024;

/** Wire type of a manifest. */
export const snapshotManifestSchema = struct('snapshot_manifest', {
  version: u8,
  fileBytes: u64,
  pieceBytes: u32,
  pieces: bytes(peerLimits.manifestBytesMax),
  steps: array(lightStepSchema, STEPS_MAX),
  anchor: finalHeaderSchema,
  path: nullable(struct('finality_path', { leafCount: u32, siblings: array(checksum256, 64) })),
  headers: array(blockHeaderSchema, limits.reversibleBlocksMax),
});

/**
 * A snapshot as it is offered. `pieces`: SHA-256 of each piece, one after the other. `steps`: from the schedule of the genesis to
 * that of the anchor. `path`: the snapshot's block among those that the anchor shows as final; undefined if it is the anchor.
 * `headers`: the snapshot's block is the last; before it, its ancestors that the consensus root refers to.
 */
export type SnapshotManifest = TypeOf<typeof snapshotManifestSchema>;

/** What the receiver trusts. `activationNum`: of `light.schedule`, where it is known: 1 for a genesis. */
export type SnapshotTrust = {
  readonly ports: LightClientPorts;
  readonly light: LightTrust;
  readonly activationNum: number | undefined;
  /** Larger files are not fetched. */
  readonly fileBytesMax: number;
};

/** A manifest that holds. */
export type VerifiedManifest = {
  readonly encoded: Uint8Array;
  readonly manifest: SnapshotManifest;
  /** Names the content of the file: the same on every node that has the same snapshot. */
  readonly content: Uint8Array;
  readonly pieceCount: number;
  readonly block: { readonly num: number; readonly id: Uint8Array };
  readonly trusted: readonly TrustedSchedule[];
};

/** Names the content of a snapshot file. */
export function contentOf({
  fileBytes,
  pieceBytes,
  pieces,
}: Pick<SnapshotManifest, 'fileBytes' | 'pieceBytes' | 'pieces'>): Uint8Array {
  const head = new Writer(16);
  head.u64(fileBytes);
  head.u32(pieceBytes);
  return sha256(concatBytes(head.finish(), pieces));
}

/** A manifest that a peer has sent, or why it is no good. Cost: a signature for each step, and one. */
export function verifyManifest(encoded: Uint8Array, trust: SnapshotTrust): VerifiedManifest | string {
  let manifest: SnapshotManifest;
  try {
    manifest = decode(snapshotManifestSchema, encoded);
  } catch (error) {
    if (error instanceof DecodeError) return `it cannot be read: ${error.message}`;
    throw error;
  }
  const pieceCount = pieceCountOf(manifest, trust.fileBytesMax);
  if (typeof pieceCount === 'string') return pieceCount;
  const { steps, anchor, path, headers } = manifest;
  const header = headers.at(-1);
  if (header === undefined) return 'it has no headers';
  for (let i = 1; i < headers.length; i++) {
    if (!equalBytes(headers[i]!.previous, blockId(headers[i - 1]!))) return `its header ${i} does not follow`;
  }
  const reached = followSteps(trust.ports, trust.light, steps);
  if ('code' in reached) return reached.message;
  const problem = finalHeaderProblem(trust.ports, reached, anchor.header, anchor.certificate);
  if (problem !== undefined) return problem.message;
  const id = blockId(header);
  const num = blockNumOf(id);
  const isFinal =
    path === undefined
      ? equalBytes(id, blockId(anchor.header))
      : isProvenFinal(anchor.header, id, { index: num - 1, leafCount: path.leafCount, siblings: path.siblings });
  if (!isFinal) return `its block ${num} is not shown to be final`;
  const trusted = trustedSchedules(trust.light, steps, trust.activationNum);
  return { encoded, manifest, content: contentOf(manifest), pieceCount, block: { num, id }, trusted };
}

/** Number of pieces, or why they cannot be those of a file. */
function pieceCountOf({ version, fileBytes, pieceBytes, pieces }: SnapshotManifest, max: number): number | string {
  if (version !== MANIFEST_VERSION) return `it has version ${version}, this program reads ${MANIFEST_VERSION}`;
  if (pieceBytes !== PIECE_BYTES) return `its pieces have ${pieceBytes} bytes, not ${PIECE_BYTES}`;
  if (fileBytes === 0n || fileBytes > BigInt(max)) return `its file has ${fileBytes} bytes, at most ${max} are fetched`;
  const count = Math.ceil(Number(fileBytes) / pieceBytes);
  if (pieces.length !== count * HASH_BYTES) return `it has ${pieces.length / HASH_BYTES} hashes for ${count} pieces`;
  return count;
}

/** Bytes that piece `index` must have, and their hash. */
export function pieceOf(
  { manifest }: VerifiedManifest,
  index: number,
): { readonly size: number; readonly hash: Uint8Array } {
  const { fileBytes, pieceBytes, pieces } = manifest;
  const size = Math.min(pieceBytes, Number(fileBytes) - index * pieceBytes);
  return { size, hash: pieces.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES) };
}

/** The manifest of a file with these pieces, in bytes. Undefined where it would be too large to be sent. */
export function makeManifest(parts: Omit<SnapshotManifest, 'version' | 'pieceBytes'>): Uint8Array | undefined {
  if (parts.steps.length > STEPS_MAX || parts.pieces.length > peerLimits.manifestBytesMax) return undefined;
  const encoded = encode(snapshotManifestSchema, { version: MANIFEST_VERSION, pieceBytes: PIECE_BYTES, ...parts });
  return encoded.length > peerLimits.manifestBytesMax ? undefined : encoded;
}
