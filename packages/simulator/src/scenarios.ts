/**
 * Directed scenarios, in which a network under an adversary's control leads finalizers to where one rule alone keeps two
 * conflicting blocks from being final. In those of voting there are four members: a cheat who votes for everything and sends
 * nothing else, and three honest ones. In the one of schedules nobody cheats.
 */
import { mutants as votingMutants, withoutJointElectorate } from '@snapscale/consensus/testing';
import { equalBytes } from '@snapscale/crypto';
import { formatName, limits, slotToMs } from '@snapscale/protocol';
import type { ReplicaOptions } from '@snapscale/replica';
import { doubleVoter } from './conducts.js';
import type { SimulatedGenesis } from './genesis.js';
import type { Packet } from './network.js';
import type { SimulatedNode } from './node.js';
import { World } from './world.js';

/** A scenario at the moment that decides; {@link World.run} shows what comes of it. */
export type Scenario = {
  readonly world: World;
  /** Members who keep the rules, in the order in which the scenario's text names them. */
  readonly honest: readonly SimulatedNode[];
};

/** What is broken in all nodes. */
export type Breakage = {
  /** Other rules than those of consensus. */
  readonly replica?: Partial<ReplicaOptions>;
  /** A crash loses the newest safety record, although it was durable: as if votes left before it was. */
  readonly isForgetful?: boolean;
};

/** @param genesis of four members; for schedules, with four more who are none at first. */
export type ScenarioOf = (genesis: SimulatedGenesis, seed: number, breakage?: Breakage) => Scenario;

/** Much longer than any of them can take. */
const PATIENCE_MS = 120_000;

/**
 * FIN-2. Block X becomes final where `first` alone sees it. `second` has committed X and forgets, in a crash, the certificate
 * that told it to. `third` knows nothing of X, and its chain from the parent of X is the longer one when `second` comes back.
 */
export const forgottenCertificate: ScenarioOf = (genesis, seed, breakage) => {
  const { world, honest } = begin(genesis, seed, breakage);
  const { network } = world;
  const [first, second, third] = honest;
  const { num } = first.replica!.final;
  network.passes = (from, to, packet) => {
    if (from === third.peer || to === third.peer) return false;
    return to !== second.peer || !isOfPhase(packet, 1);
  };
  world.run(500);
  second.crash();
  second.disk.keepsCertificates = false;
  network.passes = (from, to) => from !== first.peer && to !== first.peer;
  until(world, () => third.replica!.head.num > num + 6);
  second.start();
  return { world, honest };
};

/**
 * FIN-5. `third` prepares W, then, on the longer branch of `second`, V, which gets a certificate there, then a block on the
 * branch of W again, where it learns of W's certificate. If it commits W now, W is final where `first` sees it. At the end it
 * hears of V's certificate.
 */
export const branchAndBack: ScenarioOf = (genesis, seed, breakage) => {
  const { world, honest } = begin(genesis, seed, breakage);
  const { network, nodes } = world;
  const [first, second, third] = honest;
  const cheat = nodes[0]!.peer;
  const between = (from: number, to: number, a: SimulatedNode, b: SimulatedNode) => from === a.peer && to === b.peer;
  const isVote = (packet: Packet) => packet.kind === 'vote';
  const { num } = first.replica!.head;
  // W: `third` hears nobody else's vote for it.
  network.passes = (from, to, packet) => {
    if (from === cheat) return to !== third.peer;
    if (to === cheat) return true;
    if (between(from, to, first, third)) return packet.kind === 'block';
    return between(from, to, third, first);
  };
  world.run(500);
  const w = first.replica!.head.id;
  third.crash();
  const toCheat = (to: number) => to === cheat;
  network.passes = (from, to) => toCheat(to) || (from === cheat && to !== third.peer);
  until(world, () => second.replica!.head.num > num + 3);
  // V: `third` hears of the block, `second` of the vote.
  network.passes = (from, to, packet) => {
    if (toCheat(to) || between(from, to, third, second)) return packet.kind !== 'block' || toCheat(to);
    return between(from, to, second, third) ? packet.kind === 'block' : from === cheat && to === second.peer;
  };
  third.start();
  const hasPrepared = (id: Uint8Array) => {
    const prepared = third.disk.safetyRecord?.finalizer.lastPrepared;
    return prepared !== undefined && equalBytes(prepared.id, id);
  };
  until(world, () => hasPrepared(second.replica!.head.id), 10);
  network.passes = (from, to, packet) => toCheat(to) || (between(from, to, third, second) && isVote(packet));
  world.run(60);
  // Back to W's branch: `first` hears commit votes only, so that no younger block gets a certificate there.
  network.passes = (from, to, packet) => {
    if (toCheat(to)) return true;
    if (between(from, to, first, third)) return packet.kind === 'block';
    return between(from, to, third, first) && (packet.kind === 'request' || isOfPhase(packet, 1));
  };
  until(world, () => hasPrepared(third.replica!.head.id) && descends(third, w));
  world.run(1_500);
  network.passes = (from, to) => from !== first.peer && to !== first.peer;
  return { world, honest };
};

/**
 * FIN-4. Four members hand over to four others. The old ones do not reach the new ones any more just before the last block
 * of the old schedule: it becomes final among the old ones, while the new ones begin on its parent.
 */
export const partedAtChange: ScenarioOf = (genesis, seed, { replica = {}, isForgetful = false } = {}) => {
  const world = new World({ genesis, seed, accounts: genesis.members, replica, isForgetful });
  const count = genesis.root.facts.schedule.producers.length;
  const [first] = world.nodes as [SimulatedNode];
  world.start();
  world.run(1_000);
  world.submit(first, genesis.proposal(genesis.members.slice(count), first.nowMs));
  const carriedSlot = () => first.disk.root.facts.pending?.carriedSlot;
  until(world, () => carriedSlot() !== undefined);
  const roundSlots = limits.slotsPerTurn * count;
  const changeSlot = (Math.floor(carriedSlot()! / roundSlots) + 1) * roundSlots;
  world.run(slotToMs(changeSlot - 1) - 50 - world.timeline.nowMs);
  world.network.groups = new Map(world.nodes.map(({ peer }, i) => [peer, i < count ? 0 : 1]));
  return { world, honest: world.nodes };
};

/** Ways to break the rules, each with the scenario in which two conflicting blocks are final then. */
export const simulatedMutants: Readonly<
  Record<string, { readonly scenario: ScenarioOf; readonly breakage: Breakage }>
> = {
  'FIN-2 without the lock': {
    scenario: forgottenCertificate,
    breakage: { replica: { rules: votingMutants['FIN-2 without the lock'] } },
  },
  'FIN-3 without offBranch': {
    scenario: branchAndBack,
    breakage: { replica: { rules: votingMutants['FIN-3 without offBranch'] } },
  },
  'FIN-4 without the joint electorate': {
    scenario: partedAtChange,
    breakage: { replica: { electorateRule: withoutJointElectorate } },
  },
  'FIN-6 without a durable record': { scenario: forgottenCertificate, breakage: { isForgetful: true } },
};

/** In the middle of a turn of `first`, 300 ms after a block of its that is final everywhere. */
function begin(
  genesis: SimulatedGenesis,
  seed: number,
  { replica = {}, isForgetful = false }: Breakage = {},
): { readonly world: World; readonly honest: readonly [SimulatedNode, SimulatedNode, SimulatedNode] } {
  let producer = '';
  const world = new World({
    genesis,
    seed,
    accounts: genesis.members.slice(0, 4),
    cheats: [0],
    replica,
    isForgetful,
    onEffect: (_, effect) => {
      if (effect.kind === 'head') producer = formatName(effect.producer);
    },
  });
  const [cheat, first, second, third] = world.nodes as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
  world.start();
  until(world, () => producer === first.account, 500);
  world.run(1_300);
  const voter = doubleVoter(genesis.chainId);
  cheat.conduct = { ...voter, outgoing: (_, packet) => (packet.kind === 'vote' ? [{ packet }] : []) };
  return { world, honest: [first, second, third] };
}

/** Whether the head of `node` descends from this block. */
function descends({ replica }: SimulatedNode, ancestor: Uint8Array): boolean {
  let at: Uint8Array | undefined = replica!.head.id;
  while (at !== undefined && !equalBytes(at, ancestor)) at = replica!.block(at)?.header.previous;
  return at !== undefined;
}

function until(world: World, condition: () => boolean, stepMs = 100): void {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS && world.checkers.fault === undefined; waitedMs += stepMs) {
    if (condition()) return;
    world.run(stepMs);
  }
}

function isOfPhase(packet: Packet, phase: 0 | 1): boolean {
  if (packet.kind === 'vote') return packet.vote.phase === phase;
  return packet.kind === 'certificate' && packet.certificate.phase === phase;
}
