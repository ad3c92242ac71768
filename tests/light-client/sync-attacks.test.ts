/** Taking a snapshot from real connections, some of whose other ends lie, stall or send what nobody asked for. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consensusRootSchema } from '@snapscale/consensus';
import { isCommitted, StateCommitment } from '@snapscale/execution';
import { encode, type PeerMessage } from '@snapscale/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DevelopmentAuthority } from '../../apps/node/src/p2p/development-authority.js';
import { protocolVersions } from '../../apps/node/src/p2p/greeting.js';
import { PeerNetwork } from '../../apps/node/src/p2p/network.js';
import { writeSnapshot } from '../../apps/node/src/store/snapshot.js';
import { StateStore } from '../../apps/node/src/store/state-store.js';
import { ShelfKeeper } from '../../apps/node/src/sync-snapshot/shelf-keeper.js';
import { SnapshotShelf, shelfFiles } from '../../apps/node/src/sync-snapshot/snapshot-shelf.js';
import { stalled, syncSnapshotFromPeers } from '../../apps/node/src/sync-snapshot/sync-from-peers.js';
import { fakeAggregate, SimulatedBackend, type SimulatedChain, simulatedChain } from './simulated-chain.js';

const folder = mkdtempSync(join(tmpdir(), 'snapscale-attacks-'));
let chain: SimulatedChain;
let authority: DevelopmentAuthority;
let count = 0;
const networks: PeerNetwork[] = [];

beforeAll(async () => {
  chain = simulatedChain();
  authority = await DevelopmentAuthority.create('attacks', Date.now());
});
afterEach(async () => {
  await Promise.all(networks.splice(0).map((network) => network.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A shelf with the state of the chain, or another one that is said to be it. */
async function shelfOf(state: ReadonlyMap<string, Uint8Array> = chain.state): Promise<SnapshotShelf> {
  const directory = join(folder, `shelf-${++count}`);
  const store = StateStore.open(join(folder, `state-${count}`));
  const commitment = new StateCommitment({ get: () => undefined, scan: () => [] });
  const { bucketWrites } = commitment.update([...state].filter(([key]) => isCommitted(key)));
  const { num, id } = chain.root.facts;
  const root = encode(consensusRootSchema, chain.root);
  await store.commit({ blockNum: num, blockId: id, changes: new Map(state), buckets: bucketWrites, root });
  const backend = new SimulatedBackend(chain);
  const keeper = new ShelfKeeper({
    directory,
    everyBlocks: 10,
    light: backend.light,
    header: (at) => backend.blockByNum(at)?.block.header,
    write: async (to) => {
      await writeSnapshot(store, shelfFiles(to, num).file, chain.chainId);
      return { file: shelfFiles(to, num).file, blockNum: num };
    },
    event: () => {},
  });
  await keeper.finalized(chain.final);
  await keeper.finalized(chain.final);
  await store.close();
  return new SnapshotShelf(directory);
}

type Answer = (message: PeerMessage) => readonly PeerMessage[];

const honest =
  (shelf: SnapshotShelf): Answer =>
  (message) => {
    if (message.kind === 'getSnapshot') {
      return [{ kind: 'snapshot', snapshot: { request: message.getSnapshot.request, manifest: shelf.manifest(0) } }];
    }
    if (message.kind !== 'getChunk') return [];
    const { request, snapshot, index } = message.getChunk;
    return [{ kind: 'chunk', chunk: { request, data: shelf.piece(snapshot, index, 0) } }];
  };

const nowhere = { num: 0, id: new Uint8Array(32), slot: 0 };

/** The other end of a connection. Returns its address. */
async function peer(node: string, answer: Answer): Promise<string> {
  const network: PeerNetwork = new PeerNetwork({
    identity: await identityOf(node),
    chainId: chain.chainId,
    peers: [],
    nowMs: Date.now,
    random: Math.random,
    hello: () => ({
      versionMin: protocolVersions.min,
      versionMax: protocolVersions.max,
      agent: 'test',
      listens: undefined,
      status: { head: nowhere, final: nowhere, earliestBlockNum: 0 },
    }),
    refusal: () => undefined,
    connected: () => {},
    disconnected: () => {},
    received: (from, message) => {
      for (const reply of answer(message)) network.send(from, reply);
    },
    event: () => {},
  });
  networks.push(network);
  return `127.0.0.1:${await network.listen(0, '127.0.0.1')}`;
}

const identityOf = (node: string) =>
  authority.issue({ node, organisation: node, roles: ['observer'], nowMs: Date.now(), hosts: ['127.0.0.1'] });

async function sync(peers: readonly string[], patienceMs = 30_000) {
  const dataDir = join(folder, `data-${++count}`);
  mkdirSync(dataDir);
  const blamed: string[] = [];
  const result = await syncSnapshotFromPeers({
    dataDir,
    genesis: chain.genesis,
    identity: await identityOf('newcomer'),
    peers,
    versions: protocolVersions,
    agent: 'test',
    fileBytesMax: 1 << 30,
    patienceMs,
    verifyAggregate: fakeAggregate,
    event: (name, { node, code }) => {
      if (name === 'snapshot-peer-blamed') blamed.push(`${node} ${code}`);
    },
  }).catch((error: Error) => error);
  return { result, blamed: blamed.sort(), dataDir };
}

describe('SN-14 a newcomer', () => {
  it('gets the right state, whatever others send', async () => {
    const [key, value] = [...chain.state].find(([name]) => name.startsWith('k'))!;
    const forged = await shelfOf(
      new Map(chain.state).set(
        key,
        Uint8Array.from(value, (byte) => byte ^ 1),
      ),
    );
    const right = await shelfOf();
    const garbage: Answer = (message) =>
      message.kind === 'getSnapshot'
        ? [{ kind: 'snapshot', snapshot: { request: message.getSnapshot.request, manifest: Uint8Array.of(1, 2) } }]
        : [];
    const spoiled: Answer = (message) =>
      honest(right)(message).map((reply) =>
        reply.kind === 'chunk' ? { kind: 'chunk', chunk: { ...reply.chunk, data: new Uint8Array(9) } } : reply,
      );
    const chatter: Answer = () => [{ kind: 'chunk', chunk: { request: 1, data: new Uint8Array(1 << 20) } }];
    const { result, blamed, dataDir } = await sync([
      await peer('forger1', honest(forged)),
      await peer('forger2', honest(forged)),
      await peer('forger3', honest(forged)),
      await peer('garbage', garbage),
      await peer('spoiler', spoiled),
      await peer('mute', () => []),
      await peer('chatter', chatter),
      await peer('right', honest(right)),
    ]);
    expect(result).toBe(chain.root.facts.num);
    expect(blamed).toEqual(
      expect.arrayContaining(['forger1 false_data', 'forger2 false_data', 'forger3 false_data', 'garbage false_data']),
    );
    expect(blamed.filter((text) => /right|mute/.test(text))).toEqual([]);
    const store = StateStore.open(join(dataDir, 'state'), { readOnly: true });
    expect(store.get(key)).toEqual(value);
    await store.close();
    expect(existsSync(join(dataDir, 'light', 'base'))).toBe(true);
    expect(existsSync(join(dataDir, 'incoming-snapshot'))).toBe(false);
  });

  it('gives up when nobody helps, keeps what it has, and says why', async () => {
    const nobody = await sync(['127.0.0.1:9'], 500);
    expect(String(nobody.result)).toMatch(/no node at 127\.0\.0\.1:9 could be reached for \d s/);
    const right = await shelfOf();
    let asked = 0;
    const forgetful: Answer = (message) => {
      if (message.kind !== 'getChunk') return honest(right)(message);
      asked++;
      return [];
    };
    const address = await peer('forgetful', forgetful);
    const { result, dataDir } = await sync([address], 5_000);
    expect(result).toBeInstanceOf(Error);
    expect(existsSync(join(dataDir, 'state'))).toBe(false);
    // On a machine that is too busy to connect in time there is nothing to keep.
    if (asked > 0) expect(existsSync(join(dataDir, 'incoming-snapshot', 'manifest'))).toBe(true);
    const status = { phase: 'asking', peers: 2, blockNum: undefined, pieces: 0, pieceCount: 0 } as const;
    const options = { patienceMs: 60_000, peers: ['a:1', 'b:2'] };
    expect(stalled(status, options)).toMatch(/none of the 2 nodes that are connected \(a:1, b:2\) has offered a good/);
    expect(stalled({ ...status, phase: 'fetching', pieces: 3, pieceCount: 9 }, options)).toMatch(
      /did not grow for 60 s \(3 of 9 pieces\): start again to go on from there/,
    );
  });
});
