/** Where simulated chains begin: a state with accounts, a token and a schedule, prepared by real execution. */
import { type ConsensusRoot, genesisRoot, producersOf } from '@snapscale/consensus';
import {
  type BlsPublicKey,
  blsPublicKeyOf,
  generateBlsPrivateKey,
  type PublicKey,
  privateKeyFromBytes,
  publicKeyOf,
  sha256,
  sha512,
  toHex,
} from '@snapscale/crypto';
import {
  type Changeset,
  globalKeys,
  isCommitted,
  MemoryState,
  rowKey,
  StateCommitment,
  type StateReader,
  tableId,
  type VerifiedTransaction,
} from '@snapscale/execution';
import { TestLedger, testKey } from '@snapscale/execution/testing';
import {
  type Action,
  type BlockHeader,
  blockId,
  encode,
  type Json,
  name,
  names,
  packTransaction,
  parseAbi,
  producerScheduleSchema,
  quorumOf,
  refBlockPrefixOf,
  slotToMs,
  type Transaction,
  transactionId,
  type VotingSchedule,
  Writer,
} from '@snapscale/protocol';

/** The token contract, as the host of the simulation has read it. */
export type TokenArtifact = { readonly wasm: Uint8Array; readonly abi: Json };

/** Accounts that send each other tokens. */
export const holders = ['alice', 'bob', 'carol', 'dave'] as const;

/** Tokens of each holder at the start, in units of the smallest. */
const START_UNITS = 1_000_000_000n;
const SYMBOL_CODE = symbolCode('XST');

/** What the host of a simulation has read from files. */
export type SimulatedContracts = {
  readonly token: TokenArtifact;
  /**
   * A contract for `eosio` whose actions `setprods` and `setfinals` hand their data to `set_proposed_producers` and
   * `set_finalizers`. Without it schedules do not change.
   */
  readonly system?: Uint8Array;
};

/** Real keys: contracts check that they are points of their curves. Signatures with them are simulated. */
export type MemberKeys = { readonly block: PublicKey; readonly finalizer: BlsPublicKey };

export class SimulatedGenesis {
  readonly root: ConsensusRoot;
  readonly chainId: Uint8Array;
  readonly startMs: number;
  readonly #state: Changeset;
  readonly #buckets: ReadonlyMap<string, Uint8Array | null>;
  readonly #ledger: TestLedger;
  readonly #keys = new Map<string, MemberKeys>();
  /** Accounts that can be producers. */
  readonly members: readonly string[];
  readonly canPropose: boolean;

  /** @param producers accounts of the first schedule. @param others accounts that may become producers later. */
  constructor({ token, system }: SimulatedContracts, producers: readonly string[], others: readonly string[] = []) {
    this.members = [...producers, ...others];
    this.canPropose = system !== undefined;
    const ledger = new TestLedger({ stateCommitment: true });
    this.#ledger = ledger;
    for (const account of ['eosio.token', ...holders, ...this.members]) ledger.createAccount(account);
    ledger.deploy('eosio.token', token.wasm, parseAbi(token.abi));
    const supply = `${units(START_UNITS * BigInt(holders.length))} XST`;
    ledger.push('eosio.token', 'create', 'eosio.token', { issuer: 'eosio.token', maximum_supply: supply });
    ledger.push('eosio.token', 'issue', 'eosio.token', { to: 'eosio.token', quantity: supply, memo: '' });
    for (const to of holders) {
      const quantity = `${units(START_UNITS)} XST`;
      ledger.push('eosio.token', 'transfer', 'eosio.token', { from: 'eosio.token', to, quantity, memo: '' });
    }
    if (system !== undefined) {
      const code = toHex(system);
      ledger.push('eosio', 'setcode', 'eosio', { account: 'eosio', vmtype: 0, vmversion: 0, code });
    }
    ledger.produceBlock();
    const schedule = this.schedule(0, producers);
    const state = new Map<string, Uint8Array | null>(ledger.store.entries());
    state.set(globalKeys.schedule, encode(producerScheduleSchema, producersOf(schedule)));
    this.#state = state;
    const commitment = new StateCommitment({ get: () => undefined, scan: () => [] });
    const { bucketWrites, root } = commitment.update([...state].filter(([key]) => isCommitted(key)));
    this.#buckets = bucketWrites;
    const header: BlockHeader = {
      slot: ledger.head.header.slot,
      producer: names.eosio,
      confirmed: 0,
      previous: new Uint8Array(32),
      transactionMroot: new Uint8Array(32),
      actionMroot: root,
      scheduleVersion: 0,
      newProducers: undefined,
      headerExtensions: [],
    };
    this.root = genesisRoot(header, schedule);
    this.chainId = blockId(header);
    this.startMs = slotToMs(header.slot);
  }

  /** A store with the state of the first block. */
  store(): { readonly state: MemoryState; readonly buckets: Map<string, Uint8Array> } {
    const state = new MemoryState();
    state.apply(this.#state);
    const buckets = new Map<string, Uint8Array>();
    for (const [path, leaves] of this.#buckets) if (leaves !== null) buckets.set(path, leaves);
    return { state, buckets };
  }

  /** A signed transfer of so many of the smallest units. The memo makes it unlike any other. */
  transfer(from: string, to: string, amount: number, memo: string, nowMs: number): VerifiedTransaction {
    const quantity = `${units(BigInt(amount))} XST`;
    return this.transaction(
      [this.#ledger.action('eosio.token', 'transfer', from, { from, to, quantity, memo })],
      nowMs,
    );
  }

  keys(account: string): MemberKeys {
    let keys = this.#keys.get(account);
    if (keys === undefined) {
      const label = Uint8Array.from(account, (character) => character.charCodeAt(0));
      const block = publicKeyOf(privateKeyFromBytes('K1', sha256(label)));
      keys = { block, finalizer: blsPublicKeyOf(generateBlsPrivateKey(sha512(label).slice(0, 48))) };
      this.#keys.set(account, keys);
    }
    return keys;
  }

  /** A schedule of accounts with their keys. */
  schedule(version: number, accounts: readonly string[]): VotingSchedule {
    const producers = accounts.map((account) => {
      const { block, finalizer } = this.keys(account);
      return { name: name(account), key: block, finalizerKey: finalizer };
    });
    return { version, producers };
  }

  /** A transaction by which contracts propose these accounts as producers and finalizers. */
  proposal(accounts: readonly string[], nowMs: number): VerifiedTransaction {
    const producers = new Writer();
    producers.varuint32(accounts.length);
    const policy = new Writer();
    policy.u64(BigInt(quorumOf(accounts.length)));
    policy.varuint32(accounts.length);
    for (const account of accounts) {
      const { block, finalizer } = this.keys(account);
      producers.u64(name(account));
      producers.raw(block);
      policy.bytes(Uint8Array.from(account, (character) => character.charCodeAt(0)));
      policy.u64(1n);
      policy.bytes(finalizer);
    }
    const data = { setprods: producers.finish(), setfinals: policy.finish() };
    const actions = Object.entries(data).map(([action, packed]) => ({
      account: names.eosio,
      name: name(action),
      authorization: [{ actor: names.eosio, permission: names.active }],
      data: packed,
    }));
    return this.transaction(actions, nowMs);
  }

  /** A signed transaction. */
  transaction(actions: readonly Action[], nowMs: number): VerifiedTransaction {
    const transaction: Transaction = {
      expiration: Math.floor(nowMs / 1000) + 60,
      refBlockNum: 1,
      refBlockPrefix: refBlockPrefixOf(this.chainId),
      maxNetUsageWords: 0,
      maxCpuUsageMs: 0,
      delaySec: 0,
      contextFreeActions: [],
      actions,
      transactionExtensions: [],
    };
    const received = packTransaction(transaction, []);
    const { packedTransaction } = received;
    const id = transactionId(packedTransaction);
    return { id, transaction, received, packed: packedTransaction, contextFreeData: [], keys: [testKey] };
  }
}

/** Tokens of an account, in units of the smallest. */
export function balanceOf(state: Pick<StateReader, 'get'>, account: string): bigint {
  const table = tableId(name('eosio.token'), name(account), name('accounts'));
  const row = state.get(rowKey(table, SYMBOL_CODE));
  if (row === undefined) return 0n;
  // The row is the payer of its RAM, then the asset: the amount comes first.
  return new DataView(row.buffer, row.byteOffset, row.byteLength).getBigInt64(8, true);
}

/** What the holders have together, whatever they send each other. */
export const tokensInAll: bigint = START_UNITS * BigInt(holders.length);

function units(amount: bigint): string {
  const text = String(amount).padStart(5, '0');
  return `${text.slice(0, -4)}.${text.slice(-4)}`;
}

/** A symbol code as the primary key of its row. */
function symbolCode(code: string): bigint {
  return [...code].reduceRight((value, letter) => (value << 8n) | BigInt(letter.charCodeAt(0)), 0n);
}
