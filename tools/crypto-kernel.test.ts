import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildKernel, kernelModule, kernelModulePath } from './build-crypto-kernel.js';

test('the committed kernel of private transfers is what its sources give', async () => {
  const binary = await buildKernel();
  const isEqual = readFileSync(kernelModulePath, 'utf8') === kernelModule(binary);
  expect(isEqual, 'run: npx tsx tools/build-crypto-kernel.ts').toBe(true);
});
