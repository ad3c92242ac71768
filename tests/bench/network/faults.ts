/** What happens when nodes are killed: the gap in production, finality with f nodes less, and after the quorum's return. */
import type { LocalNode } from '@snapscale/api';
import { quorumOf, slotToMs } from '@snapscale/protocol';
import { wallClockMs } from '../load/messages.js';
import { milliseconds, print, printTable } from '../report.js';
import { type BenchNetwork, chainInfo, pause } from './bench-network.js';
import { lastStoredBlock, readFinalChain } from './final-chain.js';

const POLL_MS = 20;
/** A turn is 12 slots: in its middle after this. */
const INTO_TURN_MS = 1_500;
const TIMEOUT_MS = 60_000;
/** Finality must have stopped when the nodes come back. */
const WITHOUT_QUORUM_MS = 5_000;

export type ProducerKill = {
  readonly producer: string;
  /** From the kill to the first block of another, by its slot; and to seeing it at a node. */
  readonly nextBlockMs: number;
  readonly seenMs: number;
  readonly emptySlots: number;
  /** From the kill to the first report of a final block that was made after it. */
  readonly finalMs: number;
};

/** Kills whoever produces, in the middle of its turn, again and again; each comes back before the next. */
export async function killProducers(network: BenchNetwork, times: number): Promise<ProducerKill[]> {
  const kills: ProducerKill[] = [];
  for (let i = 0; i < times; i++) {
    const victim = await inTheMiddleOfATurn(network);
    const watcher = network.nodes.find((node) => node !== victim)!;
    const firstNum = lastStoredBlock(network.dataDir(watcher));
    const before = (await chainInfo(watcher))!.head;
    network.beginWatch();
    const killedMs = wallClockMs();
    await network.kill(victim);
    const seenMs = await until(async () => ((await chainInfo(watcher))?.head ?? 0) > before + 1);
    await pause(4_000);
    const blocks = readFinalChain(network.dataDir(watcher), firstNum);
    const next = blocks.find(({ slot, producer }) => slotToMs(slot) > killedMs && producer !== victim.name);
    const previous = blocks.filter(({ slot }) => next !== undefined && slot < next.slot).at(-1);
    const finals = await network.seen();
    kills.push({
      producer: victim.name,
      nextBlockMs: next === undefined ? Number.NaN : slotToMs(next.slot) - killedMs,
      seenMs: seenMs - killedMs,
      emptySlots: next === undefined || previous === undefined ? Number.NaN : next.slot - previous.slot - 1,
      finalMs: next === undefined ? Number.NaN : (finals.at(watcher.name, next.num) ?? Number.NaN) - killedMs,
    });
    await network.start(victim);
    await inStep(network);
  }
  return kills;
}

export type QuorumLoss = {
  readonly killed: number;
  readonly of: number;
  /** Whether blocks went on becoming final while they were down. */
  readonly finalMeanwhile: number;
  readonly producedMeanwhile: number;
  readonly longestGapMs: number;
  /** From the moment when a quorum of nodes answered again to the next final block; 0 when it never was without one. */
  readonly recoveryMs: number;
};

/** Kills so many nodes at once, waits, and starts them again. */
export async function killSeveral(network: BenchNetwork, count: number): Promise<QuorumLoss> {
  const victims = network.nodes.slice(-count);
  const watcher = network.first;
  network.beginWatch();
  const before = (await chainInfo(watcher))!;
  const killedMs = wallClockMs();
  await Promise.all(victims.map((node) => network.kill(node)));
  await pause(WITHOUT_QUORUM_MS);
  const during = (await chainInfo(watcher))!;
  let quorumMs = killedMs;
  const needed = quorumOf(network.nodes.length);
  let running = network.nodes.length - count;
  const hadQuorum = running >= needed;
  for (const victim of victims) {
    await network.start(victim);
    running++;
    if (running === needed) quorumMs = wallClockMs();
  }
  await until(async () => ((await chainInfo(watcher))?.final ?? 0) > during.head);
  await inStep(network);
  const reports = (await network.seen()).reports(watcher.name);
  const next = reports.find(({ atMs }) => atMs > quorumMs);
  const moments = [killedMs, ...reports.map(({ atMs }) => atMs).filter((at) => at > killedMs)];
  return {
    killed: count,
    of: network.nodes.length,
    finalMeanwhile: during.final - before.final,
    producedMeanwhile: during.head - before.head,
    longestGapMs: Math.max(...moments.slice(1).map((at, i) => at - moments[i]!)),
    recoveryMs: hadQuorum ? 0 : (next?.atMs ?? Number.NaN) - quorumMs,
  };
}

/** Waits until all nodes have nearly the same head and finality follows. */
export async function inStep(network: BenchNetwork): Promise<void> {
  await until(async () => {
    const infos = await Promise.all(network.nodes.map(chainInfo));
    const heads = infos.map((info) => info?.head ?? 0);
    const finals = infos.map((info) => info?.final ?? 0);
    return Math.max(...heads) - Math.min(...heads) <= 2 && Math.max(...heads) - Math.min(...finals) <= 4;
  });
}

async function inTheMiddleOfATurn(network: BenchNetwork): Promise<LocalNode> {
  const { first } = network;
  const current = async () => (await chainInfo(first))?.producer;
  const before = await current();
  await until(async () => (await current()) !== before);
  await pause(INTO_TURN_MS);
  const now = await current();
  return network.nodes.find(({ name }) => name === now)!;
}

/** @returns when it held, milliseconds since 1970. @throws Error when it does not within a minute */
async function until(holds: () => Promise<boolean>): Promise<number> {
  const end = wallClockMs() + TIMEOUT_MS;
  while (!(await holds())) {
    if (wallClockMs() > end) throw new Error(`the network has not recovered within ${TIMEOUT_MS / 1000} s`);
    await pause(POLL_MS);
  }
  return wallClockMs();
}

export function printKills(kills: readonly ProducerKill[]): void {
  print('\n  SIGKILL of the producer in the middle of its turn (next block to be within 2,000 ms)');
  printTable(
    ['killed', 'next block', 'seen by others', 'empty slots', 'that block final'],
    kills.map(({ producer, nextBlockMs, seenMs, emptySlots, finalMs }) => [
      producer,
      milliseconds(nextBlockMs),
      milliseconds(seenMs),
      String(emptySlots),
      milliseconds(finalMs),
    ]),
  );
}

export function printLosses(losses: readonly QuorumLoss[]): void {
  print(`\n  several killed at once, back after ${WITHOUT_QUORUM_MS / 1000} s (recovery to be within 5,000 ms)`);
  printTable(
    ['killed', 'made meanwhile', 'final meanwhile', 'longest gap in finality', 'quorum back → final'],
    losses.map(({ killed, of, producedMeanwhile, finalMeanwhile, longestGapMs, recoveryMs }) => [
      `${killed} of ${of}`,
      String(producedMeanwhile),
      String(finalMeanwhile),
      milliseconds(longestGapMs),
      recoveryMs === 0 ? 'never without one' : milliseconds(recoveryMs),
    ]),
  );
}
