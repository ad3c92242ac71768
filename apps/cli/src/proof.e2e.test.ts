/** Proofs by the program: from a real node into a file, and verified when the node is gone. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChainProof } from '@snapscale/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNodeProcess } from '../../../tests/testing/node-process.js';
import { cliWith, type Run } from './testing/run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'snapscale-proof-'));
const file = (name: string) => join(folder, name);
const read = (name: string) => JSON.parse(readFileSync(file(name), 'utf8')) as ChainProof;
// Nothing answers there.
const offline = cliWith({ SNAPSCALE_URL: 'http://127.0.0.1:9', SNAPSCALE_HOME: join(folder, 'home') });
let transaction = '';
let chainId = '';

beforeAll(async () => {
  const node = await startNodeProcess();
  const cli = cliWith({ SNAPSCALE_URL: node.url, SNAPSCALE_HOME: join(folder, 'home') });
  const ok = async (...args: readonly string[]) => {
    const run = await cli(args);
    expect(`${run.code} ${run.stderr}`, args.join(' ')).toMatch(/^0/);
    return run;
  };
  const sent = (await ok('transfer', 'alice', 'bob', '5.0000 XST', '--json')).json() as { transaction_id: string };
  transaction = sent.transaction_id;
  await ok('proof', 'get', 'transaction', transaction, '-o', file('transaction.json'));
  chainId = read('transaction.json').chain_id;
  const printed = await ok('proof', 'get', 'row', 'eosio.token', 'bob', 'accounts', 'XST');
  writeFileSync(file('row.json'), printed.stdout);
  await ok('proof', 'get', 'row', 'eosio.token', 'nobody', 'accounts', 'XST', '-o', file('absent.json'));
  await ok('proof', 'get', 'action', transaction.slice(0, 10), '2', '-o', file('action.json'));
  await ok('proof', 'get', 'block', '1', '-o', file('block.json'));
  copyFileSync(join(node.dataDir, 'genesis.json'), file('genesis.json'));
  const verified = await offlineOk('block.json', chainId, '--checkpoint', file('checkpoint.json'));
  expect(verified.stdout).toMatch(/^block +1, /m);
  const short = await ok('proof', 'get', 'block', '2', '--trust', file('checkpoint.json'), '-o', file('short.json'));
  expect(short.stderr).toContain('verified');
  const foreign = await cli(['proof', 'get', 'block', '2', '--trust', '77'.repeat(32)]);
  expect([foreign.code, foreign.stdout]).toEqual([1, '']);
  const unknown = await cli(['proof', 'get', 'transaction', 'ab'.repeat(32)]);
  expect(unknown.stderr).toMatch(/is it final yet/);
  await node.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function offlineOk(name: string, trust: string, ...more: readonly string[]): Promise<Run> {
  const run = await offline(['proof', 'verify', file(name), '--trust', trust, ...more]);
  expect(`${run.code} ${run.stderr}`, name).toMatch(/^0/);
  return run;
}

async function fails(code: number, said: RegExp, ...args: readonly string[]): Promise<void> {
  const run = await offline(['proof', 'verify', ...args]);
  expect([run.code, run.stderr]).toEqual([code, expect.stringMatching(said)]);
  expect(run.stdout).toBe('');
}

describe('proof verify', () => {
  test.each([
    ['transaction.json', /^status +executed$[\s\S]*eosio\.token::transfer/m],
    ['row.json', /^entry +is in the state$/m],
    ['absent.json', /^entry +is not in the state$/m],
    ['action.json', /^authorised +alice@active$/m],
    ['short.json', /^block +2, .*final$/m],
  ])('says what %s proves, by checkpoint and genesis', async (name, said) => {
    const trusts = [file('checkpoint.json'), file('genesis.json')];
    const runs = await Promise.all(trusts.map((trust) => offlineOk(name, trust)));
    for (const { stdout } of runs) expect(stdout).toMatch(said);
  });

  test('needs no more than the chain id, or standard input', async () => {
    const input = readFileSync(file('transaction.json'), 'utf8');
    const run = await offline(['proof', 'verify', '-', '--trust', chainId, '--json'], { input });
    expect(run.code).toBe(0);
    expect(run.json()).toMatchObject({ valid: true, content: { kind: 'transaction', id: transaction } });
  });

  test('says what is wrong, and with what', async () => {
    const changed = { ...read('row.json'), entry: { ...read('row.json').entry!, value: '00' } };
    writeFileSync(file('changed.json'), JSON.stringify(changed));
    writeFileSync(file('cut.json'), JSON.stringify(changed).slice(0, 100));
    await fails(1, /changed\.json proves nothing: .*another value/, file('changed.json'), '--trust', chainId);
    await fails(1, /cut\.json is not JSON, so no proof/, file('cut.json'), '--trust', chainId);
    await fails(1, /trusted is chain 7777/, file('row.json'), '--trust', '77'.repeat(32));
    writeFileSync(file('bare.json'), JSON.stringify({ ...changed, genesis: undefined }));
    await fails(1, /bring the genesis/, file('bare.json'), '--trust', chainId);
    await fails(2, /say what you trust/, file('row.json'));
    await fails(9, /no such file/, file('none.json'), '--trust', chainId);
    await fails(
      9,
      /--trust .*row\.json: it is a proof, which cannot vouch for itself/,
      file('row.json'),
      '--trust',
      file('row.json'),
    );
    await fails(9, /--trust: .*none cannot be read/, file('row.json'), '--trust', file('none'));
    const unwritable = ['--checkpoint', join(folder, 'no', 'where')];
    await fails(9, /the checkpoint cannot be written/, file('row.json'), '--trust', chainId, ...unwritable);
  });
});
