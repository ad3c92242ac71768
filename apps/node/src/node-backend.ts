/** The HTTP server's view of the real node: `NodeBackend` over the core, the verify pool and the logs. */
import { equalBytes } from '@snapscale/crypto';
import { getParameters, getSchedule, isCommitted, type StateReader } from '@snapscale/execution';
import {
  blockId,
  blockNumOf,
  chainIdOf,
  decode,
  decodeBlockSummary,
  type Genesis,
  type Name,
  type ProducerSchedule,
  type Rejection,
  reject,
  type SignedBlock,
  signedBlockSchema,
  type TransactionTrace,
} from '@snapscale/protocol';
import type { CoreClient } from './core/core-client.js';
import type { CoreReply, StateProofReply } from './core/messages.js';
import type {
  ChainEvent,
  ChainInfo,
  NodeBackend,
  NodeHealth,
  ServerVersion,
  StoredBlock,
  StoredBlockSummary,
  SubmitMode,
  SubmitOutcome,
  TrackedVote,
  TransactionLocation,
  TransactionStatusInfo,
  WrittenSnapshot,
} from './http/backend.js';
import type { GroupStore } from './light/finality-index.js';
import { LightChain } from './light/light-chain.js';
import type { LightBase } from './light/light-files.js';
import { provenVotes } from './proven-votes.js';
import { RecentTransactions } from './recent-transactions.js';
import type { Snapshots } from './snapshots.js';
import type { BlockLogReader } from './store/block-log/block-log-reader.js';
import type { StateStore } from './store/state-store.js';
import { decodeTraces, type TraceReader, traceAt, traceCount } from './store/trace-record.js';
import { readinessChecks } from './telemetry/health.js';
import type { NodeObserver } from './telemetry/node-observer.js';
import type { VerifyPool } from './verify/verify-pool.js';

/** The parts that the backend joins. */
export type BackendParts = {
  readonly core: CoreClient;
  readonly verify: VerifyPool;
  readonly state: StateStore;
  readonly blocks: BlockLogReader;
  readonly traces: TraceReader;
  readonly genesis: Genesis;
  /** Accounts for which this node produces. */
  readonly producers: ReadonlySet<bigint>;
  readonly version: ServerVersion;
  /** Health and metrics. */
  readonly observer: NodeObserver;
  readonly edgeAccount: Name | undefined;
  readonly snapshots: Snapshots;
  /** Of a node that began from a snapshot. */
  readonly lightBase: LightBase | undefined;
  /** Where the index of final blocks is kept, by the first group of it. */
  readonly finalityGroups: (first: number) => GroupStore;
};

/** Replies that may be awaited at a time; beyond it the node answers `busy`. */
export const AWAITED_MAX = 50_000;
/** Blocks between two looks at where the block log begins. */
const EARLIEST_CHECK_BLOCKS = 120;
/** Groups of old blocks that are indexed for proofs with each final block: 2 to 15 ms until all are. */
const INDEXED_GROUPS = 4;

export class CoreBackend implements NodeBackend {
  readonly serverVersion: ServerVersion;
  readonly light: LightChain;
  readonly #parts: BackendParts;
  readonly #chainId: Uint8Array;
  readonly #recent = new RecentTransactions();
  #earliestBlockNum: number;
  #stopping = false;

  constructor(parts: BackendParts) {
    this.#parts = parts;
    this.serverVersion = parts.version;
    this.#chainId = chainIdOf(parts.genesis);
    this.#earliestBlockNum = parts.core.status.earliestBlockNum;
    this.light = new LightChain(
      {
        finalNum: () => parts.core.final.num,
        earliestNum: () => this.#earliestBlockNum,
        header: (num) => this.blockSummary(num)?.header,
        id: (num) => parts.state.index.blockIdOf(num),
      },
      parts.lightBase,
      parts.finalityGroups,
    );
    parts.core.listen({ finalized: (num) => this.#finalized(num) });
  }

  /** From here on the node is not ready. */
  stop(): void {
    this.#stopping = true;
  }

  chainInfo(): ChainInfo {
    const { core, genesis } = this.#parts;
    return {
      chainId: this.#chainId,
      genesis,
      head: { ...core.head, producer: core.head.producer as Name },
      final: core.final,
      earliestBlockNum: this.#earliestBlockNum,
      edgeAccount: this.#parts.edgeAccount,
    };
  }

  headState(): StateReader {
    return this.#parts.core.view;
  }

  finalState(): StateReader {
    return this.#parts.core.view.final;
  }

  blockByNum(num: number): StoredBlock | undefined {
    const bytes = this.#encodedBlock(num);
    return bytes === undefined ? undefined : openBlock(bytes);
  }

  blockById(id: Uint8Array): StoredBlock | undefined {
    const reversible = this.#parts.core.reversible.get(id);
    if (reversible !== undefined) return openBlock(reversible);
    const found = this.blockByNum(blockNumOf(id));
    return found !== undefined && equalBytes(found.id, id) ? found : undefined;
  }

  tracesOfBlock(num: number): readonly TransactionTrace[] | undefined {
    const bytes = this.#parts.traces.record(num);
    return bytes === undefined ? undefined : decodeTraces(bytes);
  }

  blockSummary(num: number): StoredBlockSummary | undefined {
    const bytes = this.#encodedBlock(num);
    if (bytes === undefined) return undefined;
    const { header, transactionCount } = decodeBlockSummary(bytes);
    return { id: blockId(header), header, transactionCount };
  }

  traceCount(num: number): number {
    const bytes = this.#parts.traces.record(num);
    return bytes === undefined ? 0 : traceCount(bytes);
  }

  findTransaction(idOrPrefix: Uint8Array): TransactionLocation | undefined {
    const place = this.#parts.state.index.findTransaction(idOrPrefix);
    if (place === undefined) return undefined;
    const { blockNum, position } = place;
    const record = this.#parts.traces.record(blockNum);
    const trace = record === undefined ? undefined : traceAt(record, position);
    if (record === undefined || trace === undefined) return undefined;
    if (!equalBytes(trace.id.subarray(0, idOrPrefix.length), idOrPrefix)) return undefined;
    // Traces that belong to no transaction of the block (`onblock`) come first.
    const traces = traceCount(record);
    const implicit = traces - (this.blockSummary(blockNum)?.transactionCount ?? traces);
    return { id: trace.id, blockNum, position: position - implicit };
  }

  transactionStatus(id: Uint8Array): TransactionStatusInfo {
    const place = this.findTransaction(id);
    if (place !== undefined) {
      const summary = this.blockSummary(place.blockNum);
      if (summary === undefined) return { state: 'IRREVERSIBLE' };
      return { state: 'IRREVERSIBLE', block: { num: place.blockNum, id: summary.id, slot: summary.header.slot } };
    }
    const recent = this.#recent.find(id);
    if (recent === undefined) return { state: 'UNKNOWN' };
    if (recent.state === 'failed') return { state: 'FAILED' };
    // A block of this node has what was executed here. Whether another producer's has it shows when it is final.
    const block = this.#parts.core.recentBlock(recent.blockNum);
    const isInBlock = block !== undefined && this.#parts.producers.has(block.producer);
    return isInBlock ? { state: 'IN_BLOCK', block } : { state: 'LOCALLY_APPLIED', block: undefined };
  }

  scheduleAtBlock(num: number): ProducerSchedule | undefined {
    return num >= this.#parts.core.final.num ? getSchedule(this.headState()) : undefined;
  }

  trackedVotes(): readonly TrackedVote[] {
    const { head } = this.#parts.core;
    return provenVotes(head.num, getSchedule(this.headState()), (num) => this.blockSummary(num)?.header);
  }

  async stateProof(key: string): Promise<StateProofReply> {
    if (!isCommitted(key)) {
      reject(
        'invalid_arg_exception',
        'entries of this kind are not covered by the state root, so that there is no proof of them',
      );
    }
    if (!getParameters(this.headState()).stateCommitment) return undefined;
    const proven = await this.#parts.core.prove(key);
    if (proven === 'busy') reject('snap_queue_full', 'too many proofs are waited for: ask again later');
    return proven;
  }

  async submit(packed: Uint8Array, mode: SubmitMode): Promise<SubmitOutcome> {
    if (this.#stopping) return { kind: 'rejected', rejection: stopping };
    if (this.#parts.core.awaited >= AWAITED_MAX) return { kind: 'busy' };
    if (mode !== 'push') {
      const answer = await this.#parts.core.query(packed, mode === 'dryRun' ? 'trial' : 'readOnly');
      return 'actionTraces' in answer
        ? { kind: 'executed', except: answer.except, trace: answer }
        : { kind: 'rejected', rejection: answer };
    }
    return new Promise((resolve) => {
      const request = this.#parts.core.expect((result) => {
        this.#count(result);
        resolve(result);
      });
      const refused = this.#parts.verify.submit(request, packed);
      if (refused !== undefined) this.#parts.core.resolve(request, { kind: 'rejected', rejection: refused });
    });
  }

  writeSnapshot(): Promise<WrittenSnapshot> {
    return this.#parts.snapshots.write();
  }

  subscribe(listener: (event: ChainEvent) => void): () => void {
    return this.#parts.core.listen({
      // A block can be read from the log, and its traces too, once it is durable, which is when it is final.
      finalized: (num, id) => {
        listener({ kind: 'block', num, id });
        listener({ kind: 'final', num, id });
      },
    });
  }

  health(): NodeHealth {
    const checks = this.#parts.observer.health();
    const failing = checks.filter(({ ok, name }) => !ok && readinessChecks.includes(name));
    const reasons = failing.map(({ name, detail }) => `${name}: ${detail}`);
    if (this.#stopping) reasons.unshift('the node is shutting down');
    return { ready: reasons.length === 0, reasons, checks };
  }

  metrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    return this.#parts.observer.metrics.expose();
  }

  /** Of the best branch. */
  #encodedBlock(num: number): Uint8Array | undefined {
    const { core, blocks } = this.#parts;
    return num > core.final.num ? core.reversible.onBranch(core.head.id, num) : blocks.readSync(num);
  }

  #count(result: CoreReply): void {
    if (result.kind === 'executed') this.#recent.add(result);
    const outcome = result.kind === 'rejected' ? 'rejected' : result.except === undefined ? 'executed' : 'failed';
    this.#parts.observer.metrics.submissions.inc({ outcome });
  }

  #finalized(num: number): void {
    this.#recent.finalize(num);
    this.light.advance(INDEXED_GROUPS);
    // Looking costs system calls, and pruning is rare.
    if (num % EARLIEST_CHECK_BLOCKS === 0) this.#earliestBlockNum = this.#parts.blocks.firstBlockNum ?? num;
  }
}

const stopping: Rejection = {
  code: 'snap_shutting_down',
  message: 'the node is shutting down and takes no more transactions: send it to another node',
};

function openBlock(bytes: Uint8Array): StoredBlock {
  const block: SignedBlock = decode(signedBlockSchema, bytes);
  return { id: blockId(block.header), block };
}
