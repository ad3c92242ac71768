/** The drill of kills, short: four real nodes under load, some of them killed. The whole one: `npm run drill -- kills`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { killsDrill } from './kills.js';

const directory = mkdtempSync(join(tmpdir(), 'snapscale-drill-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('nodes that are killed agree with the others, and keep what was final and what they have voted for', async () => {
  const report = await killsDrill({ seed: 4, directory, producers: 4, kills: 3, print: () => {} });
  expect(report.findings).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(3);
  expect(report.finalBlocks).toBeGreaterThan(5);
}, 300_000);
