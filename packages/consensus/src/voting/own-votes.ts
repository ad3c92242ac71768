/** The votes that this node gives, and its promises: each vote waits for its signature and for the record that covers it (FIN-6). */
import { type BlsPublicKey, type BlsSignature, equalBytes, toHex } from '@snapscale/crypto';
import { type QuorumCertificate, type Vote, type VotePhase, type VoteSubject, voteDigest } from '@snapscale/protocol';
import type { ChainPoint } from '../chain/root.js';
import type { Outbox } from '../outbox.js';
import type { Ancestry, FinalizerRules, FinalizerState, PrepareCandidate } from './finalizer.js';
import { encodeSafetyRecord, type SafetyRecord } from './safety-record.js';

type PendingVote = { readonly vote: Vote; readonly promise: number };

export class OwnVotes {
  readonly #outbox: Outbox;
  readonly #chainId: Uint8Array;
  readonly #rules: FinalizerRules;
  readonly #keys: ReadonlySet<string>;
  /** The promises so far; its sequence number is that of the last write that was asked for. */
  #record: SafetyRecord;
  /** Promises are counted: which is the newest, which one is on its way to disk, and up to which are they durable. */
  #promised = 0;
  #writing: number | undefined;
  #durable = 0;
  #pending: PendingVote[] = [];
  /** Newest votes that have left, by phase: sent again while finality waits. */
  readonly #sent: [Vote[], Vote[]] = [[], []];

  constructor(
    outbox: Outbox,
    chainId: Uint8Array,
    rules: FinalizerRules,
    keys: readonly BlsPublicKey[],
    record: SafetyRecord,
  ) {
    this.#outbox = outbox;
    this.#chainId = chainId;
    this.#rules = rules;
    this.#keys = new Set(keys.map(toHex));
    this.#record = record;
  }

  get promises(): FinalizerState {
    return this.#record.finalizer;
  }

  get lastProducedSlot(): number {
    return this.#record.lastProducedSlot;
  }

  /** Number of the newest promise. */
  get promised(): number {
    return this.#promised;
  }

  /** Whether this promise would survive a crash. */
  isDurable(promise: number): boolean {
    return promise <= this.#durable;
  }

  isOwn(key: BlsPublicKey): boolean {
    return this.#keys.has(toHex(key));
  }

  /** Prepares a block if the rules allow it and a key of this node has a vote on it. */
  prepare(point: ChainPoint, candidate: PrepareCandidate, isAncestor: Ancestry): boolean {
    if (!this.#hasVote(point) || !this.#rules.mayPrepare(this.promises, candidate, isAncestor)) return false;
    this.#promise(this.#rules.afterPrepare(this.promises, candidate, isAncestor));
    this.#vote(0, point);
    return true;
  }

  /** Commits a block with this prepare certificate, if the rules allow it, it is news, and a key of this node has a vote on it. */
  commit(point: ChainPoint, certificate: QuorumCertificate, isAncestor: Ancestry): boolean {
    const { lock } = this.promises;
    if (lock !== undefined && equalBytes(lock.id, point.id)) return false;
    if (!this.#hasVote(point) || !this.#rules.mayCommit(this.promises, point, isAncestor)) return false;
    this.#promise(this.#rules.afterCommit(this.promises, point));
    this.#record = { ...this.#record, lockCertificate: certificate };
    this.#vote(1, point);
    return true;
  }

  /** Promises to make no other block for this slot, nor for an earlier one. */
  beginSlot(slot: number): void {
    this.#record = { ...this.#record, lastProducedSlot: slot };
    this.#promised++;
  }

  /** FIN-6: asks for new promises to be made durable. One write at a time: the record before it stays intact until it is done. */
  flush(): void {
    if (this.#writing !== undefined || this.#promised === this.#durable) return;
    this.#writing = this.#promised;
    this.#record = { ...this.#record, sequence: this.#record.sequence + 1 };
    this.#outbox.push({
      kind: 'persist',
      sequence: this.#record.sequence,
      record: encodeSafetyRecord(this.#record),
    });
  }

  /** The write with this number is done. */
  persisted(sequence: number): void {
    if (this.#writing === undefined || sequence !== this.#record.sequence) return;
    this.#durable = this.#writing;
    this.#writing = undefined;
  }

  /** The votes that may leave now, and count from now on. */
  ready(): Vote[] {
    const ready = this.#pending.filter(({ promise }) => this.isDurable(promise)).map(({ vote }) => vote);
    if (ready.length === 0) return [];
    this.#pending = this.#pending.filter(({ promise }) => !this.isDurable(promise));
    for (const vote of ready) this.#remember(vote);
    return ready;
  }

  /** The newest votes that left, for a block that `isOpen`. After a restart they are signed again and become {@link ready}. */
  repeat(openPoint: (id: Uint8Array) => ChainPoint | undefined): Vote[] {
    const { lastPrepared, lock } = this.promises;
    const votes: Vote[] = [];
    for (const [phase, point] of [[0, lastPrepared] as const, [1, lock] as const]) {
      const open = point === undefined ? undefined : openPoint(point.id);
      if (open === undefined) continue;
      const sent = this.#sent[phase].filter(({ blockId }) => equalBytes(blockId, open.id));
      if (sent.length > 0) votes.push(...sent);
      else if (!this.#pending.some(({ vote }) => vote.phase === phase && equalBytes(vote.blockId, open.id))) {
        this.#vote(phase, open);
      }
    }
    return votes;
  }

  /** Whether a vote by one of this node's keys is one that this node gave, as far as its record can tell. */
  isCovered({ phase, slot, blockId }: VoteSubject): boolean {
    const { lastPrepared, lock, offBranch } = this.promises;
    const newest = phase === 0 ? lastPrepared : lock;
    // FIN-6: an assumed record of a finalizer without others has no lock, and covers everything up to its slot.
    if (newest === undefined) return slot <= offBranch;
    if (slot > newest.slot) return false;
    return slot < newest.slot || equalBytes(newest.id, blockId);
  }

  #hasVote({ electorate }: ChainPoint): boolean {
    return electorate.members.some(({ finalizerKey }) => this.isOwn(finalizerKey));
  }

  #promise(finalizer: FinalizerState): void {
    this.#record = { ...this.#record, finalizer };
    this.#promised++;
  }

  #vote(phase: VotePhase, { slot, id, electorate }: ChainPoint): void {
    const subject = { phase, slot, blockId: id };
    const promise = this.#promised;
    for (const { finalizerKey } of electorate.members) {
      if (!this.isOwn(finalizerKey)) continue;
      this.#outbox.sign(voteDigest(this.#chainId, subject), finalizerKey, (signature: BlsSignature) => {
        this.#pending.push({ vote: { ...subject, finalizerKey, signature }, promise });
      });
    }
  }

  #remember(vote: Vote): void {
    const kept = this.#sent[vote.phase].filter(({ blockId }) => equalBytes(blockId, vote.blockId));
    this.#sent[vote.phase] = [...kept.filter(({ finalizerKey }) => !equalBytes(finalizerKey, vote.finalizerKey)), vote];
  }
}
