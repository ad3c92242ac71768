/**
 * Twins: the key of one member is run twice, and in each round the network splits anew, with a leader and a loss of its own.
 * That a pair of honest nodes with one key does what a cheat could do, equivocation, double votes and forgotten locks, is the
 * idea of Twins (Bano and others, OPODIS 2021).
 */
import { type BlsPublicKey, toHex } from '@snapscale/crypto';
import { limits } from '@snapscale/protocol';
import type { FinalizerRules } from '../voting/finalizer.js';
import { Cluster } from './cluster.js';
import { Chance } from './random.js';
import type { Message, TestNode } from './test-node.js';

export type TwinsOptions = {
  readonly seed: number;
  /** Rounds with a split network. */
  readonly rounds: number;
  readonly rules?: FinalizerRules;
};

const accounts = ['alice', 'bob', 'carol', 'dave'];
/** Rounds in which all hear each other, at the end. */
const CALM_ROUNDS = 3;

/** What does not arrive in a round, beside what crosses the split. */
type Loss = (to: TestNode, message: Message) => boolean;

/** Runs one scenario. Returns what is wrong with how it ended, if anything is. */
export function runTwins({ seed, rounds, rules }: TwinsOptions): string | undefined {
  const chance = new Chance(seed);
  const finals = new Map<number, string>();
  let fault: string | undefined;
  const reckless = new Set<TestNode>();
  const cluster = new Cluster({
    names: accounts,
    ...(rules === undefined ? {} : { rules }),
    onEffect(node, effect) {
      if (effect.kind === 'event' && effect.name === 'own-key-elsewhere') reckless.add(node);
      if (effect.kind !== 'finalized') return;
      const id = toHex(effect.id);
      if ((finals.get(effect.num) ?? id) !== id) fault ??= `two final blocks ${effect.num}`;
      finals.set(effect.num, id);
    },
  });
  const twin = cluster.addNode("alice'", 'alice');
  const all = cluster.nodes;
  for (let round = 1; round <= rounds + CALM_ROUNDS && fault === undefined; round++) {
    const isCalm = round > rounds;
    const groups = new Map(all.map((node) => [node, isCalm ? 0 : chance.below(2)]));
    const loses = isCalm ? () => false : lossOf(chance, all);
    cluster.route = (from, to, message) => (groups.get(from) !== groups.get(to) || loses(to, message) ? [] : [0]);
    const turn = round * accounts.length + chance.below(accounts.length);
    const first = turn * limits.slotsPerTurn;
    for (let slot = first; slot < first + 2; slot++) {
      cluster.slot(slot);
      // Honest nodes would stay silent; these two are the cheat.
      for (const node of reckless) restart(node, slot);
      reckless.clear();
      if (!isCalm && chance.percent(15)) restart(chance.pick(all), slot);
    }
  }
  const honest = all.filter((node) => node !== all[0] && node !== twin);
  const finalSlots = honest.map(({ core }) => core!.final.slot);
  const isBack = new Set(finalSlots).size === 1 && finalSlots[0] === honest[0]!.core!.head.slot;
  return fault ?? (isBack ? undefined : `finality is not back: final slots ${finalSlots.join(' ')}`);
}

function restart(node: TestNode, slot: number): void {
  node.crash();
  node.start();
  node.feed({ kind: 'tick', slot });
}

function lossOf(chance: Chance, all: readonly TestNode[]): Loss {
  const lucky = chance.pick(all);
  switch (chance.below(5)) {
    case 0:
      return () => false;
    case 1:
      return (_, message) => message.kind === 'certificate' || isVote(message, 1);
    case 2:
      return (to, message) => message.kind === 'certificate' || (isVote(message, 0) && to !== lucky);
    case 3:
      return (to, message) => (message.kind === 'certificate' || isVote(message, 1)) && to !== lucky;
    default:
      return (to, message) => message.kind === 'certificate' && to !== lucky;
  }
}

function isVote(message: Message, phase: 0 | 1): boolean {
  return message.kind === 'vote' && message.vote.phase === phase;
}
export type { BlsPublicKey };
