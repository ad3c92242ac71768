/**
 * A whole chain in memory behind `NodeBackend`: transactions are executed for real, blocks are made when a test asks
 * for them, finality and forks happen when a test says so. For tests of the HTTP server; not a node.
 */
import { equalBytes, parsePrivateKey, publicKeyOf, recoverPublicKey, sign } from '@snapscale/crypto';
import {
  applyGenesis,
  BlockExecution,
  type BlockParent,
  ChainServices,
  type Changeset,
  getSchedule,
  MemoryState,
  type StateReader,
  settingAt,
  WorkingState,
} from '@snapscale/execution';
import {
  type BlockHeader,
  blockDigest,
  blockId,
  blockNumOf,
  chainIdOf,
  DecodeError,
  decode,
  defaultChainConfig,
  defaultSnapParameters,
  type Genesis,
  msToSlot,
  names,
  type ProducerSchedule,
  packedTransactionSchema,
  signingDigest,
  type TransactionTrace,
  transactionId,
  unpackTransaction,
} from '@snapscale/protocol';
import { LightChain } from '../../light/light-chain.js';
import { inflateBounded } from '../../verify/verify-transaction.js';
import type {
  ChainEvent,
  ChainInfo,
  NodeBackend,
  NodeHealth,
  ProvenEntry,
  StoredBlock,
  StoredBlockSummary,
  SubmitMode,
  SubmitOutcome,
  TrackedVote,
  TransactionLocation,
  TransactionStatusInfo,
  WrittenSnapshot,
} from '../backend.js';

/** The well-known development key. */
export const developmentKey = '5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3';

const zeroId = new Uint8Array(32);

type MadeBlock = StoredBlock & {
  readonly traces: readonly TransactionTrace[];
  readonly changes: Changeset;
};

export class MemoryChain implements NodeBackend {
  readonly serverVersion = { version: '1.2.3', fullVersion: '1.2.3-test', hash: '0a0b0c0d' };
  readonly light = new LightChain({
    finalNum: () => this.chainInfo().final.num,
    earliestNum: () => this.earliestBlockNum,
    header: (num) => this.blockSummary(num)?.header,
    id: (num) => this.blockSummary(num)?.id,
  });
  readonly genesis: Genesis;
  /** What tests may set. */
  healthReport: NodeHealth = { ready: true, reasons: [], checks: [{ name: 'core', ok: true, detail: 'running' }] };
  votes: readonly TrackedVote[] = [];
  proven: ProvenEntry | undefined = undefined;
  busy = false;
  earliestBlockNum = 1;
  /** Transactions that were handed in, with how. */
  readonly submitted: { readonly packed: Uint8Array; readonly mode: SubmitMode }[] = [];
  readonly #key = parsePrivateKey(developmentKey);
  readonly #services = new ChainServices();
  readonly #chainId: Uint8Array;
  readonly #genesisState: WorkingState;
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  readonly #blocks: MadeBlock[] = [];
  readonly #status = new Map<string, TransactionStatusInfo>();
  #finalNum = 0;
  #headState = new MemoryState();
  #finalState = new MemoryState();
  #open: BlockExecution | undefined;

  constructor(settings: { readonly stateCommitment?: boolean; readonly cpuPrice?: bigint } = {}) {
    this.genesis = {
      initialSlot: msToSlot(Date.now()) - 1000,
      initialKey: publicKeyOf(this.#key),
      producers: [],
      config: defaultChainConfig,
      parameters: { ...defaultSnapParameters, ...settings },
    };
    this.#chainId = chainIdOf(this.genesis);
    this.#genesisState = new WorkingState(new MemoryState());
    applyGenesis(this.#genesisState, this.genesis);
    this.#headState.apply(this.#genesisState.changes());
    this.#finalState.apply(this.#genesisState.changes());
    this.produce();
    this.finalize(1);
  }

  /** Closes the block with what was sent, and tells everyone. */
  produce(): MadeBlock {
    const { header, transactions, traces, state } = this.#openBlock().finish();
    const made: MadeBlock = {
      id: blockId(header),
      block: { header, producerSignature: sign(this.#key, blockDigest(header)), transactions, blockExtensions: [] },
      traces,
      changes: new Map(state.changes()),
    };
    this.#open = undefined;
    this.#blocks.push(made);
    this.#headState.apply(made.changes);
    this.#note(made, 'IN_BLOCK');
    this.#emit({ kind: 'block', num: this.head, id: made.id });
    return made;
  }

  /** Makes blocks up to `num` final. */
  finalize(num: number): void {
    while (this.#finalNum < num) {
      const block = this.#blocks[this.#finalNum++]!;
      this.#finalState.apply(block.changes);
      this.#note(block, 'IRREVERSIBLE');
    }
    this.#emit({ kind: 'final', num, id: this.#blocks[num - 1]!.id });
  }

  /** Throws away blocks after `toNum`, as when another branch wins. */
  fork(toNum: number): void {
    for (const block of this.#blocks.splice(toNum)) this.#note(block, 'FORKED_OUT');
    this.#open = undefined;
    this.#headState = new MemoryState();
    this.#headState.apply(this.#genesisState.changes());
    for (const block of this.#blocks) this.#headState.apply(block.changes);
    this.#emit({ kind: 'undo', toNum });
  }

  /** Number of the newest block. */
  get head(): number {
    return this.#blocks.length;
  }

  chainInfo(): ChainInfo {
    const pointOf = (num: number) => {
      const { id, block } = this.#blocks[num - 1]!;
      return { num, id, slot: block.header.slot, producer: block.header.producer };
    };
    return {
      chainId: this.#chainId,
      genesis: this.genesis,
      head: pointOf(this.head),
      final: pointOf(this.#finalNum),
      earliestBlockNum: this.earliestBlockNum,
      edgeAccount: names.eosio,
    };
  }

  headState(): StateReader {
    return this.#open?.state ?? this.#headState;
  }

  finalState(): StateReader {
    return this.#finalState;
  }

  blockByNum(num: number): StoredBlock | undefined {
    return num < this.earliestBlockNum ? undefined : this.#blocks[num - 1];
  }

  blockById(id: Uint8Array): StoredBlock | undefined {
    const found = this.blockByNum(blockNumOf(id));
    return found !== undefined && equalBytes(found.id, id) ? found : undefined;
  }

  tracesOfBlock(num: number): readonly TransactionTrace[] | undefined {
    return num < this.earliestBlockNum ? undefined : this.#blocks[num - 1]?.traces;
  }

  blockSummary(num: number): StoredBlockSummary | undefined {
    const stored = this.blockByNum(num);
    if (stored === undefined) return undefined;
    return { id: stored.id, header: stored.block.header, transactionCount: stored.block.transactions.length };
  }

  traceCount(num: number): number {
    return this.tracesOfBlock(num)?.length ?? 0;
  }

  findTransaction(prefix: Uint8Array): TransactionLocation | undefined {
    for (const { block, traces, id } of this.#blocks) {
      const index = traces.findIndex((trace) => equalBytes(trace.id.subarray(0, prefix.length), prefix));
      const implicit = traces.length - block.transactions.length;
      if (index >= implicit) return { id: traces[index]!.id, blockNum: blockNumOf(id), position: index - implicit };
    }
    return undefined;
  }

  transactionStatus(id: Uint8Array): TransactionStatusInfo {
    return this.#status.get(hexOf(id)) ?? { state: 'UNKNOWN' };
  }

  scheduleAtBlock(num: number): ProducerSchedule | undefined {
    return num >= this.#finalNum ? getSchedule(this.#headState) : undefined;
  }

  trackedVotes(): readonly TrackedVote[] {
    return this.votes;
  }

  async stateProof(): Promise<ProvenEntry | undefined> {
    return this.proven;
  }

  async submit(packed: Uint8Array, mode: SubmitMode): Promise<SubmitOutcome> {
    this.submitted.push({ packed, mode });
    if (this.busy) return { kind: 'busy' };
    try {
      return this.#execute(packed, mode);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return { kind: 'rejected', rejection: { code: 'snap_malformed_bytes', message: error.message } };
    }
  }

  subscribe(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async writeSnapshot(): Promise<WrittenSnapshot> {
    return { file: '/dev/null', blockNum: this.#finalNum, blockId: '' };
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size;
  }

  health(): NodeHealth {
    return this.healthReport;
  }

  async metrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: 'text/plain; version=0.0.4', text: 'snap_head_block_num 1\n' };
  }

  #execute(packed: Uint8Array, mode: SubmitMode): SubmitOutcome {
    const received = decode(packedTransactionSchema, packed);
    const opened = unpackTransaction(received, inflateBounded);
    const id = transactionId(opened.packed);
    const known = this.transactionStatus(id).state;
    if (mode === 'push' && (known === 'LOCALLY_APPLIED' || known === 'IN_BLOCK' || known === 'IRREVERSIBLE')) {
      const message = `duplicate transaction ${hexOf(id)}`;
      return { kind: 'rejected', rejection: { code: 'tx_duplicate', message }, id };
    }
    const digest = signingDigest(this.#chainId, opened.packed, opened.packedContextFreeData);
    const keys = received.signatures.map((signature) => recoverPublicKey(signature, digest));
    const verified = { ...opened, id, received, keys };
    const block = this.#openBlock();
    if (mode !== 'push') {
      const { trace } = block.tryOut(verified, mode === 'dryRun' ? 'trial' : 'readOnly');
      return { kind: 'executed', except: trace.except, trace };
    }
    const outcome = block.apply(verified);
    if (outcome === undefined) return { kind: 'busy' };
    if (outcome.trace.except === undefined) {
      this.#status.set(hexOf(id), { state: 'LOCALLY_APPLIED', expirationSec: opened.transaction.expiration });
    }
    return { kind: 'executed', except: outcome.trace.except, trace: outcome.trace };
  }

  #openBlock(): BlockExecution {
    if (this.#open !== undefined) return this.#open;
    const parent = this.#parent();
    const slot = Math.max(parent.header.slot + 1, msToSlot(Date.now()));
    this.#open = new BlockExecution(
      this.#services,
      this.#headState,
      parent,
      settingAt(this.#headState, parent.header.slot, slot),
    );
    return this.#open;
  }

  #parent(): BlockParent {
    const last = this.#blocks.at(-1);
    if (last !== undefined) return { num: this.head, id: last.id, header: last.block.header };
    return { num: 0, id: zeroId, header: genesisHeader(this.genesis) };
  }

  #note({ id, block, traces }: MadeBlock, state: 'IN_BLOCK' | 'IRREVERSIBLE' | 'FORKED_OUT'): void {
    const point = { num: blockNumOf(id), id, slot: block.header.slot };
    for (const trace of traces) {
      const key = hexOf(trace.id);
      const previous = this.#status.get(key);
      if (previous !== undefined) this.#status.set(key, { ...previous, state, block: point });
    }
  }

  #emit(event: ChainEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

function genesisHeader({ initialSlot }: Genesis): BlockHeader {
  return {
    slot: initialSlot,
    producer: names.eosio,
    confirmed: 0,
    previous: zeroId,
    transactionMroot: zeroId,
    actionMroot: zeroId,
    scheduleVersion: 0,
    newProducers: undefined,
    headerExtensions: [],
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
