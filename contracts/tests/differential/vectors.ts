/**
 * The committed results of this machine's program. For each case, in the order of the families: four bytes of digest over its
 * inputs and exact results, then its approximations with eight or four bytes each, all lowest byte first.
 */
import { fileURLToPath } from 'node:url';
import { agrees, type Column, digestOf, type Family } from './families.js';

export const vectorsPath = fileURLToPath(new URL('vectors.bin', import.meta.url));

/** What is kept of the results of a family's cases. */
export function encodeVectors(columns: readonly Column[], results: BigUint64Array): Buffer {
  const cases = results.length / columns.length;
  const bytes = Buffer.alloc(cases * caseBytes(columns));
  let at = 0;
  for (let i = 0; i < cases; i++) {
    const values = results.slice(i * columns.length, (i + 1) * columns.length);
    at = bytes.writeUInt32LE(digestOf(columns, values), at);
    for (const [index, { kind }] of columns.entries()) {
      if (kind === 'near64') at = bytes.writeBigUInt64LE(values[index]!, at);
      if (kind === 'near32') at = bytes.writeUInt32LE(Number(values[index]!), at);
    }
  }
  return bytes;
}

/** A family's part of the vectors, and where the next one's begins. */
export function vectorsOf(family: Family, columns: readonly Column[], all: Buffer, start: number): [Buffer, number] {
  const end = start + family.committed * caseBytes(columns);
  return [all.subarray(start, end), end];
}

/** What differs between results and vectors, one line for each case or number. */
export function differences(columns: readonly Column[], results: BigUint64Array, vectors: Buffer): string[] {
  const found: string[] = [];
  let at = 0;
  for (let i = 0; i < results.length / columns.length; i++) {
    const values = results.slice(i * columns.length, (i + 1) * columns.length);
    if (vectors.readUInt32LE(at) !== digestOf(columns, values))
      found.push(`case ${i}: ${describeCase(columns, values)}`);
    at += 4;
    for (const [index, column] of columns.entries()) {
      if (column.kind === 'input' || column.kind === 'exact') continue;
      const wide = column.kind === 'near64';
      const expected = wide ? vectors.readBigUInt64LE(at) : BigInt(vectors.readUInt32LE(at));
      at += wide ? 8 : 4;
      if (agrees(column, values[index]!, expected)) continue;
      found.push(`case ${i}: ${column.name} is ${hex(values[index]!)}, natively ${hex(expected)}`);
    }
  }
  return found;
}

/** The inputs and results of a case, for messages. */
export function describeCase(columns: readonly Column[], values: BigUint64Array): string {
  return columns.map(({ kind, name }, i) => `${name || kind} ${hex(values[i]!)}`).join(', ');
}

function caseBytes(columns: readonly Column[]): number {
  const sizes = { input: 0, exact: 0, near64: 8, near32: 4 } as const;
  return columns.reduce((sum, { kind }) => sum + sizes[kind], 4);
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
