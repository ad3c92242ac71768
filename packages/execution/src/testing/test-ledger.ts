/** A ledger in memory for tests: genesis, blocks on demand, signed actions, tables as JSON. */
import { type PublicKey, parsePrivateKey, publicKeyOf } from '@snapscale/crypto';
import {
  type Abi,
  type Action,
  abiSchema,
  actionType,
  blockId,
  type CompiledAbi,
  compileAbi,
  decode,
  decodeType,
  defaultChainConfig,
  defaultSnapParameters,
  encode,
  encodeType,
  type Genesis,
  type Json,
  type Name,
  name,
  names,
  packTransaction,
  refBlockPrefixOf,
  type SnapParameters,
  slotToMs,
  type Transaction,
  type TransactionTrace,
  tableType,
  transactionId,
} from '@snapscale/protocol';
import type { VerifiedTransaction } from '../apply/apply-transaction.js';
import { BlockExecution, type BlockParent, type FinishedBlock, type RootOf } from '../apply/block-execution.js';
import { ChainServices } from '../apply/chain-services.js';
import { settingAt } from '../chain/schedule.js';
import { applyGenesis } from '../native/genesis.js';
import { systemAbi } from '../native/system-abi.js';
import { rowPrefix, tableId } from '../state/keys.js';
import { MemoryState } from '../state/memory-state.js';
import { prefixEnd } from '../state/reader.js';
import { decodeRow, getAbiBytes } from '../state/records.js';
import { WorkingState } from '../state/working-state.js';

export * from './consortium-state.js';

export const testPrivateKey = parsePrivateKey('5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3');
export const testKey: PublicKey = publicKeyOf(testPrivateKey);

/** `alice@active`, or `alice` for its active permission. */
export type Signer = string;

/** How a ledger differs from the ordinary one. */
export type TestLedgerSetting = {
  readonly services?: ChainServices;
  readonly store?: MemoryState;
  /** Slot of the first block. */
  readonly initialSlot?: number;
};

export class TestLedger {
  readonly services: ChainServices;
  readonly store: MemoryState;
  readonly genesis: Genesis;
  readonly finished: { readonly block: FinishedBlock; readonly transactions: readonly VerifiedTransaction[] }[] = [];
  head: BlockParent;
  #pending: BlockExecution;
  #transactions: VerifiedTransaction[] = [];
  #salt = 0;

  constructor(parameters: Partial<SnapParameters> = {}, setting: TestLedgerSetting = {}) {
    this.services = setting.services ?? new ChainServices();
    this.store = setting.store ?? new MemoryState();
    this.genesis = {
      initialSlot: setting.initialSlot ?? 1_600_000_000,
      initialKey: testKey,
      producers: [],
      config: { ...defaultChainConfig, minTransactionCpuUsage: 10 },
      parameters: { ...defaultSnapParameters, ...parameters },
    };
    this.head = genesisParent(this.genesis);
    const state = new WorkingState(this.store);
    applyGenesis(state, this.genesis);
    this.store.apply(state.changes());
    this.#pending = this.#opened(1);
  }

  #opened(slots: number): BlockExecution {
    const { slot } = this.head.header;
    return new BlockExecution(this.services, this.store, this.head, settingAt(this.store, slot, slot + slots));
  }

  get pending(): BlockExecution {
    return this.#pending;
  }

  /** Closes the block under construction, with a state root when `rootOf` gives one, and opens the next one, `slots` later. */
  produceBlock(slots = 1, rootOf?: RootOf): FinishedBlock {
    const block = this.#pending.finish({ rootOf });
    this.store.apply(block.state.changes());
    this.head = { num: block.num, id: blockId(block.header), header: block.header };
    this.finished.push({ block, transactions: this.#transactions });
    this.#transactions = [];
    this.#pending = this.#opened(slots);
    return block;
  }

  /** Goes back to an earlier head; the store must show its state again. */
  returnTo(head: BlockParent): void {
    this.head = head;
    this.#transactions = [];
    this.#pending = this.#opened(1);
  }

  /** A transaction with these actions, as the verifiers would hand it over. */
  transaction(
    actions: readonly Action[],
    options: { keys?: readonly PublicKey[]; with?: Partial<Transaction> } = {},
  ): VerifiedTransaction {
    const id = this.head.id;
    const transaction: Transaction = {
      expiration: Math.floor(slotToMs(this.#pending.slot) / 1000) + 60,
      refBlockNum: this.head.num & 0xffff,
      refBlockPrefix: refBlockPrefixOf(id),
      maxNetUsageWords: 0x1000_0000 - (this.#salt++ % 0x1000),
      maxCpuUsageMs: 0,
      delaySec: 0,
      contextFreeActions: [],
      actions,
      transactionExtensions: [],
      ...options.with,
    };
    const received = packTransaction(transaction, []);
    return {
      id: transactionId(received.packedTransaction),
      transaction,
      received,
      packed: received.packedTransaction,
      contextFreeData: [],
      keys: options.keys ?? [testKey],
    };
  }

  /** Executes a transaction in the block under construction. */
  apply(transaction: VerifiedTransaction): TransactionTrace {
    const outcome = this.#pending.apply(transaction);
    if (outcome === undefined) throw new Error('the block is full');
    if (outcome.receipt !== undefined) this.#transactions.push(transaction);
    return outcome.trace;
  }

  /** Executes one action; throws when it fails. */
  push(account: string, action: string, signer: Signer, data: Json): TransactionTrace {
    const trace = this.tryPush(account, action, signer, data);
    if (trace.except !== undefined)
      throw new Error(`${account}::${action} failed: ${trace.except.code}: ${trace.except.message}`);
    return trace;
  }

  /** Executes one action; `except` tells whether it failed. */
  tryPush(account: string, action: string, signer: Signer, data: Json): TransactionTrace {
    return this.apply(this.transaction([this.action(account, action, signer, data)]));
  }

  action(account: string, action: string, signer: Signer, data: Json): Action {
    const [actor = '', permission = 'active'] = signer.split('@');
    const abi = this.abi(account);
    const type = actionType(abi, name(action));
    if (type === undefined) throw new Error(`${account} has no action ${action}`);
    return {
      account: name(account),
      name: name(action),
      authorization: [{ actor: name(actor), permission: name(permission) }],
      data: encodeType(abi, type, data),
    };
  }

  createAccount(account: string): void {
    const authority = {
      threshold: 1,
      keys: [{ key: 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV', weight: 1 }],
      accounts: [],
      waits: [],
    };
    this.push('eosio', 'newaccount', 'eosio', { creator: 'eosio', name: account, owner: authority, active: authority });
  }

  /** Creates the account when it is missing, and sets its contract. */
  deploy(account: string, wasm: Uint8Array, abi: Abi): void {
    this.push('eosio', 'setcode', account, {
      account,
      vmtype: 0,
      vmversion: 0,
      code: Buffer.from(wasm).toString('hex'),
    });
    this.push('eosio', 'setabi', account, { account, abi: Buffer.from(encode(abiSchema, abi)).toString('hex') });
  }

  abi(account: string): CompiledAbi {
    const bytes = getAbiBytes(this.#pending.state, name(account));
    if (account === 'eosio' && bytes === undefined) return compileAbi(systemAbi);
    if (bytes === undefined) throw new Error(`${account} has no ABI`);
    return compileAbi(decode(abiSchema, bytes));
  }

  /** Rows of a table as JSON, in the order of their primary keys. */
  rows(code: string, scope: bigint | string, table: string): Json[] {
    const abi = this.abi(code);
    const type = tableType(abi, name(table));
    if (type === undefined) throw new Error(`${code} has no table ${table}`);
    const prefix = rowPrefix(tableId(name(code), typeof scope === 'bigint' ? scope : name(scope), name(table)));
    const rows: Json[] = [];
    const { state } = this.#pending;
    for (let entry = state.first(prefix, prefixEnd(prefix)); entry !== undefined; ) {
      rows.push(decodeType(abi, type, decodeRow(entry.value).data));
      entry = state.first(`${entry.key}\u0000`, prefixEnd(prefix));
    }
    return rows;
  }
}

function genesisParent(genesis: Genesis): BlockParent {
  const header = {
    slot: genesis.initialSlot,
    producer: names.empty as Name,
    confirmed: 0,
    previous: new Uint8Array(32),
    transactionMroot: new Uint8Array(32),
    actionMroot: new Uint8Array(32),
    scheduleVersion: 0,
    newProducers: undefined,
    headerExtensions: [],
  };
  return { num: 1, id: blockId(header), header };
}
