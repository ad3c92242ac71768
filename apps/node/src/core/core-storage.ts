/** The core's side of the disk: state, block log and trace log, kept in step. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
import type { PersistableBlock } from '@snapscale/replica';
import { BlockLog } from '../store/block-log/block-log.js';
import { StoreFailure } from '../store/failures.js';
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
  readonly #traces: BlockLog;
  readonly #blocksToKeep: number;

  private constructor(state: StateStore, blocks: BlockLog, traces: BlockLog, blocksToKeep: number) {
    this.state = state;
    this.blocks = blocks;
    this.#traces = traces;
    this.#blocksToKeep = blocksToKeep;
    this.notes = [blocks.cut, traces.cut].flatMap((cut) =>
      cut === undefined
        ? []
        : [`cut off ${cut.bytes} bytes of ${cut.file} from block ${cut.blockNum} on: ${cut.reason}`],
    );
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
    const storage = new CoreStorage(state, blocks, traces, blocksToKeep);
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

  get earliestBlockNum(): number {
    return this.blocks.firstBlockNum ?? this.final.num;
  }

  /** Decodes a block of the log. */
  readBlock(num: number): SignedBlock | undefined {
    const bytes = this.blocks.readSync(num);
    return bytes === undefined ? undefined : decode(signedBlockSchema, bytes);
  }

  /**
   * Makes a block durable: first the logs, then the state, so that a crash in between leaves a block that is executed
   * again at the next start. Calls may overlap; they take effect in their order.
   */
  async persist(
    { num, id, block, changes, buckets, logged, traces }: PersistableBlock,
    encodedTraces: readonly Uint8Array[],
  ): Promise<void> {
    if (!logged) this.blocks.append(num, encode(signedBlockSchema, block));
    if ((this.#traces.lastBlockNum ?? num - 1) < num) this.#traces.append(num, joinTraces(encodedTraces));
    await Promise.all([this.blocks.flush(), this.#traces.flush()]);
    // The implicit transactions come first in the traces and are not part of the block.
    const transactionIds = traces.map((trace) => trace.id);
    await this.state.commit({ blockNum: num, blockId: id, changes, buckets, indexed: [{ num, id, transactionIds }] });
    if (this.#blocksToKeep > 0 && num % PRUNE_INTERVAL_BLOCKS === 0) await this.#prune(num - this.#blocksToKeep);
  }

  async close(): Promise<void> {
    await Promise.all([this.blocks.close(), this.#traces.close()]);
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

function lostTraces(from: number, to: number): string {
  return from === to ? `the traces of block ${from} are lost` : `the traces of blocks ${from} to ${to} are lost`;
}
