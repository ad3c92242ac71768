import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readGasReport, writeGasReport } from './gas-report.js';

const row = { action: 'notes::greet', count: 1, gasMin: 1, gasMedian: 1, gasMax: 1, netBytesMax: 8, ramMax: 0 };

test('a report is written into a folder that is not there yet, and read again; one that cannot be says which', () => {
  const folder = mkdtempSync(join(tmpdir(), 'snapscale-gas-'));
  try {
    const path = join(folder, 'build', 'gas-report.json');
    writeGasReport(path, [row]);
    expect(readGasReport(path)).toEqual([row]);
    writeFileSync(path, '[{"action":7}]');
    expect(readGasReport(path)).toBeUndefined();
    mkdirSync(join(folder, 'taken'));
    expect(() => writeGasReport(join(folder, 'taken'), [row])).toThrow(/the report .*taken cannot be written: EISDIR/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
