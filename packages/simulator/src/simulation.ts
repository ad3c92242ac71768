/** One seed: a storm of faults and cheats, then calm, in which finality must return. */
import { toHex } from '@snapscale/crypto';
import { msToSlot } from '@snapscale/protocol';
import type { NetworkReplicaOptions } from '@snapscale/replica';
import { doubleVoter, equivocator, forger, invalidProducer, saboteur, withholder } from './conducts.js';
import type { SimulatedGenesis } from './genesis.js';
import { calm } from './network.js';
import type { SimulatedNode } from './node.js';
import { World } from './world.js';

export const cheatKinds = [
  'none',
  'equivocator',
  'double voter',
  'withholder',
  'invalid blocks',
  'forger',
  'amnesia',
  'twins',
  'saboteur',
] as const;

export type CheatKind = (typeof cheatKinds)[number];

/** How bad the weather is; the chances of partitions and crashes are for each tenth of a second. */
export type Severity = {
  readonly lossPercent: number;
  readonly latencyMaxMs: number;
  readonly restlessPercent: number;
  readonly crashPerMille: number;
};

export type SimulationOptions = {
  readonly genesis: SimulatedGenesis;
  readonly seed: number;
  /** Accounts of the nodes, the producers of the genesis first. */
  readonly members: readonly string[];
  /** Minutes of virtual time with faults. */
  readonly minutes: number;
  /** Of one member; chosen by the seed unless given. */
  readonly cheat?: CheatKind;
  /** Chosen by the seed unless given. */
  readonly severity?: Severity;
  readonly replica?: Partial<NetworkReplicaOptions>;
};

export type SimulationResult = {
  readonly outcome: 'pass' | 'no-progress' | 'diverged';
  readonly detail: string;
  readonly cheat: CheatKind;
  readonly finalNum: number;
  /** Transactions in final blocks. */
  readonly transactions: number;
  readonly virtualMs: number;
  /** Digest of what has happened: equal for equal seeds. */
  readonly transcript: string;
  readonly counts: ReadonlyMap<string, number>;
};

/** Slots of calm within which finality must have come back. */
const RECOVERY_SLOTS = 60;
const STEP_MS = 100;
const PROPOSALS_PER_MILLE = 10;

export function simulate({
  genesis,
  seed,
  members,
  minutes,
  cheat,
  severity,
  replica,
}: SimulationOptions): SimulationResult {
  const kind = cheat ?? cheatKinds[seed % cheatKinds.length]!;
  const accounts = kind === 'twins' ? [...members, members[0]!] : members;
  const cheats = kind === 'none' ? [] : kind === 'twins' ? [0, members.length] : [0];
  const world = new World({
    genesis,
    seed,
    accounts,
    cheats,
    replica: { reversibleBlocksMax: 60, ...replica },
  });
  conductOf(world, kind);
  for (const node of world.nodes) node.skewMs = world.chance.below(200) - 100;
  world.start();
  storm(world, minutes * 60_000, kind, severity ?? severityOf(world));
  const { fault } = world.checkers;
  if (fault === undefined) recover(world);
  return result(world, kind);
}

function conductOf({ chance, genesis, network, nodes }: World, kind: CheatKind): void {
  const member = nodes[0]!;
  const peers = nodes.slice(1).map(({ peer }) => peer);
  if (kind === 'equivocator') member.conduct = equivocator(chance, peers);
  else if (kind === 'double voter') member.conduct = doubleVoter(genesis.chainId);
  else if (kind === 'withholder') member.conduct = withholder;
  else if (kind === 'invalid blocks') member.conduct = invalidProducer(chance);
  else if (kind === 'forger') member.conduct = forger(chance);
  else if (kind === 'saboteur') {
    member.conduct = saboteur(genesis.chainId);
    network.unbound = new Set([member.peer]);
  }
}

function severityOf({ chance }: World): Severity {
  return {
    lossPercent: chance.pick([0, 2, 10, 30]),
    latencyMaxMs: chance.pick([20, 100, 400, 1500, 4000]),
    restlessPercent: chance.pick([1, 5]),
    crashPerMille: chance.pick([0, 5, 20]),
  };
}

/** Bad weather. */
function storm(world: World, ms: number, kind: CheatKind, severity: Severity): void {
  const { chance, genesis, network, nodes, timeline } = world;
  const { lossPercent, latencyMaxMs, restlessPercent, crashPerMille } = severity;
  network.weather = { latencyMinMs: 1, latencyMaxMs, lossPercent, duplicatePercent: 3 };
  const endMs = timeline.nowMs + ms;
  while (timeline.nowMs < endMs && world.checkers.fault === undefined) {
    if (chance.percent(restlessPercent)) world.partition(2);
    if (chance.percent(restlessPercent)) world.partition(1);
    const node = chance.pick(nodes);
    if (node.replica === undefined) {
      if (chance.percent(20)) restart(node, kind, nodes);
    } else if (chance.below(1000) < crashPerMille) {
      node.crash();
    } else if (genesis.canPropose && chance.below(1000) < PROPOSALS_PER_MILLE) {
      world.propose(node);
    } else if (chance.percent(30)) {
      world.transfer(node);
    }
    world.run(STEP_MS);
  }
}

/** Faults stop: all run and hear each other. */
function recover(world: World): void {
  world.partition(1);
  world.network.weather = calm;
  for (const node of world.nodes) if (node.replica === undefined) node.start();
  for (let slot = 0; slot < RECOVERY_SLOTS; slot++) {
    if (slot % 3 === 0) world.transfer(world.chance.pick(world.nodes));
    world.run(500);
  }
  world.checkers.compareStates(world.nodes);
}

function restart(node: SimulatedNode, kind: CheatKind, nodes: readonly SimulatedNode[]): void {
  if (kind === 'amnesia' && node === nodes[0]) node.disk.forgetPromises();
  node.start();
}

function result(world: World, cheat: CheatKind): SimulationResult {
  const { checkers, timeline, genesis, transcript, counts } = world;
  const nowSlot = msToSlot(timeline.nowMs);
  const honest = world.nodes.filter(
    (_, i) => cheat === 'none' || (i > 0 && i < world.nodes.length - (cheat === 'twins' ? 1 : 0)),
  );
  const finals = honest.map(({ replica }) => replica?.final.slot ?? 0);
  const behind = nowSlot - Math.min(...finals);
  const detail =
    checkers.fault ??
    `final ${behind} slots behind; heads ${honest.map(({ replica }) => replica && `${replica.head.num} ${toHex(replica.head.id).slice(8, 14)}`).join(', ')}`;
  const outcome = checkers.fault !== undefined ? 'diverged' : behind > BEHIND_SLOTS_MAX ? 'no-progress' : 'pass';
  const { finalNum, transactions } = checkers;
  return {
    outcome,
    detail,
    cheat,
    finalNum,
    transactions,
    virtualMs: timeline.nowMs - genesis.startMs,
    transcript,
    counts,
  };
}

/** Slots that finality may lag in calm weather: gaps of an absent or cheating producer's turn. */
const BEHIND_SLOTS_MAX = 12;
