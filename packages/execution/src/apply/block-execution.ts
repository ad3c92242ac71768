/**
 * One block under construction on its own `WorkingState`: start, apply transactions one by one, finish.
 * Producing and importing differ only in where the transactions come from.
 */
import { merkleRoot, type PublicKey } from '@snapscale/crypto';
import {
  type ActionReceipt,
  actionReceiptDigests,
  type BlockHeader,
  blockHeaderSchema,
  type Extension,
  encode,
  makeHeaderExtension,
  type Name,
  names,
  proposedScheduleExtension,
  receiptDigests,
  slotToMs,
  stateRootExtension,
  type Transaction,
  type TransactionReceipt,
  type TransactionTrace,
  transactionId,
  transactionSchema,
  votingScheduleSchema,
} from '@snapscale/protocol';
import { getChainConfig, getProposedSchedule, putProposedSchedule, putSchedule } from '../chain/chain-records.js';
import { type BlockSetting, firstSlotOf, producerNames, roundOf } from '../chain/schedule.js';
import { newProposal, proposalAfterActivation } from '../chain/schedule-proposal.js';
import { dividePool } from '../native/fees/rewards.js';
import { updateProducersAuthority } from '../native/producers-authority.js';
import { expiryKey, taposKey, u32Key } from '../state/keys.js';
import type { Changeset, StateKey, StateReader } from '../state/reader.js';
import { WorkingState } from '../state/working-state.js';
import {
  type ApplyMode,
  applyTransaction,
  type TransactionOutcome,
  type VerifiedTransaction,
} from './apply-transaction.js';
import type { ChainServices } from './chain-services.js';
import type { ExecutionPlace } from './transaction-execution.js';

/** The block that a new one extends. */
export type BlockParent = { readonly num: number; readonly id: Uint8Array; readonly header: BlockHeader };

/** Computes the state root after `changes`; undefined on chains whose headers carry none. */
export type RootOf = (changes: Changeset) => Uint8Array | undefined;

/** What is added to a block when it closes. */
export type BlockClosing = {
  readonly rootOf?: RootOf | undefined;
  /** What consensus says in the header. A proposed schedule and the state root come behind. */
  readonly headerExtensions?: readonly Extension[];
};

/** A block that is complete but for its signature. */
export type FinishedBlock = {
  readonly num: number;
  readonly header: BlockHeader;
  readonly transactions: readonly TransactionReceipt[];
  /** Traces in order of execution, `onblock` first. */
  readonly traces: readonly TransactionTrace[];
  readonly state: WorkingState;
  /** What closing the block has written, after the changes of the last transaction. */
  readonly closingKeys: readonly StateKey[];
};

export class BlockExecution {
  readonly num: number;
  readonly slot: number;
  readonly producer: Name;
  readonly #place: ExecutionPlace;
  readonly #base: StateReader;
  readonly #parent: BlockParent;
  readonly #setting: BlockSetting;
  readonly #transactions: TransactionReceipt[] = [];
  readonly #traces: TransactionTrace[] = [];
  readonly #actionReceipts: ActionReceipt[] = [];
  readonly #expiring = new Map<number, Uint8Array[]>();
  #cpuUs = 0;
  #netBytes = 0;

  /** Opens a block with this setting on `parent`; `base` is the state after the parent. Runs `onblock`. */
  constructor(services: ChainServices, base: StateReader, parent: BlockParent, setting: BlockSetting) {
    const state = new WorkingState(base);
    const { slot, producer, schedule, scheduleChanged } = setting;
    this.num = parent.num + 1;
    this.slot = slot;
    this.producer = producer;
    this.#base = base;
    this.#parent = parent;
    this.#setting = setting;
    this.#place = {
      services,
      state,
      block: {
        num: this.num,
        slot,
        timeUs: BigInt(slotToMs(slot)) * 1000n,
        producer,
        activeProducers: producerNames(schedule),
      },
    };
    state.put(taposKey(parent.num), parent.id);
    if (scheduleChanged) {
      putSchedule(state, schedule);
      putProposedSchedule(state, proposalAfterActivation(getProposedSchedule(state), schedule));
      updateProducersAuthority(state, schedule);
    }
    this.#forgetExpired();
    this.#divideEdgePool();
    this.#runOnBlock();
    state.forgetUndo();
  }

  get state(): WorkingState {
    return this.#place.state;
  }

  /** The key that must sign this block. */
  get producerKey(): PublicKey {
    return this.#setting.schedule.producers.find(({ name }) => name === this.producer)!.key;
  }

  /** Transactions in the block so far. */
  get size(): number {
    return this.#transactions.length;
  }

  /**
   * Applies a transaction and, when it succeeds, includes it. Undefined: the block has no room for it, so that it should
   * be tried again in the next one.
   */
  apply(verified: VerifiedTransaction): TransactionOutcome | undefined {
    const { state } = this.#place;
    const { maxBlockCpuUsage, maxBlockNetUsage, minTransactionCpuUsage } = getChainConfig(state);
    if (this.size > 0 && (this.#cpuUs + minTransactionCpuUsage) * 100 > maxBlockCpuUsage * ALMOST_FULL_PERCENT) {
      return undefined;
    }
    const checkpoint = state.checkpoint();
    const outcome = applyTransaction(this.#place, verified, 'user');
    if (outcome.receipt === undefined) return outcome;
    const cpuUs = this.#cpuUs + outcome.receipt.cpuUsageUs;
    const netBytes = this.#netBytes + outcome.trace.netUsageBytes;
    if (cpuUs > maxBlockCpuUsage || netBytes > Number(maxBlockNetUsage)) {
      state.rollback(checkpoint);
      return undefined;
    }
    this.#cpuUs = cpuUs;
    this.#netBytes = netBytes;
    this.#transactions.push(outcome.receipt);
    this.#traces.push(outcome.trace);
    for (const receipt of outcome.actionReceipts) this.#actionReceipts.push(receipt);
    const { expiration } = verified.transaction;
    const ids = this.#expiring.get(expiration);
    if (ids === undefined) this.#expiring.set(expiration, [verified.id]);
    else ids.push(verified.id);
    return outcome;
  }

  /** Runs a transaction and undoes it: what would happen if it were sent now. */
  tryOut(verified: VerifiedTransaction, mode: Exclude<ApplyMode, 'implicit'>): TransactionOutcome {
    const { state } = this.#place;
    const checkpoint = state.checkpoint();
    const outcome = applyTransaction(this.#place, verified, mode);
    state.rollback(checkpoint);
    return outcome;
  }

  /** Closes the block. `rootOf`, when given, is asked for the state root that the header will carry. */
  finish({ rootOf, headerExtensions = [] }: BlockClosing = {}): FinishedBlock {
    const { state } = this.#place;
    const closingKeys: StateKey[] = [];
    for (const [expiration, ids] of this.#expiring) {
      const key = expiryKey(expiration, this.num);
      state.put(key, joined(ids));
      closingKeys.push(key);
    }
    state.forgetUndo();
    const stateRoot = rootOf?.(state.changes());
    const { schedule, scheduleChanged } = this.#setting;
    const extensions: Extension[] = [...headerExtensions];
    const proposal = newProposal(this.#base, state);
    if (proposal !== undefined) {
      extensions.push(makeHeaderExtension(proposedScheduleExtension, votingScheduleSchema, proposal));
    }
    if (stateRoot !== undefined) extensions.push({ type: stateRootExtension, data: stateRoot });
    const header: BlockHeader = {
      slot: this.slot,
      producer: this.producer,
      confirmed: 0,
      previous: this.#parent.id,
      transactionMroot: merkleRoot(receiptDigests(this.#transactions)),
      actionMroot: merkleRoot(actionReceiptDigests(this.#actionReceipts)),
      scheduleVersion: schedule.version,
      newProducers: scheduleChanged ? schedule : undefined,
      headerExtensions: extensions,
    };
    return { num: this.num, header, transactions: this.#transactions, traces: this.#traces, state, closingKeys };
  }

  /**
   * Drops duplicate records of transactions that can no longer be sent, at most so many that a block stays quick when
   * those of a whole hour expire at once. What is left over does no harm: it is dropped by the next blocks.
   */
  #forgetExpired(): void {
    const { state } = this.#place;
    const nowSec = Math.floor(slotToMs(this.slot) / 1000);
    const end = `e${u32Key(nowSec)}`;
    let forgotten = 0;
    for (
      let entry = state.first('e', end);
      entry !== undefined && forgotten < FORGOTTEN_PER_BLOCK;
      entry = state.first('e', end)
    ) {
      forgotten += entry.value.length / 32;
      for (let at = 0; at < entry.value.length; at += 32) {
        state.remove(`d${String.fromCharCode(...entry.value.subarray(at, at + 32))}`);
      }
      state.remove(entry.key);
    }
  }

  /** The first block of a round divides what edge nodes earned together in the round before. */
  #divideEdgePool(): void {
    const { length } = this.#setting.schedule.producers;
    const round = roundOf(this.slot, length);
    if (round === roundOf(this.#parent.header.slot, length)) return;
    dividePool(this.state, firstSlotOf(round - 1, length));
  }

  #runOnBlock(): void {
    const transaction: Transaction = {
      expiration: 0,
      refBlockNum: this.#parent.num & 0xffff,
      refBlockPrefix: 0,
      maxNetUsageWords: 0,
      maxCpuUsageMs: 0,
      delaySec: 0,
      contextFreeActions: [],
      actions: [
        {
          account: names.eosio,
          name: names.onblock,
          authorization: [{ actor: names.eosio, permission: names.active }],
          data: encode(blockHeaderSchema, this.#parent.header),
        },
      ],
      transactionExtensions: [],
    };
    const packed = encode(transactionSchema, transaction);
    const outcome = applyTransaction(
      this.#place,
      {
        id: transactionId(packed),
        transaction,
        packed,
        received: { signatures: [], compression: 0, packedContextFreeData: EMPTY, packedTransaction: packed },
        contextFreeData: [],
        keys: [],
      },
      'implicit',
    );
    this.#traces.push(outcome.trace);
    for (const receipt of outcome.actionReceipts) this.#actionReceipts.push(receipt);
  }
}

/** A block whose CPU is used to this share takes no more transactions: the next would only be run and undone. */
const ALMOST_FULL_PERCENT = 98;
/** More than a block can take in. */
const FORGOTTEN_PER_BLOCK = 16_384;
const EMPTY = new Uint8Array(0);

function joined(ids: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(ids.length * 32);
  for (const [i, id] of ids.entries()) bytes.set(id, i * 32);
  return bytes;
}
