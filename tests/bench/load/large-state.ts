/**
 * A data directory with a large state, made without executing a transaction per account: the entries that one real
 * account and its first token transfer leave behind are copied under other names, the commitment is brought along, and a
 * block with the new root is put behind the last one. Nothing but the absence of transactions tells it from a real one.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { genesisRoot } from '@snapscale/consensus';
import { publicKeyOf, type Signature, sha256 } from '@snapscale/crypto';
import {
  globalKeys,
  isCommitted,
  nameKey,
  putTable,
  rowKey,
  StateCommitment,
  tableId,
  u64Key,
  WorkingState,
} from '@snapscale/execution';
import {
  type BlockHeader,
  blockHeaderSchema,
  blockId,
  encode,
  genesisSchema,
  type Name,
  name,
  names,
  stateRootExtension,
} from '@snapscale/protocol';
import { CoreStorage } from '../../../apps/node/src/core/core-storage.js';
import { BenchLedger } from './bench-ledger.js';
import { MemoryStore } from './bench-stores.js';
import { developmentKey, newAccountAction, transferAction } from './workload.js';

const MAP_BYTES = 64 * 2 ** 30;
const ENTRIES_PER_LOAD = 200_000;
/** A row of a contract's table, payer aside. */
export const ROW_BYTES = 100;
const SIGNATURE_BYTES = 66;
const template = name('templateacct');

/** A stopped node's directory that is being filled. */
export class LargeState {
  readonly dataDir: string;
  readonly #storage: CoreStorage;
  readonly #commitment: StateCommitment;
  readonly #perAccount: readonly (readonly [string, Uint8Array])[];
  #serial = 0;

  private constructor(
    dataDir: string,
    storage: CoreStorage,
    commitment: StateCommitment,
    perAccount: readonly (readonly [string, Uint8Array])[],
  ) {
    this.dataDir = dataDir;
    this.#storage = storage;
    this.#commitment = commitment;
    this.#perAccount = perAccount;
  }

  static async open(dataDir: string): Promise<LargeState> {
    const stored = JSON.parse(readFileSync(join(dataDir, 'genesis.json'), 'utf8'));
    const storage = await CoreStorage.open(dataDir, genesisSchema.fromJson(stored.genesis), 0, MAP_BYTES);
    const commitment = new StateCommitment(storage.state.buckets);
    commitment.load();
    return new LargeState(dataDir, storage, commitment, await entriesOfAccount());
  }

  /** Entries that one account with a token balance takes. */
  get entriesPerAccount(): number {
    return this.#perAccount.length;
  }

  /** Bytes of pages that hold data; the file also has pages that are free again. */
  get usedBytes(): number {
    return usedBytesOf(join(this.dataDir, 'state'));
  }

  get fileBytes(): number {
    return statSync(join(this.dataDir, 'state', 'data.mdb')).size;
  }

  /** Adds accounts under random names. */
  addAccounts(count: number): void {
    const old = nameKey(template);
    this.#add(count, () => {
      const fresh = u64Key(this.#random() & ~0xfn);
      return this.#perAccount.map(([key, value]) => [key.replace(old, () => fresh), value] as const);
    });
  }

  /** Adds rows to one table, under random primary keys. */
  addRows(count: number): void {
    const id = tableId(names.eosioToken, name('large'), name('rows'));
    const value = new Uint8Array(8 + ROW_BYTES).fill(3);
    new DataView(value.buffer).setBigUint64(0, names.eosioToken, true);
    this.#add(count, () => [[rowKey(id, this.#random()), value]]);
    const working = new WorkingState(this.#storage.state);
    putTable(working, id, { count, payer: names.eosioToken as Name });
    this.#load(working.changes());
  }

  /** Puts the block with the new root behind the last one, and closes the directory. */
  async close(): Promise<void> {
    const { final } = this.#storage;
    const header: BlockHeader = {
      ...final.header,
      slot: final.header.slot + 1,
      previous: final.id,
      transactionMroot: new Uint8Array(32),
      actionMroot: new Uint8Array(32),
      newProducers: undefined,
      headerExtensions: [{ type: stateRootExtension, data: this.#commitment.root }],
    };
    const block = {
      header,
      producerSignature: new Uint8Array(SIGNATURE_BYTES) as Signature,
      transactions: [],
      blockExtensions: [],
    };
    const changes = new Map([[globalKeys.header, encode(blockHeaderSchema, header)]]);
    const made = { num: final.num + 1, id: blockId(header), block, traces: [], changes, buckets: new Map() };
    await this.#storage.commit([made], genesisRoot(header, this.#storage.root.facts.schedule), () => []);
    await this.#storage.close();
  }

  #add(count: number, make: () => readonly (readonly [string, Uint8Array])[]): void {
    let changes = new Map<string, Uint8Array>();
    for (let i = 0; i < count; i++) {
      for (const [key, value] of make()) changes.set(key, value);
      if (changes.size < ENTRIES_PER_LOAD && i < count - 1) continue;
      this.#load(changes);
      changes = new Map();
    }
  }

  #load(changes: ReadonlyMap<string, Uint8Array | null>): void {
    const { bucketWrites, token } = this.#commitment.update([...changes].filter(([key]) => isCommitted(key)));
    this.#storage.state.load(new Map([...changes].sort(([a], [b]) => (a < b ? -1 : 1))), bucketWrites);
    this.#storage.state.refresh();
    this.#commitment.forget(token);
  }

  #random(): bigint {
    const digest = sha256(new TextEncoder().encode(String(this.#serial++)));
    return new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
  }
}

/** Run in a process of its own, since one process must not open an environment twice in different ways. */
const statistics = `
const { open } = require('lmdb');
const root = open({ path: process.argv[1], readOnly: true, noSubdir: false, maxDbs: 16 });
let bytes = 0;
for (const name of ['state', 'buckets', 'transactions', 'blocks', 'meta']) {
  const stats = root.openDB({ name, encoding: 'binary' }).getStats();
  bytes += (stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages) * stats.pageSize;
}
console.log(bytes);
`;

function usedBytesOf(path: string): number {
  const cwd = fileURLToPath(new URL('../../../apps/node', import.meta.url));
  return Number(execFileSync(process.execPath, ['-e', statistics, path], { cwd, encoding: 'utf8' }));
}

/** What an account and its first token transfer leave in the state under the account's name. */
async function entriesOfAccount(): Promise<(readonly [string, Uint8Array])[]> {
  const store = new MemoryStore();
  const ledger = await BenchLedger.found(store, false, []);
  const keys = [publicKeyOf(developmentKey)];
  await ledger.block([
    ledger.verified([newAccountAction({ name: template, key: developmentKey, publicKey: keys[0]! })], keys),
    ledger.verified([transferAction(names.eosio, template, 1n, '')], keys),
    ledger.verified([transferAction(template, names.eosio, 1n, '')], keys),
  ]);
  const part = nameKey(template);
  return [...store.entries()].filter(([key]) => key.includes(part));
}
