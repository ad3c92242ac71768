/** A snapshot that is being fetched, on disk: its manifest and the pieces so far, so that a restart goes on where it was. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { equalBytes, sha256 } from '@snapscale/crypto';
import { writeFileAtomicSync } from '../store/atomic-write.js';
import { StoreFailure } from '../store/failures.js';
import { PIECE_BYTES, pieceOf, type SnapshotTrust, type VerifiedManifest, verifyManifest } from './manifest.js';
import type { Resumed } from './snapshot-fetch.js';

export class IncomingFile {
  readonly #directory: string;
  #file: number | undefined;

  /** @param directory made when something is written */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The file with the pieces. */
  get path(): string {
    return join(this.#directory, 'snapshot.part');
  }

  /** What an earlier run has left; undefined when there is nothing, or nothing that still holds. Cost: reads all pieces. */
  resume(trust: SnapshotTrust): Resumed | undefined {
    const manifestPath = join(this.#directory, MANIFEST_FILE);
    if (!existsSync(manifestPath) || !existsSync(this.path)) return undefined;
    const snapshot = verifyManifest(new Uint8Array(readFileSync(manifestPath)), trust);
    if (typeof snapshot === 'string') {
      this.discard();
      return undefined;
    }
    this.#file = openSync(this.path, 'r+');
    const pieces = new Set<number>();
    const buffer = new Uint8Array(PIECE_BYTES);
    for (let index = 0; index < snapshot.pieceCount; index++) {
      const { size, hash } = pieceOf(snapshot, index);
      const read = readSync(this.#file, buffer, 0, size, index * PIECE_BYTES);
      if (read === size && equalBytes(sha256(buffer.subarray(0, size)), hash)) pieces.add(index);
    }
    return { snapshot, pieces };
  }

  /** Pieces of this snapshot follow; those of another one go. @throws StoreFailure */
  begin({ encoded }: VerifiedManifest): void {
    this.discard();
    this.#onDisk('begin', () => {
      mkdirSync(this.#directory, { recursive: true });
      this.#file = openSync(this.path, 'w+', 0o600);
      writeFileAtomicSync(join(this.#directory, MANIFEST_FILE), encoded);
    });
  }

  /** @throws StoreFailure */
  write(index: number, data: Uint8Array): void {
    this.#onDisk(`write piece ${index} of`, () => {
      for (let done = 0; done < data.length; ) {
        done += writeSync(this.#file!, data, done, data.length - done, index * PIECE_BYTES + done);
      }
    });
  }

  /** All pieces would survive a power cut. @throws StoreFailure */
  complete(): void {
    this.#onDisk('complete', () => fsyncSync(this.#file!));
    this.close();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Removes everything. */
  discard(): void {
    this.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #onDisk(what: string, act: () => void): void {
    try {
      act();
    } catch (cause) {
      throw new StoreFailure(`cannot ${what} the snapshot in ${this.#directory}`, { cause });
    }
  }
}

const MANIFEST_FILE = 'manifest';
