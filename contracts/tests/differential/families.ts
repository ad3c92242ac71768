/** What the differential test computes, and when two results of one case count as equal. */

/** A group of cases. `id` is its number in kernel.hpp; `committed` cases are in vectors.bin. */
export type Family = { readonly id: number; readonly name: string; readonly committed: number };

export const families: readonly Family[] = [
  { id: 0, name: 'float64', committed: 1500 },
  { id: 1, name: 'float32', committed: 1000 },
  { id: 2, name: 'int128', committed: 800 },
  { id: 3, name: 'library', committed: 300 },
  { id: 4, name: 'maths64', committed: 500 },
  { id: 5, name: 'maths32', committed: 400 },
];

/** One number of a case: what it is, and how it is compared. */
export type Column = { readonly kind: 'input' | 'exact' | 'near64' | 'near32'; readonly name: string };

/** The columns of a family, from what either program prints for `layout`. */
export function parseLayout(text: string): Column[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [kind, ...name] = line.split(' ');
      return { kind: kind as Column['kind'], name: name.join(' ') };
    });
}

/**
 * By how many units in the last place a function of musl (the chain's C library) may differ from one of glibc (this
 * machine's). All else is compared bit by bit. Each bound is what the two libraries promise together, not what was seen:
 * `regenerate.ts` prints that.
 */
export const ulpMax: Readonly<Record<string, number>> = { near64: 2, near32: 2 };

/** How far apart two numbers are, in units in the last place. Infinite between NaN and a number, or across the zero. */
export function ulpsBetween(kind: Column['kind'], a: bigint, b: bigint): number {
  if (a === b) return 0;
  const width = kind === 'near32' ? 32n : 64n;
  const sign = 1n << (width - 1n);
  const infinity = width === 32n ? 0x7f800000n : 0x7ff0000000000000n;
  const [x, y] = [a & (sign - 1n), b & (sign - 1n)];
  if (x > infinity || y > infinity || (a & sign) !== (b & sign)) return Number.POSITIVE_INFINITY;
  return Number(x > y ? x - y : y - x);
}

/** FNV-1a of 32 bits over the inputs and the exact results of one case. */
export function digestOf(columns: readonly Column[], values: BigUint64Array): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let hash = 0x811c9dc5;
  for (const [index, { kind }] of columns.entries()) {
    if (kind !== 'input' && kind !== 'exact') continue;
    for (let i = 8 * index; i < 8 * index + 8; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  }
  return hash >>> 0;
}

/** Describes one case for a message: its inputs, and the numbers of the columns named. */
export function describeCase(columns: readonly Column[], values: BigUint64Array): string {
  return columns.map(({ kind, name }, i) => `${name || kind}=0x${values[i]!.toString(16)}`).join(' ');
}
