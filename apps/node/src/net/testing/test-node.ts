/** A node of which only the network is real: a network thread, a client of it, and a fake core behind it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, type SignedBlock, signedBlockSchema } from '@snapscale/protocol';
import { DevelopmentAuthority } from '../../p2p/development-authority.js';
import type { Identity, PeerRole } from '../../p2p/identity.js';
import { BlockLog } from '../../store/block-log/block-log.js';
import { testChainId } from '../../verify/testing/transactions.js';
import { NetworkClient, type NetworkClientOptions } from '../network-client.js';
import type { PeerTransaction } from '../network-messages.js';
import { FakeCore } from './fake-core.js';

export type TestEvent = { readonly name: string; readonly detail: Readonly<Record<string, string | number>> };

export type TestNodeOptions = Partial<Pick<NetworkClientOptions, 'limits' | 'versions' | 'transactions' | 'agent'>> & {
  readonly peers?: readonly TestNode[];
  /** Final blocks in its log. */
  readonly blocks?: readonly SignedBlock[];
  readonly roles?: readonly PeerRole[];
};

export class TestNode {
  readonly core: FakeCore;
  readonly client: NetworkClient;
  readonly transactions: PeerTransaction[];
  readonly events: TestEvent[];
  readonly #dataDir: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(
    parts: Pick<TestNode, 'core' | 'client' | 'transactions' | 'events'> & { readonly dataDir: string },
  ) {
    this.core = parts.core;
    this.client = parts.client;
    this.transactions = parts.transactions;
    this.events = parts.events;
    this.#dataDir = parts.dataDir;
    this.#timer = setInterval(() => this.core.link!.tick(this.core.nowMs()), TICK_MS);
  }

  static async start(identity: Identity, options: TestNodeOptions = {}): Promise<TestNode> {
    const { peers = [], blocks = [], roles: _, ...rest } = options;
    const dataDir = mkdtempSync(join(tmpdir(), 'snap-net-'));
    const core = new FakeCore();
    core.chain.push(...blocks);
    core.finalNum = blocks.length;
    await writeLog(join(dataDir, 'blocks'), blocks);
    const transactions: PeerTransaction[] = [];
    const events: TestEvent[] = [];
    const client = await NetworkClient.start({
      identity,
      chainId: testChainId,
      port: 0,
      host: '127.0.0.1',
      peers: peers.map((peer) => `127.0.0.1:${peer.client.port}`),
      dataDir,
      corePort: core.open(),
      transactions: (batch) => transactions.push(...batch),
      event: (name, detail) => events.push({ name, detail }),
      ...rest,
    });
    return new TestNode({ core, client, transactions, events, dataDir });
  }

  get name(): string {
    return this.client.node;
  }

  /** Details of all events with this name. */
  happened(name: string): Readonly<Record<string, string | number>>[] {
    return this.events.filter((event) => event.name === name).map(({ detail }) => detail);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.client.close();
    this.core.link!.close();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

const TICK_MS = 50;

/** Issues certificates for nodes of a test, and stops those that were started. */
export class TestNetwork {
  readonly authority: DevelopmentAuthority;
  readonly #nodes: TestNode[] = [];

  private constructor(authority: DevelopmentAuthority) {
    this.authority = authority;
  }

  static async create(): Promise<TestNetwork> {
    return new TestNetwork(await DevelopmentAuthority.create('Test', Date.now()));
  }

  identity(node: string, roles: readonly PeerRole[] = ['producer']): Promise<Identity> {
    return this.authority.issue({ node, organisation: node.split('-')[0]!, roles, nowMs: Date.now() });
  }

  async start(node: string, options: TestNodeOptions = {}): Promise<TestNode> {
    const started = await TestNode.start(await this.identity(node, options.roles), options);
    this.#nodes.push(started);
    return started;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map((node) => node.stop()));
  }
}

async function writeLog(directory: string, blocks: readonly SignedBlock[]): Promise<void> {
  if (blocks.length === 0) return;
  const log = await BlockLog.open(directory, { finalBlockNum: 0 });
  for (const [index, block] of blocks.entries()) log.append(index + 1, encode(signedBlockSchema, block));
  await log.flush();
  await log.close();
}

/** Waits until something is so. A test's own time limit ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
