/** A ledger in this process, over memory or LMDB, for measuring execution without network and threads. */
import { readFileSync } from 'node:fs';
import { type PublicKey, publicKeyOf } from '@snapscale/crypto';
import {
  applyGenesis,
  BlockExecution,
  type BlockParent,
  ChainServices,
  type Changeset,
  type FinishedBlock,
  globalKeys,
  isCommitted,
  StateCommitment,
  type StateReader,
  settingAt,
  systemAbi,
  type VerifiedTransaction,
  WorkingState,
} from '@snapscale/execution';
import {
  type Action,
  abiSchema,
  actionType,
  blockHeaderSchema,
  blockId,
  type CompiledAbi,
  chainIdOf,
  compileAbi,
  decode,
  defaultChainConfig,
  defaultSnapParameters,
  encode,
  encodeType,
  type Genesis,
  type Json,
  type Name,
  name,
  names,
  packedTransactionSchema,
  packTransaction,
  parseAbi,
  refBlockPrefixOf,
  slotToMs,
  transactionId,
  transactionSchema,
} from '@snapscale/protocol';
import { genesisBlock } from '../../../apps/node/src/core/genesis-block.js';
import { loadSignatureRecovery } from '../../../apps/node/src/verify/signature-recovery.js';
import { signFast } from './native-signer.js';
import { developmentKey, type LoadAccount, newAccountAction, signActions, transferAction } from './workload.js';

/** Where a ledger keeps its state and the buckets of its commitment. */
export type BenchStore = StateReader & {
  readonly buckets: { get(path: string): Uint8Array | undefined; scan(): Iterable<readonly [string, Uint8Array]> };
  /** Makes the changes of a block permanent. */
  keep(num: number, id: Uint8Array, changes: Changeset, buckets: ReadonlyMap<string, Uint8Array | null>): Promise<void>;
};

const artifacts = new URL('../../../contracts/system/artifacts/', import.meta.url);
/** Receipts hash signatures, whether or not they were checked here: one of the usual size. */
const anySignature = signFast(developmentKey, new Uint8Array(32).fill(1));
const EXPIRATION_SEC = 3000;
const ACCOUNTS_PER_TRANSACTION = 50;

export class BenchLedger {
  readonly genesis: Genesis;
  readonly chainId: Uint8Array;
  readonly recovery = loadSignatureRecovery();
  readonly #services = new ChainServices(this.recovery.port);
  readonly #store: BenchStore;
  readonly #commitment: StateCommitment | undefined;
  head: BlockParent;
  /** Time that the state commitment has taken in all blocks. */
  commitmentMs = 0;
  /** The last finished block. */
  last: FinishedBlock | undefined;

  private constructor(store: BenchStore, genesis: Genesis, isCommitting: boolean) {
    this.#store = store;
    this.genesis = genesis;
    this.chainId = chainIdOf(genesis);
    this.#commitment = isCommitting ? new StateCommitment(store.buckets) : undefined;
    const { header } = genesisBlock(genesis);
    this.head = { num: 1, id: blockId(header), header };
  }

  /** A fresh chain with the token contract and these accounts, each with 100,000,000 units of XST. */
  static async found(store: BenchStore, isCommitting: boolean, accounts: readonly LoadAccount[]): Promise<BenchLedger> {
    const genesis: Genesis = {
      initialSlot: 1_700_000_000,
      initialKey: publicKeyOf(developmentKey),
      producers: [],
      config: { ...defaultChainConfig, maxBlockCpuUsage: 400_000, minTransactionCpuUsage: 10 },
      parameters: { ...defaultSnapParameters, stateCommitment: isCommitting },
    };
    const ledger = new BenchLedger(store, genesis, isCommitting);
    const working = new WorkingState(store);
    applyGenesis(working, genesis);
    working.put(globalKeys.header, encode(blockHeaderSchema, ledger.head.header));
    await ledger.#keep(1, ledger.head.id, working.changes());
    await ledger.#setUp(accounts);
    return ledger;
  }

  /** A transaction as the verifiers hand it over, with the bytes that were received. */
  verified(actions: readonly Action[], keys: readonly PublicKey[]): VerifiedTransaction {
    const { id: headId } = this.head;
    const received = packTransaction(
      {
        expiration: Math.floor(slotToMs(this.head.header.slot) / 1000) + EXPIRATION_SEC,
        refBlockNum: ((headId[2]! << 8) | headId[3]!) & 0xffff,
        refBlockPrefix: refBlockPrefixOf(headId),
        maxNetUsageWords: 0,
        maxCpuUsageMs: 0,
        delaySec: 0,
        contextFreeActions: [],
        actions,
        transactionExtensions: [],
      },
      [],
    );
    const signed = { ...received, signatures: [anySignature] };
    const opened = decode(packedTransactionSchema, encode(packedTransactionSchema, signed));
    return {
      id: transactionId(opened.packedTransaction),
      transaction: decode(transactionSchema, opened.packedTransaction),
      received: opened,
      packed: opened.packedTransaction,
      contextFreeData: [],
      keys,
    };
  }

  /** The bytes of a signed transaction with these actions. */
  signed(actions: readonly Action[], account: LoadAccount): Uint8Array {
    const expirationSec = Math.floor(slotToMs(this.head.header.slot) / 1000) + EXPIRATION_SEC;
    return signActions({ chainId: this.chainId, headId: this.head.id, expirationSec }, account.key, actions).packed;
  }

  /** Executes a block with these transactions. @throws Error when one fails */
  async block(transactions: Iterable<VerifiedTransaction>): Promise<FinishedBlock> {
    const { slot } = this.head.header;
    const execution = new BlockExecution(
      this.#services,
      this.#store,
      this.head,
      settingAt(this.#store, slot, slot + 1),
    );
    for (const transaction of transactions) {
      const outcome = execution.apply(transaction);
      if (outcome?.receipt === undefined) {
        throw new Error(`a transaction was not included: ${outcome?.trace.except?.message ?? 'the block is full'}`);
      }
      execution.state.forgetUndo();
    }
    let buckets: ReadonlyMap<string, Uint8Array | null> = new Map();
    let token: number | undefined;
    const rootOf = (changes: Changeset) => {
      const began = performance.now();
      const update = this.#commitment?.update([...changes].filter(([key]) => isCommitted(key)));
      this.commitmentMs += performance.now() - began;
      if (update !== undefined) ({ bucketWrites: buckets, token } = update);
      return update?.root;
    };
    const finished = execution.finish({ rootOf });
    const id = blockId(finished.header);
    finished.state.put(globalKeys.header, encode(blockHeaderSchema, finished.header));
    await this.#store.keep(finished.num, id, finished.state.changes(), buckets);
    if (token !== undefined) this.#commitment!.forget(token);
    this.head = { num: finished.num, id, header: finished.header };
    this.last = finished;
    return finished;
  }

  async #setUp(accounts: readonly LoadAccount[]): Promise<void> {
    const developer = { key: developmentKey, publicKey: this.genesis.initialKey };
    const keys = [developer.publicKey];
    const token = parseAbi(JSON.parse(readFileSync(new URL('eosio.token.abi', artifacts), 'utf8')));
    const code = readFileSync(new URL('eosio.token.wasm', artifacts)).toString('hex');
    const abi = Buffer.from(encode(abiSchema, token)).toString('hex');
    const native = (actor: Name, action: string, data: Json) =>
      call(compileAbi(systemAbi), names.eosio, actor, action, data);
    const onToken = (action: string, data: Json) =>
      call(compileAbi(token), names.eosioToken, names.eosio, action, data);
    const steps: Action[][] = [
      [
        newAccountAction({ name: names.eosioToken, ...developer }),
        newAccountAction({ name: name('nocode'), ...developer }),
      ],
      [
        native(names.eosioToken, 'setcode', { account: 'eosio.token', vmtype: 0, vmversion: 0, code }),
        native(names.eosioToken, 'setabi', { account: 'eosio.token', abi }),
      ],
      [
        {
          ...onToken('create', { issuer: 'eosio', maximum_supply: '10000000000.0000 XST' }),
          authorization: [{ actor: names.eosioToken, permission: names.active }],
        },
        onToken('issue', { to: 'eosio', quantity: '1000000000.0000 XST', memo: '' }),
      ],
    ];
    for (let at = 0; at < accounts.length; at += ACCOUNTS_PER_TRANSACTION) {
      const part = accounts.slice(at, at + ACCOUNTS_PER_TRANSACTION);
      steps.push(part.map(newAccountAction));
      steps.push(part.map((account) => transferAction(names.eosio, account.name, 100_000_000n, '')));
    }
    for (const actions of steps) await this.block([this.verified(actions, keys)]);
  }

  async #keep(num: number, id: Uint8Array, changes: Changeset): Promise<void> {
    const update = this.#commitment?.update([...changes].filter(([key]) => isCommitted(key)));
    await this.#store.keep(num, id, changes, update?.bucketWrites ?? new Map());
    if (update !== undefined) this.#commitment!.forget(update.token);
  }
}

function call(abi: CompiledAbi, account: Name, actor: Name, action: string, data: Json): Action {
  return {
    account,
    name: name(action),
    authorization: [{ actor, permission: names.active }],
    data: encodeType(abi, actionType(abi, name(action))!, data),
  };
}
