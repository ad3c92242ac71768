import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DecodeError, encode, names, type TransactionTrace, transactionTraceSchema } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { BlockLog } from './block-log/block-log.js';
import { segmentPath } from './block-log/block-log-format.js';
import { BlockLogReader } from './block-log/block-log-reader.js';
import { decodeTraces, joinTraces, TraceReader, traceAt, traceCount } from './trace-record.js';

function trace(id: number): TransactionTrace {
  return {
    id: new Uint8Array(32).fill(id),
    blockNum: 5,
    slot: 9,
    status: 0,
    cpuUsageUs: 100,
    netUsageWords: 12,
    elapsedUs: 7,
    netUsageBytes: 96,
    actionTraces: [],
    bill: { payer: names.eosio, sponsor: undefined, cpuFee: 0n, netFee: 0n, edge: names.empty },
    except: undefined,
  };
}

const traces = Array.from({ length: 200 }, (_, i) => trace(i));
const record = joinTraces(traces.map((each) => encode(transactionTraceSchema, each)));

describe('a record of traces', () => {
  it('gives all, their number, and each by its position', () => {
    expect(decodeTraces(record)).toEqual(traces);
    expect(traceCount(record)).toBe(200);
    for (const position of [0, 1, 127, 128, 199]) expect(traceAt(record, position)).toEqual(traces[position]);
  });

  it('has none beyond its ends', () => {
    for (const position of [-1, 200, 2 ** 31]) expect(traceAt(record, position)).toBeUndefined();
    expect(traceCount(joinTraces([]))).toBe(0);
    expect(traceAt(joinTraces([]), 0)).toBeUndefined();
  });

  it('refuses what is cut off', () => {
    const cut = record.subarray(0, record.length - 1);
    expect(() => decodeTraces(cut)).toThrow(DecodeError);
    expect(() => traceAt(cut, 199)).toThrow(DecodeError);
    expect(traceAt(cut, 198)).toEqual(traces[198]);
    expect(() => traceCount(new Uint8Array(0))).toThrow(DecodeError);
  });
});

describe('a reader of the trace log', () => {
  it('has nothing where a record is damaged, says so once, and gives the others', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'traces-'));
    const log = BlockLog.open(directory, { finalBlockNum: 0 });
    for (const num of [1, 2, 3]) log.append(num, record);
    await log.close();
    const path = segmentPath(directory, 1);
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(path, bytes);
    const blocks = BlockLogReader.open(directory);
    const damaged: string[] = [];
    const reader = new TraceReader(blocks, ({ message }) => damaged.push(message));
    for (let i = 0; i < 2; i++) {
      expect([1, 3].map((num) => reader.record(num))).toEqual([record, record]);
      expect([2, 4].map((num) => reader.record(num))).toEqual([undefined, undefined]);
    }
    expect(damaged).toEqual([expect.stringContaining(`the record of block 2 is corrupt in ${path}`)]);
    blocks.close();
    rmSync(directory, { recursive: true });
  });
});
