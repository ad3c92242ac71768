/**
 * What the threads of a node say to the core and hear from it.
 *
 * Frequent messages travel as one binary batch per step of the core (`CoreBatch`), because cloning objects between
 * threads costs more than executing a transfer; rare ones are plain objects.
 */
import type { MessagePort } from 'node:worker_threads';
import {
  Reader,
  type Rejection,
  rejectionSchema,
  type TransactionTrace,
  transactionTraceSchema,
  Writer,
} from '@snapscale/protocol';
import type { ReplicaEffect, ReplyResult } from '@snapscale/replica';
import type { CoreMetrics } from './core-metrics.js';

/** What the core worker is started with. */
export type CoreOptions = {
  readonly dataDir: string;
  /** The genesis, encoded. */
  readonly genesis: Uint8Array;
  /** Accounts for which this node produces. */
  readonly producers: readonly string[];
  /** Secrets of the keys that may sign blocks, in text form. */
  readonly producerKeys: readonly string[];
  /** Secrets of the keys that vote, in text form. */
  readonly finalizerKeys: readonly string[];
  /** These keys have been in use: without a record of what they promised, everything counts as promised (FIN-6). */
  readonly keysUsedBefore: boolean;
  /** Blocks (and traces) to keep; older ones are pruned. 0 keeps all. */
  readonly blocksToKeep: number;
  readonly mapSizeBytes: number;
  /** Blocks above the final one at which production pauses; undefined: the default. */
  readonly reversibleBlocksMax: number | undefined;
};

/** To the core. `request` numbers are the sender's; 0 asks for no reply. */
export type ToCore =
  /** A batch of the verify pool (`verified-batch.ts`). */
  | { readonly kind: 'verified'; readonly batch: Uint8Array }
  | {
      readonly kind: 'query';
      readonly request: number;
      readonly mode: 'trial' | 'readOnly';
      readonly packed: Uint8Array;
    }
  | { readonly kind: 'proof'; readonly request: number; readonly key: string }
  /** The other end is the network thread. */
  | { readonly kind: 'peers'; readonly port: MessagePort }
  | { readonly kind: 'stop' };

/** From the core. */
export type FromCore =
  | { readonly kind: 'ready'; readonly status: CoreStatus }
  | { readonly kind: 'batch'; readonly bytes: Uint8Array }
  | { readonly kind: 'metrics'; readonly metrics: CoreMetrics }
  /** A block that was executed and is not final yet: `signedBlockSchema`, encoded. It comes before the head moves to it. */
  | { readonly kind: 'block'; readonly block: Uint8Array }
  /** `evidenceSchema`, encoded: for the system contract. */
  | { readonly kind: 'evidence'; readonly evidence: Uint8Array }
  /** `refused`: too many proofs wait. */
  | { readonly kind: 'proof'; readonly request: number; readonly reply: StateProofReply; readonly refused: boolean }
  | { readonly kind: 'stopped' };

/** A proof against the state root of a complete block. Undefined on chains without state roots. */
export type StateProofReply =
  | {
      readonly num: number;
      readonly id: Uint8Array;
      readonly slot: number;
      readonly root: Uint8Array;
      readonly value: Uint8Array | undefined;
      /** `encodeStateProof` of the execution package. */
      readonly proof: Uint8Array;
    }
  | undefined;

/** Where the chain is. */
export type CoreStatus = {
  readonly head: ChainPoint;
  readonly final: ChainPoint;
  readonly earliestBlockNum: number;
  /** Blocks that were executed again at start. */
  readonly replayed: number;
  /** What was repaired at the start, for the log. */
  readonly notes: readonly string[];
  /** How votes are signed and verified here, for the log. */
  readonly voting: string;
};

export type ChainPoint = {
  readonly num: number;
  readonly id: Uint8Array;
  readonly slot: number;
  readonly producer: bigint;
};

/** The core's answer to a transaction. */
export type CoreReply =
  | {
      readonly kind: 'executed';
      readonly id: Uint8Array;
      readonly blockNum: number;
      /** Why it failed; undefined when it succeeded. */
      readonly except: Rejection | undefined;
      /** Decoded when it is asked for. */
      readonly trace: TransactionTrace;
    }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/** One event of a batch, as the receiver reads it. */
export type CoreEvent =
  | { readonly kind: 'reply'; readonly request: number; readonly result: CoreReply }
  | {
      readonly kind: 'changes';
      readonly num: number;
      readonly entries: readonly (readonly [string, Uint8Array | null])[];
    }
  | { readonly kind: 'head'; readonly point: ChainPoint; readonly transactions: number }
  | { readonly kind: 'finalized'; readonly point: ChainPoint }
  /** Readers of the head see no more of what `changes` said of blocks above this one. */
  | { readonly kind: 'rewind'; readonly num: number }
  | { readonly kind: 'event'; readonly name: string; readonly detail: Readonly<Record<string, string | number>> };

const tags = { executed: 1, failed: 2, rejected: 3, changes: 4, head: 5, finalized: 6, event: 7, rewind: 8 } as const;

/** A buffer that one large batch has made larger than this is not kept. */
const KEPT_BYTES_MAX = 256 * 1024;

/** Collects the effects of one step that concern the other threads. */
export class BatchWriter {
  #writer = new Writer(4096);
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** `encodedTrace`: the trace's bytes, when the caller has them already. */
  reply(request: number, result: ReplyResult, encodedTrace: (trace: TransactionTrace) => Uint8Array): void {
    this.#count++;
    const writer = this.#writer;
    if (result.kind === 'rejected') {
      writer.u8(tags.rejected);
      writer.u32(request);
      rejectionSchema.write(writer, result.rejection);
      return;
    }
    const { id, blockNum, except } = result.trace;
    writer.u8(except === undefined ? tags.executed : tags.failed);
    writer.u32(request);
    writer.raw(id);
    writer.u32(blockNum);
    if (except !== undefined) rejectionSchema.write(writer, except);
    writer.bytes(encodedTrace(result.trace));
  }

  changes({ num, entries }: Extract<ReplicaEffect, { kind: 'changes' }>): void {
    const shown = entries.filter(([key]) => VISIBLE_PREFIXES.includes(key[0]!));
    if (shown.length === 0) return;
    this.#count++;
    const writer = this.#writer;
    writer.u8(tags.changes);
    writer.u32(num);
    writer.varuint32(shown.length);
    for (const [key, value] of shown) {
      writer.varuint32(key.length);
      for (let i = 0; i < key.length; i++) writer.u8(key.charCodeAt(i));
      writer.u8(value === null ? 0 : 1);
      if (value !== null) writer.bytes(value);
    }
  }

  head({ num, id, slot, producer, transactions }: Extract<ReplicaEffect, { kind: 'head' }>): void {
    this.#count++;
    this.#writer.u8(tags.head);
    this.#point({ num, id, slot, producer });
    this.#writer.u32(transactions);
  }

  /** Of each block by itself, in order. */
  finalized(point: ChainPoint): void {
    this.#count++;
    this.#writer.u8(tags.finalized);
    this.#point(point);
  }

  rewind({ num }: Extract<ReplicaEffect, { kind: 'rewind' }>): void {
    this.#count++;
    this.#writer.u8(tags.rewind);
    this.#writer.u32(num);
  }

  event({ name, detail }: { readonly name: string; readonly detail: Readonly<Record<string, string | number>> }): void {
    this.#count++;
    this.#writer.u8(tags.event);
    this.#writer.string(JSON.stringify({ name, detail }));
  }

  /** The batch, in a buffer of its own, and a fresh start. */
  take(): Uint8Array {
    const bytes = this.#writer.finish();
    if (this.#writer.capacity <= KEPT_BYTES_MAX) this.#writer.reset();
    else this.#writer = new Writer(4096);
    this.#count = 0;
    return bytes;
  }

  #point({ num, id, slot, producer }: ChainPoint): void {
    this.#writer.u32(num);
    this.#writer.raw(id);
    this.#writer.u32(slot);
    this.#writer.u64(producer);
  }
}

/** Keys that readers of the head state look at; the rest (sequences, duplicate records …) stays in the core. */
const VISIBLE_PREFIXES = 'abcfgijklprstuw';

/** Reads a batch. Traces are decoded only when `next` reaches them. */
export function* readBatch(bytes: Uint8Array): Generator<CoreEvent> {
  const reader = new Reader(bytes);
  while (reader.remaining > 0) yield readEvent(reader);
}

function readEvent(reader: Reader): CoreEvent {
  const tag = reader.u8();
  switch (tag) {
    case tags.executed:
    case tags.failed:
      return { kind: 'reply', request: reader.u32(), result: readExecuted(reader, tag === tags.failed) };
    case tags.rejected:
      return {
        kind: 'reply',
        request: reader.u32(),
        result: { kind: 'rejected', rejection: rejectionSchema.read(reader) },
      };
    case tags.changes:
      return { kind: 'changes', num: reader.u32(), entries: readEntries(reader) };
    case tags.head:
      return { kind: 'head', point: readPoint(reader), transactions: reader.u32() };
    case tags.finalized:
      return { kind: 'finalized', point: readPoint(reader) };
    case tags.rewind:
      return { kind: 'rewind', num: reader.u32() };
    case tags.event:
      return { kind: 'event', ...JSON.parse(reader.string()) };
    default:
      throw new Error(`unknown tag ${tag} in a batch of the core`);
  }
}

function readPoint(reader: Reader): ChainPoint {
  return { num: reader.u32(), id: reader.raw(ID_BYTES), slot: reader.u32(), producer: reader.u64() };
}

function readExecuted(reader: Reader, hasFailed: boolean): CoreReply {
  const id = reader.raw(ID_BYTES);
  const blockNum = reader.u32();
  const except = hasFailed ? rejectionSchema.read(reader) : undefined;
  const encoded = reader.bytes();
  return {
    kind: 'executed',
    id,
    blockNum,
    except,
    get trace() {
      return transactionTraceSchema.read(new Reader(encoded));
    },
  };
}

const ID_BYTES = 32;

function readEntries(reader: Reader): [string, Uint8Array | null][] {
  const entries: [string, Uint8Array | null][] = [];
  for (let count = reader.varuint32(); count > 0; count--) {
    const key = Buffer.from(reader.raw(reader.varuint32())).toString('latin1');
    entries.push([key, reader.u8() === 0 ? null : reader.bytes()]);
  }
  return entries;
}
