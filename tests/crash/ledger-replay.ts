/**
 * The undisturbed ledger: every block of a stopped node's log, executed again from genesis in this process, and compared
 * with everything that the node keeps: state, buckets of the commitment, index, traces, and balances by plain addition.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { authorisedPosition } from '@snapscale/consensus';
import { equalBytes } from '@snapscale/crypto';
import {
  applyBlock,
  applyGenesis,
  type BlockParent,
  type BlockSetting,
  ChainServices,
  type CommitmentUpdate,
  decodeRow,
  type FinishedBlock,
  getSchedule,
  globalKeys,
  isCommitted,
  MemoryState,
  rowKey,
  StateCommitment,
  type StateReader,
  tableId,
  WorkingState,
} from '@snapscale/execution';
import {
  type Action,
  type BlockHeader,
  blockHeaderSchema,
  blockId,
  chainIdOf,
  consensusExtensions,
  decode,
  encode,
  formatName,
  type Genesis,
  genesisSchema,
  name,
  names,
  parseSymbol,
  Reader,
  type SignedBlock,
  signedBlockSchema,
  transactionTraceSchema,
} from '@snapscale/protocol';
import { genesisBlock } from '../../apps/node/src/core/genesis-block.js';
import { BlockLogReader } from '../../apps/node/src/store/block-log/block-log-reader.js';
import { StateStore } from '../../apps/node/src/store/state-store.js';
import { loadSignatureRecovery } from '../../apps/node/src/verify/signature-recovery.js';
import { verifyReceived } from '../../apps/node/src/verify/verify-transaction.js';

/** What the comparison came to. */
export type ReplayReport = {
  readonly blocks: number;
  readonly transactions: number;
  readonly entries: number;
  readonly seconds: number;
  /** Ids of blocks by number, hex. */
  readonly blockIds: ReadonlyMap<number, string>;
  /** Block of each transaction, by id in hex. */
  readonly blockOf: ReadonlyMap<string, number>;
  /** Differences; none when the node agrees. */
  readonly findings: readonly string[];
};

const FINDINGS_MAX = 20;
const TRANSFER_SYMBOL = parseSymbol('4,XST');
const SYMBOL_CODE = TRANSFER_SYMBOL >> 8n;

/** Compares a stopped node's data with an execution of its own block log. */
export async function compareWithReplay(dataDir: string): Promise<ReplayReport> {
  const began = performance.now();
  const stored = JSON.parse(readFileSync(join(dataDir, 'genesis.json'), 'utf8'));
  const replay = new LedgerReplay(genesisSchema.fromJson(stored.genesis));
  const blocks = BlockLogReader.open(join(dataDir, 'blocks'));
  const traces = BlockLogReader.open(join(dataDir, 'traces'));
  const store = StateStore.open(join(dataDir, 'state'), { readOnly: true });
  try {
    const { findings } = replay;
    const final = store.finalBlock();
    if (blocks.firstBlockNum !== 1) findings.push(`the block log begins with block ${blocks.firstBlockNum}, not 1`);
    if (blocks.lastBlockNum !== final?.num)
      findings.push(`the log ends with block ${blocks.lastBlockNum}, the state is that of block ${final?.num}`);
    const first = blocks.readSync(1);
    if (first !== undefined && !equalBytes(blockId(decode(signedBlockSchema, first).header), replay.head.id)) {
      findings.push('block 1 is not that of the genesis');
    }
    for (let num = 2; num <= (final?.num ?? 0) && findings.length < FINDINGS_MAX; num++) {
      const bytes = blocks.readSync(num);
      if (bytes === undefined) {
        findings.push(`block ${num} is missing in the log`);
        break;
      }
      const finished = replay.apply(decode(signedBlockSchema, bytes));
      compareTraces(num, finished, traces.readSync(num), findings);
      compareIndex(num, finished, store, findings);
    }
    if (final !== undefined && !equalBytes(final.id, replay.head.id))
      findings.push(`the id of final block ${final.num} differs`);
    if (findings.length < FINDINGS_MAX) compareState(replay.state, store, findings);
    if (findings.length < FINDINGS_MAX) compareBuckets(replay.buckets, store, findings);
    compareBalances(replay.balances, replay.state, findings);
    const { blockIds, blockOf } = replay;
    const seconds = (performance.now() - began) / 1000;
    return {
      blocks: replay.head.num,
      transactions: blockOf.size,
      entries: replay.entries,
      seconds,
      blockIds,
      blockOf,
      findings,
    };
  } catch (error) {
    replay.findings.push(
      `the replay stopped after block ${replay.head.num}: ${error instanceof Error ? error.message : error}`,
    );
    const { blockIds, blockOf, findings } = replay;
    const seconds = (performance.now() - began) / 1000;
    return {
      blocks: replay.head.num,
      transactions: blockOf.size,
      entries: replay.entries,
      seconds,
      blockIds,
      blockOf,
      findings,
    };
  } finally {
    await store.close();
  }
}

/** A ledger in memory, fed with blocks. */
class LedgerReplay {
  readonly state = new MemoryState();
  readonly buckets = new Map<string, Uint8Array>();
  readonly balances = new Map<bigint, bigint>();
  readonly blockIds = new Map<number, string>();
  readonly blockOf = new Map<string, number>();
  readonly findings: string[] = [];
  readonly #chainId: Uint8Array;
  readonly #recovery = loadSignatureRecovery();
  readonly #services = new ChainServices(this.#recovery.port);
  readonly #commitment: StateCommitment | undefined;
  head: BlockParent;

  constructor(genesis: Genesis) {
    this.#chainId = chainIdOf(genesis);
    const { header } = genesisBlock(genesis);
    this.head = { num: 1, id: blockId(header), header };
    const working = new WorkingState(this.state);
    applyGenesis(working, genesis);
    working.put(globalKeys.header, encode(blockHeaderSchema, header));
    this.#commitment = genesis.parameters.stateCommitment
      ? new StateCommitment({ get: (path) => this.buckets.get(path), scan: () => this.buckets })
      : undefined;
    this.#commit(working);
    this.state.apply(working.changes());
    this.blockIds.set(1, hex(this.head.id));
  }

  get entries(): number {
    let entries = 0;
    for (const _ of this.state.entries()) entries++;
    return entries;
  }

  /** Executes the next block. @throws Reject when anything that its header commits to differs */
  apply(block: SignedBlock): FinishedBlock {
    const verified = block.transactions.map(({ transaction }) => {
      if (transaction.kind !== 'packed') throw new Error('a block holds a transaction by its id alone');
      return verifyReceived(transaction.packed, this.#chainId, this.#recovery.port).verified;
    });
    let update: CommitmentUpdate | undefined;
    const setting = this.#settingOf(block.header);
    const headerExtensions = block.header.headerExtensions.filter(({ type }) => consensusExtensions.includes(type));
    const finished = applyBlock(this.#services, this.state, this.head, block, verified, setting, {
      headerExtensions,
      rootOf: (changes) => {
        update = this.#commitment?.update([...changes].filter(([key]) => isCommitted(key)));
        return update?.root;
      },
    });
    this.#keepBuckets(update);
    finished.state.put(globalKeys.header, encode(blockHeaderSchema, block.header));
    this.state.apply(finished.state.changes());
    this.head = { num: finished.num, id: blockId(block.header), header: block.header };
    this.blockIds.set(finished.num, hex(this.head.id));
    for (const { id, transaction } of verified) {
      const known = this.blockOf.get(hex(id));
      if (known !== undefined)
        this.findings.push(`transaction ${hex(id)} is in block ${known} and in block ${finished.num}`);
      this.blockOf.set(hex(id), finished.num);
      for (const action of transaction.actions) this.#account(action);
    }
    return finished;
  }

  /** Whose block it must be (CON-2). Whether a schedule had to begin with it is for those to judge who voted. */
  #settingOf({ slot, newProducers }: BlockHeader): BlockSetting {
    const schedule = newProducers ?? getSchedule(this.state);
    const position = authorisedPosition(schedule.producers.length, this.head.header.slot, slot);
    const { name: producer } = schedule.producers[position]!;
    return { slot, producer, schedule, scheduleChanged: newProducers !== undefined };
  }

  #commit(working: WorkingState): void {
    this.#keepBuckets(this.#commitment?.update([...working.changes()].filter(([key]) => isCommitted(key))));
  }

  #keepBuckets(update: CommitmentUpdate | undefined): void {
    if (update === undefined) return;
    for (const [path, leaves] of update.bucketWrites) {
      if (leaves === null) this.buckets.delete(path);
      else this.buckets.set(path, leaves);
    }
    this.#commitment!.forget(update.token);
  }

  /** Balances by addition alone, from what the included transactions say. */
  #account(action: Action): void {
    const reader = new Reader(action.data);
    if (action.account === names.eosio && action.name === name('delegatebw')) {
      const from = reader.u64();
      reader.u64();
      const net = reader.i64();
      reader.u64();
      // The system contract moves both into one account.
      this.#add(from, name('eosio.stake'), net + reader.i64());
    }
    if (action.account !== names.eosioToken) return;
    if (action.name === name('transfer')) {
      const from = reader.u64();
      const to = reader.u64();
      this.#add(from, to, reader.i64());
    } else if (action.name === name('issue')) {
      const to = reader.u64();
      this.#add(undefined, to, reader.i64());
    }
  }

  #add(from: bigint | undefined, to: bigint, units: bigint): void {
    if (from !== undefined) this.balances.set(from, (this.balances.get(from) ?? 0n) - units);
    this.balances.set(to, (this.balances.get(to) ?? 0n) + units);
  }
}

function compareTraces(
  num: number,
  { traces }: FinishedBlock,
  stored: Uint8Array | undefined,
  findings: string[],
): void {
  if (stored === undefined) {
    findings.push(`the traces of block ${num} are missing`);
    return;
  }
  const reader = new Reader(stored);
  const count = reader.varuint32();
  if (count !== traces.length) findings.push(`block ${num} has ${count} traces, execution gives ${traces.length}`);
  for (let i = 0; i < Math.min(count, traces.length); i++) {
    if (!equalBytes(reader.bytes(), encode(transactionTraceSchema, traces[i]!)))
      findings.push(`trace ${i} of block ${num} differs`);
  }
}

function compareIndex(num: number, { traces }: FinishedBlock, store: StateStore, findings: string[]): void {
  for (const [position, { id }] of traces.entries()) {
    const place = store.index.findTransaction(id);
    if (place?.blockNum !== num || place.position !== position) {
      findings.push(
        `the index has transaction ${hex(id)} at ${JSON.stringify(place)} instead of block ${num}, position ${position}`,
      );
    }
  }
}

function compareState(expected: MemoryState, store: StateStore, findings: string[]): void {
  const missing = new Map(expected.entries());
  for (const { key, value } of store.range('', '\u0100')) {
    const should = missing.get(key);
    missing.delete(key);
    if (should === undefined) findings.push(`the state has an entry ${show(key)} that execution does not give`);
    else if (!equalBytes(should, value))
      findings.push(`the state's entry ${show(key)} differs from what execution gives`);
    if (findings.length >= FINDINGS_MAX) return;
  }
  for (const key of [...missing.keys()].slice(0, FINDINGS_MAX)) findings.push(`the state lacks the entry ${show(key)}`);
}

function compareBuckets(expected: ReadonlyMap<string, Uint8Array>, store: StateStore, findings: string[]): void {
  let count = 0;
  for (const [path, leaves] of store.buckets.scan()) {
    count++;
    const should = expected.get(path);
    if (should === undefined || !equalBytes(should, leaves))
      findings.push(`bucket ${show(path)} of the commitment differs`);
    if (findings.length >= FINDINGS_MAX) return;
  }
  if (count !== expected.size) findings.push(`the commitment has ${count} buckets, execution gives ${expected.size}`);
}

function compareBalances(balances: ReadonlyMap<bigint, bigint>, state: StateReader, findings: string[]): void {
  let total = 0n;
  for (const [account, should] of balances) {
    const units = unitsAt(state, rowKey(tableId(names.eosioToken, account, name('accounts')), SYMBOL_CODE)) ?? 0n;
    total += units;
    if (units !== should) findings.push(`${formatName(account)} has ${units} units, its transactions give ${should}`);
  }
  const supply = unitsAt(state, rowKey(tableId(names.eosioToken, SYMBOL_CODE, name('stat')), SYMBOL_CODE)) ?? 0n;
  if (supply !== total) findings.push(`the supply is ${supply} units, the balances give ${total}`);
}

/** The amount at the beginning of a row, which is how balances and supplies begin. */
function unitsAt(state: StateReader, key: string): bigint | undefined {
  const row = state.get(key);
  return row === undefined ? undefined : new Reader(decodeRow(row).data).i64();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function show(key: string): string {
  return `${key.slice(0, 1)}:${Buffer.from(key.slice(1), 'latin1').toString('hex')}`;
}
