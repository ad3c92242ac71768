/** A new node gets its first state from peers, before anything else of it runs. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { genesisTrust, type LightClientPorts } from '@snapscale/consensus/light-client';
import { chainIdOf, type Genesis, type PeerStatus } from '@snapscale/protocol';
import { PeerFault } from '../p2p/faults.js';
import type { Identity } from '../p2p/identity.js';
import { PeerNetwork } from '../p2p/network.js';
import { loadBlsSigning } from '../verify/bls-signatures.js';
import { IncomingFile } from './incoming-file.js';
import { installSnapshot, WrongSnapshot } from './install.js';
import type { SnapshotTrust, VerifiedManifest } from './manifest.js';
import { type FetchEffect, type FetchStatus, SnapshotFetch } from './snapshot-fetch.js';

export type SnapshotSyncOptions = {
  readonly dataDir: string;
  readonly genesis: Genesis;
  readonly identity: Identity;
  /** `host:port` of nodes to ask. */
  readonly peers: readonly string[];
  readonly versions: { readonly min: number; readonly max: number };
  readonly agent: string;
  /** Larger snapshots are not fetched. */
  readonly fileBytesMax: number;
  /** Gives up after this time without any progress. */
  readonly patienceMs: number;
  /** Verifies an aggregate signature; BLS unless given. */
  readonly verifyAggregate?: LightClientPorts['verify'];
  readonly event: (name: string, detail: Readonly<Record<string, string | number>>) => void;
};

const TICK_MS = 250;

/**
 * Fetches a snapshot, checks it from the genesis on, and puts its state into the data directory. What was fetched stays there when
 * it fails or is killed, and is used at the next try. Returns the number of the block.
 * @throws Error when no peer had a good one in time, or the disk refused
 */
export async function syncSnapshotFromPeers(options: SnapshotSyncOptions): Promise<number> {
  const sync = new SnapshotSync(options);
  return sync.run();
}

class SnapshotSync {
  readonly #options: SnapshotSyncOptions;
  readonly #file: IncomingFile;
  readonly #fetch: SnapshotFetch;
  readonly #network: PeerNetwork;
  #complete: VerifiedManifest | undefined;
  #failure: unknown;
  #isClosing = false;

  constructor(options: SnapshotSyncOptions) {
    this.#options = options;
    const trust = trustIn(options);
    this.#file = new IncomingFile(join(options.dataDir, 'incoming-snapshot'));
    const resumed = this.#file.resume(trust);
    if (resumed !== undefined) {
      options.event('snapshot-resumed', { block: resumed.snapshot.block.num, pieces: resumed.pieces.size });
    }
    this.#fetch = new SnapshotFetch(trust, resumed);
    this.#network = new PeerNetwork({
      identity: options.identity,
      chainId: chainIdOf(options.genesis),
      peers: options.peers.map((address) => ({ address, node: undefined, configured: true })),
      nowMs: Date.now,
      random: Math.random,
      hello: () => ({
        versionMin: options.versions.min,
        versionMax: options.versions.max,
        agent: options.agent,
        listens: undefined,
        status: nowhere,
      }),
      refusal: () => undefined,
      connected: ({ node }) => {
        this.#network.send(node, { kind: 'wantTransactions', wantTransactions: false });
        this.#carryOut(this.#fetch.joined(node, Date.now()));
      },
      disconnected: (node) => this.#carryOut(this.#fetch.left(node, Date.now())),
      received: (node, message) => this.#carryOut(this.#fetch.received(node, message, Date.now())),
      event: (name, detail) => {
        if (!this.#isClosing) options.event(name, detail);
      },
    });
  }

  async run(): Promise<number> {
    const { dataDir, event } = this.#options;
    try {
      // Nobody needs to reach this node yet.
      await this.#network.listen(0, '127.0.0.1');
      for (;;) {
        const snapshot = await this.#fetched();
        this.#file.complete();
        event('snapshot-fetched', { block: snapshot.block.num, bytes: Number(snapshot.manifest.fileBytes) });
        try {
          await installSnapshot(this.#file.path, dataDir, snapshot);
          this.#file.discard();
          return snapshot.block.num;
        } catch (error) {
          if (!(error instanceof WrongSnapshot)) throw error;
          this.#file.discard();
          this.#carryOut(this.#fetch.failed(error.message, Date.now()));
        }
      }
    } finally {
      this.#file.close();
      this.#isClosing = true;
      await this.#network.close();
    }
  }

  /** Resolves when all pieces of a snapshot are there. */
  async #fetched(): Promise<VerifiedManifest> {
    const { patienceMs } = this.#options;
    let seen = '';
    let progressMs = Date.now();
    for (;;) {
      const complete = this.#complete;
      this.#complete = undefined;
      if (this.#failure !== undefined) throw this.#failure;
      if (complete !== undefined) return complete;
      const { status } = this.#fetch;
      const now = `${status.phase} ${status.pieces}`;
      if (now !== seen) progressMs = Date.now();
      seen = now;
      if (Date.now() >= progressMs + patienceMs) throw new Error(stalled(status, this.#options));
      await sleep(TICK_MS);
      this.#carryOut(this.#fetch.tick(Date.now()));
    }
  }

  #carryOut(effects: readonly FetchEffect[]): void {
    for (const effect of effects) {
      try {
        this.#carryOutOne(effect);
      } catch (error) {
        // The disk: waiting does not help.
        this.#failure ??= error;
      }
    }
  }

  #carryOutOne(effect: FetchEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#network.send(effect.peer, effect.message);
        break;
      case 'blame':
        this.#options.event('snapshot-peer-blamed', { node: effect.peer, code: effect.code, reason: effect.message });
        this.#network.blame(effect.peer, new PeerFault(effect.code, effect.message));
        break;
      case 'begin':
        this.#file.begin(effect.snapshot);
        break;
      case 'write':
        this.#file.write(effect.index, effect.data);
        break;
      case 'complete':
        this.#complete = effect.snapshot;
        break;
      case 'event':
        this.#options.event(effect.name, effect.detail);
        break;
    }
  }
}

function trustIn({ genesis, fileBytesMax, verifyAggregate = verifyBls() }: SnapshotSyncOptions): SnapshotTrust {
  return {
    ports: { chainId: chainIdOf(genesis), verify: verifyAggregate },
    light: genesisTrust(genesis),
    activationNum: 1,
    fileBytesMax,
  };
}

function verifyBls(): LightClientPorts['verify'] {
  const bls = loadBlsSigning();
  return (keys, digest, signature) => bls.verifyAggregate(keys, [signature], digest) !== undefined;
}

/** Why a node gives up. */
export function stalled(
  { phase, peers, pieces, pieceCount }: FetchStatus,
  options: Pick<SnapshotSyncOptions, 'patienceMs' | 'peers'>,
): string {
  const seconds = Math.round(options.patienceMs / 1000);
  const asked = options.peers.join(', ');
  if (peers === 0) return `no node at ${asked} could be reached for ${seconds} s: check --peers and the certificates`;
  if (phase === 'asking') {
    return `none of the ${peers} nodes that are connected (${asked}) has offered a good snapshot for ${seconds} s: start without --sync snapshot to fetch all blocks, or try later`;
  }
  return `the snapshot did not grow for ${seconds} s (${pieces} of ${pieceCount} pieces): start again to go on from there`;
}

const nowhere: PeerStatus = {
  head: { num: 0, id: new Uint8Array(32), slot: 0 },
  final: { num: 0, id: new Uint8Array(32), slot: 0 },
  earliestBlockNum: 0,
};
