import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { corruptionCases } from './corruption.js';
import { crashRounds, foundingRounds } from './rounds.js';

const SEED = 7;
const print = () => {};

describe('a node that is killed or whose files are damaged', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'snapscale-crash-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('keeps what was final through kills under load, and agrees with an undisturbed execution', async () => {
    const report = await crashRounds({ rounds: 5, seed: SEED, directory, print });
    expect(report.findings).toEqual([]);
    expect(report.finalTransactions).toBeGreaterThan(0);
  });

  it('finishes the founding of its chain after a kill', async () => {
    expect(await foundingRounds({ rounds: 2, seed: SEED, directory, print })).toEqual([]);
  });

  it('never uses a damaged file in silence', async () => {
    expect(await corruptionCases({ seed: SEED, directory, print, short: true })).toEqual([]);
  });
});
