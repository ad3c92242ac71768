/** Roots of groups of final blocks in a file, so that a node with a long chain does not compute them again at each start. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { equalBytes, sha256 } from '@snapscale/crypto';
import type { GroupStore } from './finality-index.js';

const HASH_BYTES = 32;
/** A root, and a checksum of it with its index: what a crash has left behind is found and cut off. */
const RECORD_BYTES = HASH_BYTES + 8;

/**
 * Opens the file below the data directory. Nothing is flushed, and a disk that refuses is no reason to stop a node: what is not
 * in the file is computed again at the next start.
 * @param first index of the first group that can be computed here
 */
export function groupFile(dataDir: string, first: number): GroupStore {
  const path = join(dataDir, 'light', `groups-${first}`);
  const roots = readRoots(path, first);
  let isWritable = true;
  return {
    first,
    roots,
    append(root) {
      // After a gap, what follows would be cut off at the next start anyway.
      if (isWritable) {
        isWritable = tried(() => {
          mkdirSync(dirname(path), { recursive: true });
          appendFileSync(path, record(first + roots.length, root));
        });
      }
      roots.push(root);
    },
  };
}

function readRoots(path: string, first: number): Uint8Array[] {
  if (!existsSync(path)) return [];
  const bytes = new Uint8Array(readFileSync(path));
  const roots: Uint8Array[] = [];
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    const root = bytes.slice(at, at + HASH_BYTES);
    if (!equalBytes(record(first + roots.length, root), bytes.subarray(at, at + RECORD_BYTES))) break;
    roots.push(root);
  }
  const whole = roots.length * RECORD_BYTES;
  if (whole < bytes.length) tried(() => truncateSync(path, whole));
  return roots;
}

function record(index: number, root: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  bytes.set(root);
  new DataView(bytes.buffer).setUint32(HASH_BYTES, index);
  bytes.set(sha256(bytes.subarray(0, HASH_BYTES + 4)).subarray(0, 4), HASH_BYTES + 4);
  return bytes;
}

function tried(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
