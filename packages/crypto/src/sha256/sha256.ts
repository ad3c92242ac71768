/**
 * SHA-256, synchronous in every host: on WebAssembly kernels that this package assembles, or in plain JavaScript where
 * a host forbids to compile (a browser page without 'wasm-unsafe-eval').
 *
 * Why not the platform's: node:crypto is out of bounds for pure packages, WebCrypto is asynchronous, and a ledger hashes
 * mostly messages of 20 to 100 bytes, for which the way into native code costs more than the hash.
 * Measured on Node 20.20 (one core of an EPYC, the host's own crypto.hash in brackets): 32 bytes 0.28 µs (0.67 to 0.97),
 * 64 bytes 0.52 µs (1.03), 1 KiB 3.2 µs (1.7: the processor's SHA instructions are out of reach here); in a batch, with
 * four messages side by side, 0.08 to 0.11 µs per block of 64 bytes.
 */
import { sha256 as portableSha256 } from '@noble/hashes/sha2.js';
import { failCrypto } from '../errors.js';
import { assembleSha256, INPUT_BYTES_MAX, INPUT_OFFSET, OUTPUT_OFFSET, type Sha256Kernel } from './kernel.js';
import {
  assembleSha256Lanes,
  LANE_BLOCKS_MAX,
  LANE_DIGESTS_OFFSET,
  LANE_OFFSET,
  LANE_STRIDE,
  LANES,
  type Sha256Lanes,
} from './lanes.js';

/** Many messages, by number. They are asked for in any order while the batch runs; asking must not hash anything. */
export type MessageSource = {
  /** Bytes of message `index`. */
  sizeOf(index: number): number;
  /** Writes message `index`, and nothing else, at `offset` of `target`; offset + 1 is usually a multiple of four. */
  write(index: number, target: Uint8Array, offset: number): void;
};

/** The part of the WebAssembly interface that is used; the ECMAScript library of TypeScript does not declare it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

/** What batches work with: the kernel, and up to four waiting messages for each number of blocks. */
type LaneBatch = {
  readonly kernel: Sha256Lanes;
  readonly waiting: Uint32Array;
  readonly waitingCount: Uint8Array;
};

const DIGEST_BYTES = 32;
const kernel = instantiate<Sha256Kernel>(assembleSha256);
const kernelOutput = kernel?.memory.subarray(OUTPUT_OFFSET, OUTPUT_OFFSET + DIGEST_BYTES);
const laneBatch = lazily(makeLaneBatch);

/** SHA-256: 32 bytes. Cost: about 0.12 µs and 0.17 µs per 64 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  if (kernel === undefined) return portableSha256(data);
  if (data.length > INPUT_BYTES_MAX) return sha256Long(kernel, data);
  kernel.memory.set(data, INPUT_OFFSET);
  kernel.digest(data.length);
  const digest = new Uint8Array(DIGEST_BYTES);
  digest.set(kernelOutput!);
  return digest;
}

/** SHA-256 of two 32-byte digests one after the other: the parent in a Merkle tree. @throws CryptoError for other lengths. */
export function sha256Pair(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== DIGEST_BYTES || right.length !== DIGEST_BYTES) {
    failCrypto(`cannot hash a pair: ${left.length} and ${right.length} bytes instead of 32 and 32`);
  }
  const digest = new Uint8Array(DIGEST_BYTES);
  if (kernel === undefined) {
    const pair = new Uint8Array(2 * DIGEST_BYTES);
    pair.set(left);
    pair.set(right, DIGEST_BYTES);
    return portableSha256(pair);
  }
  kernel.memory.set(left, INPUT_OFFSET);
  kernel.memory.set(right, INPUT_OFFSET + DIGEST_BYTES);
  kernel.digest(2 * DIGEST_BYTES);
  digest.set(kernelOutput!);
  return digest;
}

/**
 * SHA-256 of `count` messages; digest i is written at 32·i of `output`. Messages with the same number of blocks are
 * hashed four at a time, so a batch takes about half the time of single calls. Allocates nothing per message.
 */
export function sha256Many(count: number, source: MessageSource, output: Uint8Array): void {
  if (output.length < DIGEST_BYTES * count) {
    failCrypto(`cannot hash ${count} messages: the output has ${output.length} bytes`);
  }
  const batch = kernel === undefined || count < LANES ? undefined : laneBatch();
  if (batch === undefined) {
    for (let index = 0; index < count; index++) hashOne(source, index, output);
    return;
  }
  const { waiting, waitingCount } = batch;
  waitingCount.fill(0);
  for (let index = 0; index < count; index++) {
    const blocks = (source.sizeOf(index) + 72) >>> 6;
    if (blocks > LANE_BLOCKS_MAX) {
      hashOne(source, index, output);
      continue;
    }
    waiting[LANES * blocks + waitingCount[blocks]!] = index;
    if (++waitingCount[blocks]! < LANES) continue;
    waitingCount[blocks] = 0;
    hashLanes(batch, source, blocks, output);
  }
  for (let blocks = 1; blocks <= LANE_BLOCKS_MAX; blocks++) {
    for (let i = 0; i < waitingCount[blocks]!; i++) hashOne(source, waiting[LANES * blocks + i]!, output);
  }
}

/** Hashes the four messages that wait with this number of blocks. */
function hashLanes(batch: LaneBatch, source: MessageSource, blocks: number, output: Uint8Array): void {
  const { memory } = batch.kernel;
  const first = LANES * blocks;
  const { waiting } = batch;
  for (let lane = 0; lane < LANES; lane++)
    source.write(waiting[first + lane]!, memory, LANE_OFFSET + lane * LANE_STRIDE);
  batch.kernel.digest(
    blocks,
    source.sizeOf(waiting[first]!),
    source.sizeOf(waiting[first + 1]!),
    source.sizeOf(waiting[first + 2]!),
    source.sizeOf(waiting[first + 3]!),
  );
  for (let lane = 0; lane < LANES; lane++) {
    const from = LANE_DIGESTS_OFFSET + DIGEST_BYTES * lane;
    const to = DIGEST_BYTES * waiting[first + lane]!;
    for (let i = 0; i < DIGEST_BYTES; i++) output[to + i] = memory[from + i]!;
  }
}

function hashOne(source: MessageSource, index: number, output: Uint8Array): void {
  const size = source.sizeOf(index);
  if (kernel !== undefined && size <= INPUT_BYTES_MAX) {
    source.write(index, kernel.memory, INPUT_OFFSET);
    kernel.digest(size);
    output.set(kernelOutput!, DIGEST_BYTES * index);
    return;
  }
  const message = new Uint8Array(size);
  source.write(index, message, 0);
  output.set(sha256(message), DIGEST_BYTES * index);
}

function sha256Long(from: Sha256Kernel, data: Uint8Array): Uint8Array {
  from.begin();
  let offset = 0;
  while (data.length - offset > INPUT_BYTES_MAX) {
    from.memory.set(data.subarray(offset, offset + INPUT_BYTES_MAX), INPUT_OFFSET);
    from.absorb(INPUT_BYTES_MAX / 64);
    offset += INPUT_BYTES_MAX;
  }
  from.memory.set(data.subarray(offset), INPUT_OFFSET);
  from.finish(data.length - offset, data.length, Math.floor(data.length / 2 ** 29));
  return from.memory.slice(OUTPUT_OFFSET, OUTPUT_OFFSET + DIGEST_BYTES);
}

function makeLaneBatch(): LaneBatch | undefined {
  const made = instantiate<Sha256Lanes>(assembleSha256Lanes);
  if (made === undefined) return undefined;
  const waiting = new Uint32Array(LANES * (LANE_BLOCKS_MAX + 1));
  const waitingCount = new Uint8Array(LANE_BLOCKS_MAX + 1);
  return { kernel: made, waiting, waitingCount };
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The kernel's exports with its memory as bytes, or undefined where WebAssembly (or its SIMD) is missing or forbidden. */
function instantiate<T extends { readonly memory: Uint8Array }>(assemble: () => Uint8Array): T | undefined {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble()));
    const { buffer } = exports.memory as { readonly buffer: ArrayBuffer };
    return { ...exports, memory: new Uint8Array(buffer) } as unknown as T;
  } catch {
    return undefined;
  }
}
