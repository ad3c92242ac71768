import { parseName } from '@snapscale/protocol';
import { type Client, type DeployPlan, SnapError } from '@snapscale/sdk';
import { expect, test } from 'vitest';
import { Output } from '../program/output.js';
import { makeStyle, widthOf } from '../terminal/style.js';
import { assertAffordable, namesText, planJson, planLines, warnOfRows } from './deploy-plan.js';

const none = { added: [], removed: [], changed: [] };
const part = (bytes: number) => ({ bytes, hash: 'ab'.repeat(32) });
const plan: DeployPlan = {
  account: 'carol',
  code: { before: part(1000), after: part(3000), changed: true },
  abi: {
    before: part(10),
    after: part(10),
    changed: false,
    actions: { added: ['new'], removed: ['old'], changed: ['other'] },
    tables: none,
  },
  affectedTables: [],
  ram: { before: 10_000n, after: 30_000n, quota: 20_000n },
  fee: 12n,
  refused: undefined,
  actions: [],
};
const refusal = (name: string, evidence: Record<string, string> = {}) =>
  new SnapError({ kind: 'resources', code: 1, name, what: 'w', details: ['refused'], evidence });

/** A client that knows the actions of `eosio` and nothing else. */
function clientWith(actions: readonly bigint[]): Client {
  const abi = { actions: actions.map((name) => ({ name, type: 't', ricardianContract: '' })) };
  return { abis: { get: async () => ({ hash: '', bytes: new Uint8Array(0), compiled: { abi } }) } } as never;
}

test('lines and JSON', () => {
  expect(planLines(plan, makeStyle(false))).toEqual([
    'account  carol',
    'code     1000 bytes (abababababab…) → 2.93 KiB (abababababab…)',
    'abi      unchanged, 10 bytes (abababababab…)',
    'actions  +new  ~other  -old',
    'memory   9.77 KiB → 29.3 KiB of 19.5 KiB',
    'fee      0.0012 XST',
  ]);
  expect(planJson(plan)).toMatchObject({
    ram: { before: '10000', after: '30000', quota: '20000' },
    fee: '0.0012 XST',
    abi: { changed: false },
  });
});

test('rows that are misread or lost are warned of', () => {
  let said = '';
  const stderr = { write: (text: string) => (said += text) };
  const output = new Output({ stdout: stderr, stderr, environment: {}, json: false, quiet: false, noColour: true });
  warnOfRows(
    {
      affectedTables: [
        { table: 'a', change: 'changed', entries: 5, scopes: 2 },
        { table: 'b', change: 'removed', entries: 1, scopes: 1 },
      ],
    },
    output,
  );
  expect(said).toMatch(
    /^Warning: the table a has rows \(5 entries in 2 scopes\) of another layout.*\nWarning: the table b has rows \(1 entry in 1 scope\), and/,
  );
});

test('what can be paid for passes', async () => {
  await expect(assertAffordable(clientWith([]), plan)).resolves.toBeUndefined();
});

test('too little RAM: how much is missing, and who helps', async () => {
  const refused = { ...plan, refused: refusal('ram_usage_exceeded') };
  const able = assertAffordable(clientWith([parseName('setacctram')]), refused);
  await expect(able).rejects.toMatchObject({
    annotation: {
      title: 'carol has too little RAM: it needs 30000 bytes and may use 20000, 10000 are missing',
      hints: [expect.stringContaining('contract call eosio setacctram account=carol ram_bytes=33000 -p eosio')],
      values: { missing_bytes: '10000' },
    },
  });
  await expect(assertAffordable(clientWith([parseName('setabi')]), refused)).rejects.toMatchObject({
    annotation: { hints: [expect.stringContaining('a larger quota')] },
  });
});

test('too little credit: how much to transfer', async () => {
  const evidence = { account: 'carol', missing: '0.5000 XST' };
  await expect(
    assertAffordable(clientWith([]), { ...plan, refused: refusal('snap_insufficient_credit', evidence) }),
  ).rejects.toMatchObject({
    annotation: {
      hints: ['Top it up from an account with tokens: snapscale transfer PAYER snap.fees "0.5000 XST" carol'],
    },
  });
});

test('another resource: as the chain says it', async () => {
  const refused = refusal('tx_cpu_usage_exceeded');
  await expect(assertAffordable(clientWith([]), { ...plan, refused })).rejects.toBe(refused);
});

test('many names stand on several lines, none wider than a narrow terminal', () => {
  const added = Array.from({ length: 30 }, (_, index) => `action${index}`);
  const lines = namesText({ ...none, added }, makeStyle(true))!.split('\n');
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(70);
  expect(namesText({ ...none, added }, makeStyle(false))!.split(/\s+/)).toEqual(added.map((name) => `+${name}`));
  expect(namesText(none, makeStyle(false))).toBeUndefined();
});
