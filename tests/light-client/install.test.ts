/** From a snapshot on a shelf, through its pieces, to a state that a replica starts from; and snapshots that are not what they say. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsensusRoot, consensusRootSchema } from '@snapscale/consensus';
import { fakeRecover, fakeVerify } from '@snapscale/consensus/testing';
import { toHex } from '@snapscale/crypto';
import { ChainServices, isCommitted, StateCommitment } from '@snapscale/execution';
import { testKey } from '@snapscale/execution/testing';
import {
  blockDigest,
  decode,
  encode,
  type SignedBlock,
  slotToMs,
  transactionId,
  unpackTransaction,
} from '@snapscale/protocol';
import { Replica, type ReplicaInput } from '@snapscale/replica';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LightChain } from '../../apps/node/src/light/light-chain.js';
import { readLightBase } from '../../apps/node/src/light/light-files.js';
import { writeSnapshot } from '../../apps/node/src/store/snapshot.js';
import { StateStore } from '../../apps/node/src/store/state-store.js';
import { IncomingFile } from '../../apps/node/src/sync-snapshot/incoming-file.js';
import { installSnapshot } from '../../apps/node/src/sync-snapshot/install.js';
import {
  PIECE_BYTES,
  type SnapshotTrust,
  type VerifiedManifest,
  verifyManifest,
} from '../../apps/node/src/sync-snapshot/manifest.js';
import { ShelfKeeper } from '../../apps/node/src/sync-snapshot/shelf-keeper.js';
import { SnapshotShelf, shelfFiles } from '../../apps/node/src/sync-snapshot/snapshot-shelf.js';
import { fakeAggregate, SimulatedBackend, type SimulatedChain, simulatedChain } from './simulated-chain.js';

const folder = mkdtempSync(join(tmpdir(), 'snapscale-install-'));
let chain: SimulatedChain;
let backend: SimulatedBackend;
let trust: SnapshotTrust;
let count = 0;

beforeAll(() => {
  chain = simulatedChain();
  backend = new SimulatedBackend(chain);
  const ports = { chainId: chain.chainId, verify: fakeAggregate };
  trust = { ports, light: chain.trust, activationNum: 1, fileBytesMax: 1 << 30 };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Content = { readonly state?: ReadonlyMap<string, Uint8Array>; readonly root?: ConsensusRoot };

/** Puts a snapshot on a shelf, as a node does it, with what is in it. */
async function shelve({ state = chain.state, root = chain.root }: Content = {}) {
  const directory = join(folder, `shelf-${++count}`);
  const store = StateStore.open(join(folder, `state-${count}`));
  const commitment = new StateCommitment({ get: () => undefined, scan: () => [] });
  const { bucketWrites } = commitment.update([...state].filter(([key]) => isCommitted(key)));
  const { num, id } = root.facts;
  const encoded = encode(consensusRootSchema, root);
  await store.commit({ blockNum: num, blockId: id, changes: new Map(state), buckets: bucketWrites, root: encoded });
  const events: string[] = [];
  const keeper = new ShelfKeeper({
    directory,
    everyBlocks: 10,
    light: backend.light,
    header: (at) => (at === 1 ? chain.keys.root.header : backend.blockByNum(at)?.block.header),
    write: async (to) => {
      const { file } = shelfFiles(to, num);
      await writeSnapshot(store, file, chain.chainId);
      return { file, blockNum: num };
    },
    event: (name, detail) => events.push(`${name} ${detail.block} ${detail.reason ?? ''}`),
  });
  await keeper.finalized(chain.final);
  await keeper.finalized(chain.final);
  await store.close();
  return { directory, events };
}

/** Fetches what is on a shelf into a data directory. */
function take(directory: string, dataDir: string): { snapshot: VerifiedManifest; file: IncomingFile } {
  const shelf = new SnapshotShelf(directory);
  const snapshot = verifyManifest(shelf.manifest(0)!, trust);
  if (typeof snapshot === 'string') throw new Error(snapshot);
  const file = new IncomingFile(join(dataDir, 'incoming'));
  file.begin(snapshot);
  for (let index = 0; index < snapshot.pieceCount; index++) file.write(index, shelf.piece(snapshot.content, index, 0)!);
  file.complete();
  return { snapshot, file };
}

/** A block as a peer's arrives. */
function blockInput(block: SignedBlock): ReplicaInput {
  const transactions = block.transactions.map(({ transaction }) => {
    if (transaction.kind !== 'packed') throw new Error('the simulation packs all transactions');
    const opened = unpackTransaction(transaction.packed);
    return { ...opened, received: transaction.packed, id: transactionId(opened.packed), keys: [testKey] };
  });
  const signedBy = fakeRecover(blockDigest(block.header), block.producerSignature);
  return { kind: 'block', from: 2, block, transactions, signedBy };
}

const freshDir = () => {
  const directory = join(folder, `data-${++count}`);
  mkdirSync(directory);
  return directory;
};

describe('SN-15 a snapshot from a shelf', () => {
  it('is installed, and a replica goes on from it with the blocks that follow', async () => {
    const { directory, events } = await shelve();
    expect(events).toEqual([`snapshot-kept ${chain.root.facts.num} `]);
    const dataDir = freshDir();
    const { snapshot, file } = take(directory, dataDir);
    await installSnapshot(file.path, dataDir, snapshot);
    const store = StateStore.open(join(dataDir, 'state'));
    const root = decode(consensusRootSchema, store.consensusRoot()!);
    expect(root).toEqual({ ...chain.root, certificate: undefined });
    const commitment = new StateCommitment(store.buckets);
    commitment.load();
    const replica = new Replica({
      services: new ChainServices(),
      chainId: chain.chainId,
      root,
      store,
      commitment,
      safetyRecord: undefined,
      producers: [],
      finalizerKeys: [],
    });
    const feed = (input: ReplicaInput): void => {
      for (const effect of replica.step(input)) {
        if (effect.kind === 'penalise') throw new Error(effect.rejection.message);
        if (effect.kind !== 'verify') continue;
        const { ticket, digest, keys, signatures } = effect;
        feed({ kind: 'verified', ticket, aggregate: fakeVerify(digest, keys, signatures) });
      }
    };
    const nowMs = slotToMs(chain.blocks[chain.final]!.block.header.slot);
    feed({ kind: 'tick', nowMs });
    expect(replica.head.num).toBe(chain.root.facts.num);
    for (let num = chain.root.facts.num + 1; num <= chain.final; num++) feed(blockInput(chain.blocks[num]!.block));
    expect(toHex(replica.head.id)).toBe(toHex(chain.blocks[chain.final]!.id));
    expect(replica.final.num).toBeGreaterThan(chain.root.facts.num);
    await store.close();
    const base = readLightBase(dataDir)!;
    expect(base.steps).toHaveLength(2);
    expect(base.tree.leafCount).toBe(chain.root.facts.num);
  });

  it('lets the node that began with it serve light clients from the genesis on', async () => {
    const dataDir = freshDir();
    const { directory } = await shelve();
    const { snapshot, file } = take(directory, dataDir);
    await installSnapshot(file.path, dataDir, snapshot);
    const { num } = chain.root.facts;
    const late = new SimulatedBackend(chain);
    late.earliest = num + 1;
    const light = new LightChain(
      {
        finalNum: () => chain.final,
        earliestNum: () => late.earliest,
        header: (at) => late.blockByNum(at)?.block.header,
        id: (at) => late.blockByNum(at)?.id,
      },
      readLightBase(dataDir),
    );
    expect(light.steps(0)).toEqual(backend.light.steps(0));
    expect(light.prove(num + 1)).toEqual(backend.light.prove(num + 1));
    expect(light.prove(num - 1)).toEqual({ kind: 'missing', earliestNum: num + 1 });
    light.advance(5);
    expect(readLightBase(freshDir())).toBeUndefined();
    writeFileSync(join(dataDir, 'light', 'base'), 'damaged');
    expect(readLightBase(dataDir)).toBeUndefined();
  });

  it('is refused if its state, its consensus root or its bytes are not what the header promises', async () => {
    const refused = async (content: Content) => {
      const dataDir = freshDir();
      const { directory } = await shelve(content);
      const { snapshot, file } = take(directory, dataDir);
      const error = await installSnapshot(file.path, dataDir, snapshot).catch((caught: Error) => caught);
      expect(existsSync(join(dataDir, 'state'))).toBe(false);
      return error === undefined ? 'installed' : `${(error as Error).name} ${(error as Error).message}`;
    };
    const [key, value] = [...chain.state].find(([name]) => name.startsWith('k'))!;
    const richer = new Map(chain.state).set(
      key,
      Uint8Array.from(value, (byte) => byte ^ 1),
    );
    expect(await refused({ state: richer })).toMatch(/WrongSnapshot .*has the root/);
    const fewer = new Map([...chain.state].filter(([name]) => name !== key));
    expect(await refused({ state: fewer })).toMatch(/WrongSnapshot .*has the root/);
    const stateless = new Map([...chain.state].filter(([name]) => !name.startsWith('gg')));
    expect(await refused({ state: stateless })).toMatch(/WrongSnapshot .*names no genesis/);
    const { facts } = chain.root;
    const later = { ...chain.root, facts: { ...facts, activationNum: facts.activationNum + 1 } };
    expect(await refused({ root: later })).toMatch(/WrongSnapshot .*came into force with block/);
    const { schedule } = chain.trust;
    const others = { ...chain.root, facts: { ...facts, schedule: { ...schedule, version: facts.schedule.version } } };
    expect(await refused({ root: others })).toMatch(/WrongSnapshot .*is another one/);
  });

  it('is refused if it is damaged, or of another block than was offered', async () => {
    const { directory } = await shelve();
    const dataDir = freshDir();
    const { snapshot, file } = take(directory, dataDir);
    const bytes = readFileSync(file.path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file.path, bytes);
    await expect(installSnapshot(file.path, dataDir, snapshot)).rejects.toThrow(/a chunk with hash/);
    const other = { ...snapshot, block: { num: snapshot.block.num, id: new Uint8Array(32) } };
    const { file: whole } = take(directory, freshDir());
    await expect(installSnapshot(whole.path, dataDir, other)).rejects.toThrow(/it is of block .*, offered was 0000/);
    mkdirSync(join(dataDir, 'state'));
    await expect(installSnapshot(whole.path, dataDir, snapshot)).rejects.toThrow(/exists: move it away/);
  });

  it('is resumed with the pieces that are whole', async () => {
    const { directory } = await shelve();
    const dataDir = freshDir();
    const { snapshot, file } = take(directory, dataDir);
    expect(new IncomingFile(join(dataDir, 'nothing')).resume(trust)).toBeUndefined();
    const again = new IncomingFile(join(dataDir, 'incoming'));
    expect(again.resume(trust)?.pieces.size).toBe(snapshot.pieceCount);
    again.write(0, new Uint8Array(8));
    again.close();
    const damaged = new IncomingFile(join(dataDir, 'incoming')).resume(trust);
    expect(damaged?.pieces.has(0)).toBe(false);
    const distrusted = { ...trust, fileBytesMax: 10 };
    expect(new IncomingFile(join(dataDir, 'incoming')).resume(distrusted)).toBeUndefined();
    expect(existsSync(file.path)).toBe(false);
  });
});

describe('SN-16 a shelf', () => {
  it('keeps the newest two, gives pieces of both, and nothing else', async () => {
    const { directory } = await shelve();
    const { num } = chain.root.facts;
    const shelf = new SnapshotShelf(directory);
    const snapshot = verifyManifest(shelf.manifest(0)!, trust) as VerifiedManifest;
    expect(shelf.piece(snapshot.content, snapshot.pieceCount, 0)).toBeUndefined();
    expect(shelf.piece(new Uint8Array(32), 0, 0)).toBeUndefined();
    expect(shelf.piece(snapshot.content, 0, 0)!.length).toBeLessThanOrEqual(PIECE_BYTES);
    expect(new SnapshotShelf(join(folder, 'none')).manifest(0)).toBeUndefined();
    const { manifestFile, file } = shelfFiles(directory, num);
    for (const newer of [num + 1, num + 2]) {
      writeFileSync(shelfFiles(directory, newer).manifestFile, readFileSync(manifestFile));
      writeFileSync(shelfFiles(directory, newer).file, readFileSync(file));
    }
    writeFileSync(shelfFiles(directory, num + 9).file, 'without a manifest');
    new ShelfKeeper({
      directory,
      everyBlocks: 10,
      light: backend.light,
      header: () => undefined,
      write: () => Promise.reject(new Error('the disk is full')),
      event: () => {},
    });
    expect(existsSync(file)).toBe(false);
    expect(existsSync(shelfFiles(directory, num + 9).file)).toBe(false);
    expect(existsSync(shelfFiles(directory, num + 1).file)).toBe(true);
    writeFileSync(shelfFiles(directory, num + 2).manifestFile, 'damaged');
    expect(new SnapshotShelf(directory).manifest(0)).toEqual(
      new Uint8Array(readFileSync(shelfFiles(directory, num + 1).manifestFile)),
    );
  });

  it('says why a snapshot is not kept, and tries again later', async () => {
    const events: string[] = [];
    let isFull = true;
    const keeper = new ShelfKeeper({
      directory: join(folder, 'full'),
      everyBlocks: 10,
      light: backend.light,
      header: () => undefined,
      write: async () => {
        if (isFull) throw new Error('the disk is full');
        throw new Error('still');
      },
      event: (name, detail) => events.push(`${name} ${detail.reason}`),
    });
    await keeper.finalized(9);
    await keeper.finalized(10);
    isFull = false;
    await keeper.finalized(11);
    expect(events).toEqual(['snapshot-not-kept the disk is full', 'snapshot-not-kept still']);
  });
});
