/** What a node costs that has nothing to do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSecondsOf, memoryOf, NodeProcess } from '../load/node-process.js';
import { heading, mebibytes, percent, print } from '../report.js';

const SETTLE_MS = 30_000;
const MEASURE_MS = 15_000;

export async function idle({ quick }: { readonly quick: boolean }): Promise<void> {
  heading('idle: a fresh node that makes empty blocks');
  const directory = mkdtempSync(join(tmpdir(), 'snapscale-bench-'));
  const node = await NodeProcess.start(join(directory, 'data'));
  try {
    await pause(quick ? SETTLE_MS / 3 : SETTLE_MS);
    const before = cpuSecondsOf(node.pid);
    const began = performance.now();
    await pause(MEASURE_MS);
    const share = ((cpuSecondsOf(node.pid) - before) * 1000) / (performance.now() - began);
    const { rssBytes, anonymousBytes } = memoryOf(node.pid);
    print(`  ready after ${(node.readyMs / 1000).toFixed(2)} s with a new chain`);
    print(
      `  CPU ${percent(share)} of one core (to be below 5 %), memory ${mebibytes(rssBytes)}, of which anonymous ${mebibytes(anonymousBytes)} (to be below 250 MB)`,
    );
  } finally {
    await node.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
