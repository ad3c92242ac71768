/**
 * What must hold of a simulated network after each event: agreement, monotone finality, each transaction once, tokens neither
 * made nor lost, nobody honest who does two things in one slot, or is penalised, accused or silenced; and in the end, that
 * cheats were noticed.
 */
import { checkProductionEvidence, checkVoteEvidence, type Evidence, type PeerId } from '@snapscale/consensus';
import { fakeRecover, fakeVerify } from '@snapscale/consensus/testing';
import { equalBytes, toHex } from '@snapscale/crypto';
import { formatName, type SignedBlock, transactionId } from '@snapscale/protocol';
import type { ReplicaEffect } from '@snapscale/replica';
import { balanceOf, holders, type SimulatedGenesis, tokensInAll } from './genesis.js';
import type { SimulatedNode } from './node.js';

export class Checkers {
  /** Ids of final blocks by number, of whichever node was first. */
  readonly #final = new Map<number, string>();
  readonly #committed = new Map<string, number>();
  readonly #cheats: ReadonlySet<PeerId>;
  readonly #genesis: SimulatedGenesis;
  /** Who has evidence against whom, by kind, account and slot. */
  readonly #accusations = new Map<string, Set<string>>();
  /** By honest node, slot and deed: the block. */
  readonly #deeds = new Map<string, string>();
  readonly #transactions = new Set<string>();
  /** The first fault. */
  fault: string | undefined;

  /** @param cheats nodes of whom nothing is expected. */
  constructor(genesis: SimulatedGenesis, cheats: ReadonlySet<PeerId>) {
    this.#genesis = genesis;
    this.#cheats = cheats;
  }

  /** Transactions in final blocks. */
  get transactions(): number {
    return this.#transactions.size;
  }

  /** Highest number of a final block. */
  get finalNum(): number {
    return Math.max(1, ...this.#final.keys());
  }

  observe(node: SimulatedNode, effect: ReplicaEffect): void {
    if (this.#cheats.has(node.peer)) return;
    if (effect.kind === 'commit') this.#checkAgreement(node, effect);
    else if (effect.kind === 'finalized') this.#checkState(node, effect.num);
    else if (effect.kind === 'head') this.#checkReader(node, effect.id);
    else if (effect.kind === 'sendVote') this.#checkDeed(node, 'votes', effect.vote.slot, effect.vote.blockId);
    else if (effect.kind === 'sendBlock' && formatName(effect.block.header.producer) === node.account) {
      this.#checkDeed(node, 'makes blocks', effect.block.header.slot, effect.id);
    } else if (effect.kind === 'penalise' && !this.#cheats.has(effect.peer)) {
      this.#fail(`${node.label} penalises peer ${effect.peer}, who is honest: ${effect.rejection.message}`);
    } else if (effect.kind === 'evidence') {
      this.#checkEvidence(node, effect.evidence);
    } else if (effect.kind === 'event') {
      if (effect.name === 'own-key-elsewhere') this.#fail(`${node.label} falls silent: ${effect.detail.reason}`);
      if (effect.name === 'execution-fault') this.#fail(`${node.label}: ${effect.detail.message}`);
      if (effect.name === 'finality-broken') this.#fail(`${node.label} has stopped: ${effect.detail.reason}`);
    }
  }

  /** Pieces of evidence, each counted once, whoever has it. */
  get accusations(): number {
    return this.#accusations.size;
  }

  /** Who of these honest nodes has not noticed that an account did something twice in a slot; undefined if all have. */
  unaware(
    kind: Evidence['kind'],
    account: string,
    slot: number,
    nodes: readonly SimulatedNode[],
  ): SimulatedNode | undefined {
    const aware = this.#accusations.get(`${kind} ${account} ${slot}`);
    return nodes.find(({ peer, label }) => !this.#cheats.has(peer) && aware?.has(label) !== true);
  }

  /** At the end: nodes with the same committed block have the same state, entry by entry. */
  compareStates(nodes: readonly SimulatedNode[]): void {
    const first = new Map<number, SimulatedNode>();
    for (const node of nodes) {
      if (this.#cheats.has(node.peer)) continue;
      const { committedNum, state } = node.disk;
      const other = first.get(committedNum);
      if (other === undefined) {
        first.set(committedNum, node);
        continue;
      }
      const mine = new Map(state.entries());
      const theirs = new Map(other.disk.state.entries());
      const differs = [...mine].find(([key, value]) => toHex(theirs.get(key) ?? NONE) !== toHex(value));
      if (differs !== undefined || mine.size !== theirs.size) {
        this.#fail(`${node.label} and ${other.label} have other states after block ${committedNum}`);
      }
    }
  }

  /** Evidence holds, and against cheats alone. */
  #checkEvidence({ label }: SimulatedNode, evidence: Evidence): void {
    const { chainId, members } = this.#genesis;
    const verify = (...[key, digest, signature]: Parameters<Parameters<typeof checkVoteEvidence>[2]>) =>
      fakeVerify(digest, [key], [signature]) !== undefined;
    const proven =
      evidence.kind === 'production'
        ? checkProductionEvidence(evidence.production, fakeRecover)
        : checkVoteEvidence(evidence.votes, chainId, verify);
    const account =
      proven &&
      members.find((member) => {
        const { block, finalizer } = this.#genesis.keys(member);
        return 'name' in proven
          ? formatName(proven.name) === member && equalBytes(proven.key, block)
          : equalBytes(proven.key, finalizer);
      });
    const isCheat = account !== undefined && [...this.#cheats].some((peer) => members[peer - 1] === account);
    if (!isCheat || proven === undefined) {
      this.#fail(`${label} accuses ${account ?? 'nobody'} of doing two things in slot ${proven?.slot}`);
      return;
    }
    const key = `${evidence.kind} ${account} ${proven.slot}`;
    this.#accusations.set(key, (this.#accusations.get(key) ?? new Set()).add(label));
  }

  #checkAgreement(node: SimulatedNode, { blocks }: Extract<ReplicaEffect, { kind: 'commit' }>): void {
    for (const { num, id, block } of blocks) {
      const text = toHex(id);
      if (!this.#final.has(num)) for (const { transaction } of block.transactions) this.#checkOnce(num, transaction);
      const known = this.#final.get(num) ?? text;
      if (known !== text) this.#fail(`${node.label} has final block ${num} ${text}, others have ${known}`);
      this.#final.set(num, known);
    }
  }

  #checkOnce(num: number, transaction: SignedBlock['transactions'][number]['transaction']): void {
    const id = toHex(transaction.kind === 'id' ? transaction.id : transactionId(transaction.packed.packedTransaction));
    if (this.#transactions.has(id)) this.#fail(`transaction ${id} is final a second time, in block ${num}`);
    this.#transactions.add(id);
  }

  /** FIN-1, FIN-6, FIN-10: one block of a slot, whatever happens to the node. */
  #checkDeed({ label }: SimulatedNode, deed: string, slot: number, id: Uint8Array): void {
    const key = `${label} ${deed} ${slot}`;
    const text = toHex(id);
    if ((this.#deeds.get(key) ?? text) !== text) this.#fail(`${label} ${deed} twice in slot ${slot}`);
    this.#deeds.set(key, text);
  }

  #checkState(node: SimulatedNode, num: number): void {
    const before = this.#committed.get(node.label) ?? 0;
    if (num <= before) this.#fail(`${node.label} goes back from final block ${before} to ${num}`);
    this.#committed.set(node.label, num);
    let tokens = 0n;
    for (const holder of holders) tokens += balanceOf(node.disk.state, holder);
    if (tokens !== tokensInAll)
      this.#fail(`${node.label} counts ${tokens} units after block ${num}, not ${tokensInAll}`);
  }

  /** What clients read at a new head is the state of it, whichever branch was the head before. */
  #checkReader({ label, reader, replica }: SimulatedNode, id: Uint8Array): void {
    // A step may move the head twice; the replica shows the last.
    if (replica === undefined || toHex(replica.head.id) !== toHex(id)) return;
    for (const holder of holders) {
      const [read, held] = [balanceOf(reader, holder), balanceOf(replica.headState, holder)];
      if (read !== held)
        this.#fail(`a reader of ${label} sees ${read} units of ${holder} at ${toHex(id)}, not ${held}`);
    }
  }

  #fail(why: string): void {
    this.fault ??= why;
  }
}

const NONE = new Uint8Array(0);
