/** How long a block takes to become final at every node, idle and under a moderate load. */
import { count, milliseconds, percent, print, printTable, quantile } from '../report.js';
import { type BenchNetwork, pause } from './bench-network.js';
import { finalityLatencies, lastStoredBlock, readFinalChain } from './final-chain.js';

/** By its design: two rounds of votes, each on a block half a second after the one before. */
const SAVANNA_BASE_MS = 1_000;
const SETTLE_MS = 2_000;
/** After the last block, so that it is final and stored. */
const TAIL_MS = 2_000;
const RATE = 300;
const BATCH = 10;

export type FinalityFigures = {
  readonly title: string;
  readonly blocks: number;
  readonly missed: number;
  readonly sorted: Float64Array;
  readonly cpuMsPerBlockAndNode: number;
  readonly bytesPerBlockAndNode: number;
};

/** Measures for `seconds` without load, and as long with a few hundred transfers per second. */
export async function finality(network: BenchNetwork, seconds: number): Promise<FinalityFigures[]> {
  await pause(SETTLE_MS);
  const idle = await watch(network, 'idle', () => pause(seconds * 1000));
  const prepare = Math.ceil(RATE * seconds * 1.1);
  const plan = { batch: BATCH, connections: 2 * network.nodes.length, seconds, rate: RATE, prepare };
  const loaded = await watch(network, `${RATE} transfers/s`, async () => {
    await network.load(plan, network.nodes);
  });
  return [idle, loaded];
}

async function watch(network: BenchNetwork, title: string, during: () => Promise<void>): Promise<FinalityFigures> {
  const { first } = network;
  network.beginWatch();
  const firstNum = lastStoredBlock(network.dataDir(first)) + 1;
  const cpuBefore = total(await network.cpuSeconds());
  const bytesBefore = await network.bytesOut();
  await during();
  const cpu = total(await network.cpuSeconds()) - cpuBefore;
  const bytes = (await network.bytesOut()) - bytesBefore;
  const measured = lastStoredBlock(network.dataDir(first)) + 1 - firstNum;
  await pause(TAIL_MS);
  const blocks = readFinalChain(network.dataDir(first), firstNum).slice(0, measured);
  const sorted = Float64Array.from(finalityLatencies(blocks, await network.seen())).sort();
  const slots = (blocks.at(-1)?.slot ?? 0) - (blocks[0]?.slot ?? 0) + 1;
  const shares = measured * network.nodes.length;
  return {
    title,
    blocks: blocks.length,
    missed: slots - blocks.length,
    sorted,
    cpuMsPerBlockAndNode: (cpu * 1000) / shares,
    bytesPerBlockAndNode: bytes / shares,
  };
}

function total(byNode: ReadonlyMap<string, number>): number {
  return [...byNode.values()].reduce((sum, seconds) => sum + seconds, 0);
}

export type FinalityRow = { readonly producers: number; readonly delayMs: number; readonly figures: FinalityFigures };

export function printFinality(rows: readonly FinalityRow[]): void {
  print('\n  from the end of a block’s slot until it is final, at every node (as its event stream says)');
  printTable(
    [
      'producers',
      'one-way delay',
      'load',
      'blocks',
      'slots missed',
      'p50',
      'p99',
      'max',
      'p50 less 3 delays',
      'Savanna by design',
      'p99 of that',
      'CPU/block/node',
      'KB sent/block/node',
    ],
    rows.map(({ producers, delayMs, figures }) => {
      const { title, blocks, missed, sorted, cpuMsPerBlockAndNode, bytesPerBlockAndNode } = figures;
      const savanna = SAVANNA_BASE_MS + delayMs;
      return [
        String(producers),
        milliseconds(delayMs),
        title,
        count(blocks),
        String(missed),
        milliseconds(quantile(sorted, 0.5)),
        milliseconds(quantile(sorted, 0.99)),
        milliseconds(sorted.at(-1) ?? Number.NaN),
        milliseconds(quantile(sorted, 0.5) - 3 * delayMs),
        milliseconds(savanna),
        percent(quantile(sorted, 0.99) / savanna),
        milliseconds(cpuMsPerBlockAndNode),
        (bytesPerBlockAndNode / 1000).toFixed(1),
      ];
    }),
  );
}
