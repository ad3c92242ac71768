/**
 * What a node must not forget, in the form that it is written to disk: what its finalizers have promised and the last slot
 * it produced for. A vote or block leaves the node only after the record that covers it is durable (FIN-6).
 */
import { equalBytes, sha256 } from '@snapscale/crypto';
import {
  checksum256,
  DecodeError,
  decode,
  encode,
  FormatError,
  mapped,
  optional,
  type QuorumCertificate,
  quorumCertificateSchema,
  type Schema,
  slotSchema,
  struct,
  u8,
  u32,
} from '@snapscale/protocol';
import { type FinalizerState, freshFinalizerState } from './finalizer.js';

/** The record. `sequence` grows by one with each write of it. */
export type SafetyRecord = {
  readonly sequence: number;
  readonly finalizer: FinalizerState;
  /**
   * The prepare certificate for the lock, as soon as there is one. Safety does not need it; but if all who saw it forgot it
   * in crashes, those who are locked could not go on, nor show the others why.
   */
  readonly lockCertificate: QuorumCertificate | undefined;
  /** Highest slot that this node began a block for; −1 if none. */
  readonly lastProducedSlot: number;
};

/** Of a node that never voted or produced. */
export const freshSafetyRecord: SafetyRecord = {
  sequence: 0,
  finalizer: freshFinalizerState,
  lockCertificate: undefined,
  lastProducedSlot: -1,
};

/**
 * FIN-6: of a node whose record is lost although its keys may have voted, up to `slot` at most: as if it had prepared and
 * committed there, on a branch that nobody knows. It votes again for blocks whose chain shows a certificate of the others
 * from a later slot. Whoever has no others, the only finalizer of its chain, has nobody to contradict: `isAlone`.
 */
export function assumedSafetyRecord(slot: number, isAlone: boolean): SafetyRecord {
  const unknown = { slot, id: new Uint8Array(32) };
  return {
    sequence: 0,
    finalizer: { lastPrepared: unknown, lock: isAlone ? undefined : unknown, offBranch: slot },
    lockCertificate: undefined,
    lastProducedSlot: slot,
  };
}

/** Most bytes of an encoded record. */
export const SAFETY_RECORD_BYTES_MAX = 512;

const CHECKSUM_BYTES = 8;
const FORMAT_VERSION = 1;

const pointSchema = struct('block_point', { slot: slotSchema, id: checksum256 });
const lastSlotSchema = mapped<number | undefined, number>('last_slot', optional(u32), {
  view: (slot) => slot ?? -1,
  back: (slot) => (slot < 0 ? undefined : slot),
});
const versionSchema: Schema<number> = mapped('format_version', u8, {
  view(version) {
    if (version !== FORMAT_VERSION) throw new FormatError(`safety record of version ${version}, not ${FORMAT_VERSION}`);
    return version;
  },
  back: (version) => version,
});

const bodySchema = struct('safety_record', {
  version: versionSchema,
  sequence: u32,
  lastPrepared: optional(pointSchema),
  lock: optional(pointSchema),
  offBranch: lastSlotSchema,
  lastProducedSlot: lastSlotSchema,
  lockCertificate: optional(quorumCertificateSchema),
});

/** Version, fields, and the first 8 bytes of the SHA-256 of both, by which a torn write is recognised. */
export function encodeSafetyRecord({ finalizer, ...record }: SafetyRecord): Uint8Array {
  const body = encode(bodySchema, { version: FORMAT_VERSION, ...finalizer, ...record });
  const bytes = new Uint8Array(body.length + CHECKSUM_BYTES);
  bytes.set(body);
  bytes.set(sha256(body).subarray(0, CHECKSUM_BYTES), body.length);
  return bytes;
}

/** Undefined for bytes that are torn, damaged or of another version. */
export function decodeSafetyRecord(bytes: Uint8Array): SafetyRecord | undefined {
  if (bytes.length <= CHECKSUM_BYTES || bytes.length > SAFETY_RECORD_BYTES_MAX) return undefined;
  const body = bytes.slice(0, -CHECKSUM_BYTES);
  if (!equalBytes(sha256(body).subarray(0, CHECKSUM_BYTES), bytes.subarray(-CHECKSUM_BYTES))) return undefined;
  try {
    const { sequence, lastPrepared, lock, offBranch, lockCertificate, lastProducedSlot } = decode(bodySchema, body);
    return { sequence, finalizer: { lastPrepared, lock, offBranch }, lockCertificate, lastProducedSlot };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/**
 * The newest readable record among the copies on disk. A host keeps two places and writes sequence `n` to place `n mod 2`,
 * so that a write never touches the newest durable record, since the next write is only asked for when this one is done:
 * if the last write is torn, the one before it is intact, and nothing that only the torn one covered has left the node. Undefined when no copy is readable: a host must then not
 * vote with a key that may have voted before.
 */
export function latestSafetyRecord(copies: readonly Uint8Array[]): SafetyRecord | undefined {
  let latest: SafetyRecord | undefined;
  for (const copy of copies) {
    const record = decodeSafetyRecord(copy);
    if (record !== undefined && (latest === undefined || record.sequence > latest.sequence)) latest = record;
  }
  return latest;
}
