/**
 * The bytes of a snapshot: a state at one final block, for carrying it to another node. The same block gives the same
 * file on every node, so that operators can compare the final hash.
 *
 * File: magic (8 bytes), version u32, then chunks. Chunk: kind u8, payload length u32, SHA-256 of (kind, length,
 * payload), payload. Kinds in this order: one `info`; `state` and `bucket` chunks with entries in ascending order of
 * keys (key length u16, key, value length u32, value); one `end` with the numbers of entries u64 and buckets u64 and
 * the SHA-256 over the hashes of all chunks before it. Nothing follows. Integers are little-endian.
 */
import { createHash } from 'node:crypto';
import type { StateEntry } from '@snapscale/execution';

export const SNAPSHOT_MAGIC = Buffer.from('SNAPSNAP', 'latin1');
export const SNAPSHOT_VERSION = 2;
export const PREAMBLE_BYTES = 12;
export const CHUNK_HEADER_BYTES = 37;
export const HASH_BYTES = 32;
/** A chunk is closed when it has reached this size. */
export const CHUNK_BYTES = 1 << 20;
/** A reader refuses longer chunks before it reads them; the longest single entry is far below. */
export const CHUNK_BYTES_MAX = 64 << 20;

export const chunkKinds = { info: 1, state: 2, bucket: 3, end: 4 } as const;
export type ChunkKind = (typeof chunkKinds)[keyof typeof chunkKinds];

/** What a snapshot says about itself. */
export type SnapshotInfo = {
  readonly chainId: Uint8Array;
  readonly blockNum: number;
  readonly blockId: Uint8Array;
  /** What consensus goes on from (`consensusRootSchema`, encoded), that block's header in it. */
  readonly root: Uint8Array;
};

/** The end of a snapshot: what it contained. */
export type SnapshotTotals = {
  readonly entries: number;
  readonly buckets: number;
  /** Names the content of the whole snapshot. */
  readonly hash: Uint8Array;
};

export function encodePreamble(): Buffer {
  const bytes = Buffer.alloc(PREAMBLE_BYTES);
  SNAPSHOT_MAGIC.copy(bytes);
  bytes.writeUInt32LE(SNAPSHOT_VERSION, 8);
  return bytes;
}

export function encodeChunkHeader(kind: ChunkKind, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(CHUNK_HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeUInt32LE(payload.length, 1);
  chunkHash(header, payload).copy(header, 5);
  return header;
}

/** @param header at least the first five bytes of the chunk's header. */
export function chunkHash(header: Buffer, payload: Uint8Array): Buffer {
  return createHash('sha256').update(header.subarray(0, 5)).update(payload).digest();
}

export function encodeInfo({ chainId, blockNum, blockId, root }: SnapshotInfo): Buffer {
  const num = Buffer.alloc(4);
  num.writeUInt32LE(blockNum);
  return Buffer.concat([chainId, num, blockId, root]);
}

/** Undefined when `payload` is too short. */
export function decodeInfo(payload: Buffer): SnapshotInfo | undefined {
  if (payload.length < 2 * HASH_BYTES + 4) return undefined;
  return {
    chainId: Uint8Array.from(payload.subarray(0, HASH_BYTES)),
    blockNum: payload.readUInt32LE(HASH_BYTES),
    blockId: Uint8Array.from(payload.subarray(HASH_BYTES + 4, 2 * HASH_BYTES + 4)),
    root: Uint8Array.from(payload.subarray(2 * HASH_BYTES + 4)),
  };
}

export function encodeTotals({ entries, buckets, hash }: SnapshotTotals): Buffer {
  const bytes = Buffer.alloc(16 + HASH_BYTES);
  bytes.writeBigUInt64LE(BigInt(entries), 0);
  bytes.writeBigUInt64LE(BigInt(buckets), 8);
  bytes.set(hash, 16);
  return bytes;
}

/** Undefined when `payload` has another length. */
export function decodeTotals(payload: Buffer): SnapshotTotals | undefined {
  if (payload.length !== 16 + HASH_BYTES) return undefined;
  return {
    entries: Number(payload.readBigUInt64LE(0)),
    buckets: Number(payload.readBigUInt64LE(8)),
    hash: Uint8Array.from(payload.subarray(16)),
  };
}

/** Collects entries until they make a chunk. */
export class EntryBuffer {
  #bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES + (CHUNK_BYTES >> 2));
  #used = 0;

  get isFull(): boolean {
    return this.#used >= CHUNK_BYTES;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  add(key: string, value: Uint8Array): void {
    const needed = this.#used + 6 + key.length + value.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(needed + CHUNK_BYTES);
      this.#bytes.copy(larger, 0, 0, this.#used);
      this.#bytes = larger;
    }
    this.#used = this.#bytes.writeUInt16LE(key.length, this.#used);
    this.#used += this.#bytes.write(key, this.#used, 'latin1');
    this.#used = this.#bytes.writeUInt32LE(value.length, this.#used);
    this.#bytes.set(value, this.#used);
    this.#used += value.length;
  }

  /** The chunk's payload, valid until the next `add`. */
  take(): Buffer {
    const payload = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    return payload;
  }
}

/** The entries of a chunk's payload; undefined where they do not fill it exactly. */
export function decodeEntries(payload: Buffer): StateEntry[] | undefined {
  const entries: StateEntry[] = [];
  let at = 0;
  while (at < payload.length) {
    if (at + 2 > payload.length) return undefined;
    const keyEnd = at + 2 + payload.readUInt16LE(at);
    if (keyEnd + 4 > payload.length) return undefined;
    const end = keyEnd + 4 + payload.readUInt32LE(keyEnd);
    if (end > payload.length) return undefined;
    const value = new Uint8Array(payload.buffer, payload.byteOffset + keyEnd + 4, end - keyEnd - 4);
    entries.push({ key: payload.toString('latin1', at + 2, keyEnd), value });
    at = end;
  }
  return entries;
}
