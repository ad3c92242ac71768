import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consensusRootSchema, genesisRoot } from '@snapscale/consensus';
import { type BlockHeader, encode, names } from '@snapscale/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreCorruption, StoreFailure } from './failures.js';
import { loadSnapshot, snapshotInfo, verifySnapshot, writeSnapshot } from './snapshot.js';
import { StateStore } from './state-store.js';

const chainId = new Uint8Array(32).fill(0xc1);
const id = (num: number) => new Uint8Array(32).fill(num);
const header: BlockHeader = {
  slot: 1,
  producer: names.eosio,
  confirmed: 0,
  previous: new Uint8Array(32),
  transactionMroot: new Uint8Array(32),
  actionMroot: new Uint8Array(32),
  scheduleVersion: 0,
  newProducers: undefined,
  headerExtensions: [],
};
const consensusRoot = encode(consensusRootSchema, genesisRoot(header, { version: 0, producers: [] }));

describe('snapshots', () => {
  let root: string;
  let store: StateStore;
  let file: string;
  let target: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'snapshot-'));
    store = StateStore.open(join(root, 'state'));
    file = join(root, 'file.snapshot');
    target = join(root, 'loaded');
  });
  afterEach(async () => {
    await store.close();
    rmSync(root, { recursive: true, force: true });
  });

  const commit = async (blockNum: number, count: number, size: number) => {
    const changes = new Map<string, Uint8Array>();
    for (let i = 0; i < count; i++) {
      const key = `k${String.fromCharCode((i * 7) & 0xff, (i * 131) & 0xff, i >>> 8, i & 0xff)}`;
      changes.set(key, new Uint8Array((i * size) % 997).fill(i + blockNum));
    }
    changes.set('big', new Uint8Array(size * 100).fill(blockNum));
    const buckets = new Map([
      ['', id(blockNum)],
      ['a\u00ff', new Uint8Array(0)],
    ]);
    await store.commit({ blockNum, blockId: id(blockNum), changes, buckets, root: consensusRoot });
  };
  const contentOf = (from: StateStore) =>
    JSON.stringify([
      from.finalBlock()?.num,
      Buffer.from(from.finalBlock()!.id).toString('hex'),
      [...from.range('', '\u0100')].map(({ key, value }) => [key, Buffer.from(value).toString('hex')]),
      [...from.buckets.scan()].map(([prefix, value]) => [prefix, Buffer.from(value).toString('hex')]),
    ]);

  it('carries state, buckets, final block and header to a new directory', async () => {
    await commit(1, 10, 5);
    await commit(17, 6_000, 60_000);
    const written = await writeSnapshot(store, file, chainId);
    expect(written).toMatchObject({ blockNum: 17, entries: 6_001, buckets: 2 });
    expect(await snapshotInfo(file)).toEqual({
      chainId,
      blockNum: 17,
      blockId: id(17),
      root: consensusRoot,
    });
    expect(await verifySnapshot(file)).toEqual(written);
    const loaded = await loadSnapshot(file, target, {
      chainId,
      hash: written.hash,
      check: (_info, state) => expect(state.get('big')?.length).toBe(6_000_000),
    });
    expect(loaded).toEqual(written);
    const copy = StateStore.open(target);
    expect(contentOf(copy)).toBe(contentOf(store));
    const second = await writeSnapshot(copy, join(root, 'second'), chainId);
    expect(second).toEqual(written);
    expect(readFileSync(join(root, 'second')).equals(readFileSync(file))).toBe(true);
    await copy.commit({ blockNum: 18, blockId: id(18), changes: new Map(), buckets: new Map(), root: consensusRoot });
    await copy.close();
  });

  it('is of one block although commits go on', async () => {
    await commit(1, 3_000, 3_001);
    const before = contentOf(store);
    const writing = writeSnapshot(store, file, chainId);
    for (let num = 2; num < 8; num++) await commit(num, 3_000, 700);
    expect((await writing).blockNum).toBe(1);
    await loadSnapshot(file, target);
    const copy = StateStore.open(target);
    expect(contentOf(copy)).toBe(before);
    await copy.close();
  });

  it('any damage is found before anything becomes visible', async () => {
    await commit(3, 40, 77);
    await writeSnapshot(store, file, chainId);
    const bytes = readFileSync(file);
    const damagedFile = join(root, 'damaged');
    const refused = async (damaged: Buffer) => {
      writeFileSync(damagedFile, damaged);
      await expect(loadSnapshot(damagedFile, target)).rejects.toThrow(StoreCorruption);
      expect(readdirSync(root).filter((name) => name.startsWith('loaded'))).toEqual([]);
    };
    for (let at = 0; at < bytes.length; at += 64) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << ((at / 64) % 8);
      await refused(damaged);
    }
    for (let length = 0; length < bytes.length; length += 64) await refused(bytes.subarray(0, length));
    await refused(bytes.subarray(0, bytes.length - 1));
    await refused(Buffer.concat([bytes, Buffer.of(0)]));
    await expect(loadSnapshot(damagedFile, target)).rejects.toThrow(/corrupt in .* at offset \d+: expected .*, found/);
  });

  it('any single byte changed is found', async () => {
    await commit(3, 4, 20);
    await writeSnapshot(store, file, chainId);
    const bytes = readFileSync(file);
    const damagedFile = join(root, 'damaged');
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      writeFileSync(damagedFile, damaged);
      await expect(verifySnapshot(damagedFile)).rejects.toThrow(StoreCorruption);
    }
  });

  it('unmet demands leave nothing behind', async () => {
    await commit(3, 4, 20);
    await writeSnapshot(store, file, chainId);
    await expect(loadSnapshot(file, target, { chainId: id(9) })).rejects.toThrow('is of the chain c1c1');
    await expect(loadSnapshot(file, target, { hash: id(9) })).rejects.toThrow('not 0909');
    const check = () => {
      throw new Error('the state root differs');
    };
    await expect(loadSnapshot(file, target, { check })).rejects.toThrow('the state root differs');
    expect(existsSync(target)).toBe(false);
    await expect(loadSnapshot(file, join(root, 'state'))).rejects.toThrow('exists: move it away');
    await expect(loadSnapshot(join(root, 'nothing'), target)).rejects.toThrow('cannot open the snapshot');
    expect(readdirSync(root).sort()).toEqual(['file.snapshot', 'state']);
  });

  it('needs a final block and a place to write', async () => {
    await expect(writeSnapshot(store, file, chainId)).rejects.toThrow(StoreFailure);
    await commit(1, 1, 1);
    await expect(writeSnapshot(store, join(root, 'no', 'where'), chainId)).rejects.toThrow('cannot write the snapshot');
    expect(readdirSync(root)).toEqual(['state']);
  });
});
