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
 * By how many units in the last place a function of musl, the C library of contracts, may differ from the one of glibc 2.36
 * on this machine: 1, or what is said here. All else is compared bit by bit. Over 60,000 cases of each size, `log`, `log2` and
 * `exp2` never differed, `pow` and `exp` by 1 in one case of 5,000 or more, and none by more than its bound. The bound of
 * `cbrt` is the error that glibc documents; 3 is what was seen.
 */
const ulpMaxOf: Readonly<Record<string, number>> = { sinh: 2, cosh: 2, tanh: 2, log10: 2, cbrt: 4 };

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

/** Whether a result counts as the same; only approximations may differ, by what `ulpMaxOf` says. */
export function agrees({ kind, name }: Column, a: bigint, b: bigint): boolean {
  if (kind === 'input' || kind === 'exact') return a === b;
  return ulpsBetween(kind, a, b) <= (ulpMaxOf[name] ?? 1);
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
