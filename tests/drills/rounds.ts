/**
 * A network in real time, left alone: whole rounds without a missed slot. Prints the slots that were missed with their
 * producer and what is known of the reason, and the CPU that a node takes for a block.
 */
import { join } from 'node:path';
import { authorisedPosition } from '@snapscale/consensus';
import { limits, slotToMs } from '@snapscale/protocol';
import { cpuSecondsOf, memoryOf, threadCpu } from '../bench/load/node-process.js';
import { printProfilesByThread } from '../bench/profile.js';
import { count, printTable } from '../bench/report.js';
import { Drill, type DrillOptions } from './support/drill.js';
import { infoOf, pause, within } from './support/http.js';
import type { SeenBlock } from './support/witness.js';

export type RoundsOptions = DrillOptions & {
  readonly rounds: number;
  /** With transfers to all nodes meanwhile. */
  readonly loaded: boolean;
  /** Prints where the first node's time goes. */
  readonly profiled: boolean;
};

const SLOT_MS = 500;
const SETTLE_MS_MAX = 120_000;
const SETTLED_SLOTS = 24;
const MISSES_SHOWN = 40;

type Missed = { readonly slot: number; readonly producer: string; readonly why: string };

/** Lets the network run for whole rounds; every missed slot is a finding. */
export async function roundsDrill(options: RoundsOptions): Promise<readonly string[]> {
  const { rounds, loaded, producers, profiled, directory } = options;
  const profiles = join(directory, 'profiles');
  const drill = await Drill.begin(options, [], profiled ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : []);
  const { network, findings, print, witness } = drill;
  if (loaded) drill.load();
  await settle(drill);
  const cpu = new CpuWatch(network.names.map((name) => network.child(name).pid!));
  const began = highest(drill);
  const roundSlots = limits.slotsPerTurn * producers;
  const slots = rounds * roundSlots;
  print(
    `  from slot ${began.slot} on: ${rounds} rounds of ${roundSlots} slots, ${((slots * SLOT_MS) / 60_000).toFixed(1)} min`,
  );
  for (let round = 1; round <= rounds; round++) {
    const until = began.slot + round * roundSlots;
    await within(2 * roundSlots * SLOT_MS + SETTLE_MS_MAX, () => highest(drill).slot >= until, SLOT_MS);
    print(`  round ${round}: ${witness.blocks.size} headers seen, head ${highest(drill).num}`);
  }
  const usage = cpu.read();
  const ended = highest(drill);
  await drill.expectProgress('after the rounds');
  await drill.end();
  const missed = missedSlots(drill, began.num, Math.min(ended.num, drill.finals.last));
  report(drill, missed, ended.slot - began.slot, latencies(drill, began.num));
  reportCpu(drill, usage, ended.num - began.num);
  if (profiled) printProfilesByThread(profiles);
  findings.push(
    ...missed.slice(0, MISSES_SHOWN).map(({ slot, producer, why }) => `slot ${slot} of ${producer} is empty: ${why}`),
  );
  return findings;
}

/** Waits until all nodes stand at the same block and a whole turn has gone by without a gap. */
async function settle(drill: Drill): Promise<void> {
  const { network, print } = drill;
  const began = performance.now();
  await within(
    SETTLE_MS_MAX,
    async () => {
      const infos = await Promise.all(network.names.map((name) => infoOf(network.url(name))));
      if (infos.some((info) => info === undefined || info.head - info.final > 3)) return false;
      return isGapless(drill, SETTLED_SLOTS);
    },
    SLOT_MS,
  );
  await pause(SLOT_MS);
  print(`  settled after ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

function isGapless({ witness }: Drill, slots: number): boolean {
  const { blocks } = witness;
  let block = [...blocks.values()].reduce((best, one) => (one.slot > best.slot ? one : best));
  for (let i = 0; i < slots; i++) {
    const parent = blocks.get(block.previous);
    if (parent === undefined || parent.slot !== block.slot - 1) return false;
    block = parent;
  }
  return true;
}

function highest({ witness }: Drill): SeenBlock {
  return [...witness.blocks.values()].reduce((best, block) => (block.slot > best.slot ? block : best));
}

function missedSlots(drill: Drill, fromNum: number, toNum: number): Missed[] {
  const { finals, witness, network } = drill;
  const bySlot = new Map([...witness.blocks.values()].map((block) => [block.slot, block]));
  const missed: Missed[] = [];
  for (let num = fromNum + 1; num <= toNum; num++) {
    const block = witness.blocks.get(finals.ids.get(num)!)!;
    const parent = witness.blocks.get(block.previous)!;
    for (let slot = parent.slot + 1; slot < block.slot; slot++) {
      const position = authorisedPosition(network.names.length, parent.slot, slot);
      const seen = bySlot.get(slot);
      missed.push({ slot, producer: network.names[position]!, why: why(drill, slot, seen, parent, block) });
    }
  }
  return missed;
}

function why(
  { witness }: Drill,
  slot: number,
  seen: SeenBlock | undefined,
  parent: SeenBlock,
  next: SeenBlock,
): string {
  const endMs = slotEndMs(slot);
  const arrived = (block: SeenBlock) => {
    const atMs = witness.arrivals.get(block.id);
    return atMs === undefined
      ? 'was never seen in time'
      : `came ${(atMs - slotEndMs(block.slot)).toFixed(0)} ms after the end of its slot`;
  };
  if (seen === undefined)
    return `no block was seen until ${new Date(endMs).toISOString()}; the parent (slot ${parent.slot}, ${parent.producer}) ${arrived(parent)}`;
  return `${seen.producer} made block ${seen.id.slice(0, 16)}… on block ${seen.num - 1}, which ${arrived(seen)}; the next one (slot ${next.slot}, ${next.producer}) was built on ${parent.slot}`;
}

/** A block gathers transactions until the time of its slot. */
function slotEndMs(slot: number): number {
  return slotToMs(slot);
}

/** How long after the end of their slots the blocks were seen, milliseconds, ascending. */
function latencies({ witness }: Drill, fromNum: number): number[] {
  return [...witness.blocks.values()]
    .filter(({ id, num }) => num > fromNum && witness.arrivals.has(id))
    .map(({ id, slot }) => witness.arrivals.get(id)! - slotEndMs(slot))
    .sort((a, b) => a - b);
}

function report({ print, network }: Drill, missed: readonly Missed[], slots: number, seenMs: readonly number[]): void {
  const at = (share: number) =>
    count(seenMs[Math.min(seenMs.length - 1, Math.floor(seenMs.length * share))] ?? Number.NaN);
  print(
    `  ${slots} slots, ${missed.length} missed; blocks seen after the end of their slot: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)} ms`,
  );
  for (const name of network.names) {
    const own = missed.filter(({ producer }) => producer === name);
    if (own.length > 0) print(`    ${name}: ${own.length} missed`);
  }
}

type Usage = {
  readonly seconds: number;
  readonly cpuSeconds: readonly number[];
  readonly threads: readonly number[];
  readonly rssBytes: readonly number[];
};

/** CPU of all nodes between two moments. */
class CpuWatch {
  readonly #pids: readonly number[];
  readonly #before: readonly number[];
  readonly #threadsBefore: ReadonlyMap<number, number>;
  readonly #began = performance.now();

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.#before = pids.map(cpuSecondsOf);
    this.#threadsBefore = new Map(threadCpu(pids[0]!).map(({ thread, seconds }) => [thread, seconds]));
  }

  read(): Usage {
    return {
      seconds: (performance.now() - this.#began) / 1000,
      cpuSeconds: this.#pids.map((pid, i) => cpuSecondsOf(pid) - this.#before[i]!),
      threads: threadCpu(this.#pids[0]!).map(({ thread, seconds }) => seconds - (this.#threadsBefore.get(thread) ?? 0)),
      rssBytes: this.#pids.map((pid) => memoryOf(pid).rssBytes),
    };
  }
}

function reportCpu({ print, network }: Drill, { seconds, cpuSeconds, threads, rssBytes }: Usage, blocks: number): void {
  const total = cpuSeconds.reduce((sum, one) => sum + one, 0);
  const each = total / cpuSeconds.length;
  print(
    `  CPU of all nodes together: ${((100 * total) / seconds).toFixed(0)} % of one processor; a node ${((1000 * each) / blocks).toFixed(2)} ms per block, ${(rssBytes.reduce((a, b) => a + b, 0) / rssBytes.length / 2 ** 20).toFixed(0)} MB`,
  );
  printTable(
    [`threads of ${network.names[0]}`, 'ms per block'],
    threads
      .map((one, i) => [i === 0 ? 'main' : `thread ${i}`, count((1000 * one) / blocks)])
      .filter(([, ms]) => ms !== '0.00'),
  );
}
