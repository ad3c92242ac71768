/**
 * What the HTTP server needs of the node. The server holds no state of its own: everything it answers comes through this
 * port, and everything behind it can be replaced in tests.
 *
 * All reads are synchronous and are made within one turn of the event loop, so that one answer shows one state.
 */
import type { StateKey, StateReader } from '@snapscale/execution';
import type {
  BlockHeader,
  Genesis,
  Name,
  ProducerSchedule,
  Rejection,
  SignedBlock,
  TransactionTrace,
} from '@snapscale/protocol';
import type { LightChain } from '../light/light-chain.js';

/** A block of the chain by its place. */
export type BlockPoint = {
  readonly num: number;
  readonly id: Uint8Array;
  readonly slot: number;
};

/** The chain as this node knows it now. */
export type ChainInfo = {
  readonly chainId: Uint8Array;
  readonly genesis: Genesis;
  /** The newest block on the best branch. */
  readonly head: BlockPoint & { readonly producer: Name };
  /** The newest final block. */
  readonly final: BlockPoint;
  /** Oldest block whose content `blockByNum` gives. */
  readonly earliestBlockNum: number;
  /** Account that this node earns edge fees with, when it has one. */
  readonly edgeAccount?: Name | undefined;
};

/** What the program says of itself. */
export type ServerVersion = {
  /** As `1.0.0`. */
  readonly version: string;
  /** As `1.0.0-3289b3a`. */
  readonly fullVersion: string;
  /** Eight hex digits. */
  readonly hash: string;
};

/** A block and its id. */
export type StoredBlock = { readonly id: Uint8Array; readonly block: SignedBlock };

/** What a block says before its transactions. */
export type StoredBlockSummary = {
  readonly id: Uint8Array;
  readonly header: BlockHeader;
  readonly transactionCount: number;
};

/** Where a transaction stands on the best branch. */
export type TransactionLocation = {
  readonly id: Uint8Array;
  readonly blockNum: number;
  /** Index into the block's `transactions`. */
  readonly position: number;
};

/** What the node knows of the fate of a transaction. */
export type TransactionStatusInfo = {
  readonly state: 'LOCALLY_APPLIED' | 'IN_BLOCK' | 'FORKED_OUT' | 'IRREVERSIBLE' | 'FAILED' | 'UNKNOWN';
  /** The block that holds it (or held it, when forked out). */
  readonly block?: BlockPoint | undefined;
  /** Seconds since 1970. */
  readonly expirationSec?: number | undefined;
};

/**
 * How a transaction is executed:
 * `push`: for the chain; `dryRun`: as for the chain, without signatures, changing nothing; `readOnly`: without
 * authorizations, writing nothing.
 */
export type SubmitMode = 'push' | 'dryRun' | 'readOnly';

/**
 * What became of a submitted transaction. `executed`: it was run; `except` tells whether it failed, and with mode
 * `push` and no `except` it waits for a block. `rejected`: it was refused before anything ran. `busy`: the queue is full.
 */
export type SubmitOutcome =
  | {
      readonly kind: 'executed';
      /** Why it failed; undefined when it succeeded. */
      readonly except: Rejection | undefined;
      /** May be decoded when it is asked for: bulk requests never look. */
      readonly trace: TransactionTrace;
    }
  | { readonly kind: 'rejected'; readonly rejection: Rejection; readonly id?: Uint8Array | undefined }
  | { readonly kind: 'busy' };

/** What the chain tells its listeners. */
export type ChainEvent =
  /** A block was added on the best branch; `blockByNum` and `tracesOfBlock` give it. */
  | { readonly kind: 'block'; readonly num: number; readonly id: Uint8Array }
  /** The best branch changed: blocks after `toNum` no longer count. Comes before the new branch's blocks. */
  | { readonly kind: 'undo'; readonly toNum: number }
  /** This block and all before it are final. */
  | { readonly kind: 'final'; readonly num: number; readonly id: Uint8Array };

/** One finding about the node. */
export type HealthCheck = { readonly name: string; readonly ok: boolean; readonly detail: string };

/** Whether the node works, and whether it should get requests. */
export type NodeHealth = {
  /** False: the node catches up with the chain, or stops. */
  readonly ready: boolean;
  /** Why it is not ready; empty when it is. */
  readonly reasons: readonly string[];
  readonly checks: readonly HealthCheck[];
};

/** A vote of a producer on finality. */
export type TrackedVote = { readonly producer: Name; readonly block: BlockPoint; readonly commit: boolean };

/** What a block says of one entry of the state, with the proof of it. */
export type ProvenEntry = {
  readonly num: number;
  readonly id: Uint8Array;
  readonly slot: number;
  /** The root in the block's header. */
  readonly root: Uint8Array;
  /** Undefined: there is no such entry. */
  readonly value: Uint8Array | undefined;
  /** As `encodeStateProof` writes it. */
  readonly proof: Uint8Array;
};

/** A snapshot on disk. */
export type WrittenSnapshot = { readonly file: string; readonly blockNum: number; readonly blockId: string };

export interface NodeBackend {
  readonly serverVersion: ServerVersion;
  /** What clients that trust no node are told. */
  readonly light: LightChain;
  chainInfo(): ChainInfo;

  /** The state after the newest block. */
  headState(): StateReader;
  /** The state after the newest final block. */
  finalState(): StateReader;

  /** A block of the best branch. */
  blockByNum(num: number): StoredBlock | undefined;
  /** The same without its transactions, for much less. */
  blockSummary(num: number): StoredBlockSummary | undefined;
  /** A block of any branch that is still held. */
  blockById(id: Uint8Array): StoredBlock | undefined;
  /** Traces of a block of the best branch in the order of execution, implicit transactions included. */
  tracesOfBlock(num: number): readonly TransactionTrace[] | undefined;
  /** How many traces `tracesOfBlock` would give; 0 for none. */
  traceCount(num: number): number;
  /**
   * A transaction on the best branch by its id or the first bytes of it; undefined when there is none or the prefix fits
   * several.
   */
  findTransaction(idOrPrefix: Uint8Array): TransactionLocation | undefined;
  transactionStatus(id: Uint8Array): TransactionStatusInfo;

  /** The schedule at a block that is not final yet, or of the newest final block. Undefined: not held. */
  scheduleAtBlock(num: number): ProducerSchedule | undefined;
  /** The newest vote of each producer that the chain proves; without those that have been silent for two turns. */
  trackedVotes(): readonly TrackedVote[];
  /** Undefined: this chain does not commit to its state, or not yet. */
  stateProof(key: StateKey): Promise<ProvenEntry | undefined>;

  /**
   * Hands in an encoded `packed_transaction`. The bytes are decoded and checked behind the port, off the main thread. They
   * may be a view of a larger buffer, which must not be transferred to another thread.
   * Fails only for reasons of the node itself.
   */
  submit(packed: Uint8Array, mode: SubmitMode): Promise<SubmitOutcome>;

  /** Calls `listener` for each event until the returned function is called. Listeners must be quick. */
  subscribe(listener: (event: ChainEvent) => void): () => void;

  /** Writes a snapshot of the newest final state, and resolves when it is complete. */
  writeSnapshot(): Promise<WrittenSnapshot>;

  health(): NodeHealth;
  /** Metrics in the text format of Prometheus. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}
