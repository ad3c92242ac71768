/**
 * A model of voting, small enough to explore: a fixed tree of blocks, honest members that apply the real rules, and cheats
 * that vote for everything. Messages need no model: any member may act at any time on any certificate that the votes so
 * far amount to, which covers every order and delay.
 */
import { quorumOf } from '@snapscale/protocol';
import {
  type Ancestry,
  type BlockPoint,
  type FinalizerRules,
  type FinalizerState,
  freshFinalizerState,
} from '../voting/finalizer.js';

/** A block of the tree; it is named by its position, and parents come first. −1 is the genesis block. */
export type ModelBlock = {
  readonly slot: number;
  readonly parent: number;
  /** Ancestor whose prepare certificate the header shows: without one there is no such header. −1 for none. */
  readonly justify: number;
  /** Ancestor whose commit certificate the header shows. −1 for none. */
  readonly finalized: number;
  /** Sets that vote on it, each with a quorum. */
  readonly electorate: readonly number[];
};

/** A tree and who votes. */
export type ModelCase = {
  readonly blocks: readonly ModelBlock[];
  /** Of each honest member, the sets that it belongs to. */
  readonly honest: readonly (readonly number[])[];
  /** Cheats in each set. */
  readonly cheats: readonly number[];
};

/** One honest member: what its rules remember, and what it voted for, as bits by block. */
export type ModelMember = { readonly state: FinalizerState; readonly prepared: number; readonly committed: number };

/** One step of a member. */
export type ModelStep = { readonly phase: 0 | 1; readonly block: number };

/** A case with the rules applied to it. Members' states are numbered as they are met; 0 is the first state of all. */
export class Model {
  readonly case: ModelCase;
  readonly members: ModelMember[] = [{ state: freshFinalizerState, prepared: 0, committed: 0 }];
  readonly #rules: FinalizerRules;
  readonly #numbers = new Map<string, number>([[keyOf(this.members[0]!), 0]]);
  /** By state and step: the next state, −1 if the rules forbid it. */
  readonly #next: number[][] = [];
  readonly #points: readonly BlockPoint[];
  readonly #quorums: readonly number[];

  constructor(modelCase: ModelCase, rules: FinalizerRules) {
    this.case = modelCase;
    this.#rules = rules;
    this.#points = modelCase.blocks.map(({ slot }, i) => ({ slot, id: Uint8Array.of(i) }));
    this.#quorums = modelCase.cheats.map((cheats, set) => {
      const honest = modelCase.honest.filter((sets) => sets.includes(set)).length;
      return quorumOf(honest + cheats) - cheats;
    });
  }

  /** Whether `ancestor` is `block` or above it. */
  isAncestor(ancestor: number, block: number): boolean {
    let at = block;
    while (at > ancestor) at = this.case.blocks[at]!.parent;
    return at === ancestor;
  }

  /** Whether the votes of members in these states make a certificate. */
  isCertified(states: readonly number[], { phase, block }: ModelStep): boolean {
    const bit = 1 << block;
    return this.case.blocks[block]!.electorate.every((set) => {
      let count = 0;
      for (let i = 0; i < states.length; i++) {
        const { prepared, committed } = this.members[states[i]!]!;
        if (((phase === 0 ? prepared : committed) & bit) !== 0 && this.case.honest[i]!.includes(set)) count++;
      }
      return count >= this.#quorums[set]!;
    });
  }

  /** The state that a member gets into by a step; −1 if it may not take it, or did. */
  next(states: readonly number[], member: number, step: ModelStep): number {
    const block = this.case.blocks[step.block]!;
    if (!block.electorate.some((set) => this.case.honest[member]!.includes(set))) return -1;
    const from = states[member]!;
    const number = ((this.#next[from] ??= [])[2 * step.block + step.phase] ??= this.#apply(from, step));
    if (number < 0) return -1;
    if (step.phase === 1) return this.isCertified(states, { phase: 0, block: step.block }) ? number : -1;
    const exists =
      (block.justify < 0 || this.isCertified(states, { phase: 0, block: block.justify })) &&
      (block.finalized < 0 || this.isCertified(states, { phase: 1, block: block.finalized }));
    return exists ? number : -1;
  }

  /** Two blocks that are both final and of which none descends from the other, if there are. */
  conflict(states: readonly number[]): readonly [number, number] | undefined {
    const final = this.case.blocks.flatMap((_, block) =>
      this.isCertified(states, { phase: 1, block }) ? [block] : [],
    );
    for (const a of final) for (const b of final) if (a < b && !this.isAncestor(a, b)) return [a, b];
    return undefined;
  }

  #apply(from: number, { phase, block }: ModelStep): number {
    const { state, prepared, committed } = this.members[from]!;
    const point = this.#points[block]!;
    const bit = 1 << block;
    if (phase === 1) {
      if ((committed & bit) !== 0 || !this.#rules.mayCommit(state, point, this.#ancestry)) return -1;
      return this.#number({ state: this.#rules.afterCommit(state, point), prepared, committed: committed | bit });
    }
    const { justify, finalized } = this.case.blocks[block]!;
    const justifiedSlot = Math.max(...[justify, finalized].map((shown) => this.#points[shown]?.slot ?? -1));
    if ((prepared & bit) !== 0 || !this.#rules.mayPrepare(state, { ...point, justifiedSlot }, this.#ancestry))
      return -1;
    return this.#number({
      state: this.#rules.afterPrepare(state, point, this.#ancestry),
      prepared: prepared | bit,
      committed,
    });
  }

  readonly #ancestry: Ancestry = (ancestor, block) => this.isAncestor(ancestor.id[0]!, block.id[0]!);

  #number(member: ModelMember): number {
    const key = keyOf(member);
    const known = this.#numbers.get(key) ?? this.members.push(member) - 1;
    this.#numbers.set(key, known);
    return known;
  }
}

function keyOf({ state: { lastPrepared, lock, offBranch }, prepared, committed }: ModelMember): string {
  return `${prepared} ${committed} ${lastPrepared?.id[0]} ${lock?.id[0]} ${offBranch}`;
}
