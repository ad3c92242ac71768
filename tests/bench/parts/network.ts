/**
 * A network of real node processes with mutual TLS on this machine: finality, throughput, faults, catching up. It takes
 * minutes, and runs only when it is named.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quorumOf } from '@snapscale/protocol';
import { recoveriesPerCpuSecond } from '../load/native-signer.js';
import { developmentKey } from '../load/workload.js';
import { BenchNetwork } from '../network/bench-network.js';
import { type CatchUp, catchUp, printCatchUps } from '../network/catch-up.js';
import { inStep, killProducers, killSeveral, printKills, printLosses, type QuorumLoss } from '../network/faults.js';
import { type FinalityRow, finality, printFinality } from '../network/finality.js';
import { printSaturation, saturate } from '../network/saturation.js';
import { printProfilesByThread } from '../profile.js';
import { count, heading, print } from '../report.js';

/** What can be measured. */
export const networkMeasurements = ['finality', 'throughput', 'faults', 'catch-up'] as const;
export type NetworkMeasurement = (typeof networkMeasurements)[number];

export type NetworkOptions = {
  readonly quick: boolean;
  readonly producers: readonly number[];
  /** One-way delays between nodes, milliseconds. */
  readonly delays: readonly number[];
  /** Length of each stretch. */
  readonly seconds: number;
  readonly measure: readonly NetworkMeasurement[];
  /** Transfers per second to offer, in turn; undefined: from little to saturation. */
  readonly rates: readonly number[] | undefined;
  /** Who takes the transfers: the first node, or all in turn. */
  readonly through: readonly ('one' | 'all')[];
  /** Take CPU profiles of the threads of all nodes during one step, and print where the time goes. */
  readonly isProfiled: boolean;
};

const KILLS = 5;
const say = (text: string) => print(`  ${text}`);

export async function network(options: NetworkOptions): Promise<void> {
  heading('a network of node processes: mutual TLS, LMDB on, signatures verified at every node');
  const recoveries = recoveriesPerCpuSecond(developmentKey, 1500);
  if (recoveries !== undefined) print(`  signature recovery here: ${count(recoveries)}/s in one core`);
  print(
    '  everything runs on this machine: nodes, generator, onlooker; the delay is added by the nodes when they send',
  );
  if (options.isProfiled) {
    await profiled(options);
    return;
  }
  const has = (measurement: NetworkMeasurement) => options.measure.includes(measurement);
  if (has('finality')) await finalities(options);
  for (const producers of options.producers) {
    if (has('throughput')) await throughputs(options, producers);
    if (producers >= 4 && (has('faults') || has('catch-up'))) await faultsAndReturns(options, producers);
  }
}

/** Starts a network, works with it, and ends it however that goes. */
async function withNetwork(
  options: { readonly producers: number; readonly delayMs: number; readonly execArgv?: readonly string[] },
  work: (network: BenchNetwork) => Promise<void>,
): Promise<void> {
  const running = await BenchNetwork.start({
    ...options,
    say: (text) => (text.includes('ready') ? undefined : say(text)),
  });
  try {
    await work(running);
  } finally {
    await running.close();
  }
}

async function finalities({ producers, delays, seconds }: NetworkOptions): Promise<void> {
  const rows: FinalityRow[] = [];
  for (const nodes of producers) {
    for (const delayMs of nodes === 1 ? [0] : delays) {
      await withNetwork({ producers: nodes, delayMs }, async (running) => {
        for (const figures of await finality(running, seconds)) rows.push({ producers: nodes, delayMs, figures });
      });
    }
  }
  printFinality(rows);
}

async function throughputs(options: NetworkOptions, producers: number): Promise<void> {
  const { seconds, rates } = options;
  for (const through of producers === 1 ? (['one'] as const) : options.through) {
    await withNetwork({ producers, delayMs: 0 }, async (running) => {
      // The first transfers meet code that is not compiled yet.
      await saturate(running, 5, through, [500]);
      const steps = await saturate(running, seconds, through, rates);
      const way = through === 'one' ? 'one node' : 'all nodes in turn';
      printSaturation(`${producers} producers, token transfers through ${way}, ${seconds} s a step`, steps);
    });
  }
}

async function faultsAndReturns({ measure, quick, seconds }: NetworkOptions, producers: number): Promise<void> {
  const tolerated = producers - quorumOf(producers);
  await withNetwork({ producers, delayMs: 0 }, async (running) => {
    await inStep(running);
    print(`\n  ${producers} producers`);
    if (measure.includes('faults')) {
      printKills(await killProducers(running, quick ? 2 : KILLS));
      const losses: QuorumLoss[] = [];
      for (const killed of [tolerated, tolerated + 1]) losses.push(await killSeveral(running, killed));
      printLosses(losses);
    }
    if (measure.includes('catch-up')) {
      const catchUps: CatchUp[] = [];
      for (const underLoad of [false, true]) catchUps.push(await catchUp(running, seconds, underLoad));
      printCatchUps(catchUps);
    }
  });
}

async function profiled({ producers, seconds, rates }: NetworkOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'snapscale-profiles-'));
  const execArgv = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500'];
  try {
    await withNetwork({ producers: producers[0]!, delayMs: 0, execArgv }, async (running) => {
      printSaturation('under the profiler', await saturate(running, seconds, 'one', rates ?? [500]));
    });
    printProfilesByThread(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
