/**
 * The disk of a simulated node: a journal, of which only what was flushed survives a crash, and the committed state, which
 * changes all or nothing. A crash may tear the last write.
 */
import {
  assumedSafetyRecord,
  type ConsensusRoot,
  consensusRootSchema,
  encodeSafetyRecord,
  latestSafetyRecord,
  type SafetyRecord,
} from '@snapscale/consensus';
import { toHex } from '@snapscale/crypto';
import { type MemoryState, StateCommitment } from '@snapscale/execution';
import { blockNumOf, decode, encode, type SignedBlock } from '@snapscale/protocol';
import type { FinalBlock, JournalEntry } from '@snapscale/replica';
import type { SimulatedGenesis } from './genesis.js';

export class SimulatedDisk {
  readonly state: MemoryState;
  readonly #buckets: Map<string, Uint8Array>;
  #root: Uint8Array;
  /** Blocks above the committed one, in the order in which they were written. */
  #journal: { readonly num: number; readonly block: SignedBlock }[] = [];
  /** Two places for the safety record, as `latestSafetyRecord` wants them. */
  #records: (Uint8Array | undefined)[] = [undefined, undefined];
  /** Scenarios set it to false to show that safety does not need the certificate in the record. */
  keepsCertificates = true;
  /** Final blocks by id. */
  readonly #log = new Map<string, SignedBlock>();

  constructor(genesis: SimulatedGenesis) {
    const { state, buckets } = genesis.store();
    this.state = state;
    this.#buckets = buckets;
    this.#root = encode(consensusRootSchema, genesis.root);
  }

  get root(): ConsensusRoot {
    return decode(consensusRootSchema, this.#root);
  }

  get safetyRecord(): SafetyRecord | undefined {
    const record = latestSafetyRecord(this.#records.filter((copy) => copy !== undefined));
    return record === undefined || this.keepsCertificates ? record : { ...record, lockCertificate: undefined };
  }

  get journal(): readonly SignedBlock[] {
    return this.#journal.map(({ block }) => block);
  }

  finalBlock(id: Uint8Array): SignedBlock | undefined {
    return this.#log.get(toHex(id));
  }

  /** A commitment over the stored buckets. */
  loadCommitment(): StateCommitment {
    const commitment = new StateCommitment({
      get: (path) => this.#buckets.get(path),
      scan: () => this.#buckets,
    });
    commitment.load();
    return commitment;
  }

  /** A flush is done. */
  write(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      if (entry.kind === 'block') this.#journal.push({ num: entry.num, block: entry.block });
      else this.#records[entry.sequence % 2] = entry.record;
    }
  }

  /** A flush is cut off: some entries are whole, the one behind is torn. */
  tear(entries: readonly JournalEntry[], whole: number): void {
    this.write(entries.slice(0, whole));
    const torn = entries[whole];
    // A torn block is found by its checksum and not read: as if it was not there.
    if (torn?.kind === 'record') this.#records[torn.sequence % 2] = torn.record.subarray(0, torn.record.length >> 1);
  }

  commit(blocks: readonly FinalBlock[], root: ConsensusRoot): void {
    for (const { id, block, changes, buckets } of blocks) {
      this.state.apply(changes);
      for (const [path, leaves] of buckets) {
        if (leaves === null) this.#buckets.delete(path);
        else this.#buckets.set(path, leaves.slice());
      }
      this.#log.set(toHex(id), block);
    }
    this.#root = encode(consensusRootSchema, root);
    const last = blocks.at(-1)!.num;
    this.#journal = this.#journal.filter(({ num }) => num > last);
  }

  /** The records are lost, as after a wrong restore from a backup. */
  forgetPromises(): void {
    this.#records = [undefined, undefined];
  }

  /** The records are lost, and the operator lets the node go on: FIN-6. */
  assumePromises(slot: number): void {
    this.#records = [encodeSafetyRecord(assumedSafetyRecord(slot, false)), undefined];
  }

  /** The newest record is lost although it was reported as durable. */
  forgetNewestRecord(): void {
    const newest = this.safetyRecord?.sequence;
    if (newest !== undefined) this.#records[newest % 2] = undefined;
  }

  /** Number of the committed block. */
  get committedNum(): number {
    return blockNumOf(this.root.facts.id);
  }
}
