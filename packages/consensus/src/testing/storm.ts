/** Whole cores in bad weather: delays, loss, duplicates, partitions, crashes and cheats, from one seed; then calm, and finality must return. */
import { type BlsPublicKey, toHex } from '@snapscale/crypto';
import { blockId } from '@snapscale/protocol';
import type { FinalizerRules } from '../voting/finalizer.js';
import { Cluster, makeSchedule } from './cluster.js';
import { fakeVoteSignature } from './fake-signatures.js';
import { Chance } from './random.js';
import type { TestBlock, TestNode } from './test-node.js';

export type StormOptions = {
  readonly seed: number;
  readonly members: number;
  /** Slots of bad weather. */
  readonly stormSlots: number;
  /** Slots within which finality must be back. */
  readonly calmSlots: number;
  readonly rules?: FinalizerRules;
};

export type StormResult = {
  readonly outcome: 'pass' | 'no-progress' | 'diverged';
  readonly detail: string;
  readonly finalSlot: number;
  readonly evidence: number;
  readonly forks: number;
};

const labels = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'];

/** Runs one seed. */
export function runStorm({ seed, members, stormSlots, calmSlots, rules }: StormOptions): StormResult {
  const chance = new Chance(seed);
  const finals = new Map<number, string>();
  let conflict = '';
  let evidence = 0;
  let forks = 0;
  const names = labels.slice(0, members + 1);
  const cluster = new Cluster({
    names,
    scheduled: names.slice(0, members),
    reversibleBlocksMax: 40,
    ...(rules === undefined ? {} : { rules }),
    onEffect(node, effect) {
      if (effect.kind === 'evidence') evidence++;
      if (effect.kind === 'forget') forks++;
      if (effect.kind === 'penalise' && effect.peer !== cheat?.options.peer)
        conflict ||= `${node.options.label}: ${effect.rejection.message}`;
      if (effect.kind === 'event' && effect.name === 'finality-broken') conflict = `${node.options.label}: broken`;
      if (effect.kind !== 'finalized') return;
      const id = toHex(effect.id);
      if ((finals.get(effect.num) ?? id) !== id) conflict = `two final blocks ${effect.num}`;
      finals.set(effect.num, id);
    },
  });
  const cheat = chance.percent(50) ? cluster.nodes[chance.below(members)] : undefined;
  const votesForAll = chance.percent(50);
  let groups = new Map<TestNode, number>();
  const restless = chance.pick([5, 30]);
  const lossPercent = chance.pick([0, 2, 10, 40]);
  const delayMax = chance.pick([1, 60, 400, 1500, 5000]);
  let slot = 1;
  const voted = new Set<string>();
  cluster.route = (from, to, message) => {
    if (cheat !== undefined && votesForAll && message.kind === 'block') voteFor(cluster, cheat, message.block, voted);
    if ((groups.get(from) ?? 0) !== (groups.get(to) ?? 0) || chance.percent(lossPercent)) return [];
    const copies = chance.percent(3) ? 2 : 1;
    return Array.from({ length: copies }, () => chance.below(delayMax));
  };
  for (; slot <= stormSlots; slot++) {
    if (chance.percent(restless)) groups = new Map(cluster.nodes.map((node) => [node, chance.below(2)]));
    if (chance.percent(restless)) groups = new Map();
    if (cheat !== undefined) cheat.equivocates = chance.percent(20);
    const node = chance.pick(cluster.nodes);
    if (node.core === undefined) node.start();
    else if (chance.percent(4)) node.crash();
    if (chance.percent(2)) propose(cluster, chance, names, members);
    cluster.slot(slot);
  }
  for (const node of cluster.nodes) if (node.core === undefined) node.start();
  if (cheat !== undefined) cheat.equivocates = false;
  cluster.route = () => [10];
  for (; slot <= stormSlots + calmSlots; slot++) cluster.slot(slot);
  const slots = cluster.nodes.map(({ core }) => core!.final.slot);
  const finalSlot = Math.min(...slots);
  if (conflict !== '') return { outcome: 'diverged', detail: conflict, finalSlot, evidence, forks };
  const outcome = finalSlot >= stormSlots + calmSlots - 4 ? 'pass' : 'no-progress';
  return { outcome, detail: `final slots ${slots.join(' ')} of ${stormSlots + calmSlots}`, finalSlot, evidence, forks };
}

/** The cheat votes for each block that it hears of, in both phases, whatever it voted for before. */
function voteFor(cluster: Cluster, cheat: TestNode, { header }: TestBlock, voted: Set<string>): void {
  const id = blockId(header);
  if (voted.has(toHex(id))) return;
  voted.add(toHex(id));
  const [finalizerKey] = cheat.options.finalizerKeys as [BlsPublicKey];
  for (const phase of [0, 1] as const) {
    const subject = { phase, slot: header.slot, blockId: id };
    const signature = fakeVoteSignature(finalizerKey, cluster.voteDigest(subject));
    cluster.inject(cheat, { kind: 'vote', vote: { ...subject, finalizerKey, signature } });
  }
}

/** Somebody proposes another choice of members with the next block that it builds. */
function propose(cluster: Cluster, chance: Chance, names: readonly string[], members: number): void {
  const node = chance.pick(cluster.nodes);
  const plan = node.core?.planBlock(node.core.head.id, node.core.head.slot + 1);
  if (plan === undefined) return;
  const left = chance.below(names.length);
  const chosen = names.filter((_, i) => i !== left).slice(0, members);
  node.nextProposal = makeSchedule(plan.schedule.version + 1, chosen);
}
