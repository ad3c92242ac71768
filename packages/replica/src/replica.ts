/**
 * A replica: a synchronous state machine. `step(input)` returns effects; nothing else leaves it, nothing else enters.
 *
 * With a single producer a block is final as soon as it is durable. Voting joins with the consensus package; the shape of
 * the machine stays.
 */

import type { PublicKey, Signature } from '@snapscale/crypto';
import {
  admissionProblem,
  BlockExecution,
  type BlockParent,
  type ChainServices,
  type Changeset,
  type CommitmentUpdate,
  type FinishedBlock,
  type StateCommitment,
  type StateReader,
  settingAt,
  type VerifiedTransaction,
} from '@snapscale/execution';
import { blockDigest, blockId, msToSlot, type SignedBlock, slotToMs } from '@snapscale/protocol';
import { AccountLoad } from './account-load.js';
import { Chain } from './chain.js';
import type { Effect, ReplyResult } from './effects.js';
import { authorizerOf, guarded, type ReportFault, shuttingDown } from './guarded.js';
import { headEffect, importBlock, persistable } from './import-block.js';
import type { Input, RequestId, Submission } from './inputs.js';
import { defaultPoolLimits, type PoolLimits, TransactionPool } from './pool.js';

/** What a replica is made of. */
export type ReplicaOptions = {
  readonly services: ChainServices;
  /** State after `final`. */
  readonly store: StateReader;
  readonly final: BlockParent;
  /** Undefined on chains without state roots. */
  readonly commitment: StateCommitment | undefined;
  /** True for keys that this host can sign blocks with. */
  readonly canSign: (key: PublicKey) => boolean;
  readonly poolLimits?: PoolLimits;
  /** Blocks that may wait for durability before production pauses. */
  readonly reversibleBlocksMax?: number;
};

/** A block that waits for its producer's signature. */
type Unsigned = {
  readonly finished: FinishedBlock;
  readonly id: Uint8Array;
  readonly commitment: CommitmentUpdate | undefined;
};

/** Pool transactions that one step applies at most, so that ticks and arrivals are served in between. */
const POOL_BATCH = 64;
/** CPU time, as it is billed, after which a step takes up no further transaction, for the same reason. */
const STEP_CPU_US = 8_000;
/** CPU time of failed transactions that is forgiven an account with every block, and of all its transactions: a quarter of a block. */
const FAILED_US_PER_BLOCK = 50_000;
const SPENT_US_PER_BLOCK = 50_000;

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #chain: Chain;
  readonly #pool: TransactionPool;
  readonly #unsigned = new Map<number, Unsigned>();
  /** Work on transactions that failed: an account with too much of it waits for later blocks. */
  readonly #failed = new AccountLoad(FAILED_US_PER_BLOCK);
  /** All work: accounts with much of it come after the others while there is a queue. */
  readonly #spent = new AccountLoad(SPENT_US_PER_BLOCK);
  /** CPU time of the transactions of this step so far. */
  #stepCpuUs = 0;
  /** Transactions are left that this step could have gone on with. */
  #hasMore = false;
  #pending: BlockExecution | undefined;
  #full = false;
  #draining = false;
  #paused = false;
  /** A gap before the first own block is the time that the node was off. */
  #produced = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#chain = new Chain(options.store, options.final, options.commitment);
    this.#pool = new TransactionPool(options.poolLimits ?? defaultPoolLimits);
  }

  get head(): BlockParent {
    return this.#chain.head;
  }

  /** Transactions that wait for a block. */
  get waiting(): number {
    return this.#pool.size;
  }

  /** Blocks that are complete but not durable yet. */
  get reversible(): number {
    return this.#chain.reversible;
  }

  /** True when nothing is under way: with `drain`, the host may end. */
  get idle(): boolean {
    return (
      (this.#pending === undefined || this.#pending.size === 0) &&
      this.#chain.reversible === 0 &&
      this.#unsigned.size === 0
    );
  }

  /** The next moment at which a `tick` changes something, in milliseconds since 1970. */
  get nextTickMs(): number | undefined {
    return this.#pending === undefined ? undefined : slotToMs(this.#pending.slot);
  }

  /** Proves the entry at `key`, or its absence, against the state root of the head. */
  prove(key: string): ReturnType<Chain['prove']> {
    return this.#chain.prove(key);
  }

  /** Takes one input and returns what is to be done, in order. */
  step(input: Input): Effect[] {
    const effects: Effect[] = [];
    this.#stepCpuUs = 0;
    this.#hasMore = false;
    switch (input.kind) {
      case 'tick':
        this.#advance(input.nowMs, effects);
        this.#applyWaiting(effects);
        break;
      case 'transactions':
        this.#advance(input.nowMs, effects);
        for (const submission of input.submissions) this.#receive(submission, effects);
        break;
      case 'query':
        this.#advance(input.nowMs, effects);
        this.#answer(input.request, input.transaction, input.mode, input.nowMs, effects);
        break;
      case 'signed':
        this.#complete(input.num, input.signature, effects);
        break;
      case 'block':
        this.#pending = undefined;
        importBlock(this.#chain, this.#options.services, input, effects);
        break;
      case 'persisted':
        this.#finalize(input.num, effects);
        break;
      case 'drain':
        this.#draining = true;
        for (const { request } of this.#pool.clear()) reply(effects, request, shuttingDown);
        break;
      default:
        assertNever(input);
    }
    if (this.#hasMore) effects.push({ kind: 'continue' });
    return effects;
  }

  /** Closes the block whose slot has come and opens the next one. */
  #advance(nowMs: number, effects: Effect[]): void {
    if (this.#pending !== undefined && nowMs >= slotToMs(this.#pending.slot)) this.#close(effects);
    if (this.#pending === undefined && !(this.#draining && this.idle)) this.#open(nowMs, effects);
  }

  #open(nowMs: number, effects: Effect[]): void {
    const { services, canSign, reversibleBlocksMax = 120 } = this.#options;
    if (this.#chain.reversible >= reversibleBlocksMax) {
      if (!this.#paused)
        effects.push({ kind: 'event', name: 'production-paused', detail: { reversible: this.#chain.reversible } });
      this.#paused = true;
      return;
    }
    if (this.#paused)
      effects.push({ kind: 'event', name: 'production-resumed', detail: { reversible: this.#chain.reversible } });
    this.#paused = false;
    const { head, headState } = this.#chain;
    const slot = Math.max(head.header.slot + 1, msToSlot(nowMs) + 1);
    const missed = slot - head.header.slot - 1;
    const execution = new BlockExecution(services, headState, head, settingAt(headState, head.header.slot, slot));
    if (!canSign(execution.producerKey)) return;
    if (missed > 0 && this.#produced) effects.push({ kind: 'event', name: 'slots-missed', detail: { missed, slot } });
    this.#pending = execution;
    this.#produced = true;
    this.#full = false;
    effects.push({ kind: 'changes', num: execution.num, entries: [...execution.state.changes()] });
    this.#applyWaiting(effects);
  }

  #close(effects: Effect[]): void {
    const execution = this.#pending!;
    this.#pending = undefined;
    this.#failed.forgive();
    this.#spent.forgive();
    let commitment: CommitmentUpdate | undefined;
    const rootOf = (changes: Changeset) => {
      commitment = this.#chain.commit(changes);
      return commitment?.root;
    };
    const finished = execution.finish({ rootOf });
    const id = blockId(finished.header);
    this.#unsigned.set(finished.num, { finished, id, commitment });
    this.#chain.push({ parent: { num: finished.num, id, header: finished.header }, state: finished.state, commitment });
    effects.push({
      kind: 'sign',
      num: finished.num,
      digest: blockDigest(finished.header),
      key: execution.producerKey,
    });
  }

  #complete(num: number, producerSignature: Signature, effects: Effect[]): void {
    const unsigned = this.#unsigned.get(num);
    if (unsigned === undefined) return;
    this.#unsigned.delete(num);
    const { finished, id, commitment } = unsigned;
    const block: SignedBlock = {
      header: finished.header,
      producerSignature,
      transactions: finished.transactions,
      blockExtensions: [],
    };
    effects.push({ kind: 'persist', block: persistable(finished, id, block, commitment, false) });
    effects.push(headEffect(num, id, block));
  }

  #finalize(num: number, effects: Effect[]): void {
    const final = this.#chain.finalize(num);
    if (final === undefined) return;
    if (this.#chain.reversible === 0) this.#pending?.state.rebase(this.#options.store);
    effects.push({ kind: 'finalized', num: final.num, id: final.id, slot: final.header.slot });
  }

  #receive(submission: Submission, effects: Effect[]): void {
    if (this.#draining) {
      reply(effects, submission.request, shuttingDown);
      return;
    }
    const mustWait =
      this.#pending === undefined ||
      this.#full ||
      this.#pool.size > 0 ||
      this.#stepCpuUs >= STEP_CPU_US ||
      this.#failed.exceeds(authorizerOf(submission));
    if (mustWait) this.#wait(submission, effects);
    else this.#apply(submission, effects);
  }

  #wait(submission: Submission, effects: Effect[]): void {
    const state = this.#pending?.state ?? this.#chain.headState;
    const rejection = admissionProblem(state, submission.transaction) ?? this.#pool.add(submission);
    if (rejection !== undefined) reply(effects, submission.request, { kind: 'rejected', rejection });
    else if (!this.#full && this.#pending !== undefined) this.#hasMore = true;
  }

  /** Applies transactions from the pool until the block is full or a batch is done. */
  #applyWaiting(effects: Effect[]): void {
    for (let i = 0; i < POOL_BATCH && this.#pending !== undefined && !this.#full; i++) {
      if (this.#stepCpuUs >= STEP_CPU_US) break;
      const submission = this.#pool.take(
        (account) => this.#failed.exceeds(account),
        (account) => this.#spent.exceeds(account),
      );
      if (submission === undefined) return;
      this.#apply(submission, effects);
    }
    if (this.#pool.size > 0 && this.#pending !== undefined && !this.#full) this.#hasMore = true;
  }

  #apply(submission: Submission, effects: Effect[]): void {
    const execution = this.#pending!;
    const { state } = execution;
    const outcome = guarded(execution, submission.transaction, faults(effects), () =>
      execution.apply(submission.transaction),
    );
    if (outcome === undefined) {
      this.#full = true;
      this.#pool.putBack(submission);
      return;
    }
    const { elapsedUs, actionTraces } = outcome.trace;
    this.#stepCpuUs += elapsedUs;
    // What fails before it runs is cheap, and may carry a name without its signature.
    if (actionTraces.length > 0) {
      const account = authorizerOf(submission);
      this.#spent.add(account, elapsedUs);
      if (outcome.receipt === undefined) this.#failed.add(account, elapsedUs);
    }
    if (outcome.receipt !== undefined) {
      const entries: [string, Uint8Array | null][] = [];
      for (const key of new Set(state.changedSince(0))) entries.push([key, state.get(key) ?? null]);
      effects.push({ kind: 'changes', num: execution.num, entries });
    }
    state.forgetUndo();
    reply(effects, submission.request, { kind: 'trace', trace: outcome.trace });
  }

  #answer(
    request: RequestId,
    transaction: VerifiedTransaction,
    mode: 'trial' | 'readOnly',
    nowMs: number,
    effects: Effect[],
  ): void {
    const { services } = this.#options;
    const { head, headState } = this.#chain;
    const slot = Math.max(head.header.slot + 1, msToSlot(nowMs) + 1);
    const execution =
      this.#pending ?? new BlockExecution(services, headState, head, settingAt(headState, head.header.slot, slot));
    const outcome = guarded(execution, transaction, faults(effects), () => execution.tryOut(transaction, mode));
    if (outcome !== undefined) reply(effects, request, { kind: 'trace', trace: outcome.trace });
  }
}

function reply(effects: Effect[], request: RequestId, result: ReplyResult): void {
  if (request !== 0) effects.push({ kind: 'reply', request, result });
}

function faults(effects: Effect[]): ReportFault {
  return (detail) => effects.push({ kind: 'event', name: 'execution-fault', detail });
}

function assertNever(value: never): never {
  throw new Error(`unexpected input ${JSON.stringify(value)}`);
}
