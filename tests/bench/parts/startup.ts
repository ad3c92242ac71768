/** Start of a node on a large state, and what accounts and rows take on disk and in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LargeState, ROW_BYTES } from '../load/large-state.js';
import { memoryOf, NodeProcess } from '../load/node-process.js';
import { heading, mebibytes, print, printTable } from '../report.js';

const ROWS_PER_STEP = 400_000;
const SETTLE_MS = 5000;

type Size = { readonly usedBytes: number; readonly fileBytes: number };
type Started = {
  readonly readyMs: number;
  readonly infoMs: number;
  readonly rssBytes: number;
  readonly anonymousBytes: number;
  readonly settledBytes: number;
};

export async function startup({ quick }: { readonly quick: boolean }): Promise<void> {
  const targetBytes = quick ? 2 ** 28 : 2 ** 30;
  const accounts = quick ? 100_000 : 300_000;
  heading(`start-up from ${mebibytes(targetBytes)} of state, and memory per account and row`);
  const directory = mkdtempSync(join(tmpdir(), 'snapscale-bench-'));
  const dataDir = join(directory, 'data');
  try {
    const rows: string[][] = [];
    const show = (title: string, { usedBytes, fileBytes }: Size, started: Started) =>
      rows.push([
        title,
        mebibytes(usedBytes),
        mebibytes(fileBytes),
        `${(started.readyMs / 1000).toFixed(2)} s`,
        `${(started.infoMs / 1000).toFixed(2)} s`,
        mebibytes(started.anonymousBytes),
        mebibytes(started.rssBytes),
        mebibytes(started.settledBytes),
      ]);
    const empty = await start(dataDir);
    show('a new chain', await fill(dataDir, () => {}), empty);
    let rowCount = 0;
    const small = await fill(dataDir, () => {});
    let entries = 0;
    const accountSize = await fill(dataDir, (state) => {
      state.addAccounts(accounts);
      entries = state.entriesPerAccount;
    });
    const withAccounts = await start(dataDir);
    show(`${accounts.toLocaleString('en-US')} accounts`, accountSize, withAccounts);
    const wholeSize = await fill(dataDir, (state) => {
      do {
        state.addRows(ROWS_PER_STEP);
        rowCount += ROWS_PER_STEP;
      } while (state.usedBytes < targetBytes);
    });
    const whole = await start(dataDir);
    show(`and ${rowCount.toLocaleString('en-US')} rows`, wholeSize, whole);
    const again = await start(dataDir);
    show('the same, once more', wholeSize, again);
    printTable(
      [
        'state',
        'data',
        'file',
        'ready',
        'get_info answers',
        'anonymous',
        'RSS',
        `anonymous ${SETTLE_MS / 1000} s later`,
      ],
      rows,
    );
    const per = (bytes: number, number: number) => mebibytes((bytes / number) * 1e6);
    print(
      `  a million accounts (${entries} entries each, with a token balance): ${per(accountSize.usedBytes - small.usedBytes, accounts)} on disk, ${per(withAccounts.anonymousBytes - empty.anonymousBytes, accounts)} of memory`,
    );
    print(
      `  a million rows of ${ROW_BYTES} bytes: ${per(wholeSize.usedBytes - accountSize.usedBytes, rowCount)} on disk, ${per(whole.anonymousBytes - withAccounts.anonymousBytes, rowCount)} of memory`,
    );
    print(
      '  RSS counts pages of the state that are mapped from the file; the system takes them back when it needs them',
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Adds to the state of a stopped node; returns its size. */
async function fill(dataDir: string, add: (state: LargeState) => void): Promise<Size> {
  const state = await LargeState.open(dataDir);
  add(state);
  await state.close();
  const { usedBytes, fileBytes } = state;
  return { usedBytes, fileBytes };
}

async function start(dataDir: string): Promise<Started> {
  const node = await NodeProcess.start(dataDir, { readyTimeoutMs: 120_000 });
  const began = performance.now();
  const response = await fetch(`${node.url}/v1/chain/get_info`, { method: 'POST' });
  await response.text();
  const infoMs = node.readyMs + performance.now() - began;
  const memory = memoryOf(node.pid);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const settledBytes = memoryOf(node.pid).anonymousBytes;
  await node.stop();
  return { readyMs: node.readyMs, infoMs, ...memory, settledBytes };
}
