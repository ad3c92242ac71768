/** Votes on their way into certificates, and what their senders give away about themselves. */
import { type BlsPublicKey, formatBlsPublicKey, toHex } from '@snapscale/crypto';
import { limits, type QuorumCertificate, type Vote, type VotePhase, voteDigest } from '@snapscale/protocol';
import type { ForkTree, TreeNode } from '../chain/fork-tree.js';
import { ownPeer, type PeerId } from '../events.js';
import type { Outbox } from '../outbox.js';
import type { CheatWatch } from './cheat-watch.js';
import { voteEvidence } from './evidence.js';
import type { OwnVotes } from './own-votes.js';
import { type ReceivedVote, VoteBook } from './vote-book.js';
import type { VoteJob, VotePool } from './vote-pool.js';

/** What the core makes of it. */
export type VoteOutcomes = {
  certificate(node: TreeNode, certificate: QuorumCertificate): void;
  /** A valid vote by a key of this node that this node did not give. */
  ownKeyElsewhere(vote: Vote): void;
};

/** Slots after which a block that is voted for and has not come is asked for. */
const BLOCK_LATE_SLOTS = 2;

export class VoteIntake {
  readonly #chainId: Uint8Array;
  readonly #tree: ForkTree;
  readonly #outbox: Outbox;
  readonly #own: OwnVotes;
  readonly #watch: CheatWatch;
  readonly #outcomes: VoteOutcomes;
  readonly #book = new VoteBook();
  /** A vote with a key of this node is being verified; one at a time, or forgers could keep the verifier busy. */
  #checksOwnKey = false;

  constructor(
    chainId: Uint8Array,
    tree: ForkTree,
    outbox: Outbox,
    own: OwnVotes,
    watch: CheatWatch,
    outcomes: VoteOutcomes,
  ) {
    this.#chainId = chainId;
    this.#tree = tree;
    this.#outbox = outbox;
    this.#own = own;
    this.#watch = watch;
    this.#outcomes = outcomes;
  }

  get size(): VoteBook['size'] {
    return this.#book.size;
  }

  receive(received: ReceivedVote, nowSlot: number): void {
    const { vote } = received;
    if (vote.slot + limits.evidenceSlotsMax < nowSlot || vote.slot > nowSlot + 1 + limits.slotsAheadMax) return;
    const node = this.#tree.get(vote.blockId);
    this.#watchFor(received, node);
    if (vote.slot <= this.#tree.root.facts.slot) return;
    if (node !== undefined) {
      this.#count(received, node);
      return;
    }
    this.#book.keep(received);
    // FIN-14: the block should be here by now. Who votes for it has it.
    if (vote.slot + BLOCK_LATE_SLOTS <= nowSlot) {
      this.#outbox.push({ kind: 'request', id: vote.blockId, from: received.from });
    }
  }

  /** Counts a vote that this node gave. */
  receiveOwn(vote: Vote): void {
    const node = this.#tree.get(vote.blockId);
    if (node !== undefined) this.#count({ vote, from: ownPeer }, node);
  }

  /** Takes up the votes that came before their block. */
  blockAccepted(node: TreeNode): void {
    for (const received of this.#book.take(node.facts.id)) this.#count(received, node);
  }

  /** A certificate has come: the block's votes of this phase are of no more use. */
  certified(node: TreeNode, phase: VotePhase): void {
    this.#book.pool(phase, node.facts).close();
  }

  prune(slot: number): void {
    this.#book.prune(slot, ({ id }) => this.#tree.get(id) === undefined);
  }

  #count(received: ReceivedVote, node: TreeNode): void {
    const { vote, from } = received;
    const { facts } = node;
    const position = facts.electorate.positions.get(toHex(vote.finalizerKey));
    if (position === undefined) {
      this.#complain(vote.finalizerKey, vote.blockId, from, 'the voter is not a finalizer of the block');
      return;
    }
    if (vote.slot !== facts.slot) {
      this.#complain(vote.finalizerKey, vote.blockId, from, `the block is of slot ${facts.slot}`);
      return;
    }
    if ((vote.phase === 0 ? node.prepare : node.commit) !== undefined) return;
    const pool = this.#book.pool(vote.phase, facts);
    pool.add({ position, signature: vote.signature, from });
    this.#start(pool, node, pool.jobs());
  }

  #start(pool: VotePool, node: TreeNode, jobs: readonly VoteJob[]): void {
    const { members } = pool.point.electorate;
    for (const job of jobs) {
      const keys = job.parts.map(({ position }) => members[position]!.finalizerKey);
      const signatures = job.parts.map(({ signature }) => signature);
      this.#outbox.verify(voteDigest(this.#chainId, pool.subject), keys, signatures, (aggregate) => {
        const { certificate, bad, more } = pool.settle(job, aggregate);
        for (const { position, from } of bad) {
          this.#complain(members[position]!.finalizerKey, pool.subject.blockId, from, 'its signature is not valid');
        }
        if (certificate !== undefined) this.#outcomes.certificate(node, certificate);
        this.#start(pool, node, more);
        this.#start(pool, node, pool.jobs());
      });
    }
  }

  #watchFor(received: ReceivedVote, node: TreeNode | undefined): void {
    const { vote } = received;
    const { electorate } = (node ?? this.#tree.root).facts;
    const { finalizerKey } = vote;
    if (!electorate.positions.has(toHex(finalizerKey))) return;
    const verify = ({ vote: other }: ReceivedVote, then: (valid: boolean) => void): void =>
      this.#outbox.verify(voteDigest(this.#chainId, other), [finalizerKey], [other.signature], (aggregate) =>
        then(aggregate !== undefined),
      );
    if (!this.#checksOwnKey && this.#own.isOwn(finalizerKey) && !this.#own.isCovered(vote)) {
      this.#checksOwnKey = true;
      verify(received, (valid) => {
        this.#checksOwnKey = false;
        if (valid) this.#outcomes.ownKeyElsewhere(vote);
        else this.#refuse(received);
      });
    }
    const pair = this.#watch.noteVote(received);
    if (pair === undefined) return;
    verify(pair[0], (first) =>
      verify(pair[1], (second) => {
        if (!first) this.#refuse(pair[0]);
        if (!second) this.#refuse(pair[1]);
        const proven = this.#watch.settleVotes(pair, [first, second]);
        if (proven) this.#outbox.push({ kind: 'evidence', evidence: voteEvidence(pair[0].vote, pair[1].vote) });
      }),
    );
  }

  #refuse({ vote, from }: ReceivedVote): void {
    this.#complain(vote.finalizerKey, vote.blockId, from, 'its signature is not valid');
  }

  #complain(key: BlsPublicKey, blockId: Uint8Array, from: PeerId, problem: string): void {
    const message = `a vote of ${formatBlsPublicKey(key)} for block ${toHex(blockId)} is refused: ${problem}`;
    this.#outbox.penalise(from, { code: 'snap_invalid_vote', message });
    if (from === ownPeer) return;
    this.#book.dropPeer(from);
    this.#watch.dropPeer(from);
  }
}
