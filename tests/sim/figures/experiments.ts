/** What is measured in virtual time. Each experiment has a network of its own. */
import type { SimulatedNode } from '@snapscale/simulator';
import { type Setting, Stage } from './stage.js';

/** Many nodes give many samples. */
const finalityMs = (nodes: number) => (nodes > 10 ? 30_000 : 60_000);
const OUTAGE_MS = 60_000;
const PATIENCE_MS = 60_000;

/** From a block's departure to its finality, at all nodes, in order. */
export type FinalityFigures = {
  readonly latenciesMs: Float64Array;
  /** Blocks for each slot. */
  readonly fill: number;
  /** Bytes that one node sends for each block. */
  readonly bytes: { readonly votes: number; readonly certificates: number; readonly header: number };
};

/** Finality while all is well, or with so many nodes dead. */
export function finality(setting: Setting, dead = 0): FinalityFigures {
  const stage = new Stage(setting);
  const { world, traffic } = stage;
  for (const node of pickNodes(stage, dead)) node.crash();
  if (dead > 0) stage.run(5_000);
  const before = stage.finality.length;
  const blocksBefore = traffic.blocks;
  const lengthMs = finalityMs(world.nodes.length);
  stage.run(lengthMs);
  const blocks = traffic.blocks - blocksBefore;
  const perNode = traffic.blocks * world.nodes.length;
  return {
    latenciesMs: Float64Array.from(stage.finality.slice(before)).sort(),
    fill: blocks / (lengthMs / 500),
    bytes: {
      votes: traffic.votes / perNode,
      certificates: traffic.certificates / perNode,
      header: traffic.headers / traffic.blocks,
    },
  };
}

/** From the death of the producer whose turn it is, at any moment of the turn, to the departure of the next block. */
export function gaps(setting: Setting, kills: number): Float64Array {
  const stage = new Stage(setting);
  const { world, departures } = stage;
  const found: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    stage.run(3_000 + world.chance.below(12_000));
    const { producer } = stage;
    if (producer?.replica === undefined) continue;
    producer.crash();
    const died = world.timeline.nowMs;
    const count = departures.length;
    stage.until(() => departures.length > count, PATIENCE_MS, 1);
    found.push((departures[count] ?? Number.NaN) - died);
    producer.start();
    stage.run(5_000);
  }
  return Float64Array.from(found).sort();
}

/** From the return of a quorum to the first finality of a new block, at the slowest node, for each outage. */
export function recoveries(setting: Setting, outages: number): Float64Array {
  const found: number[] = [];
  for (let outage = 0; outage < outages; outage++) {
    const stage = new Stage({ ...setting, seed: setting.seed + outage });
    const { world } = stage;
    const tolerated = Math.floor((world.nodes.length - 1) / 3);
    const dead = pickNodes(stage, tolerated + 1);
    for (const node of dead) node.crash();
    stage.run(OUTAGE_MS + world.chance.below(6_000));
    const back = world.timeline.nowMs;
    for (const node of dead) node.start();
    const isBack = () => world.nodes.every((node) => (stage.finalAt.get(node) ?? 0) > back);
    stage.until(isBack, PATIENCE_MS);
    found.push(Math.max(...world.nodes.map((node) => firstAfter(stage, node, back))));
  }
  return Float64Array.from(found).sort();
}

function firstAfter(stage: Stage, node: SimulatedNode, moment: number): number {
  return (stage.finalAt.get(node) ?? Number.NaN) - moment;
}

function pickNodes({ world }: Stage, count: number): SimulatedNode[] {
  const rest = [...world.nodes];
  return Array.from({ length: count }, () => rest.splice(world.chance.below(rest.length), 1)[0]!);
}
