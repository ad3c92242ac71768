/** Transfers per second that become final, from little load to more than the machine can take. */
import { readFileSync, rmSync } from 'node:fs';
import { slotToMs } from '@snapscale/protocol';
import { type RunResult, readSentTransfers } from '../load/messages.js';
import { count, milliseconds, percent, print, printTable, quantile } from '../report.js';
import { type BenchNetwork, type LoadRun, pause } from './bench-network.js';
import { type FinalBlock, type FinalTimes, lastStoredBlock, readFinalChain } from './final-chain.js';

/** Transfers per second that are offered, in turn; the curve ends when less than this share of one becomes final. */
const RATES = [250, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000];
const SATURATED_SHARE = 0.85;
const BATCH = 25;
const CONNECTIONS = 16;
/** So long after the end of a step what it sent must be final. */
const TAIL_MS = 3_000;

export type LoadStep = {
  readonly rate: number;
  /** Of final blocks whose slots lie within the step. */
  readonly finalPerSecond: number;
  readonly accepted: number;
  readonly refused: number;
  /** Accepted, and final in no block. */
  readonly lost: number;
  readonly answeredMs: Float64Array;
  /** From submission to final at the node that answers first of all, and at the last one. */
  readonly finalMs: Float64Array;
  readonly finalEverywhereMs: Float64Array;
  readonly cpuSeconds: ReadonlyMap<string, number>;
  readonly elapsedSeconds: number;
  readonly generatorCpu: number;
  readonly bytesOut: number;
  readonly firstError: string | undefined;
};

/** Offers more and more, through one node or through all. */
export async function saturate(
  network: BenchNetwork,
  seconds: number,
  through: 'one' | 'all',
  rates: readonly number[] = RATES,
): Promise<LoadStep[]> {
  const steps: LoadStep[] = [];
  for (const rate of rates) {
    const step = await offer(network, rate, seconds, through);
    steps.push(step);
    if (step.finalPerSecond < rate * SATURATED_SHARE) break;
  }
  return steps;
}

async function offer(network: BenchNetwork, rate: number, seconds: number, through: 'one' | 'all'): Promise<LoadStep> {
  const { first } = network;
  const prepare = Math.ceil(rate * seconds * 1.05) + BATCH;
  const plan = { batch: BATCH, connections: CONNECTIONS, seconds, rate, prepare };
  const running = await network.beginLoad(plan, through === 'one' ? [first] : network.nodes);
  network.beginWatch();
  const firstNum = lastStoredBlock(network.dataDir(first)) + 1;
  const cpuBefore = await network.cpuSeconds();
  const bytesBefore = await network.bytesOut();
  const result = await running.done;
  const cpuAfter = await network.cpuSeconds();
  const bytes = (await network.bytesOut()) - bytesBefore;
  await pause(TAIL_MS);
  const times = await network.seen();
  const blocks = readFinalChain(network.dataDir(first), firstNum);
  const cpuSeconds = new Map([...cpuAfter].map(([name, value]) => [name, value - (cpuBefore.get(name) ?? 0)]));
  const elapsedSeconds = (result.endedMs - result.beganMs) / 1000;
  const latencies = latenciesOf({ logFile: running.logFile, result }, blocks, times, first.name);
  rmSync(running.logFile, { force: true });
  return {
    rate,
    finalPerSecond: finalRate(blocks, result),
    accepted: result.accepted,
    refused: result.rejected,
    ...latencies,
    cpuSeconds,
    elapsedSeconds,
    generatorCpu: result.cpuSeconds,
    bytesOut: bytes,
    firstError: result.firstError,
  };
}

function latenciesOf({ logFile }: LoadRun, blocks: readonly FinalBlock[], times: FinalTimes, firstNode: string) {
  const numOf = new Map(blocks.flatMap(({ num, ids }) => ids.map((id) => [id, num] as const)));
  const answered: number[] = [];
  const final: number[] = [];
  const everywhere: number[] = [];
  let lost = 0;
  for (const { id, sentMs, answeredMs, accepted } of readSentTransfers(readFileSync(logFile))) {
    if (!accepted) continue;
    answered.push(answeredMs - sentMs);
    const num = numOf.get(id);
    if (num === undefined) {
      lost++;
      continue;
    }
    const atFirst = times.at(firstNode, num);
    if (atFirst !== undefined) final.push(atFirst - sentMs);
    const atAll = times.nodes.map((node) => times.at(node, num) ?? Number.NaN);
    if (!atAll.some(Number.isNaN)) everywhere.push(Math.max(...atAll) - sentMs);
  }
  return {
    lost,
    answeredMs: Float64Array.from(answered).sort(),
    finalMs: Float64Array.from(final).sort(),
    finalEverywhereMs: Float64Array.from(everywhere).sort(),
  };
}

/** Transactions per second of the blocks that were filled entirely within the run; empty slots count. */
function finalRate(blocks: readonly FinalBlock[], { beganMs, endedMs }: RunResult): number {
  const from = beganMs + 500;
  const within = blocks.filter(({ slot }) => slotToMs(slot - 1) >= from && slotToMs(slot) <= endedMs);
  const transactions = within.reduce((sum, { ids }) => sum + ids.length, 0);
  return (transactions * 1000) / (endedMs - from);
}

export function printSaturation(title: string, steps: readonly LoadStep[]): void {
  print(`\n  ${title}`);
  printTable(
    [
      'offered/s',
      'final/s',
      'of offered',
      'answered p50',
      'p99',
      'final p50',
      'p99',
      'at all nodes p50',
      'p99',
      'CPU ms/transfer, all nodes',
      'CPU of each node',
      'generator',
      'bytes/transfer, all links',
      'refused',
      'lost',
    ],
    steps.map((step) => {
      const cpu = [...step.cpuSeconds.values()];
      const all = cpu.reduce((sum, value) => sum + value, 0);
      return [
        count(step.rate),
        count(step.finalPerSecond),
        percent(step.finalPerSecond / step.rate),
        milliseconds(quantile(step.answeredMs, 0.5)),
        milliseconds(quantile(step.answeredMs, 0.99)),
        milliseconds(quantile(step.finalMs, 0.5)),
        milliseconds(quantile(step.finalMs, 0.99)),
        milliseconds(quantile(step.finalEverywhereMs, 0.5)),
        milliseconds(quantile(step.finalEverywhereMs, 0.99)),
        ((all * 1000) / step.accepted).toFixed(3),
        cpu.length > 7
          ? percent(all / cpu.length / step.elapsedSeconds)
          : cpu.map((value) => percent(value / step.elapsedSeconds)).join(' '),
        percent(step.generatorCpu / step.elapsedSeconds),
        count(step.bytesOut / step.accepted),
        String(step.refused),
        String(step.lost),
      ];
    }),
  );
  for (const { firstError, rate } of steps) {
    if (firstError !== undefined) print(`  first refusal at ${count(rate)}/s: ${firstError}`);
  }
}
