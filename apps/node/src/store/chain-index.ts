/**
 * Where a transaction or a block is, for queries; not part of consensus. It covers final blocks, is written in the
 * same transaction as the state, and is shortened when old blocks are pruned from the logs.
 *
 * Transactions are found by the first 12 bytes of their id: whoever reads the block compares the rest.
 */
import type { Environment, Table, TableChanges } from './environment.js';

/** What the index takes in of a final block. */
export type IndexedBlock = {
  readonly num: number;
  readonly id: Uint8Array;
  /** In the order of the block. */
  readonly transactionIds: readonly Uint8Array[];
};

/** A place in the chain. `position` counts the block's transactions from 0. */
export type TransactionPlace = { readonly blockNum: number; readonly position: number };

const TRANSACTION_KEY_BYTES = 12;
const BLOCK_ID_BYTES = 32;
/** Entries that one step of pruning removes at most, so that commits do not wait for it. */
const PRUNED_PER_STEP_MAX = 10_000;

export class ChainIndex {
  /** First 12 bytes of the id → block number u32, position u32, little-endian. */
  readonly #transactions: Table;
  /** Block number u32 big-endian → block id, then the transactions' keys (to find what to prune). */
  readonly #blocks: Table;

  /** @internal Use `StateStore.index`. */
  constructor(environment: Environment) {
    this.#transactions = environment.table('transactions');
    this.#blocks = environment.table('blocks');
  }

  /**
   * Where a transaction may be: the caller compares the full id with the one found there.
   * @param id the id, or its first bytes: then the first transaction in the order of ids that begins so.
   */
  findTransaction(id: Uint8Array): TransactionPlace | undefined {
    const key = transactionKey(id);
    const place =
      key.length < TRANSACTION_KEY_BYTES
        ? this.#transactions.first(key, `${key}\u0100`)?.value
        : this.#transactions.get(key);
    return place === undefined ? undefined : decodePlace(place);
  }

  /** The id of a final block; undefined when it was pruned or is not known. */
  blockIdOf(blockNum: number): Uint8Array | undefined {
    return this.#blocks.get(blockKey(blockNum))?.slice(0, BLOCK_ID_BYTES);
  }

  /** The first block in the index. */
  firstBlockNum(): number | undefined {
    const first = this.#blocks.first('', '\u0100');
    return first === undefined ? undefined : blockNumOfKey(first.key);
  }

  /** @internal What adds `blocks`. */
  additions(blocks: readonly IndexedBlock[]): TableChanges[] {
    const transactions = new Map<string, Uint8Array>();
    const records = new Map<string, Uint8Array>();
    for (const { num, id, transactionIds } of blocks) {
      const record = new Uint8Array(BLOCK_ID_BYTES + transactionIds.length * TRANSACTION_KEY_BYTES);
      record.set(id.subarray(0, BLOCK_ID_BYTES));
      transactionIds.forEach((transactionId, position) => {
        const prefix = transactionId.subarray(0, TRANSACTION_KEY_BYTES);
        record.set(prefix, BLOCK_ID_BYTES + position * TRANSACTION_KEY_BYTES);
        transactions.set(transactionKey(transactionId), encodePlace({ blockNum: num, position }));
      });
      records.set(blockKey(num), record);
    }
    return [
      { table: this.#transactions, changes: transactions },
      { table: this.#blocks, changes: records },
    ];
  }

  /** @internal What removes blocks before `keepFromBlockNum`, as far as one step goes; undefined when nothing is left. */
  removals(keepFromBlockNum: number): TableChanges[] | undefined {
    const transactions = new Map<string, null>();
    const records = new Map<string, null>();
    for (const { key, value } of this.#blocks.range('', blockKey(keepFromBlockNum))) {
      if (transactions.size >= PRUNED_PER_STEP_MAX || records.size >= PRUNED_PER_STEP_MAX) break;
      records.set(key, null);
      for (let at = BLOCK_ID_BYTES; at < value.length; at += TRANSACTION_KEY_BYTES) {
        const transaction = bytesKey(value.subarray(at, at + TRANSACTION_KEY_BYTES));
        const place = this.#transactions.get(transaction);
        if (place !== undefined && decodePlace(place).blockNum === blockNumOfKey(key))
          transactions.set(transaction, null);
      }
    }
    if (records.size === 0) return undefined;
    return [
      { table: this.#transactions, changes: transactions },
      { table: this.#blocks, changes: records },
    ];
  }
}

function bytesKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function transactionKey(id: Uint8Array): string {
  return bytesKey(id.subarray(0, TRANSACTION_KEY_BYTES));
}

function blockKey(blockNum: number): string {
  return String.fromCharCode(
    (blockNum >>> 24) & 0xff,
    (blockNum >>> 16) & 0xff,
    (blockNum >>> 8) & 0xff,
    blockNum & 0xff,
  );
}

function blockNumOfKey(key: string): number {
  return Buffer.from(key, 'latin1').readUInt32BE(0);
}

function encodePlace({ blockNum, position }: TransactionPlace): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, blockNum, true);
  view.setUint32(4, position, true);
  return bytes;
}

function decodePlace(bytes: Uint8Array): TransactionPlace {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { blockNum: view.getUint32(0, true), position: view.getUint32(4, true) };
}
