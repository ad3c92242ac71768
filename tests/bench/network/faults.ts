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
/** A turn. */
const AFTER_KILL_MS = 6_000;
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
  /** Blocks of the slots that ended within {@link AFTER_KILL_MS}. */
  readonly blocks: number;
};

/** Kills whoever produces, in the middle of its turn, again and again; each comes back before the next. */
export async function killProducers(network: BenchNetwork, times: number): Promise<ProducerKill[]> {
  const kills: ProducerKill[] = [];
  for (let i = 0; i < times; i++) {
    const victim = await inTheMiddleOfATurn(network);
    const watcher = network.nodes.find((node) => node !== victim)!;
    const firstNum = lastStoredBlock(network.dataDir(watcher));
    network.beginWatch();
    const killedMs = wallClockMs();
    await network.kill(victim);
    const heads = await headsOf(watcher, AFTER_KILL_MS);
    const blocks = readFinalChain(network.dataDir(watcher), firstNum);
    const after = blocks.filter(({ slot }) => slotToMs(slot) > killedMs && slotToMs(slot) <= killedMs + AFTER_KILL_MS);
    const next = after.find(({ producer }) => producer !== victim.name);
    const previous = blocks.filter(({ slot }) => next !== undefined && slot < next.slot).at(-1);
    const finals = await network.seen();
    const seen = heads.find(({ head }) => next !== undefined && head >= next.num);
    kills.push({
      producer: victim.name,
      nextBlockMs: next === undefined ? Number.NaN : slotToMs(next.slot) - killedMs,
      seenMs: (seen?.atMs ?? Number.NaN) - killedMs,
      emptySlots: next === undefined || previous === undefined ? Number.NaN : next.slot - previous.slot - 1,
      finalMs: next === undefined ? Number.NaN : (finals.at(watcher.name, next.num) ?? Number.NaN) - killedMs,
      blocks: after.length,
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

/** Heads of a node, with the time at which each was seen, for so long. */
async function headsOf(node: LocalNode, forMs: number): Promise<{ readonly atMs: number; readonly head: number }[]> {
  const end = wallClockMs() + forMs;
  const heads: { atMs: number; head: number }[] = [];
  while (wallClockMs() < end) {
    const info = await chainInfo(node);
    if (info !== undefined) heads.push({ atMs: wallClockMs(), head: info.head });
    await pause(POLL_MS);
  }
  return heads;
}

/** @throws Error when it does not hold within a minute */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = wallClockMs() + TIMEOUT_MS;
  while (!(await holds())) {
    if (wallClockMs() > end) throw new Error(`the network has not recovered within ${TIMEOUT_MS / 1000} s`);
    await pause(POLL_MS);
  }
}

export function printKills(kills: readonly ProducerKill[]): void {
  print('\n  SIGKILL of the producer in the middle of its turn (next block to be within 2,000 ms)');
  printTable(
    ['killed', 'next block', 'seen by others', 'empty slots', 'that block final', 'blocks in 12 slots'],
    kills.map(({ producer, nextBlockMs, seenMs, emptySlots, finalMs, blocks }) => [
      producer,
      milliseconds(nextBlockMs),
      milliseconds(seenMs),
      String(emptySlots),
      milliseconds(finalMs),
      String(blocks),
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
