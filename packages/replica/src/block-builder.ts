/**
 * The block under construction, and the transactions that wait for one.
 *
 * In an own slot the draft becomes a block. At other times it is speculative: it answers clients of this node with what their
 * transactions would do on the head. Transactions that peers relay are executed in own slots only, since whoever took them in
 * has answered already. A draft lasts as long as its parent is the head; what it held waits again, unless the new head has it.
 */
import { ownPeer, type PeerId } from '@snapscale/consensus';
import { toHex } from '@snapscale/crypto';
import {
  admissionProblem,
  BlockExecution,
  type BlockParent,
  type BlockSetting,
  type ChainServices,
  type StateReader,
  transactionKey,
  type VerifiedTransaction,
} from '@snapscale/execution';
import type { Name } from '@snapscale/protocol';
import { AccountLoad } from './account-load.js';
import type { ExecutedBlock } from './block-tree.js';
import type { ReplicaEffect, ReplyResult } from './effects.js';
import { authorizerOf, guarded, shuttingDown } from './guarded.js';
import type { RequestId, Submission } from './inputs.js';
import { defaultPoolLimits, type PoolLimits, TransactionPool } from './pool.js';

/** Where a draft begins. */
export type DraftPlace = {
  readonly parent: BlockParent;
  /** The state after `parent`. */
  readonly state: StateReader;
  readonly setting: BlockSetting;
};

/** What the builder asks of the chain that it extends. */
export type HeadOfChain = {
  /** Where a speculative draft begins now; undefined if nowhere. */
  place(): DraftPlace | undefined;
  /** The state after the head. */
  state(): StateReader;
};

/** A transaction with where it came from: {@link ownPeer} for this node's clients. */
type Arrival = Submission & {
  readonly from: PeerId;
  /** Number of the head at that time. */
  readonly sinceNum: number;
};

type Draft = {
  readonly execution: BlockExecution;
  readonly parent: BlockParent;
  /** This node is to produce it. */
  isOwn: boolean;
  /** Readers of the head see its changes. */
  isShown: boolean;
  isFull: boolean;
  /** CPU time of what it has executed, as it is billed. */
  cpuUs: number;
  readonly arrivals: Arrival[];
};

/** A draft that has been taken to be closed. */
export type OwnDraft = { readonly execution: BlockExecution; readonly transactions: readonly VerifiedTransaction[] };

/** Readers of the head see a closed draft while it waits for its signature. */
type ClosedDraft = Pick<Draft, 'execution' | 'parent' | 'isShown'>;

/** Waiting transactions that one step applies at most, so that other inputs are served in between. */
const BATCH = 64;
/** CPU time, as it is billed, after which a step takes up no further transaction, for the same reason. */
const STEP_CPU_US = 8_000;
/**
 * CPU time that a speculative draft is given. What comes after that waits, and is answered by the block that has it: what
 * this node executes for its clients alone must not hold up the blocks that all wait for.
 */
const SPECULATION_CPU_US = 25_000;
/** Blocks between two reminders of what waits, and transactions of one at most. */
const REMIND_BLOCKS = 8;
const REMIND_MAX = 1000;
/** CPU time of failed transactions that is forgiven an account with every draft, and of all its transactions. */
const FAILED_US_PER_DRAFT = 50_000;
const SPENT_US_PER_DRAFT = 50_000;

export class BlockBuilder {
  readonly #services: ChainServices;
  readonly #head: HeadOfChain;
  readonly #clients: TransactionPool<Arrival>;
  readonly #peers: TransactionPool<Arrival>;
  readonly #failed = new AccountLoad(FAILED_US_PER_DRAFT);
  readonly #spent = new AccountLoad(SPENT_US_PER_DRAFT);
  #draft: Draft | undefined;
  /** Until it is the head or another block is: no draft begins beside it. */
  #closed: ClosedDraft | undefined;
  #stepCpuUs = 0;
  #isClientsTurn = true;
  #isDraining = false;
  #headNum = 0;
  #remindedNum = 0;
  #effects: ReplicaEffect[] = [];

  constructor(services: ChainServices, head: HeadOfChain, limits: PoolLimits = defaultPoolLimits) {
    this.#services = services;
    this.#head = head;
    this.#clients = new TransactionPool(limits);
    this.#peers = new TransactionPool(limits);
  }

  /** Transactions that wait. */
  get waiting(): number {
    return this.#clients.size + this.#peers.size;
  }

  /** Slot and parent of the block that this node is building for its own slot. */
  get own(): { readonly slot: number; readonly previous: Uint8Array } | undefined {
    const draft = this.#draft;
    return draft?.isOwn ? { slot: draft.execution.slot, previous: draft.parent.id } : undefined;
  }

  /** Transactions in the draft. */
  get drafted(): number {
    return this.#draft?.arrivals.length ?? 0;
  }

  /** A step of the replica begins: its effects go to `effects`. */
  begin(effects: ReplicaEffect[]): void {
    this.#effects = effects;
    this.#stepCpuUs = 0;
  }

  /** This node is to produce a block here. A speculative draft for it goes on as the real one. */
  build(place: DraftPlace): void {
    const draft = this.#draft;
    if (draft !== undefined && draft.parent === place.parent && draft.execution.slot === place.setting.slot) {
      draft.isOwn = true;
      // It may have been so by what speculation may take only.
      draft.isFull = false;
      return;
    }
    this.abandon();
    this.#open(place, true);
  }

  /** Takes the own draft out to be closed. */
  takeOwn(): OwnDraft | undefined {
    const draft = this.#draft;
    if (!draft?.isOwn) return undefined;
    const { execution, parent, isShown, arrivals } = draft;
    this.#draft = undefined;
    this.#closed = { execution, parent, isShown };
    return { execution, transactions: arrivals.map(({ transaction }) => transaction) };
  }

  /** Whether readers of the head have seen all of this block but what closing it has written. */
  isShown({ state }: ExecutedBlock): boolean {
    return this.#closed?.execution.state === state && this.#closed.isShown;
  }

  /**
   * An own block has not become the head: what it held waits again, and whoever produces next hears of it, who may never have
   * seen the block. `state` is that after the head.
   */
  lose({ state: lost, transactions }: ExecutedBlock, state: StateReader): void {
    const closed = this.#closed;
    if (closed?.execution.state === lost) {
      this.#closed = undefined;
      if (closed.isShown) this.#effects.push({ kind: 'rewind', num: closed.parent.num });
    }
    const reclaimed = this.#reclaim(transactions, state);
    if (reclaimed.length > 0) this.#effects.push({ kind: 'relayTransactions', transactions: reclaimed });
  }

  /** Ends the draft: what it held waits again. */
  abandon(): void {
    const draft = this.#draft;
    if (draft === undefined) return;
    this.#draft = undefined;
    if (draft.isShown) this.#effects.push({ kind: 'rewind', num: draft.parent.num });
    this.#clients.putFirst(draft.arrivals.filter(({ from }) => from === ownPeer));
    this.#peers.putFirst(draft.arrivals.filter(({ from }) => from !== ownPeer));
  }

  /** The speculative draft is of a slot that has long passed. */
  expire(nowSlot: number): void {
    if (this.#draft !== undefined && !this.#draft.isOwn && this.#draft.execution.slot + STALE_SLOTS < nowSlot) {
      this.abandon();
    }
  }

  /**
   * The head has moved. Own drafts go on, here or, by {@link build}, on the new head: there will be no other for their slot.
   * @param state after the new head
   */
  headMoved(left: readonly ExecutedBlock[], entered: readonly ExecutedBlock[], state: StateReader): void {
    this.#closed = undefined;
    if (this.#draft?.isOwn) this.#draft.isShown = false;
    else this.abandon();
    // Newest first: what comes first in the end is what was first on the chain.
    for (const { transactions } of left) this.#reclaim(transactions, state);
    this.#headNum = entered.at(-1)?.point.num ?? this.#headNum;
    if (this.waiting === 0) return;
    for (const block of entered) {
      block.transactions.forEach((transaction, index) => {
        const waiting = this.#clients.remove(transaction);
        this.#peers.remove(transaction);
        const trace = block.traces[index + 1];
        if (waiting !== undefined && trace !== undefined) this.#reply(waiting.request, { kind: 'trace', trace });
      });
    }
    this.#remind();
  }

  /**
   * Transactions of a block that is not on the head's chain wait again, in their order, unless `state`, after the head, has
   * them. Other nodes that have seen the block do the same.
   */
  #reclaim(transactions: readonly VerifiedTransaction[], state: StateReader): readonly VerifiedTransaction[] {
    if (this.#clients.isFull) return [];
    const lost = transactions.filter(
      ({ id }) => state.get(transactionKey(id)) === undefined && !this.#clients.has(id) && !this.#peers.has(id),
    );
    const sinceNum = this.#headNum;
    this.#clients.putFirst(lost.map((transaction) => ({ request: 0, transaction, from: ownPeer, sinceNum })));
    return lost;
  }

  /** Producers hear again of what has waited for long: they may have been away, or have lost it. */
  #remind(): void {
    if (this.#headNum < this.#remindedNum + REMIND_BLOCKS) return;
    this.#remindedNum = this.#headNum;
    const transactions: VerifiedTransaction[] = [];
    for (const { transaction, sinceNum } of this.#clients.values()) {
      if (sinceNum + REMIND_BLOCKS <= this.#headNum) transactions.push(transaction);
      if (transactions.length === REMIND_MAX) break;
    }
    if (transactions.length > 0) this.#effects.push({ kind: 'relayTransactions', transactions });
  }

  /** The store shows the state of this block. */
  committed({ id }: BlockParent, store: StateReader): void {
    if (this.#draft !== undefined && toHex(this.#draft.parent.id) === toHex(id)) {
      this.#draft.execution.state.rebase(store);
    }
  }

  /** A transaction has arrived. Returns whether producers should hear of it. */
  receive(submission: Submission, from: PeerId): boolean {
    const arrival: Arrival = { ...submission, from, sinceNum: this.#headNum };
    if (this.#isDraining) {
      this.#reply(arrival.request, shuttingDown);
      return false;
    }
    const isHeld = this.#failed.exceeds(authorizerOf(arrival));
    if (isHeld && from !== ownPeer) return false;
    const draft = this.#draft ?? (from === ownPeer ? this.#openOnHead() : undefined);
    const mustWait =
      draft === undefined ||
      draft.isFull ||
      (from !== ownPeer && !draft.isOwn) ||
      this.#poolOf(arrival).size > 0 ||
      this.#stepCpuUs >= STEP_CPU_US ||
      isHeld;
    return mustWait ? this.#wait(arrival) : this.#apply(draft, arrival);
  }

  /** Applies transactions that wait, until the draft is full or a batch is done. Returns whether there is more to do now. */
  applyWaiting(): boolean {
    for (let i = 0; i < BATCH && this.#stepCpuUs < STEP_CPU_US; i++) {
      if (this.#draft === undefined && this.#clients.size > 0) this.#openOnHead();
      const draft = this.#draft;
      if (draft === undefined || draft.isFull) return false;
      const arrival = this.#take(draft.isOwn);
      if (arrival === undefined) return false;
      this.#apply(draft, arrival);
    }
    return (
      this.#draft !== undefined && !this.#draft.isFull && (this.#draft.isOwn ? this.waiting : this.#clients.size) > 0
    );
  }

  /** What a transaction would do on the draft. */
  answer(request: RequestId, transaction: VerifiedTransaction, mode: 'trial' | 'readOnly'): void {
    const execution = (this.#draft ?? this.#closed ?? this.#openOnHead())?.execution;
    if (execution === undefined) {
      this.#reply(request, notReady);
      return;
    }
    const outcome = guarded(execution, transaction, this.#report, () => execution.tryOut(transaction, mode));
    if (outcome !== undefined) this.#reply(request, { kind: 'trace', trace: outcome.trace });
  }

  /** Takes no more transactions, and gives up those that wait. */
  drain(): void {
    this.#isDraining = true;
    for (const { request } of [...this.#clients.clear(), ...this.#peers.clear()]) this.#reply(request, shuttingDown);
  }

  readonly #report = (detail: { readonly transaction: string; readonly message: string }): void => {
    this.#effects.push({ kind: 'event', name: 'execution-fault', detail });
  };

  #openOnHead(): Draft | undefined {
    const place = this.#closed === undefined ? this.#head.place() : undefined;
    return place === undefined ? undefined : this.#open(place, false);
  }

  #open({ parent, state, setting }: DraftPlace, isOwn: boolean): Draft {
    const execution = new BlockExecution(this.#services, state, parent, setting);
    this.#failed.forgive();
    this.#spent.forgive();
    const draft: Draft = { execution, parent, isOwn, isShown: true, isFull: false, cpuUs: 0, arrivals: [] };
    this.#draft = draft;
    this.#effects.push({ kind: 'changes', num: execution.num, entries: [...execution.state.changes()] });
    return draft;
  }

  /** Clients of this node and what peers relay take turns. */
  #take(alsoPeers: boolean): Arrival | undefined {
    const held = this.#failed.exceeds.bind(this.#failed);
    const last = this.#spent.exceeds.bind(this.#spent);
    this.#isClientsTurn = !alsoPeers || !this.#isClientsTurn;
    const pools = this.#isClientsTurn ? [this.#clients, this.#peers] : [this.#peers, this.#clients];
    for (const pool of alsoPeers ? pools : [this.#clients]) {
      const arrival = pool.take(held, last);
      if (arrival !== undefined) return arrival;
    }
    return undefined;
  }

  #wait(arrival: Arrival): boolean {
    const { transaction, request } = arrival;
    const state = (this.#draft ?? this.#closed)?.execution.state ?? this.#head.state();
    const isKnown = state.get(transactionKey(transaction.id)) !== undefined || this.#isWaiting(transaction.id);
    const rejection = isKnown
      ? duplicate
      : (admissionProblem(state, transaction) ?? this.#poolOf(arrival).add(arrival));
    if (rejection === undefined) return true;
    this.#reply(request, { kind: 'rejected', rejection });
    return false;
  }

  #apply(draft: Draft, arrival: Arrival): boolean {
    const { execution } = draft;
    const { state } = execution;
    const { transaction, request } = arrival;
    const outcome = guarded(execution, transaction, this.#report, () => execution.apply(transaction));
    if (outcome === undefined) {
      draft.isFull = true;
      this.#poolOf(arrival).putFirst([arrival]);
      return true;
    }
    const { elapsedUs, actionTraces } = outcome.trace;
    const isIncluded = outcome.receipt !== undefined;
    this.#stepCpuUs += elapsedUs;
    draft.cpuUs += elapsedUs;
    if (!draft.isOwn && draft.cpuUs >= SPECULATION_CPU_US) draft.isFull = true;
    // What fails before it runs is cheap, and may carry a name without its signature.
    if (actionTraces.length > 0) {
      const account = authorizerOf(arrival);
      this.#spent.add(account, elapsedUs);
      if (!isIncluded) this.#noteFailure(account, elapsedUs);
    }
    if (isIncluded) {
      draft.arrivals.push({ ...arrival, request: 0 });
      if (draft.isShown) {
        const entries: [string, Uint8Array | null][] = [];
        for (const key of new Set(state.changedSince(0))) entries.push([key, state.get(key) ?? null]);
        this.#effects.push({ kind: 'changes', num: execution.num, entries });
      }
    }
    state.forgetUndo();
    this.#reply(request, { kind: 'trace', trace: outcome.trace });
    return isIncluded;
  }

  /** Whose transactions fail at the expense of all takes no places from what others relay. Its own node keeps what is good. */
  #noteFailure(account: Name, cpuUs: number): void {
    this.#failed.add(account, cpuUs);
    if (this.#failed.exceeds(account)) this.#peers.dropAccount(account);
  }

  #poolOf({ from }: Arrival): TransactionPool<Arrival> {
    return from === ownPeer ? this.#clients : this.#peers;
  }

  #isWaiting(id: Uint8Array): boolean {
    return this.#clients.has(id) || this.#peers.has(id);
  }

  #reply(request: RequestId, result: ReplyResult): void {
    if (request !== 0) this.#effects.push({ kind: 'reply', request, result });
  }
}

/** Slots after which a speculative draft shows clients a time that is too old. */
const STALE_SLOTS = 3;

const duplicate = {
  code: 'tx_duplicate',
  message: 'duplicate transaction: it is in a block or waits for one',
} as const;

const notReady: ReplyResult = {
  kind: 'rejected',
  rejection: {
    code: 'snap_node_failure',
    message: 'this node has no head to execute transactions on yet: try again later',
  },
};
