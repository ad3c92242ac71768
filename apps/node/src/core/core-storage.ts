/** The core's side of the disk: state, block log and trace log, kept in step. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ConsensusRoot,
  consensusRootSchema,
  genesisRoot,
  latestSafetyRecord,
  type SafetyRecord,
} from '@snapscale/consensus';
import { equalBytes } from '@snapscale/crypto';
import {
  applyGenesis,
  type BlockParent,
  globalKeys,
  isCommitted,
  StateCommitment,
  WorkingState,
} from '@snapscale/execution';
import {
  blockHeaderSchema,
  blockId,
  decode,
  encode,
  type Genesis,
  genesisSchema,
  type SignedBlock,
  signedBlockSchema,
} from '@snapscale/protocol';
import type { FinalBlock, JournalEntry } from '@snapscale/replica';
import { BlockLog } from '../store/block-log/block-log.js';
import { StoreFailure } from '../store/failures.js';
import { JOURNAL_FOLDER, Journal } from '../store/journal/journal.js';
import { StateStore } from '../store/state-store.js';
import { joinTraces } from '../store/trace-record.js';
import { genesisBlock } from './genesis-block.js';

/** Blocks between two prunings of the logs. */
const PRUNE_INTERVAL_BLOCKS = 1200;
/** Closed segments are what pruning removes, so that they must be small where little is kept. */
const SEGMENT_BYTES_MAX = 64 << 20;

export class CoreStorage {
  readonly state: StateStore;
  readonly blocks: BlockLog;
  /** What was repaired at start, for the log. */
  readonly notes: string[];
  /** What the own finalizers have promised; undefined when nothing is known of it. */
  readonly safetyRecord: SafetyRecord | undefined;
  readonly #traces: BlockLog;
  readonly #journal: Journal;
  readonly #blocksToKeep: number;
  #journalBlocks: readonly Uint8Array[];

  private constructor(
    state: StateStore,
    blocks: BlockLog,
    traces: BlockLog,
    opened: Awaited<ReturnType<typeof Journal.open>>,
    blocksToKeep: number,
  ) {
    const { journal, content } = opened;
    this.state = state;
    this.blocks = blocks;
    this.#traces = traces;
    this.#journal = journal;
    this.#journalBlocks = content.blocks;
    this.safetyRecord = content.safety && latestSafetyRecord([content.safety]);
    this.#blocksToKeep = blocksToKeep;
    this.notes = [blocks.cut, traces.cut].flatMap((cut) =>
      cut === undefined
        ? []
        : [`cut off ${cut.bytes} bytes of ${cut.file} from block ${cut.blockNum} on: ${cut.reason}`],
    );
    if (content.cutBytes > 0) this.notes.push(`cut off ${content.cutBytes} bytes that a crash left in the journal`);
    for (const { from, to, file, reason } of traces.lost)
      this.notes.push(`${lostTraces(from, to)}: ${file}: ${reason}`);
  }

  /** Opens what is in `dataDir`, or founds the chain there. */
  static async open(
    dataDir: string,
    genesis: Genesis,
    blocksToKeep: number,
    mapSizeBytes: number,
  ): Promise<CoreStorage> {
    const state = StateStore.open(join(dataDir, 'state'), { mapSizeBytes });
    const isNew = state.finalBlock() === undefined;
    const finalBlockNum = state.finalBlock()?.num ?? 0;
    const blocksDir = join(dataDir, 'blocks');
    // A state from a snapshot comes without blocks; a log that is there must reach to the final block.
    const blocks = BlockLog.open(blocksDir, {
      finalBlockNum,
      segmentBytesMax: SEGMENT_BYTES_MAX,
      mayLag: !existsSync(blocksDir),
    });
    const traces = BlockLog.open(join(dataDir, 'traces'), {
      finalBlockNum: 0,
      segmentBytesMax: SEGMENT_BYTES_MAX,
      mayLag: true,
      mayHaveGaps: true,
    });
    const journal = await Journal.open(join(dataDir, JOURNAL_FOLDER));
    const storage = new CoreStorage(state, blocks, traces, journal, blocksToKeep);
    if (!isNew) storage.#requireOwnState(genesis);
    if (isNew) await storage.#found(genesis);
    else await storage.#alignLogs(finalBlockNum);
    return storage;
  }

  /** The block whose state is stored. */
  get final(): BlockParent {
    const header = decode(blockHeaderSchema, this.state.get(globalKeys.header)!);
    const { num, id } = this.state.finalBlock()!;
    return { num, id, header };
  }

  /** What consensus goes on from. */
  get root(): ConsensusRoot {
    return decode(consensusRootSchema, this.state.consensusRoot()!);
  }

  /** Blocks of the journal, in order. They are given once. */
  takeJournal(): readonly SignedBlock[] {
    const blocks = this.#journalBlocks.map((bytes) => decode(signedBlockSchema, bytes));
    this.#journalBlocks = [];
    return blocks;
  }

  get earliestBlockNum(): number {
    return this.blocks.firstBlockNum ?? this.final.num + 1;
  }

  /** Decodes a block of the log. */
  readBlock(num: number): SignedBlock | undefined {
    const bytes = this.blocks.readSync(num);
    return bytes === undefined ? undefined : decode(signedBlockSchema, bytes);
  }

  /** Queues an entry of the journal. `bytes`, the entry encoded, must not change until it is flushed. */
  journal(entry: JournalEntry, bytes: Uint8Array): void {
    this.#journal.append(
      entry.kind === 'block'
        ? { kind: 'block', number: entry.num, bytes }
        : { kind: 'safety', number: entry.sequence, bytes },
    );
  }

  /** Resolves when all entries queued before would survive a power cut. */
  flushJournal(): Promise<void> {
    return this.#journal.flush();
  }

  /**
   * Makes final blocks durable: first the logs, then the state after the last of them, so that a crash in between leaves
   * blocks that are executed again at the next start. Calls may overlap; they take effect in their order.
   */
  async commit(
    blocks: readonly FinalBlock[],
    root: ConsensusRoot,
    encodedTraces: (block: FinalBlock) => readonly Uint8Array[],
  ): Promise<void> {
    for (const block of blocks) {
      const { num } = block;
      if ((this.blocks.lastBlockNum ?? num - 1) < num) this.blocks.append(num, encode(signedBlockSchema, block.block));
      if ((this.#traces.lastBlockNum ?? num - 1) < num) this.#traces.append(num, joinTraces(encodedTraces(block)));
    }
    await Promise.all([this.blocks.flush(), this.#traces.flush()]);
    const { num, id } = blocks.at(-1)!;
    await this.state.commit({
      blockNum: num,
      blockId: id,
      changes: merged(blocks.map(({ changes }) => changes)),
      buckets: merged(blocks.map(({ buckets }) => buckets)),
      root: encode(consensusRootSchema, root),
      // The implicit transactions come first in the traces and are not part of the block.
      indexed: blocks.map((block) => ({
        num: block.num,
        id: block.id,
        transactionIds: block.traces.map((trace) => trace.id),
      })),
    });
    this.#journal.forget(num);
    const from = blocks[0]!.num;
    const prunedAt = num - (num % PRUNE_INTERVAL_BLOCKS);
    if (this.#blocksToKeep > 0 && prunedAt >= from) await this.#prune(num - this.#blocksToKeep);
  }

  async close(): Promise<void> {
    await Promise.all([this.blocks.close(), this.#traces.close(), this.#journal.close()]);
    await this.state.close();
  }

  async #found(genesis: Genesis): Promise<void> {
    const working = new WorkingState(this.state);
    applyGenesis(working, genesis);
    const block = genesisBlock(genesis);
    const id = blockId(block.header);
    working.put(globalKeys.header, encode(blockHeaderSchema, block.header));
    const commitment = new StateCommitment(this.state.buckets);
    const committed = [...working.changes()].filter(([key]) => isCommitted(key));
    const { bucketWrites } = commitment.update(genesis.parameters.stateCommitment ? committed : []);
    const logged = this.blocks.firstBlockNum;
    if (logged === undefined) {
      this.blocks.append(1, encode(signedBlockSchema, block));
    } else {
      this.#requireOwnLog(logged, id);
      this.notes.push(`the state was missing: executing blocks 2 to ${this.blocks.lastBlockNum} again`);
    }
    if (this.#traces.lastBlockNum !== undefined) await this.#traces.truncateAfter(-1);
    this.#traces.append(1, joinTraces([]));
    await Promise.all([this.blocks.flush(), this.#traces.flush()]);
    await this.state.commit({
      blockNum: 1,
      blockId: id,
      changes: working.changes(),
      buckets: bucketWrites,
      root: encode(consensusRootSchema, genesisRoot(block.header, { version: 0, producers: genesis.producers })),
      indexed: [{ num: 1, id, transactionIds: [] }],
    });
  }

  #requireOwnState(genesis: Genesis): void {
    const stored = this.state.get(globalKeys.genesis);
    if (stored !== undefined && equalBytes(stored, encode(genesisSchema, genesis))) return;
    throw new StoreFailure(
      `genesis.json beside ${this.state.directory} is not of the chain whose state is there: put back the file that belongs to it, or restore a snapshot into another directory with --snapshot`,
    );
  }

  /** A log without a state can be executed again when it is whole, and of this chain. */
  #requireOwnLog(firstBlockNum: number, genesisId: Uint8Array): void {
    const first = firstBlockNum === 1 ? this.readBlock(1) : undefined;
    if (first !== undefined && equalBytes(blockId(first.header), genesisId)) return;
    throw new StoreFailure(
      `the state in ${this.state.directory} is missing, and the block log, which begins with block ${firstBlockNum}, cannot make it anew: restore a snapshot into another directory with --snapshot`,
    );
  }

  /**
   * Traces may lag behind the state: those in between are lost. Traces of blocks that will be executed again are cut, since
   * execution makes them anew.
   */
  async #alignLogs(finalBlockNum: number): Promise<void> {
    if (this.blocks.lastBlockNum === undefined) {
      this.notes.push(`there is no block log: blocks up to ${finalBlockNum} cannot be served`);
    }
    const lastTrace = this.#traces.lastBlockNum;
    if (lastTrace === undefined && this.blocks.lastBlockNum !== undefined) {
      this.notes.push(`there are no traces: those of blocks up to ${finalBlockNum} cannot be served`);
    }
    if (lastTrace !== undefined && lastTrace < finalBlockNum) {
      this.notes.push(`${lostTraces(lastTrace + 1, finalBlockNum)}: the log of traces ends before the final block`);
      this.#traces.skipTo(finalBlockNum + 1);
    } else await this.#traces.truncateAfter(finalBlockNum);
  }

  async #prune(keepFrom: number): Promise<void> {
    if (keepFrom <= 1) return;
    const first = await this.blocks.prune(keepFrom);
    await this.#traces.prune(keepFrom);
    if (first !== undefined) await this.state.pruneIndex(first);
  }
}

/** What comes later counts. */
function merged(parts: readonly ReadonlyMap<string, Uint8Array | null>[]): ReadonlyMap<string, Uint8Array | null> {
  if (parts.length === 1) return parts[0]!;
  const all = new Map<string, Uint8Array | null>();
  for (const part of parts) for (const [key, value] of part) all.set(key, value);
  return all;
}

function lostTraces(from: number, to: number): string {
  return from === to ? `the traces of block ${from} are lost` : `the traces of blocks ${from} to ${to} are lost`;
}
