/** What all drills have: a network with accounts, a load on it, a witness, and what they came to in the end. */
import { join } from 'node:path';
import { blsPublicKeyOf } from '@snapscale/crypto';
import { foundAccounts, type LoadAccount, loadAccounts } from '../../bench/load/workload.js';
import { compareWithReplay } from '../../crash/ledger-replay.js';
import { SeededRandom } from '../../crash/seeded-random.js';
import { DrillNetwork } from './drill-network.js';
import { FinalBlocks } from './final-blocks.js';
import { hex, infoOf, within } from './http.js';
import { NetworkLoad } from './network-load.js';
import { judge } from './promises-of-finalizers.js';
import { readProducerKeys } from './system-actions.js';
import { Witness } from './witness.js';

export type DrillOptions = {
  readonly seed: number;
  /** An empty directory. */
  readonly directory: string;
  readonly print: (line: string) => void;
  readonly producers: number;
  /** The compiled node; default: that of this checkout. */
  readonly program?: string | undefined;
};

/** What may be otherwise at the end of a drill. */
export type Expected = { readonly cheats?: readonly string[]; readonly except?: readonly string[] };

const ACCOUNTS = 40;
const UNITS_EACH = 1_000_000_000n;
const FOUNDED_MS_MAX = 60_000;
const PROGRESS_MS_MAX = 60_000;
const REFUSALS_SHOWN = 3;

export class Drill {
  readonly network: DrillNetwork;
  readonly random: SeededRandom;
  readonly print: (line: string) => void;
  readonly witness: Witness;
  readonly finals: FinalBlocks;
  readonly accounts: readonly LoadAccount[];
  readonly findings: string[] = [];
  #load: NetworkLoad | undefined;

  private constructor(
    { print }: DrillOptions,
    random: SeededRandom,
    network: DrillNetwork,
    witness: Witness,
    accounts: readonly LoadAccount[],
  ) {
    this.print = print;
    this.random = random;
    this.network = network;
    this.witness = witness;
    this.accounts = accounts;
    this.finals = new FinalBlocks((block) => witness.addBlock(block));
  }

  /** Brings a network up, with a witness and with accounts that have tokens. */
  static async begin(
    options: DrillOptions,
    nodeOptions: readonly string[] = [],
    firstExecArgv: readonly string[] = [],
  ): Promise<Drill> {
    const { directory, producers, seed, print, program } = options;
    const random = new SeededRandom(seed);
    const network = await DrillNetwork.create({
      directory: join(directory, 'network'),
      producers,
      random,
      nodeOptions: ['--log-level', 'info', ...nodeOptions],
      firstExecArgv,
      onlookers: 1,
      ...(program === undefined ? {} : { program }),
    });
    const witness = await Witness.start({
      identity: await network.identity('witness', ['observer']),
      chainId: network.chainId,
      port: network.onlookerPorts[0]!,
      peers: network.names.map((name) => network.node(name).peerPort),
    });
    await network.startAll(print);
    const accounts = loadAccounts(ACCOUNTS);
    const first = network.names[0]!;
    await foundAccounts(network.url(first), network.node(first).httpPort, accounts, UNITS_EACH);
    const drill = new Drill(options, random, network, witness, accounts);
    const founded = (await infoOf(network.url(first)))!.head;
    if (!(await within(FOUNDED_MS_MAX, () => drill.finalAbove(founded)))) {
      drill.findings.push(`block ${founded} has not become final within ${FOUNDED_MS_MAX} ms of the beginning`);
    }
    return drill;
  }

  /** Begins the load. */
  load(): NetworkLoad {
    this.#load ??= new NetworkLoad(this.network, this.accounts, this.random, this.finals);
    this.#load.begin();
    return this.#load;
  }

  /** Whether some node has a final block above `num`. */
  async finalAbove(num: number): Promise<boolean> {
    const infos = await Promise.all(this.network.running.map((name) => infoOf(this.network.url(name))));
    return infos.some((info) => (info?.final ?? 0) > num);
  }

  /** Looks whether finality goes on from where it is; says so when not. */
  async expectProgress(when: string, timeoutMs = PROGRESS_MS_MAX): Promise<boolean> {
    const before = await Promise.all(this.network.running.map((name) => infoOf(this.network.url(name))));
    const head = Math.max(...before.map((info) => info?.head ?? 0));
    if (await within(timeoutMs, () => this.finalAbove(head))) return true;
    const states = await this.states();
    this.findings.push(`${when}: no block above ${head} became final within ${timeoutMs} ms (${states})`);
    return false;
  }

  async states(): Promise<string> {
    const texts = this.network.names.map(async (name) => {
      const info = await infoOf(this.network.url(name));
      return `${name} ${this.network.child(name).state} head ${info?.head} final ${info?.final}`;
    });
    return (await Promise.all(texts)).join(', ');
  }

  /** Reads all logs on, and judges what was recorded. */
  check(when: string, all = false): void {
    for (const name of this.network.names) this.finals.read(name, this.network.dataDir(name), all);
    const found = [...this.finals.findings.splice(0), ...this.network.takeDeaths()];
    this.findings.push(...found.map((text) => `${when}: ${text}`));
  }

  /**
   * Ends load, nodes and witness, and judges all of it: agreement, promises, votes, tokens.
   * @param expected `cheats`: producers that broke the rules on purpose; `except`: nodes that are not looked at
   */
  async end({ cheats = [], except = [] }: Expected = {}): Promise<void> {
    await this.#load?.end();
    await this.expectProgress('at the end');
    // What was promised last is final at all nodes when they are asked to end.
    await this.#awaitAll();
    await this.network.end();
    await this.witness.close();
    this.check('at the end', true);
    this.#checkEnds();
    this.#checkPromises();
    const { findings, undecided } = judge(this.witness, this.#keysOf(cheats), new Set(cheats));
    this.findings.push(...findings);
    const { votes, blocks } = this.witness;
    this.print(
      `  ${this.finals.last} final blocks with ${this.finals.blockOf.size} transactions; seen: ${blocks.size} headers, ${this.witness.voteCount} votes of ${votes.size} finalizers, ${this.witness.connections} connections; ${undecided} pairs of votes undecided`,
    );
    const names = this.network.names.filter((one) => !except.includes(one));
    const name = names[this.random.below(names.length)]!;
    const replay = await compareWithReplay(this.network.dataDir(name));
    this.print(
      `  ${name} executed again: ${replay.blocks} blocks, ${replay.transactions} transactions, ${replay.entries} entries compared in ${replay.seconds.toFixed(1)} s`,
    );
    this.findings.push(...replay.findings.map((text) => `${name}, compared with an undisturbed execution: ${text}`));
  }

  #keysOf(producers: readonly string[]): ReadonlySet<string> {
    return new Set(
      producers.map((name) => hex(blsPublicKeyOf(readProducerKeys(this.network.dataDir(name)).finalizerKey))),
    );
  }

  async #awaitAll(): Promise<void> {
    const { running } = this.network;
    const infos = await Promise.all(running.map((name) => infoOf(this.network.url(name))));
    const goal = Math.max(...infos.map((info) => info?.final ?? 0));
    for (const name of running) {
      const there = await within(
        PROGRESS_MS_MAX,
        async () => ((await infoOf(this.network.url(name)))?.final ?? 0) >= goal,
      );
      if (!there) this.findings.push(`${name} has not reached final block ${goal} within ${PROGRESS_MS_MAX} ms`);
    }
  }

  #checkEnds(): void {
    const ends = this.network.names.map((name) => ({ name, reason: this.network.child(name).reason }));
    for (const { name, reason } of ends) if (reason !== undefined) this.findings.push(`${name}: ${reason}`);
  }

  #checkPromises(): void {
    const load = this.#load;
    if (load === undefined) return;
    let lost = 0;
    for (const [id, { num, node }] of load.promised) {
      const now = this.finals.blockOf.get(id);
      if (now === num) continue;
      lost++;
      if (lost <= FINDINGS_SHOWN) {
        this.findings.push(`${node} said that transfer ${id} is final in block ${num}; it is in ${now ?? 'none'}`);
      }
    }
    if (lost > FINDINGS_SHOWN) this.findings.push(`… and ${lost - FINDINGS_SHOWN} more transfers that were final`);
    const reasons = [...load.reasons].sort((a, b) => b[1] - a[1]).slice(0, REFUSALS_SHOWN);
    this.print(
      `  ${load.sent} transfers sent, ${load.refused} refused${reasons.map(([text, count]) => ` (${count} x ${text.slice(0, 80)})`).join('')}, ${load.promised.size} asked for and said to be final`,
    );
  }
}

const FINDINGS_SHOWN = 10;
