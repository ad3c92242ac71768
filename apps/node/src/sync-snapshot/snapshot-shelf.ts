/**
 * The snapshots that a node keeps for its peers: in one folder, each as the file and its manifest, the newest two, so that
 * whoever has begun to fetch one can end. Whatever a peer asks costs one read of a piece at most.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '@snapscale/crypto';
import { DecodeError, decode } from '@snapscale/protocol';
import { contentOf, PIECE_BYTES, snapshotManifestSchema } from './manifest.js';

type Kept = {
  readonly num: number;
  readonly file: string;
  readonly manifest: Uint8Array;
  readonly content: Uint8Array;
  readonly fileBytes: number;
};

/** Snapshots that are kept. */
const KEPT_MAX = 2;
/** Time between two looks at the folder, which another thread fills. */
const LOOK_MS = 5_000;

export class SnapshotShelf {
  readonly #directory: string;
  #kept: readonly Kept[] = [];
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The manifest of the newest one; undefined when there is none. */
  manifest(nowMs: number): Uint8Array | undefined {
    this.#look(nowMs);
    return this.#kept[0]?.manifest;
  }

  /** A piece of a snapshot by its content; undefined when it is not here (any more). */
  piece(content: Uint8Array, index: number, nowMs: number): Uint8Array | undefined {
    this.#look(nowMs);
    const kept = this.#kept.find((other) => equalBytes(other.content, content));
    const offset = index * PIECE_BYTES;
    if (kept === undefined || offset >= kept.fileBytes) return undefined;
    const piece = new Uint8Array(Math.min(PIECE_BYTES, kept.fileBytes - offset));
    let file: number | undefined;
    try {
      file = openSync(kept.file, 'r');
      return readSync(file, piece, 0, piece.length, offset) === piece.length ? piece : undefined;
    } catch {
      // It has just been replaced by a newer one.
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  #look(nowMs: number): void {
    if (nowMs < this.#lookedAtMs + LOOK_MS) return;
    this.#lookedAtMs = nowMs;
    const numbers = shelved(this.#directory).slice(0, KEPT_MAX);
    this.#kept = numbers.flatMap((num) => this.#kept.find((kept) => kept.num === num) ?? this.#read(num) ?? []);
  }

  #read(num: number): Kept | undefined {
    const { file, manifestFile } = shelfFiles(this.#directory, num);
    try {
      const manifest = new Uint8Array(readFileSync(manifestFile));
      const decoded = decode(snapshotManifestSchema, manifest);
      if (BigInt(statSync(file).size) !== decoded.fileBytes) return undefined;
      return { num, file, manifest, content: contentOf(decoded), fileBytes: Number(decoded.fileBytes) };
    } catch (error) {
      // Of another version, removed meanwhile, or not to be read: as if it was not there.
      if (error instanceof DecodeError || (error as NodeJS.ErrnoException).code !== undefined) return undefined;
      throw error;
    }
  }
}

/** The folder with snapshots for other nodes. */
export function shelfDirectory(dataDir: string): string {
  return join(dataDir, 'snapshots', 'for-peers');
}

/** Where the snapshot of a block and its manifest are. */
export function shelfFiles(directory: string, num: number): { readonly file: string; readonly manifestFile: string } {
  return {
    file: join(directory, `snapshot-${num}.snap`),
    manifestFile: join(directory, `snapshot-${num}.manifest`),
  };
}

/** Numbers of the blocks whose snapshots are there with their manifests, the newest first. */
export function shelved(directory: string): number[] {
  return numbersIn(directory, /^snapshot-(\d{1,10})\.manifest$/);
}

/** Removes what is older than the snapshots that are kept, and files whose manifest was never written. */
export function tidyShelf(directory: string): void {
  const keep = new Set(shelved(directory).slice(0, KEPT_MAX));
  for (const num of numbersIn(directory, /^snapshot-(\d{1,10})\.(?:manifest|snap)$/)) {
    if (keep.has(num)) continue;
    const { file, manifestFile } = shelfFiles(directory, num);
    rmSync(manifestFile, { force: true });
    rmSync(file, { force: true });
  }
}

function numbersIn(directory: string, pattern: RegExp): number[] {
  if (!existsSync(directory)) return [];
  const numbers = readdirSync(directory).flatMap((name) => {
    const num = pattern.exec(name)?.[1];
    return num === undefined ? [] : [Number(num)];
  });
  return [...new Set(numbers)].sort((a, b) => b - a);
}
