/**
 * A look at LMDB's data file before LMDB maps it. LMDB takes its meta pages at their word: pages that are missing at the
 * end of the file would end the process by a signal, without a message.
 *
 * Layout (lmdb 3.5, data version 2, little-endian): the first two pages hold a copy of the meta each, 24 bytes from
 * their start: magic u32, version u32, address u64, map size u64, two tree records of 48 bytes (the first begins with the
 * page size u32), last used page u64, transaction number u64. The copy with the greater transaction number counts.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoreCorruption } from './failures.js';

const META_OFFSET = 24;
const META_BYTES = 136;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const FIRST_PAGE_BYTES_MIN = 4096;

type Meta = { readonly pageBytes: number; readonly lastPage: bigint; readonly transaction: bigint };

/** Refuses a data file that is shorter than its meta says, or that has no meta. A missing file is in order. @throws StoreCorruption */
export function checkDataFile(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const first = readMeta(file, 0);
    if (first === 'other version') return;
    const second = readMeta(file, first?.pageBytes ?? FIRST_PAGE_BYTES_MIN);
    if (second === 'other version') return;
    const meta = newer(first, second);
    if (meta === undefined) {
      throw new StoreCorruption('the state', {
        file: path,
        offset: 0,
        expected: 'a meta page of LMDB',
        actual: `${size} bytes without one`,
      });
    }
    const needed = (meta.lastPage + 1n) * BigInt(meta.pageBytes);
    if (BigInt(size) < needed) {
      throw new StoreCorruption('the state', {
        file: path,
        offset: size,
        expected: `at least ${needed} bytes`,
        actual: `the end of the file after ${size}`,
      });
    }
  } finally {
    closeSync(file);
  }
}

function newer(a: Meta | undefined, b: Meta | undefined): Meta | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.transaction > a.transaction ? b : a;
}

function readMeta(file: number, page: number): Meta | 'other version' | undefined {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(file, bytes, 0, META_BYTES, page + META_OFFSET) < META_BYTES) return undefined;
  if (bytes.readUInt32LE(0) !== MAGIC) return undefined;
  if (bytes.readUInt32LE(4) !== VERSION) return 'other version';
  return {
    pageBytes: bytes.readUInt32LE(24),
    lastPage: bytes.readBigUInt64LE(120),
    transaction: bytes.readBigUInt64LE(128),
  };
}
