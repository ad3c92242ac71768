import { expect, test } from 'vitest';
import { complete, locate } from './completion.js';

/** Nothing answers there. */
const environment = { SNAPSCALE_URL: 'http://127.0.0.1:1', SNAPSCALE_HOME: '/nowhere' };
const words = async (...line: readonly string[]) => (await complete(line, environment)).map(([word]) => word);

test('commands, their children, and options', async () => {
  expect(await words('tr')).toEqual(['transfer']);
  expect(await words('get', 'acc')).toEqual(['account', 'accounts']);
  expect(await words('get', 'currency', '')).toEqual(['balance', 'stats']);
  expect(await words('transfer', '--dr')).toEqual(['--dry-run']);
  expect(await words('watch', 'blocks', '--c')).toEqual(['--count']);
});

test('what is hidden is not offered', async () => {
  expect(await words('')).not.toContain('multisig');
  expect(await words('transfer', '--')).not.toContain('--use-old-rpc');
});

test('fixed words', async () => {
  expect(await words('get', 'block', '')).toEqual(['head', 'final']);
  expect(await words('completion', 'p')).toEqual(['powershell']);
  expect(await words('contract', 'v')).toEqual(['verify']);
  expect(await words('contract', 'new', 'x', '--template', 'e')).toEqual(['escrow']);
});

test('a node that does not answer costs nothing but its names', async () => {
  expect(await words('transfer', 'a')).toEqual([]);
});

test('where the cursor is', () => {
  expect(locate(['-u', 'http://x', 'get', 'table', 'code', '-l', '5', 'scope'])).toMatchObject({
    command: { name: 'table' },
    given: ['code', 'scope'],
    url: 'http://x',
    option: undefined,
  });
  expect(locate(['transfer', '-p']).option?.flags).toContain('--permission');
  expect(locate(['transfer', '--dry-run']).option).toBeUndefined();
});
