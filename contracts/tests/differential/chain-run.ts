/** The differential test's program as a contract, executed as nodes execute it. */

import { fileURLToPath } from 'node:url';
import { buildForTest, ContractTest } from '../../testing/index.js';
import { type Column, type Family, parseLayout } from './families.js';

const self = 'differential';
const folder = fileURLToPath(new URL('.', import.meta.url));
/** Cases of one transaction: their gas stays within its limit, and their results within a row. */
const casesPerCall = 50;

export class ChainRun {
  private readonly test: ContractTest;

  private constructor(test: ContractTest) {
    this.test = test;
  }

  /** Compiles the contract and deploys it on a chain in memory. */
  static async start(): Promise<ChainRun> {
    const test = await ContractTest.start();
    test.deploy(self, await buildForTest({ name: self, sources: [`${folder}differential.cpp`] }));
    return new ChainRun(test);
  }

  /** What one case of a family consists of. */
  layout(family: Family): Column[] {
    this.test.push(self, 'layout', self, { family: family.id });
    return parseLayout(this.output().toString());
  }

  /** Results of the first `count` cases, one after the other. */
  run(family: Family, count: number): BigUint64Array {
    const parts: Buffer[] = [];
    for (let first = 0; first < count; first += casesPerCall) {
      this.test.push(self, 'run', self, { family: family.id, first, count: Math.min(casesPerCall, count - first) });
      parts.push(this.output());
      this.test.advance({ blocks: 1 });
    }
    return numbersOf(Buffer.concat(parts));
  }

  private output(): Buffer {
    const [row] = this.test.table(self, self, 'output') as { readonly data: string }[];
    return Buffer.from(row!.data, 'hex');
  }
}

/** Numbers of eight bytes, lowest first. */
export function numbersOf(bytes: Uint8Array): BigUint64Array {
  return new BigUint64Array(Uint8Array.from(bytes).buffer);
}
