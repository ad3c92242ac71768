import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { ChainRun } from './chain-run.js';
import { agrees, families, parseLayout, ulpsBetween } from './families.js';
import { differences, encodeVectors, vectorsOf, vectorsPath } from './vectors.js';

const buildMsMax = 240_000;
let chain: ChainRun;

beforeAll(async () => {
  chain = await ChainRun.start();
}, buildMsMax);

test(
  'a contract computes what the same program computes natively',
  () => {
    const vectors = readFileSync(vectorsPath);
    let start = 0;
    for (const family of families) {
      const columns = chain.layout(family);
      const [part, end] = vectorsOf(family, columns, vectors, start);
      start = end;
      expect(differences(columns, chain.run(family, family.committed), part).slice(0, 10)).toEqual([]);
    }
    expect(start).toBe(vectors.length);
  },
  buildMsMax,
);

describe('comparing', () => {
  const columns = parseLayout('input\nexact add\nnear64 pow\nnear32 cbrt\n');
  const results = BigUint64Array.of(1n, 2n, 0x3ff0000000000000n, 0x3f800000n);

  test('tells which case and which number differ', () => {
    const vectors = encodeVectors(columns, results);
    expect(vectors).toHaveLength(16);
    expect(differences(columns, results, vectors)).toEqual([]);
    expect(differences(columns, BigUint64Array.of(1n, 3n, 0x3ff0000000000000n, 0x3f800000n), vectors)).toEqual([
      'case 0: input 0x1, add 0x3, pow 0x3ff0000000000000, cbrt 0x3f800000',
    ]);
    expect(differences(columns, BigUint64Array.of(1n, 2n, 0x3ff0000000000002n, 0x3f800004n), vectors)).toEqual([
      'case 0: pow is 0x3ff0000000000002, natively 0x3ff0000000000000',
    ]);
  });

  test('counts units in the last place, and none between a number and NaN or the other sign', () => {
    expect(ulpsBetween('near64', 0x3ff0000000000000n, 0x3fefffffffffffffn)).toBe(1);
    expect(ulpsBetween('near64', 0x7ff0000000000000n, 0x7fefffffffffffffn)).toBe(1);
    for (const other of [0x7ff8000000000000n, 0xbff0000000000000n]) {
      expect(ulpsBetween('near64', 0x3ff0000000000000n, other)).toBe(Number.POSITIVE_INFINITY);
    }
    expect(ulpsBetween('near32', 0x3f800000n, 0x7fc00000n)).toBe(Number.POSITIVE_INFINITY);
  });

  test('allows approximations alone to differ', () => {
    expect(agrees({ kind: 'near64', name: 'cbrt' }, 14n, 10n)).toBe(true);
    expect(agrees({ kind: 'near64', name: 'sin' }, 12n, 10n)).toBe(false);
    expect(agrees({ kind: 'exact', name: 'sqrt' }, 11n, 10n)).toBe(false);
  });
});
