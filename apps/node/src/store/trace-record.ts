/** The trace log's record of a block: the number of traces, then each with its length before it. */
import { Reader, type TransactionTrace, transactionTraceSchema, Writer } from '@snapscale/protocol';
import type { BlockLogReader } from './block-log/block-log-reader.js';
import { StoreCorruption } from './failures.js';

/** The record of encoded traces, in the order of execution. */
export function joinTraces(traces: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(traces.reduce((sum, trace) => sum + trace.length + 5, 16));
  writer.varuint32(traces.length);
  for (const trace of traces) writer.bytes(trace);
  return writer.finish();
}

/** Number of traces in a record. */
export function traceCount(record: Uint8Array): number {
  return new Reader(record).varuint32();
}

/** The trace at a position, or undefined. The others are passed over. @throws DecodeError */
export function traceAt(record: Uint8Array, position: number): TransactionTrace | undefined {
  const reader = new Reader(record);
  const count = reader.varuint32();
  if (position < 0 || position >= count) return undefined;
  for (let i = 0; i < position; i++) reader.bytes();
  return transactionTraceSchema.read(new Reader(reader.bytes()));
}

/** All traces of a record. @throws DecodeError */
export function decodeTraces(record: Uint8Array): TransactionTrace[] {
  const reader = new Reader(record);
  const traces: TransactionTrace[] = [];
  for (let count = reader.varuint32(); count > 0; count--) {
    traces.push(transactionTraceSchema.read(new Reader(reader.bytes())));
  }
  return traces;
}

/** Records of the trace log. Only queries need them: a damaged one is as good as missing, and said once. */
export class TraceReader {
  readonly #log: BlockLogReader;
  readonly #damaged: (error: StoreCorruption) => void;
  readonly #told = new Set<number>();

  /** @param damaged told once of each block whose record is damaged */
  constructor(log: BlockLogReader, damaged: (error: StoreCorruption) => void) {
    this.#log = log;
    this.#damaged = damaged;
  }

  /** The record of a block; undefined when it is missing or damaged. */
  record(blockNum: number): Uint8Array | undefined {
    try {
      return this.#log.readSync(blockNum);
    } catch (error) {
      if (!(error instanceof StoreCorruption)) throw error;
      if (!this.#told.has(blockNum)) this.#damaged(error);
      this.#told.add(blockNum);
      return undefined;
    }
  }
}
