/** `proposal …` and `org expel|suspend|resume` against a chain on which `snap.ca` decides. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Snapshot, systemContract } from '@snapscale/contracts/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { consortiumChain } from '../testing/consortium-chain.js';
import { FakeChain } from '../testing/fake-chain.js';
import { type RunHere, runHere } from '../testing/run-here.js';

let node: FakeChain;
let start: Snapshot;
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'snapscale-proposals-'));
  const chain = await consortiumChain();
  chain.deploy('eosio', systemContract('eosio'));
  node = await FakeChain.start(chain);
  start = chain.snapshot();
});
beforeEach(() => {
  node.chain.restore(start);
  node.sent.length = 0;
  node.controlled = [];
});
afterAll(async () => {
  await node?.stop();
  rmSync(home, { recursive: true, force: true });
});

function cli(...args: readonly string[]): Promise<RunHere> {
  return runHere(args, { SNAPSCALE_URL: node.url, SNAPSCALE_HOME: home });
}

async function ok(...args: readonly string[]): Promise<RunHere> {
  const run = await cli(...args);
  expect(`${run.code} ${run.stderr}`, args.join(' ')).toMatch(/^0/);
  return run;
}

async function fails(code: number, args: readonly string[], words: RegExp): Promise<void> {
  const run = await cli(...args);
  expect(run.stderr).toMatch(words);
  expect(run.code).toBe(code);
  expect(run.stderr).not.toMatch(/undefined|\[object|\n\s+at /);
}

const statusOf = (account: string) =>
  (node.chain.row('snap.ca', 'snap.ca', 'orgs', account) as { readonly status: number }).status;

describe('the course of a proposal', () => {
  test('is proposed by one, approved by two, and carried out by the last of them', async () => {
    const proposed = await ok('proposal', 'create', 'suspend', 'west', '-o', 'north', '--yes');
    expect(proposed.stderr).toMatch(/suspend west\neffect +its vote, .* rest until it is resumed/);
    expect(proposed.stdout).toMatch(/^✓ proposal 1: suspend west/);
    expect(proposed.stdout).toMatch(/missing +weight 2, of east, south, west/);

    const listed = await ok('proposal', 'list');
    expect(listed.stdout).toMatch(/1 +north +suspend west.* 1 of 4, 3 needed +open/);
    expect((await ok('proposal', 'approve', '1', '-o', 'east', '--yes')).stdout).toMatch(/approved by +east, north/);
    expect(statusOf('west')).toBe(0);

    const last = await ok('proposal', 'approve', '1', '-o', 'south', '--yes', '--json');
    expect(last.json()).toMatchObject({ id: 1, state: 'executed', approving_weight: 3, needed_weight: 3 });
    expect(last.json().transactions).toHaveLength(2);
    expect(statusOf('west')).toBe(1);
    expect(node.sent).toEqual(['propose', 'approve', 'approve', 'execute'].map((name) => `snap.ca::${name}`));

    const shown = await ok('proposal', 'show', '1');
    expect(shown.stdout).toMatch(/state +carried out/);
    expect(shown.stdout).toMatch(/weight +3 of 4/);
    expect(shown.stdout).toMatch(/decided +by south/);
    expect((await ok('proposal', 'list')).stderr).toContain('No proposal is open');
    expect((await ok('proposal', 'list', '--all', '--json')).json()).toHaveLength(1);
    await fails(5, ['proposal', 'approve', '1', '-o', 'west', '--yes'], /was carried out already/);
  });

  test('can be held back, taken back, and cancelled', async () => {
    await ok('org', 'suspend', 'west', '-o', 'north', '--yes');
    await ok('proposal', 'approve', '1', '-o', 'east', '--yes');
    await fails(5, ['proposal', 'execute', '1', '-o', 'east'], /weight 2 of 4; 3 are needed/);
    await ok('proposal', 'unapprove', '1', '-o', 'east');
    await ok('proposal', 'approve', '1', '-o', 'east', '--yes');
    const held = await ok('proposal', 'approve', '1', '-o', 'south', '--yes', '--no-execute');
    expect(held.stdout).toContain('approved, not carried out yet');
    expect(statusOf('west')).toBe(0);
    // Again: it approves already, and now carries it out.
    expect((await ok('proposal', 'approve', '1', '-o', 'south', '--yes')).stderr).toContain(
      'approves proposal 1 already',
    );
    expect(statusOf('west')).toBe(1);
    await ok('org', 'resume', 'west', '-o', 'north', '--yes');
    await fails(5, ['proposal', 'cancel', '2', '-o', 'east'], /only north can cancel/);
    expect((await ok('proposal', 'cancel', '2', '-o', 'north')).stdout).toMatch(/state +cancelled/);
    await fails(5, ['proposal', 'approve', '2', '-o', 'east', '--yes'], /was cancelled/);
  });

  test('a dry run shows the content and sends nothing', async () => {
    const run = await ok('org', 'expel', 'west', '-o', 'north', '--dry-run');
    expect(run.stdout).toMatch(/^expel west\neffect +its vote/);
    const json = await ok('proposal', 'create', 'suspend', 'west', '-o', 'north', '--dry-run', '--json');
    expect(json.json()).toEqual(['suspend_organisation', { organisation: 'west' }]);
    expect(node.sent).toEqual([]);
  });

  test('nothing is sent without a yes, and where nobody can say it, the flag is named', async () => {
    await fails(2, ['proposal', 'create', 'expel', 'west', '-o', 'north'], /no terminal to ask on[\s\S]*--yes/);
    expect(node.sent).toEqual([]);
  });

  test('the approval stands when the decision cannot be carried out', async () => {
    await ok('proposal', 'create', 'resume', 'west', '-o', 'north', '--yes');
    await ok('proposal', 'approve', '1', '-o', 'east', '--yes');
    const run = await cli('proposal', 'approve', '1', '-o', 'south', '--yes');
    expect(run.code).toBe(5);
    expect(run.stdout).toMatch(/approved, not carried out yet/);
    expect(run.stderr).toMatch(/could not be carried out[\s\S]*west is active already/);
  });
});

describe('for whom', () => {
  test('the one organisation that the keys speak for', async () => {
    node.controlled = ['alice@active', 'east@active'];
    expect((await ok('org', 'expel', 'west', '--yes', '--json')).json().organisation).toBe('east');
  });

  test('several, or none', async () => {
    node.controlled = ['north@active', 'east@active'];
    await fails(2, ['org', 'expel', 'west', '--yes'], /for which organisation[\s\S]*yours: east, north/);
    node.controlled = ['alice@active'];
    await fails(4, ['org', 'expel', 'west', '--yes'], /none of your keys speaks for an organisation/);
    await fails(5, ['org', 'expel', 'west', '--yes', '-o', 'alice'], /alice is no organisation of the consortium/);
  });
});

describe('contents in human form', () => {
  const lines: readonly (readonly [string, readonly string[], unknown])[] = [
    [
      'terms, of which one changes',
      ['terms', 'west', '--quota', '7'],
      ['change_terms', { organisation: 'west', terms: { quota: 7, weight: 1 } }],
    ],
    [
      'roles in any order and spelling',
      ['terms', 'west', '--roles', 'producer,ca-operator', '--valid-until', '2099-01-31'],
      ['change_terms', { terms: { valid_until: '2099-01-31T00:00:00', scope: ['ca.operator', 'producer'] } }],
    ],
    [
      'rules',
      ['parameters', '--reads', 'members', '--approval', '3/4', '--overlap', '14d'],
      ['change_parameters', { parameters: { reads: 1, approval_numerator: 3, overlap_sec: 1_209_600 } }],
    ],
    [
      'a role',
      ['role', 'inspector', '--permissions', 'read,audit', '--life', '12h'],
      ['define_role', { definition: { role: 'inspector', permissions: ['audit', 'read'], life_sec: 43_200 } }],
    ],
    ['a role that ends', ['role', 'device', '--ended'], ['define_role', { definition: { is_given: 0 } }]],
    [
      'certificates',
      ['revoke-members', 'west', '--serial', '00:5A:01', '--serial', '5a02', '--reason', 'key-compromise'],
      ['revoke_members', { serials: ['5a01', '5a02'], reason: 1 }],
    ],
    [
      'an action of the chain',
      ['act', '--action', 'eosio setpriv {"account":"alice","is_priv":1}'],
      ['act_on_chain', { actions: [{ account: 'eosio', action: 'setpriv', actor: 'eosio' }] }],
    ],
  ];
  test.each(lines)('%s', async (_, args, content) => {
    const run = await ok('proposal', 'create', ...args, '-o', 'north', '--yes', '--json');
    expect(run.json().content).toMatchObject(content as object);
    const shown = await ok('proposal', 'show', '1');
    expect(shown.stdout).not.toMatch(/undefined|\[object|NaN/);
  });

  test('actions of the chain are shown with their fields', async () => {
    const action = 'eosio setpriv {"account":"alice","is_priv":1}';
    await ok('proposal', 'create', 'act', '--action', action, '-o', 'north', '--yes');
    expect((await ok('proposal', 'show', '1')).stdout).toMatch(
      /eosio::setpriv +\{account: alice, is_priv: 1\}, as eosio/,
    );
  });

  test('a file', async () => {
    const file = join(home, 'proposal.json');
    writeFileSync(file, JSON.stringify({ expel_organisation: { organisation: 'west' } }));
    const run = await ok('proposal', 'create', '--file', file, '-o', 'north', '--yes', '--json');
    expect(run.json().content).toEqual(['expel_organisation', { organisation: 'west' }]);
    writeFileSync(file, '["rename_organisation",{}]');
    await fails(2, ['proposal', 'create', '--file', file, '-o', 'north', '--yes'], /no content of a proposal/);
  });

  const wrong: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['no kind', [], 2, /by its KIND, or as a file/],
    ['an unknown kind', ['expell', 'west'], 2, /no kind of proposal "expell"[\s\S]*Did you mean expel/],
    ['nobody to expel', ['expel'], 2, /ORGANISATION is missing/],
    ['terms of a stranger', ['terms', 'nobody'], 3, /nobody is no organisation[\s\S]*Its organisations: east/],
    ['a date', ['terms', 'west', '--valid-until', 'soon'], 2, /expected a date/],
    ['a role', ['terms', 'west', '--roles', 'Producr'], 2, /no role Producr[\s\S]*Did you mean producer/],
    ['a span', ['parameters', '--overlap', 'week'], 2, /expected a time span/],
    ['a fraction', ['parameters', '--approval', 'most'], 2, /expected a fraction/],
    ['a policy', ['parameters', '--reads', 'all'], 2, /expected open, members, roles/],
    ['a reason', ['revoke-members', 'west', '--serial', '5a', '--reason', 'spite'], 2, /this is no reason/],
    ['a serial', ['revoke-members', 'west', '--serial', 'xyz'], 2, /no serial number/],
    ['no serial', ['revoke-members', 'west'], 2, /no certificate is named/],
    ['a digest', ['revoke-authority', 'abc'], 2, /neither a file nor a SHA-256 digest/],
    ['no certificate', ['admit', 'echo'], 2, /--certificate is missing/],
    ['a file that is not there', ['admit', 'echo', '--certificate', '/nowhere.pem'], 9, /cannot be read/],
    [
      'a file without a certificate',
      ['admit', 'echo', '--certificate', import.meta.filename],
      2,
      /holds no certificate/,
    ],
    ['no action', ['act'], 2, /no action is named/],
    ['an action without data', ['act', '--action', 'eosio setpriv'], 2, /expected CONTRACT ACTION DATA/],
    ['data without a field', ['act', '--action', 'eosio setpriv {"account":"alice"}'], 2, /is_priv/],
  ];
  test.each(wrong)('refuses %s', async (_, args, code, words) => {
    await fails(code, ['proposal', 'create', ...args, '-o', 'north', '--yes'], words);
    expect(node.sent).toEqual([]);
  });
});

test('a proposal that is not there, and a chain without a consortium', async () => {
  await fails(3, ['proposal', 'show', '9'], /there is no proposal 9/);
  await fails(2, ['proposal', 'show', 'x'], /expected a whole number/);
  node.answers.get_table_rows = () => {
    throw new Error('Table orgs is not specified in the ABI');
  };
  node.answers.get_account = () => ({ last_code_update: '1970-01-01T00:00:00.000', permissions: [] });
  try {
    await fails(3, ['proposal', 'list'], /no consortium was founded/);
  } finally {
    delete node.answers.get_table_rows;
    delete node.answers.get_account;
  }
});
