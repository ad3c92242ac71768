/** How fast a node that was away under load comes back to the head. */

import { wallClockMs } from '../load/messages.js';
import { count, milliseconds, print, printTable } from '../report.js';
import { type BenchNetwork, pause } from './bench-network.js';
import { inStep } from './faults.js';
import { lastStoredBlock, readFinalChain } from './final-chain.js';

const RATE = 500;
const BATCH = 25;
const CONNECTIONS = 8;

export type CatchUp = {
  readonly underLoad: boolean;
  readonly blocks: number;
  readonly transactions: number;
  /** From the start of the process until it answers. */
  readonly startMs: number;
  /** From then until what the others had stored at that moment is final here too. */
  readonly catchUpMs: number;
};

/** Stops the last node for so long while transfers go on; they stop, or go on too, while it catches up. */
export async function catchUp(network: BenchNetwork, seconds: number, underLoad: boolean): Promise<CatchUp> {
  const { first } = network;
  const node = network.nodes.at(-1)!;
  await network.stop(node);
  const from = lastStoredBlock(network.dataDir(node)) + 1;
  const awaySeconds = seconds;
  const loadSeconds = underLoad ? 2 * seconds : seconds;
  const prepare = Math.ceil(RATE * loadSeconds * 1.05);
  const plan = { batch: BATCH, connections: CONNECTIONS, seconds: loadSeconds, rate: RATE, prepare };
  const running = await network.beginLoad(plan, [first]);
  await pause(awaySeconds * 1000);
  if (!underLoad) await running.done;
  const startedMs = wallClockMs();
  await network.start(node);
  const readyMs = wallClockMs();
  const target = lastStoredBlock(network.dataDir(first));
  while (lastStoredBlock(network.dataDir(node)) < target) await pause(20);
  const caughtUpMs = wallClockMs();
  await running.done;
  await inStep(network);
  const missed = readFinalChain(network.dataDir(node), from).filter(({ num }) => num <= target);
  return {
    underLoad,
    blocks: missed.length,
    transactions: missed.reduce((sum, { ids }) => sum + ids.length, 0),
    startMs: readyMs - startedMs,
    catchUpMs: caughtUpMs - readyMs,
  };
}

export function printCatchUps(catchUps: readonly CatchUp[]): void {
  print(
    `\n  a node that was stopped while ${RATE} transfers/s went on, until it has what the others had when it was back`,
  );
  printTable(
    ['load while catching up', 'blocks', 'transfers', 'start', 'catching up', 'blocks/s', 'transfers/s'],
    catchUps.map(({ underLoad, blocks, transactions, startMs, catchUpMs }) => [
      underLoad ? 'goes on' : 'none',
      count(blocks),
      count(transactions),
      milliseconds(startMs),
      milliseconds(catchUpMs),
      count((blocks * 1000) / catchUpMs),
      count((transactions * 1000) / catchUpMs),
    ]),
  );
}
