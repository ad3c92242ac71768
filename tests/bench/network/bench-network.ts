/** A network of real node processes for measuring: the launcher's own parts on a temporary directory, and an onlooker. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalNode } from '@snapscale/api';
import { LocalNetwork } from '../../../apps/node/src/launcher/local-network.js';
import { type PreparedNetwork, prepareNetwork } from '../../../apps/node/src/launcher/prepare.js';
import { MessagingProcess } from '../load/child-process.js';
import type { FromGenerator, FromOnlooker, RunPlan, RunResult, ToGenerator, ToOnlooker } from '../load/messages.js';
import { caProgram, cpuSecondsOf, nodeProgram } from '../load/node-process.js';
import { foundAccounts, loadAccounts } from '../load/workload.js';
import { FinalTimes } from './final-chain.js';

const ACCOUNTS = 500;
const UNITS_EACH = 100_000_000n;
const FINALITY_TIMEOUT_MS = 60_000;

export type BenchNetworkOptions = {
  readonly producers: number;
  /** Everything that a node sends to another leaves so much later, milliseconds. */
  readonly delayMs: number;
  /** Options for Node itself. */
  readonly execArgv?: readonly string[];
  readonly say: (text: string) => void;
};

export class BenchNetwork {
  readonly nodes: readonly LocalNode[];
  readonly #prepared: PreparedNetwork;
  readonly #network: LocalNetwork;
  readonly #directory: string;
  readonly #onlooker: MessagingProcess<ToOnlooker, FromOnlooker>;
  readonly #generator: MessagingProcess<ToGenerator, FromGenerator>;
  #runs = 0;
  #isClosed = false;

  private constructor(directory: string, prepared: PreparedNetwork, options: BenchNetworkOptions) {
    this.#directory = directory;
    this.#prepared = prepared;
    this.nodes = prepared.description.nodes;
    this.#network = new LocalNetwork({
      directory: prepared.directory,
      description: prepared.description,
      program: [...(options.execArgv ?? []), nodeProgram],
      caProgram: [caProgram],
      nodeOptions: ['--log-level', 'warn'],
      say: options.say,
      nowMs: Date.now,
      allDied: () => options.say('all nodes have died'),
    });
    this.#onlooker = new MessagingProcess(new URL('../load/onlooker.ts', import.meta.url));
    this.#generator = new MessagingProcess(new URL('../load/generator.ts', import.meta.url));
  }

  /** Starts the nodes, waits until blocks become final, and sets up the accounts of the load. */
  static async start(options: BenchNetworkOptions): Promise<BenchNetwork> {
    // Children inherit it; see the option's declaration in the node.
    process.env.SNAPSCALE_TEST_PEER_DELAY_MS = String(options.delayMs);
    const directory = mkdtempSync(join(tmpdir(), 'snapscale-bench-'));
    const launch = {
      directory: join(directory, 'network'),
      port: 0,
      producers: options.producers,
      logLevel: 'warn',
      isBackground: false,
      isCleaning: false,
      isMembersOnly: false,
    };
    const prepared = await prepareNetwork(launch, () => undefined, Date.now());
    const bench = new BenchNetwork(directory, prepared, options);
    try {
      await bench.#begin();
    } catch (error) {
      await bench.close();
      throw error;
    }
    return bench;
  }

  get first(): LocalNode {
    return this.nodes[0]!;
  }

  dataDir(node: LocalNode): string {
    return this.#prepared.directory.nodeDirectory(node.name);
  }

  /** Submits transfers through these nodes, the connections in turn, and waits for the end. */
  async load(plan: Omit<RunPlan, 'mode' | 'logFile' | 'ports'>, through: readonly LocalNode[]): Promise<LoadRun> {
    const running = await this.beginLoad(plan, through);
    return { ...running, result: await running.done };
  }

  /** As `load`, but returns when the first transfer is about to be sent. */
  async beginLoad(
    plan: Omit<RunPlan, 'mode' | 'logFile' | 'ports'>,
    through: readonly LocalNode[],
  ): Promise<{ readonly logFile: string; readonly done: Promise<RunResult> }> {
    const logFile = join(this.#directory, `sent-${this.#runs++}`);
    const ports = through.map(({ httpPort }) => httpPort);
    this.#generator.tell({ kind: 'run', plan: { ...plan, mode: 'bulk', logFile, ports } });
    await this.#generator.hear('prepared');
    const done = this.#generator.hear('done').then(({ result }) => result);
    return { logFile, done };
  }

  /** From now on finality is recorded anew. */
  beginWatch(): void {
    this.#onlooker.tell({ kind: 'clear' });
  }

  /** What was recorded since. */
  async seen(): Promise<FinalTimes> {
    this.#onlooker.tell({ kind: 'take' });
    return new FinalTimes((await this.#onlooker.hear('report')).finals);
  }

  async start(node: LocalNode): Promise<void> {
    await this.#network.start(node.name);
  }

  async stop(node: LocalNode): Promise<void> {
    await this.#network.stop(node.name);
  }

  async kill(node: LocalNode): Promise<void> {
    await this.#network.kill(node.name);
  }

  /** CPU seconds that the node's process has used; NaN while it does not run. */
  async cpuSeconds(): Promise<Map<string, number>> {
    const { nodes } = await this.#network.status();
    return new Map(nodes.map(({ name, pid }) => [name, pid === undefined ? Number.NaN : cpuSecondsOf(pid)]));
  }

  /** Bytes that all nodes have sent to each other, by their own count. */
  async bytesOut(): Promise<number> {
    let total = 0;
    for (const node of this.nodes) {
      for (const [name, value] of await metricsOf(node, 'snapscale_peer_bytes_total')) {
        if (name.includes('direction="out"')) total += value;
      }
    }
    return total;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onlooker.end();
    this.#generator.end();
    await this.#network.end();
    this.#prepared.lock.release();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    const { signal } = new AbortController();
    await this.#network.startAll(signal);
    if (!(await this.#network.awaitFinality(FINALITY_TIMEOUT_MS, signal)))
      throw new Error(`no block became final within ${FINALITY_TIMEOUT_MS / 1000} s`);
    const { httpPort } = this.first;
    const url = `http://127.0.0.1:${httpPort}`;
    await foundAccounts(url, httpPort, loadAccounts(ACCOUNTS), UNITS_EACH);
    // All nodes must know the accounts before transfers go to any of them.
    if (!(await this.#network.awaitFinality(FINALITY_TIMEOUT_MS, signal)))
      throw new Error('the accounts of the load did not become final');
    this.#generator.tell({ kind: 'open', url, port: httpPort, accounts: ACCOUNTS, seed: 1 });
    await this.#generator.hear('ready');
    this.#onlooker.tell({ kind: 'open', nodes: this.nodes.map(({ name, httpPort: port }) => ({ name, port })) });
    await this.#onlooker.hear('ready');
  }
}

export type LoadRun = { readonly logFile: string; readonly result: RunResult };

/** Where a node stands, over HTTP; undefined when it does not answer. */
export async function chainInfo(node: LocalNode): Promise<ChainPoint | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${node.httpPort}/v1/chain/get_info`, { method: 'POST' });
    const info = (await response.json()) as Record<string, unknown>;
    return {
      head: Number(info.head_block_num),
      final: Number(info.last_irreversible_block_num),
      producer: String(info.head_block_producer),
    };
  } catch {
    return undefined;
  }
}

export type ChainPoint = { readonly head: number; readonly final: number; readonly producer: string };

/** Values of the node's metrics whose name begins so, by name with labels. */
async function metricsOf(node: LocalNode, prefix: string): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${node.httpPort}/metrics`);
  const found = new Map<string, number>();
  for (const line of (await response.text()).split('\n')) {
    const at = line.lastIndexOf(' ');
    if (line.startsWith(prefix)) found.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return found;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
