/**
 * Keeps the shelf filled: writes a snapshot every so many blocks, and its manifest once the chain shows the snapshot's block as
 * final to light clients.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { consensusRootSchema } from '@snapscale/consensus';
import { type LightStep, oldestHeaderNeeded } from '@snapscale/consensus/light-client';
import { equalBytes, toHex } from '@snapscale/crypto';
import { type BlockHeader, blockId, decode } from '@snapscale/protocol';
import type { LightChain } from '../light/light-chain.js';
import { writeFileAtomic } from '../store/atomic-write.js';
import { snapshotInfo } from '../store/snapshot.js';
import { makeManifest, PIECE_BYTES } from './manifest.js';
import { shelfFiles, shelved, tidyShelf } from './snapshot-shelf.js';

export type ShelfKeeperOptions = {
  readonly directory: string;
  /** Blocks from one snapshot to the next; 0: none are kept. */
  readonly everyBlocks: number;
  readonly light: LightChain;
  readonly header: (num: number) => BlockHeader | undefined;
  /** Writes the newest final state to a file `snapshot-NUM.snap` in the directory. */
  readonly write: (directory: string) => Promise<{ readonly file: string; readonly blockNum: number }>;
  /** For the log. */
  readonly event: (
    name: 'snapshot-kept' | 'snapshot-not-kept',
    detail: Readonly<Record<string, string | number>>,
  ) => void;
};

export class ShelfKeeper {
  readonly #options: ShelfKeeperOptions;
  #lastNum: number;
  /** A snapshot whose block no certified header shows as final yet. */
  #waiting: number | undefined;
  #isBusy = false;

  constructor(options: ShelfKeeperOptions) {
    this.#options = options;
    if (options.everyBlocks > 0) tidyShelf(options.directory);
    this.#lastNum = shelved(options.directory)[0] ?? 0;
  }

  /** Block `num` is final. Returns when what was begun is done; callers need not wait. */
  async finalized(num: number): Promise<void> {
    const { everyBlocks } = this.#options;
    if (everyBlocks === 0 || this.#isBusy) return;
    if (this.#waiting === undefined && num < this.#lastNum + everyBlocks) return;
    this.#isBusy = true;
    try {
      if (this.#waiting === undefined) await this.#write();
      else await this.#describe(this.#waiting);
    } catch (error) {
      this.#giveUp(error instanceof Error ? error.message : String(error));
    } finally {
      this.#isBusy = false;
    }
  }

  async #write(): Promise<void> {
    const { directory, write } = this.#options;
    mkdirSync(directory, { recursive: true });
    const { blockNum } = await write(directory);
    this.#lastNum = blockNum;
    this.#waiting = blockNum;
  }

  async #describe(num: number): Promise<void> {
    const { directory, light, header, event } = this.#options;
    if ('kind' in light.prove(num)) return this.#wait(num);
    const { file, manifestFile } = shelfFiles(directory, num);
    const info = await snapshotInfo(file);
    const hashes = await pieceHashes(file);
    const root = decode(consensusRootSchema, info.root);
    const headers: BlockHeader[] = [];
    for (let at = oldestHeaderNeeded(root); at <= num; at++) {
      const found = header(at);
      if (found === undefined) return this.#giveUp(`the header of block ${at} is not here`);
      headers.push(found);
    }
    if (!equalBytes(blockId(headers.at(-1)!), info.blockId)) return this.#giveUp('it is of another block');
    // Both of one moment: the steps must end with the schedule of the anchor.
    const proof = light.prove(num);
    const steps = allSteps(light);
    if ('kind' in proof) return;
    if (typeof steps === 'string') return this.#giveUp(steps);
    const { anchor, path } = proof;
    const manifest = makeManifest({ ...hashes, steps, anchor, path, headers });
    if (manifest === undefined) return this.#giveUp('its manifest would be too large');
    await writeFileAtomic(manifestFile, manifest);
    this.#waiting = undefined;
    tidyShelf(directory);
    event('snapshot-kept', { block: num, id: toHex(info.blockId), bytes: Number(hashes.fileBytes) });
  }

  #wait(num: number): void {
    const proof = this.#options.light.prove(num);
    if ('kind' in proof && proof.kind === 'missing') {
      this.#giveUp('blocks before it are not here, so that it cannot be proved to others');
    }
  }

  #giveUp(reason: string): void {
    this.#options.event('snapshot-not-kept', { block: this.#lastNum, reason });
    this.#waiting = undefined;
    try {
      tidyShelf(this.#options.directory);
    } catch {
      // A folder that cannot be tidied now is tidied after the next snapshot; the event has said what is wrong.
    }
  }
}

/** The steps from the first schedule on, or why they are not here. */
function allSteps(light: LightChain): LightStep[] | string {
  const steps: LightStep[] = [];
  for (let more = true, version = 0; more; ) {
    const update = light.steps(version);
    if ('kind' in update) return `the block that began schedule ${version + 1} is not here`;
    steps.push(...update.steps);
    ({ more, scheduleVersion: version } = update);
  }
  return steps;
}

/** Reads the file once, a piece at a time, so that others get their turns in between. */
async function pieceHashes(file: string): Promise<{ readonly fileBytes: bigint; readonly pieces: Uint8Array }> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const count = Math.ceil(size / PIECE_BYTES);
    const pieces = new Uint8Array(32 * count);
    const buffer = new Uint8Array(PIECE_BYTES);
    for (let index = 0; index < count; index++) {
      const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES, index * PIECE_BYTES);
      pieces.set(createHash('sha256').update(buffer.subarray(0, bytesRead)).digest(), 32 * index);
    }
    return { fileBytes: BigInt(size), pieces };
  } finally {
    await handle.close();
  }
}
