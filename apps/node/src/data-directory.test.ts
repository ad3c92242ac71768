import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetyRecord, freshSafetyRecord } from '@snapscale/consensus';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataDirectory } from './data-directory.js';
import { JOURNAL_FOLDER, Journal } from './store/journal/journal.js';

const options = { production: true, snapshot: undefined, nowMs: 1_900_000_000_000 };

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'snapscale-data-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const keysFile = () => JSON.parse(readFileSync(join(directory, 'keys.json'), 'utf8'));

async function recordOf() {
  const { journal, content } = await Journal.open(join(directory, JOURNAL_FOLDER));
  await journal.close();
  return content.safety && decodeSafetyRecord(content.safety);
}

describe('FIN-6 a new node', () => {
  it('has written down that its keys promised nothing when they begin to count as used', async () => {
    const { keys } = await openDataDirectory(directory, options);
    expect(keys.inUse).toBe(false);
    expect(keysFile().in_use).toBe(true);
    // A kill now, before the first vote, leaves a node that may vote.
    expect(await recordOf()).toEqual(freshSafetyRecord);
    const again = await openDataDirectory(directory, options);
    expect(again.keys.inUse).toBe(true);
    expect(await recordOf()).toEqual(freshSafetyRecord);
  });

  it('keeps the record that is there, should the keys count as unused although there is one', async () => {
    await openDataDirectory(directory, options);
    const { journal } = await Journal.open(join(directory, JOURNAL_FOLDER));
    const bytes = new Uint8Array(12).fill(7);
    journal.append({ kind: 'safety', number: 5, bytes });
    await journal.close();
    writeFileSync(join(directory, 'keys.json'), JSON.stringify({ ...keysFile(), in_use: false }));
    await openDataDirectory(directory, options);
    const reopened = await Journal.open(join(directory, JOURNAL_FOLDER));
    await reopened.journal.close();
    expect(reopened.content.safety).toEqual(bytes);
  });

  it('does not make up a record for keys that were used before', async () => {
    await openDataDirectory(directory, options);
    rmSync(join(directory, JOURNAL_FOLDER), { recursive: true });
    const { keys } = await openDataDirectory(directory, options);
    expect(keys.inUse).toBe(true);
    expect(await recordOf()).toBeUndefined();
  });
});
