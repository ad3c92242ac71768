/** Figures of the core worker, sent to the main thread once a second. All counters are totals since the start. */
import type { FinalizerActivity } from '@snapscale/consensus';

/** How long things took, in seconds; those of the time since the last message. */
export type CoreSamples = {
  /** Own blocks: completing them at the end of the slot, state root included. */
  readonly close: readonly number[];
  /** Blocks of others: from the end of their slot to their arrival. */
  readonly propagation: readonly number[];
  /** Blocks of others: executing them. */
  readonly execution: readonly number[];
  /** From the end of a block's slot to its certificate being known here, by phase. */
  readonly prepare: readonly number[];
  readonly commit: readonly number[];
  /** From the end of a block's slot to its being final, whichever certificate made it so. */
  readonly final: readonly number[];
  /** Writing the journal, and final blocks with their state. */
  readonly journalWrite: readonly number[];
  readonly commitWrite: readonly number[];
};

/** What an account of this node is expected to do, and does. */
export type OwnProduction = {
  readonly producer: string;
  readonly isScheduled: boolean;
  /** Slots in a row for which it was authorised and made no block. */
  readonly missedInARow: number;
};

export type CoreMetrics = {
  readonly blocks: number;
  readonly transactions: number;
  readonly transactionsFailed: number;
  /** By producer: slots for which it was authorised, and that are empty on the best chain. Without halts of the chain. */
  readonly slotsMissed: Readonly<Record<string, number>>;
  /** How often the head went over to another branch, and how many blocks were left by that. */
  readonly headSwitches: number;
  readonly blocksLeft: number;
  /** Final blocks whose `onblock` failed. */
  readonly onBlockFailures: number;
  /** Blocks of others whose execution gave something else than their headers say, and so on, by name. */
  readonly notices: Readonly<Record<string, number>>;
  /** Cheats that were found out. */
  readonly evidence: number;
  /** Messages of peers that no honest node sends. */
  readonly penalties: number;
  readonly voteVerifications: number;
  readonly voteSignaturesVerified: number;
  readonly votesSigned: number;
  /** Seconds spent executing, closing blocks and making them durable. */
  readonly executeSeconds: number;
  readonly closeSeconds: number;
  readonly persistSeconds: number;
  readonly heapBytes: number;

  // As it is now.

  /** Transactions that wait for a block, and that the core has not looked at yet. */
  readonly waiting: number;
  readonly inbox: number;
  /** Blocks of the best chain above the final one. */
  readonly reversible: number;
  /** Blocks that wait: for their time, for their parent, for the verification of their certificates. */
  readonly blocksWaiting: { readonly time: number; readonly parent: number; readonly verification: number };
  readonly treeBlocks: number;
  readonly votesWaiting: number;
  readonly certificatesWaiting: number;
  readonly verificationsWaiting: number;
  readonly productionPaused: boolean;
  /** This node has not been in contact with others since its start, and does not produce before. */
  readonly productionHeld: boolean;
  /** Why this node neither votes nor produces; undefined if it does. */
  readonly muteReason: string | undefined;
  /** Finality is broken: this node has stopped. */
  readonly broken: boolean;
  /** In the order of the schedule. */
  readonly finalizers: readonly FinalizerActivity[];
  readonly own: readonly OwnProduction[];
  /** Undefined without links to peers. */
  readonly peers: PeerFigures | undefined;
  readonly samples: CoreSamples;
};

/** The core's view of its peers. */
export type PeerFigures = {
  readonly peers: number;
  /** Peers that produce. */
  readonly producers: number;
  readonly syncing: boolean;
  /** The highest block that a peer says it has. */
  readonly highestClaimed: number;
};
