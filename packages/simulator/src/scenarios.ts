/**
 * Directed scenarios, in which a network under an adversary's control leads finalizers to where one rule of voting alone keeps
 * two conflicting blocks from being final. Four members: a cheat who votes for everything and sends nothing else, and three
 * honest ones.
 */
import type { FinalizerRules } from '@snapscale/consensus';
import { equalBytes } from '@snapscale/crypto';
import { formatName } from '@snapscale/protocol';
import { doubleVoter } from './conducts.js';
import type { SimulatedGenesis } from './genesis.js';
import type { Packet } from './network.js';
import type { SimulatedNode } from './node.js';
import { World } from './world.js';

/** A scenario at the moment that decides; {@link World.run} shows what comes of it. */
export type Scenario = {
  readonly world: World;
  /** Honest members, in the order in which the scenario's text names them. */
  readonly first: SimulatedNode;
  readonly second: SimulatedNode;
  readonly third: SimulatedNode;
};

/** @param rules other rules of voting than those of consensus. */
export type ScenarioOf = (genesis: SimulatedGenesis, rules?: FinalizerRules) => Scenario;

/** Much longer than any of them can take. */
const PATIENCE_MS = 120_000;

/**
 * FIN-2. Block X becomes final where `first` alone sees it. `second` has committed X and forgets, in a crash, the certificate
 * that told it to. `third` knows nothing of X, and its chain from the parent of X is the longer one when `second` comes back.
 */
export const forgottenCertificate: ScenarioOf = (genesis, rules) => {
  const scenario = begin(genesis, rules);
  const { world, first, second, third } = scenario;
  const { network } = world;
  const { num } = first.replica!.final;
  network.passes = (from, to, packet) => {
    if (from === third.peer || to === third.peer) return false;
    return to !== second.peer || !isOfPhase(packet, 1);
  };
  world.run(500);
  second.crash();
  network.passes = (from, to) => from !== first.peer && to !== first.peer;
  until(world, () => third.replica!.head.num > num + 6);
  second.start();
  return scenario;
};

/**
 * FIN-5. `third` prepares W, then, on the longer branch of `second`, V, which gets a certificate there, then a block on the
 * branch of W again, where it learns of W's certificate. If it commits W now, W is final where `first` sees it. At the end it
 * hears of V's certificate.
 */
export const branchAndBack: ScenarioOf = (genesis, rules) => {
  const scenario = begin(genesis, rules);
  const { world, first, second, third } = scenario;
  const { network, nodes } = world;
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
  return scenario;
};

/** In the middle of a turn of `first`, 300 ms after a block of its that is final everywhere. */
function begin(genesis: SimulatedGenesis, rules: FinalizerRules | undefined): Scenario {
  let producer = '';
  const world = new World({
    genesis,
    seed: 1,
    accounts: genesis.members,
    cheats: [0],
    replica: rules === undefined ? {} : { rules },
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
  return { world, first, second, third };
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
