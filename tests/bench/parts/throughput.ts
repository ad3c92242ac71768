/**
 * Throughput over the network: a real node, a load generator and an onlooker, each a process of its own, on one machine.
 * The figures are those of final blocks, read from the node's own log.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, signedBlockSchema, slotToMs, transactionId } from '@snapscale/protocol';
import { BlockLogReader } from '../../../apps/node/src/store/block-log/block-log-reader.js';
import { MessagingProcess } from '../load/child-process.js';
import {
  type FromGenerator,
  type FromProbe,
  type ProbeReport,
  type RunPlan,
  type RunResult,
  readSentTransfers,
  type SendMode,
  type ToGenerator,
  type ToProbe,
} from '../load/messages.js';
import { recoveriesPerCpuSecond } from '../load/native-signer.js';
import { cpuSecondsOf, memoryOf, NodeProcess, type ThreadCpu, threadCpu } from '../load/node-process.js';
import { developmentKey, foundAccounts, loadAccounts } from '../load/workload.js';
import { printProfiles } from '../profile.js';
import { count, heading, mebibytes, milliseconds, percent, print, printTable, quantile, spread } from '../report.js';

const ACCOUNTS = 500;
const UNITS_EACH = 100_000_000n;
const INFO_INTERVAL_MS = 20;
const BULK_BATCH = 100;
/** Connections that the search for saturation tries, each with a bulk request of `BULK_BATCH` under way. */
const RAMP = [2, 4, 8, 16, 32];
/** Fewer are not taken for saturation, nor is the search given up before twice as many. */
const SATURATING_CONNECTIONS_MIN = 4;
/** nodeos (Leap 4.0.6, eos-vm-jit) on two such cores, its generator beside it. */
const nodeos = { perSecond: '5,300–6,000', perCpuSecond: 4360, ofRecovery: 0.39, recoveries: 14_078 };

export type ThroughputOptions = {
  /** Shorter runs and fewer modes. */
  readonly quick: boolean;
  /** Saturate by this mode only, take CPU profiles of the node's threads, and print where the time goes. */
  readonly profile: SendMode | undefined;
};

/** What a stretch of load came to. */
type Measured = {
  readonly plan: RunPlan;
  readonly result: RunResult;
  /** Transfers in blocks per second of the blocks' slots, the first and last second left out. */
  readonly perSecond: number;
  readonly nodeCpuSeconds: number;
  readonly threads: readonly ThreadCpu[];
  readonly executedMs: Float64Array;
  readonly finalMs: Float64Array;
  readonly probe: ProbeReport;
};

export async function throughput({ quick, profile }: ThroughputOptions): Promise<void> {
  heading('throughput over the network: one producer, LMDB on, signatures verified, eosio.token transfers');
  const recoveries = recoveriesPerCpuSecond(developmentKey, 1500);
  const directory = mkdtempSync(join(tmpdir(), 'snapscale-bench-'));
  const profiles = join(directory, 'profiles');
  const bench = await Bench.start(
    directory,
    profile !== undefined ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`, '--cpu-prof-interval=400'] : [],
  );
  try {
    if (profile === undefined) await runAll(bench, quick, recoveries);
    else printRuns(`under the profiler`, [await bench.run(profile, profiledLoad(profile))]);
    await bench.close();
    if (profile !== undefined) printProfiles(profiles);
  } finally {
    await bench.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function profiledLoad(mode: SendMode): Omit<RunPlan, 'mode' | 'logFile'> {
  const batch = { bulk: BULK_BATCH, 'bulk-live': BULK_BATCH, send_transaction: 1, push_transactions: 20 }[mode];
  return { batch, connections: batch === BULK_BATCH ? 8 : 32, seconds: 12, prepare: 120_000 };
}

async function runAll(bench: Bench, quick: boolean, recoveries: number | undefined): Promise<void> {
  const bulk = (connections: number, seconds: number, perSecond: number) =>
    bench.run('bulk', { batch: BULK_BATCH, connections, seconds, prepare: Math.ceil(perSecond * seconds * 1.9) });
  let best = await bulk(4, 4, 5000);
  print(`  warming up: ${count(best.perSecond)}/s`);
  let peak = 0;
  const ramp: Measured[] = [];
  for (const connections of RAMP) {
    const measured = await bulk(connections, quick ? 2.5 : 3, Math.max(4000, peak));
    ramp.push(measured);
    if (measured.perSecond > peak * 1.03 || connections <= SATURATING_CONNECTIONS_MIN) best = measured;
    else if (connections > 2 * SATURATING_CONNECTIONS_MIN) break;
    peak = Math.max(peak, measured.perSecond);
  }
  printRuns('the way to saturation (bulk, signed beforehand)', ramp);
  const { connections } = best.plan;
  const saturated = await bulk(connections, quick ? 5 : 10, peak);
  const live = await bench.run('bulk-live', { batch: BULK_BATCH, connections, seconds: quick ? 3 : 6, prepare: 0 });
  const half = await bench.run('bulk', {
    batch: 10,
    connections: 32,
    seconds: quick ? 3 : 6,
    rate: saturated.perSecond / 2,
    prepare: Math.ceil(saturated.perSecond * (quick ? 1.7 : 3.2)),
  });
  const seconds = quick ? 3 : 5;
  const single = await bench.run('send_transaction', { batch: 1, connections: 32, seconds, prepare: 3500 * seconds });
  const list = await bench.run('push_transactions', { batch: 20, connections: 32, seconds, prepare: 3500 * seconds });
  printRuns('saturated, half loaded, and the other ways in', [saturated, live, half, single, list]);
  printThreads(saturated);
  printBar(saturated, live, recoveries);
  print(
    `  node memory after it all: ${mebibytes(bench.memory.rssBytes)}, of which anonymous ${mebibytes(bench.memory.anonymousBytes)}`,
  );
}

function printRuns(title: string, runs: readonly Measured[]): void {
  print(`\n  ${title}`);
  printTable(
    [
      'mode',
      'batch × conns',
      'transfers/s',
      'per node CPU-s',
      'node CPU',
      'generator CPU',
      'executed p50',
      'p99',
      'final p50',
      'p99',
      'get_info p50',
      'p99',
      'max',
      'refused',
    ],
    runs.map(({ plan, result, perSecond, nodeCpuSeconds, executedMs, finalMs, probe }) => {
      const elapsed = (result.endedMs - result.beganMs) / 1000;
      const info = Float64Array.from(probe.infoMs).sort();
      return [
        plan.rate === undefined ? plan.mode : `${plan.mode} at ${count(plan.rate)}/s`,
        `${plan.batch} × ${plan.connections}${result.ranDry ? ' (ran dry)' : ''}`,
        count(perSecond),
        count(result.accepted / nodeCpuSeconds),
        percent(nodeCpuSeconds / elapsed),
        percent(result.cpuSeconds / elapsed),
        milliseconds(quantile(executedMs, 0.5)),
        milliseconds(quantile(executedMs, 0.99)),
        milliseconds(quantile(finalMs, 0.5)),
        milliseconds(quantile(finalMs, 0.99)),
        milliseconds(quantile(info, 0.5)),
        milliseconds(quantile(info, 0.99)),
        milliseconds(info.at(-1) ?? Number.NaN),
        `${result.rejected + probe.failures}`,
      ];
    }),
  );
  for (const { plan, result } of runs) {
    if (result.firstError !== undefined) print(`  first refusal of ${plan.mode}: ${result.firstError}`);
  }
}

function printThreads({ threads, result }: Measured): void {
  const elapsed = (result.endedMs - result.beganMs) / 1000;
  const busy = threads.filter(({ seconds }) => seconds > 0.01 * elapsed);
  const text = busy.map(({ thread, seconds }) => `${thread} ${percent(seconds / elapsed)}`).join(', ');
  print(`\n  node threads while saturated, in the order of their start (the first is HTTP): ${text}`);
}

function printBar(saturated: Measured, live: Measured, recoveries: number | undefined): void {
  const of = (perSecond: number) => (recoveries === undefined ? '–' : (perSecond / recoveries).toFixed(2));
  const row = (title: string, { perSecond, result, nodeCpuSeconds }: Measured) => {
    const perCpuSecond = result.accepted / nodeCpuSeconds;
    return [title, count(perSecond), count(perCpuSecond), of(perSecond), of(perCpuSecond)];
  };
  print('\n  beside nodeos');
  printTable(
    ['', 'transfers/s', 'per CPU-second of the node', 'of one core’s recoveries/s', 'the same, per CPU-second'],
    [
      row('SnapScale, signed beforehand', saturated),
      row('SnapScale, signed while sending', live),
      [
        'nodeos (Leap 4.0.6) on such a machine',
        nodeos.perSecond,
        count(nodeos.perCpuSecond),
        String(nodeos.ofRecovery),
        (nodeos.perCpuSecond / nodeos.recoveries).toFixed(2),
      ],
    ],
  );
  const here = recoveries === undefined ? 'no native library' : `${count(recoveries)}/s in one core`;
  print(`  signature recovery here: ${here} (where nodeos was measured: ${count(nodeos.recoveries)}/s)`);
  print(`  get_info while saturated: ${spread(saturated.probe.infoMs)} (to be below 20 ms at p99)`);
}

/** The three processes and the node's logs. */
class Bench {
  readonly #node: NodeProcess;
  readonly #generator: MessagingProcess<ToGenerator, FromGenerator>;
  readonly #probe: MessagingProcess<ToProbe, FromProbe>;
  readonly #blocks: BlockLogReader;
  readonly #logFile: string;
  #runs = 0;
  #closed = false;
  memory = { rssBytes: Number.NaN, anonymousBytes: Number.NaN };

  private constructor(node: NodeProcess, directory: string) {
    this.#node = node;
    this.#generator = new MessagingProcess(new URL('../load/generator.ts', import.meta.url));
    this.#probe = new MessagingProcess(new URL('../load/probe.ts', import.meta.url));
    this.#blocks = BlockLogReader.open(join(node.dataDir, 'blocks'));
    this.#logFile = join(directory, 'sent');
  }

  static async start(directory: string, execArgv: readonly string[]): Promise<Bench> {
    const node = await NodeProcess.start(join(directory, 'data'), { execArgv });
    const bench = new Bench(node, directory);
    await foundAccounts(node.url, node.port, loadAccounts(ACCOUNTS), UNITS_EACH);
    bench.#generator.tell({ kind: 'open', url: node.url, port: node.port, accounts: ACCOUNTS, seed: 1 });
    await bench.#generator.hear('ready');
    bench.#probe.tell({ kind: 'open', port: node.port, intervalMs: INFO_INTERVAL_MS });
    await bench.#probe.hear('ready');
    return bench;
  }

  async run(mode: SendMode, how: Omit<RunPlan, 'mode' | 'logFile'>): Promise<Measured> {
    const plan: RunPlan = { ...how, mode, logFile: `${this.#logFile}-${this.#runs++}` };
    this.#generator.tell({ kind: 'run', plan });
    await this.#generator.hear('prepared');
    await this.#report();
    const firstBlock = (this.#blocks.lastBlockNum ?? 0) + 1;
    const cpuBefore = cpuSecondsOf(this.#node.pid);
    const threadsBefore = new Map(threadCpu(this.#node.pid).map(({ thread, seconds }) => [thread, seconds]));
    const { result } = await this.#generator.hear('done');
    const nodeCpuSeconds = cpuSecondsOf(this.#node.pid) - cpuBefore;
    const threads = threadCpu(this.#node.pid).map(({ thread, seconds }) => ({
      thread,
      seconds: seconds - (threadsBefore.get(thread) ?? 0),
    }));
    // The last block becomes final, and is in the log, within two slots.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const probe = await this.#report();
    this.memory = memoryOf(this.#node.pid);
    const measured = {
      plan,
      result,
      nodeCpuSeconds,
      threads,
      probe,
      ...this.#readBlocks(firstBlock, plan, result, probe),
    };
    rmSync(plan.logFile, { force: true });
    return measured;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#generator.end();
    this.#probe.end();
    await this.#node.stop(30_000);
  }

  async #report(): Promise<ProbeReport> {
    this.#probe.tell({ kind: 'take' });
    return (await this.#probe.hear('report')).report;
  }

  #readBlocks(firstBlock: number, plan: RunPlan, result: RunResult, probe: ProbeReport) {
    const finalAt = new Map(probe.finals);
    const blockOf = new Map<string, number>();
    const slotOf = new Map<number, { readonly slot: number; readonly transactions: number }>();
    for (let num = firstBlock; ; num++) {
      const bytes = this.#blocks.readSync(num);
      if (bytes === undefined) break;
      const { header, transactions } = decode(signedBlockSchema, bytes);
      slotOf.set(num, { slot: header.slot, transactions: transactions.length });
      for (const { transaction } of transactions) {
        const id = transaction.kind === 'id' ? transaction.id : transactionId(transaction.packed.packedTransaction);
        blockOf.set(Buffer.from(id).toString('latin1'), num);
      }
    }
    const executed: number[] = [];
    const final: number[] = [];
    let lost = 0;
    for (const { id, sentMs, answeredMs, accepted } of readSentTransfers(readFileSync(plan.logFile))) {
      if (!accepted) continue;
      executed.push(answeredMs - sentMs);
      const num = blockOf.get(id);
      const at = num === undefined ? undefined : finalAt.get(num);
      if (num === undefined) lost++;
      else if (at !== undefined) final.push(at - sentMs);
    }
    if (lost > 0) print(`  ${lost} transfers were acknowledged but are in no block of the log`);
    return {
      perSecond: rateOf([...slotOf.values()], result),
      executedMs: Float64Array.from(executed).sort(),
      finalMs: Float64Array.from(final).sort(),
    };
  }
}

/** Transactions per second of the blocks that were filled entirely within the run. */
function rateOf(
  blocks: readonly { readonly slot: number; readonly transactions: number }[],
  { beganMs, endedMs }: RunResult,
): number {
  const within = blocks.filter(({ slot }) => slotToMs(slot - 1) >= beganMs + 400 && slotToMs(slot) <= endedMs);
  const transactions = within.reduce((sum, block) => sum + block.transactions, 0);
  const first = within[0];
  const last = within.at(-1);
  return first === undefined || last === undefined
    ? Number.NaN
    : (transactions * 1000) / (slotToMs(last.slot) - slotToMs(first.slot - 1));
}
