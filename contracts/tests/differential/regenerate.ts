/**
 * Runs the differential test's program natively and as a contract, compares all results, and prints where approximations
 * differ. `--write` then replaces vectors.bin.
 * `node --conditions=source --import tsx contracts/tests/differential/regenerate.ts [--cases 20000] [--write]`
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ChainRun } from './chain-run.js';
import { agrees, type Column, type Family, families, ulpsBetween } from './families.js';
import { hasNativeCompiler, NativeRun } from './native-run.js';
import { describeCase, encodeVectors, vectorsPath } from './vectors.js';

const { values } = parseArgs({ options: { cases: { type: 'string' }, write: { type: 'boolean' } } });
if (!hasNativeCompiler())
  throw new Error('there is no g++ on this machine: its results are what contracts are compared with');

const native = new NativeRun();
let wrong = 0;
try {
  const chain = await ChainRun.start();
  const vectors: Buffer[] = [];
  for (const family of families) {
    const count = Number(values.cases ?? family.committed);
    const columns = native.layout(family);
    const expected = native.run(family, Math.max(count, family.committed));
    wrong += compare(family, columns, chain.run(family, count), expected);
    vectors.push(encodeVectors(columns, expected.slice(0, family.committed * columns.length)));
  }
  if (values.write && wrong === 0) writeFileSync(vectorsPath, Buffer.concat(vectors));
} finally {
  native.close();
}
console.log(wrong === 0 ? 'all results agree' : `${wrong} results differ`);
process.exit(wrong === 0 ? 0 : 1);

/** Prints the differences of a family by column; returns how many are not allowed. */
function compare(family: Family, columns: readonly Column[], actual: BigUint64Array, expected: BigUint64Array): number {
  console.log(`${family.name}: ${actual.length / columns.length} cases of ${columns.length} numbers`);
  let refused = 0;
  for (const [index, column] of columns.entries()) {
    let differing = 0;
    let ulps = 0;
    for (let i = index; i < actual.length; i += columns.length) {
      const [a, b] = [actual[i]!, expected[i]!];
      if (a === b) continue;
      differing++;
      ulps = Math.max(ulps, ulpsBetween(column.kind, a, b));
      if (agrees(column, a, b) || refused++ > 20) continue;
      const first = i - index;
      console.log(`  ${column.name}: 0x${a.toString(16)}, natively 0x${b.toString(16)}`);
      console.log(`    ${describeCase(columns, actual.slice(first, first + columns.length))}`);
    }
    if (differing > 0) console.log(`  ${column.name}: ${differing} differ, by at most ${ulps} in the last place`);
  }
  return refused;
}
