/** A contract from its first file to the proof that it is what runs, against a real node; and what goes wrong on the way. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NodeProcess, startNodeProcess } from '../../../tests/testing/node-process.js';
import { cliWith, type Run, type RunCli } from './testing/run-cli.js';

/** The first build of all prepares the SDK; machines may be slow. */
const BUILD_MS_MAX = 240_000;

const folder = mkdtempSync(join(tmpdir(), 'snapscale-contract-cli-'));
const project = join(folder, 'notes');
const source = join(project, 'src', 'notes.cpp');

let node: NodeProcess;
let cli: RunCli;

beforeAll(async () => {
  node = await startNodeProcess();
  cli = cliWith({ SNAPSCALE_URL: node.url, SNAPSCALE_HOME: join(folder, 'home') });
});

afterAll(async () => {
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A run that must succeed. */
async function ok(...args: readonly string[]): Promise<Run> {
  const run = await cli(args);
  expect(`${run.code} ${run.stderr}`, args.join(' ')).toMatch(/^0/);
  return run;
}

/** A run that must fail with a code, without a stack trace, saying something. */
async function fails(code: number, args: readonly string[], ...said: readonly (string | RegExp)[]): Promise<Run> {
  const run = await cli(args);
  expect({ code: run.code, args }, run.stderr).toEqual({ code, args });
  for (const words of said) expect(run.stderr).toMatch(words);
  expect(run.stderr + run.stdout).not.toMatch(/\n\s+at |Error:.*Error:|undefined|\[object/);
  return run;
}

function edit(from: string | RegExp, to: string): void {
  const text = readFileSync(source, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(source, text.replace(from, to));
}

const contract = (...words: readonly string[]) => ['contract', ...words];

describe('new, build, test, deploy, call, tables, verify', () => {
  test(
    'a project is made, built, and its tests pass',
    async () => {
      expect((await ok(...contract('new', 'notes', '--directory', project))).stdout).toContain('contract notes made');
      const built = await ok(...contract('build', project));
      expect(built.stdout).toMatch(/^✓ notes built in [\d.]+ s\ncode {6}[\d.]+ KiB · [\d.]+ KiB of RAM when deployed/);
      expect(built.stdout).toMatch(/^sha256 {4}[0-9a-f]{64}$/m);
      expect(built.stdout).toContain('greet(user: name, text: string) → uint32');
      const record = JSON.parse(readFileSync(join(project, 'build', 'notes.build.json'), 'utf8'));
      expect(built.stdout).toContain(record.code_hash);
      expect(record).toMatchObject({ contract: 'notes', source_hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
      for (const file of ['notes.wasm', 'notes.abi']) expect(existsSync(join(project, 'build', file))).toBe(true);

      const tested = await ok(...contract('test', '-d', project, '--update-gas'));
      expect(tested.stdout).toMatch(/^tests\/notes\.test\.ts\n {2}✓ greetings are set/);
      expect(tested.stdout).toMatch(/^notes::greet +\d+ +[\d,]+ +\d+ bytes/m);
      expect(tested.stdout).toMatch(/✓ 3 tests passed/);
      expect(existsSync(join(project, 'gas-report.json'))).toBe(true);
    },
    BUILD_MS_MAX,
  );

  test(
    'it is deployed to an account, which is created only when asked for',
    async () => {
      await fails(3, contract('deploy', 'notes', project), 'there is no account notes', '--create');
      await fails(3, contract('deploy', 'notes', project, '--create', '--dry-run'), 'there is no account notes');
      const deployed = await ok(...contract('deploy', 'notes', project, '--create'));
      expect(deployed.stdout).toMatch(/^code {5}none → [\d.]+ KiB/m);
      expect(deployed.stdout).toMatch(/^actions {2}\+forget {2}\+greet {2}\+read$/m);
      expect(deployed.stdout).toMatch(/^tables {3}\+greetings$/m);
      expect(deployed.stdout).toMatch(/^transaction {2}[0-9a-f]{64}\nfinal {8}block \d+/m);
      expect((await ok(...contract('deploy', 'notes', project))).stdout).toContain('nothing to do');
    },
    BUILD_MS_MAX,
  );

  test('its actions are called, with pairs, an object and an array', async () => {
    const called = await ok(...contract('call', 'notes', 'greet', 'user=alice', 'text=good morning', '-p', 'alice'));
    expect(called.stdout).toMatch(/^notes::greet {2}alice@active {2}user alice · text good morning\n {2}= 1\n/);
    expect(called.stdout).toMatch(/^final .* µs$/m);
    await ok(...contract('call', 'notes', 'greet', '{"user":"alice","text":"a"}', '-p', 'alice'));
    const array = await ok(...contract('call', 'notes', 'greet', '["alice","b"]', '-p', 'alice', '--json'));
    expect(array.json()).toMatchObject({ processed: { action_traces: [{ return_value_data: 3 }] } });
    const read = await ok(...contract('call', 'notes', 'read', 'user=alice', '--read-only'));
    expect(read.stdout).toMatch(/^notes::read {2}user alice\n {2}= b\n/);
  });

  test('its tables are listed, and their rows shown', async () => {
    const listed = await ok(...contract('tables', 'notes'));
    expect(listed.stdout).toMatch(
      /^greetings {2}\(user: name, text: string, changes: uint32\)\n {2}scope +entries +payer/,
    );
    const rows = await ok(...contract('tables', 'notes', 'greetings'));
    expect(rows.stdout).toBe('user   text  changes\nalice  b           3\n');
    expect((await ok(...contract('tables', 'notes', 'greetings', '--json'))).json()).toEqual({
      account: 'notes',
      table: 'greetings',
      scope: 'notes',
      rows: [{ user: 'alice', text: 'b', changes: 3 }],
      next: null,
    });
    const scoped = await ok(...contract('tables', 'eosio.token', 'accounts', '--scope', 'alice'));
    expect(scoped.stdout).toMatch(/^ +balance\n[\d.]+ XST\n$/);
  });

  test(
    'what is deployed is what the source builds into, until one of them changes',
    async () => {
      const verified = await ok(...contract('verify', 'notes', '--source', project));
      expect(verified.stdout).toMatch(/^✓ verified: the contract of notes/);
      edit('"the greeting is empty"', '"a greeting without words"');
      edit('uint32_t changes;', 'uint64_t changes;\n    std::string language;');
      edit('{user, text, 1}', '{user, text, 1, "en"}');
      const differs = await fails(
        1,
        contract('verify', 'notes', '--source', project),
        'the contract (code and ABI) of notes differs',
        'the source was changed since',
      );
      expect(differs.stdout).toMatch(/^code +differs\n +chain +[0-9a-f]{64}.*\n +source [0-9a-f]{64}/m);
      expect(differs.stdout).toMatch(/^tables +~greetings$/m);
      const json = await cli(contract('verify', 'notes', '--source', project, '--json'));
      expect(json.code).toBe(1);
      expect(json.json()).toMatchObject({ name: 'contract_differs', verified: false, code: { equal: false } });

      const again = await ok(...contract('deploy', 'notes', project));
      expect(again.stderr).toContain('Warning: the table greetings has rows (1 entry in 1 scope) of another layout');
      expect(again.stdout).toContain('✓ contract of notes set');
      expect((await ok(...contract('verify', 'notes', '--source', project, '--json'))).json()).toMatchObject({
        verified: true,
        code: { equal: true },
        abi: { equal: true },
      });
      await fails(1, contract('verify', 'alice', '--source', project), 'alice has no code');
    },
    BUILD_MS_MAX,
  );
});

describe('what goes wrong', () => {
  const call = (...words: readonly string[]) => contract('call', 'notes', ...words);

  test.concurrent.each<[string, number, readonly string[], ...(string | RegExp)[]]>([
    [
      'no name of a contract',
      2,
      contract('new', 'My-Notes'),
      '"M" cannot be in a name',
      'Contracts are named as accounts',
    ],
    ['a folder that exists', 9, contract('new', 'notes', '-d', project), 'exists already, and is not empty'],
    ['an unknown template', 2, contract('new', 'x', '-t', 'tokn'), 'Did you mean token'],
    ['no project', 9, contract('build', folder), 'snapscale.json is missing', 'contract new NAME'],
    ['no folder', 9, contract('build', '/nowhere'), 'there is no folder /nowhere'],
    ['no such contract in it', 2, contract('build', project, '--contract', 'x'), 'has no contract x', 'It has notes'],
    ['no such tests', 2, contract('test', 'nothing', '-d', project), 'no test file has "nothing" in its name'],
    ['a missing field', 2, call('greet', 'user=alice'), 'the field text is missing', 'greet takes (user: name'],
    ['an unknown field', 2, call('greet', 'usr=alice', 'text=x'), 'greet has no field usr', 'Did you mean user'],
    [
      'a wrong type',
      2,
      call('greet', 'user=Alice', 'text=x'),
      'the field user of greet must be name, and "Alice" is not',
    ],
    ['no pair', 2, call('greet', 'alice', 'x'), '"alice" is not of the form field=value'],
    ['nobody who calls', 2, call('greet', 'user=alice', 'text=x'), 'No permission is declared', '--read-only'],
    ['an unknown action', 3, call('gret', 'user=alice'), 'Did you mean greet'],
    ['an unknown account', 3, contract('call', 'nobody', 'greet'), 'account nobody does not exist'],
    ['an account without a contract', 3, contract('call', 'alice', 'greet'), 'alice has no ABI'],
    ['the authority of another', 4, call('greet', 'user=bob', 'text=x', '-p', 'alice'), 'demands that bob authorises'],
    ['a refusal', 5, call('greet', 'user=bob', 'text=', '-p', 'bob'), 'a greeting without words'],
    [
      'a change in a read',
      4,
      call('greet', 'user=bob', 'text=x', '--read-only'),
      'greet does not only read',
      'without --read-only',
    ],
    ['an unknown table', 3, contract('tables', 'notes', 'greting'), 'Did you mean greetings'],
    ['several scopes', 2, contract('tables', 'eosio.token', 'accounts'), 'which one', '--scope'],
    ['an unknown index', 2, contract('tables', 'notes', 'greetings', '--index', 'x'), 'greetings has no index x'],
    ['no node', 7, contract('deploy', 'notes', project, '-u', 'http://127.0.0.1:1'), 'no answer', 'npm start'],
    ['no node to call', 7, [...call('greet'), '-u', 'http://127.0.0.1:1'], 'no answer'],
  ])('%s', async (_, code, args, ...said) => {
    await fails(code, args, ...said);
  });

  test(
    'no key for the account',
    async () => {
      const key = (await ok('create', 'key')).stdout.match(/PUB_K1_\w+/)![0];
      await ok('create', 'account', 'eosio', 'locked', key);
      await fails(4, contract('deploy', 'locked', project), 'your keys cannot sign for locked@active', key);
    },
    BUILD_MS_MAX,
  );

  test(
    'errors of the compiler show their place and line; a failing test shows what happened',
    async () => {
      appendFileSync(source, '\nint broken() { return missing; }\n');
      const lines = readFileSync(source, 'utf8').split('\n').length - 1;
      const place = new RegExp(`notes\\.cpp:${lines}:\\d+: error: .*\\n +${lines} \\| int broken.*\\n.*\\^`);
      await fails(1, contract('build', project), 'notes does not compile: 1 error', place);
      await fails(1, contract('deploy', 'notes', project), place);
      const json = await cli(contract('build', project, '--json'));
      expect(json.json()).toMatchObject({ name: 'build_failed', diagnostics: [{ severity: 'error', line: lines }] });
      edit(/\nint broken.*\n$/, '');
      const failed = await fails(1, contract('test', '-d', project), /\d tests? of 3 failed/);
      expect(failed.stdout).toMatch(/ {2}✗ .*\n {6}/);
      expect(failed.stdout).toContain('a greeting without words');
    },
    BUILD_MS_MAX,
  );
});
