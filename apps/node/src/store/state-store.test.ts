import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MemoryState } from '@snapscale/execution';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startThread } from '../threads/start-thread.js';
import { StoreFailure } from './failures.js';
import { StateStore } from './state-store.js';
import { faultOf } from './testing/committing-process.js';
import { describeStateReader } from './testing/state-reader-suite.js';

const tsx = ['--conditions=source', '--import', 'tsx'];
const id = (num: number) => new Uint8Array(32).fill(num);
const text = (value: string) => new TextEncoder().encode(value);
const none: ReadonlyMap<string, Uint8Array | null> = new Map();

describeStateReader('MemoryState', async () => {
  const reader = new MemoryState();
  return { reader, apply: async (changes) => reader.apply(changes), close: async () => {} };
});

for (const cacheBytesMax of [0, 20_000, 100_000_000]) {
  describeStateReader(`StateStore with a cache of ${cacheBytesMax} bytes`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'state-'));
    const reader = StateStore.open(directory, { cacheBytesMax });
    let blockNum = 0;
    return {
      reader,
      apply: (changes) => reader.commit({ blockNum: ++blockNum, blockId: id(blockNum), changes, buckets: none, root }),
      close: async () => {
        await reader.close();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  });
}

const root = new Uint8Array([1, 2, 3]);

describe('StateStore', () => {
  let directory: string;
  let store: StateStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'state-'));
    store = StateStore.open(directory);
  });
  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const commit = (blockNum: number, entries: [string, Uint8Array | null][], more: object = {}) =>
    store.commit({ blockNum, blockId: id(blockNum), changes: new Map(entries), buckets: none, root, ...more });

  it('keeps state, buckets, index and final block over reopening', async () => {
    expect(store.finalBlock()).toBeUndefined();
    const transactionIds = [id(0xa1), id(0xa2)];
    await commit(
      7,
      [
        ['k1', text('one')],
        ['k2', text('two')],
      ],
      {
        buckets: new Map([
          ['', text('root')],
          ['\u00ff', text('last')],
        ]),
        indexed: [
          { num: 6, id: id(6), transactionIds: [] },
          { num: 7, id: id(7), transactionIds },
        ],
      },
    );
    await commit(9, [['k1', null]], { buckets: new Map([['\u00ff', null]]) });
    await store.close();
    store = StateStore.open(directory);
    expect(store.finalBlock()).toEqual({ num: 9, id: id(9) });
    expect([store.get('k1'), store.get('k2')]).toEqual([undefined, text('two')]);
    expect([...store.buckets.scan()]).toEqual([['', text('root')]]);
    expect([store.buckets.get(''), store.buckets.get('\u00ff')]).toEqual([text('root'), undefined]);
    expect(store.index.findTransaction(id(0xa2))).toEqual({ blockNum: 7, position: 1 });
    expect(store.index.findTransaction(id(0xa2).subarray(0, 4))).toEqual({ blockNum: 7, position: 1 });
    expect(store.index.findTransaction(Uint8Array.of(0xa2, 0xa3))).toBeUndefined();
    expect([store.index.findTransaction(id(1)), store.index.blockIdOf(6), store.index.blockIdOf(8)]).toEqual([
      undefined,
      id(6),
      undefined,
    ]);
  });

  it('does commits in order; reads see one when it has resolved', async () => {
    await commit(1, [['k', text('1')]]);
    expect(store.get('k')).toEqual(text('1'));
    const second = commit(2, [
      ['k', text('2')],
      ['new', text('x')],
    ]);
    const third = commit(3, [
      ['k', text('3')],
      ['new', null],
    ]);
    expect(store.finalBlock()?.num).toBe(1);
    await second;
    expect(store.get('k')).toEqual(text('2'));
    await third;
    expect([store.get('k'), store.get('new'), store.finalBlock()?.num]).toEqual([text('3'), undefined, 3]);
  });

  it('does not care what becomes of the values after the call', async () => {
    const wasm = new WebAssembly.Memory({ initial: 1 });
    const moved = new Uint8Array(100_000).fill(5);
    const inWasm = new Uint8Array(wasm.buffer, 10, 4).fill(6);
    const done = commit(1, [
      ['moved', moved],
      ['wasm', inWasm],
      ...Array.from({ length: 3000 }, (_, i): [string, Uint8Array] => [`f${i}`, text(`${i}`)]),
    ]);
    await Promise.resolve();
    await Promise.resolve();
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    wasm.grow(5);
    await done;
    expect(store.get('wasm')).toEqual(Uint8Array.of(6, 6, 6, 6));
    expect(store.get('moved')).toEqual(new Uint8Array(100_000).fill(5));
  });

  it('refuses unusable keys and earlier blocks without changing anything', async () => {
    await commit(5, [['k', text('old')]]);
    for (const [num, key] of [
      [6, ''],
      [6, '\u0141'],
      [6, 'k'.repeat(1025)],
      [5, 'k'],
    ] as const) {
      const other = StateStore.open(mkdtempSync(join(directory, 'other-')));
      await other.commit({ blockNum: 5, blockId: id(5), changes: new Map([['k', text('old')]]), buckets: none, root });
      const changes = new Map([
        ['k', text('new')],
        [key, text('new')],
      ]);
      await expect(other.commit({ blockNum: num, blockId: id(num), changes, buckets: none, root })).rejects.toThrow(
        StoreFailure,
      );
      expect([other.get('k'), other.finalBlock()?.num]).toEqual([text('old'), 5]);
      await expect(other.commit({ blockNum: 9, blockId: id(9), changes: none, buckets: none, root })).rejects.toThrow(
        'accepts no more commits',
      );
      await other.close();
    }
    expect(store.get('\u016b')).toBeUndefined();
  });

  it('iterates ranges in both directions with a limit', async () => {
    await commit(
      1,
      ['a1', 'a2', 'a3', 'b1'].map((key) => [key, text(key)]),
    );
    const keys = (...range: Parameters<StateStore['range']>) => [...store.range(...range)].map(({ key }) => key);
    expect(keys('a', 'b')).toEqual(['a1', 'a2', 'a3']);
    expect(keys('a2', 'b1', { reverse: true })).toEqual(['a3', 'a2']);
    expect(keys('', '\u0100', { limit: 2 })).toEqual(['a1', 'a2']);
    expect(keys('', '\u0100', { reverse: true, limit: 1 })).toEqual(['b1']);
    const walk = store.range('a', 'b');
    expect(walk.next().value?.key).toBe('a1');
    await commit(2, [['a2', null]]);
    expect(walk.next().value?.key).toBe('a2');
    walk.return(undefined);
    expect(keys('a', 'b')).toEqual(['a1', 'a3']);
  });

  it('prunes the index and keeps what a later block has replaced', async () => {
    const transactionIds = (num: number) => [id(num), id(0xee)];
    await commit(4, [], {
      indexed: [1, 2, 3, 4].map((num) => ({ num, id: id(num), transactionIds: transactionIds(num) })),
    });
    await store.pruneIndex(4);
    expect([store.index.firstBlockNum(), store.index.blockIdOf(3), store.index.blockIdOf(4)]).toEqual([
      4,
      undefined,
      id(4),
    ]);
    expect([store.index.findTransaction(id(3)), store.index.findTransaction(id(4))]).toEqual([
      undefined,
      { blockNum: 4, position: 0 },
    ]);
    expect(store.index.findTransaction(id(0xee))).toEqual({ blockNum: 4, position: 1 });
    await store.pruneIndex(100);
    expect([store.index.firstBlockNum(), store.index.findTransaction(id(0xee))]).toEqual([undefined, undefined]);
  });

  it('a reader in another thread follows when told, and one that comes first is refused', async () => {
    await commit(1, [['k', text('1')]]);
    const worker = startThread(new URL('./testing/reading-thread.js', import.meta.url), { workerData: directory });
    const answer = async () => (await once(worker, 'message'))[0] as [number, string, number];
    expect(await answer()).toEqual([1, '1', 1]);
    for (let num = 2; num < 20; num++) {
      await commit(num, [
        ['k', text(`${num}`)],
        [`n${num}`, text('')],
      ]);
      worker.postMessage('look');
      expect(await answer()).toEqual([num, `${num}`, num]);
    }
    worker.postMessage('stop');
    await once(worker, 'exit');
    await store.close();
    const reader = StateStore.open(directory, { readOnly: true });
    expect(reader.get('k')).toEqual(text('19'));
    await expect(reader.commit({ blockNum: 50, blockId: id(50), changes: none, buckets: none, root })).rejects.toThrow(
      StoreFailure,
    );
    expect(() => StateStore.open(directory)).toThrow('the writer must be opened before readers');
    await reader.close();
    expect(() => StateStore.open(join(directory, 'nowhere'), { readOnly: true })).toThrow('there is no state in');
  });

  it('a snapshot does not change while commits go on', async () => {
    await commit(
      1,
      [
        ['a', text('1')],
        ['b', text('1')],
      ],
      { buckets: new Map([['', text('1')]]) },
    );
    const snapshot = store.snapshot();
    const walk = snapshot.state()[Symbol.iterator]();
    expect(walk.next().value?.key).toBe('a');
    await commit(
      2,
      [
        ['b', text('2')],
        ['c', text('2')],
      ],
      { buckets: new Map([['', text('2')]]) },
    );
    expect(snapshot.finalBlock()?.num).toBe(1);
    expect(walk.next().value).toEqual({ key: 'b', value: text('1') });
    expect(walk.next().done).toBe(true);
    expect([...snapshot.buckets()]).toEqual([['', text('1')]]);
    snapshot.end();
    expect(store.finalBlock()?.num).toBe(2);
  });
});

describe('StateStore under SIGKILL', () => {
  it('holds the state of exactly one final block after each of 24 kills, and none that was confirmed is lost', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'state-kill-'));
    const program = fileURLToPath(new URL('./testing/committing-process.ts', import.meta.url));
    let last = 0;
    for (let kill = 0; kill < 24; kill++) {
      const child = spawn(process.execPath, [...tsx, program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      let confirmed = '';
      child.stdout.on('data', (chunk: Buffer) => {
        confirmed += chunk.toString();
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, (kill * 37) % 61));
      child.kill('SIGKILL');
      await once(child, 'close');
      const store = StateStore.open(directory);
      const final = store.finalBlock()!;
      expect(final.num).toBeGreaterThanOrEqual(Number(confirmed.trim().split('\n').at(-1)));
      expect(final.num).toBeGreaterThan(last);
      expect(faultOf(store, final)).toBeUndefined();
      last = final.num;
      await store.close();
    }
    rmSync(directory, { recursive: true, force: true });
  });
});

describe.skipIf(process.platform === 'win32')('StateStore on a full disk', () => {
  it('rejects the commit, refuses the next ones, and keeps the state of the last that resolved', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'state-full-'));
    const program = fileURLToPath(new URL('./testing/committing-process.ts', import.meta.url));
    const limited = ['-c', 'ulimit -f 900; exec "$0" "$@"', process.execPath, ...tsx, program, directory];
    const child = spawn('bash', limited, { stdio: ['ignore', 'pipe', 'pipe'] });
    let confirmed = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      confirmed += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(errors).toContain(`was not committed to ${directory}, which now accepts no more commits`);
    const store = StateStore.open(directory);
    const final = store.finalBlock()!;
    expect(final.num).toBe(Number(confirmed.trim().split('\n').at(-1)));
    expect(faultOf(store, final)).toBeUndefined();
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
});
