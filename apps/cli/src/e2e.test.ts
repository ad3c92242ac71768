/** The program against a real node: the first steps of the README, what errors look like, JSON and exit codes. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NodeProcess, startNodeProcess } from '../../../tests/testing/node-process.js';
import { developmentPrivateKey, developmentPublicKey } from './keys/development.js';
import { newKeyStore, updateKeyStore } from './keys/key-store.js';
import { cliWith, type Run, type RunCli } from './testing/run-cli.js';

const artifacts = fileURLToPath(new URL('../../../contracts/system/artifacts/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'snapscale-cli-'));
const contract = join(folder, 'build', 'mycontract');
const passphrase = 'correct horse battery';

let node: NodeProcess;
let cli: RunCli;

beforeAll(async () => {
  mkdirSync(contract, { recursive: true });
  copyFileSync(join(artifacts, 'eosio.token.wasm'), join(contract, 'mycontract.wasm'));
  copyFileSync(join(artifacts, 'eosio.token.abi'), join(contract, 'mycontract.abi'));
  // A store that is quick to open: what it was made with stands in the file.
  const { store } = await newKeyStore(passphrase, 2 ** 12);
  updateKeyStore(join(folder, 'home', 'keys.json'), () => store);
  node = await startNodeProcess();
  cli = cliWith({ SNAPSCALE_URL: node.url, SNAPSCALE_HOME: join(folder, 'home'), SNAPSCALE_PASSPHRASE: passphrase });
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
  expect({ code: run.code, args }).toEqual({ code, args });
  for (const words of said) expect(run.stderr).toMatch(words);
  expect(run.stderr + run.stdout).not.toMatch(/\n\s+at |Error:.*Error:|undefined|\[object/);
  return run;
}

async function balance(account: string): Promise<string> {
  return (await ok('get', 'currency', 'balance', 'eosio.token', account)).stdout.trim();
}

describe('the first steps of the README', () => {
  test('its commands are the ones that are tested here', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    for (const command of [
      'snapscale status',
      'snapscale transfer alice bob "5.0000 XST"',
      'snapscale get table eosio.token bob accounts',
      'snapscale create account eosio carol PUB_K1_…',
      'snapscale set contract carol ./build/mycontract',
    ]) {
      expect(readme).toContain(command);
    }
  });

  test('status, transfer, table', async () => {
    const status = await ok('status');
    expect(status.stdout).toMatch(/^node +http/m);
    expect(status.stdout).toMatch(/^network +development/m);
    expect(status.stdout).toMatch(/^health +\S/m);
    const transfer = await ok('transfer', 'alice', 'bob', '5.0000 XST');
    expect(transfer.stdout).toMatch(
      /^✓ alice paid bob 5\.0000 XST\ntransaction {2}[0-9a-f]{64}\nfinal {8}block \d+ · [\d.]+ s · \d+ bytes · \d+ µs\n$/,
    );
    expect((await ok('get', 'table', 'eosio.token', 'bob', 'accounts')).stdout).toMatch(
      /^ +balance\n1000006\.0000 XST\n$/,
    );
  });

  test('an account with a key of one’s own, and a contract on it', async () => {
    const key = (await ok('create', 'key', '--save')).stdout.trim();
    expect(key).toMatch(/^PUB_K1_/);
    expect((await ok('create', 'account', 'eosio', 'carol', key)).stdout).toContain('✓ account carol created');
    const deployed = await ok('set', 'contract', 'carol', contract);
    expect(deployed.stdout).toMatch(/^code +none → \d+\.\d KiB/m);
    expect(deployed.stdout).toMatch(/^actions +\+close {2}\+create/m);
    expect(deployed.stdout).toMatch(/^memory +[\d.]+ KiB → [\d.]+ KiB$/m);
    expect(deployed.stdout).toContain('✓ contract of carol set');
    expect((await ok('set', 'contract', 'carol', contract)).stdout).toContain('nothing to do');
    const listed = (await ok('key', 'list', '--json')).json() as {
      keys: { public_key: string; permissions: string[] }[];
    };
    expect(listed.keys.find(({ public_key }) => public_key === key)?.permissions).toContain('carol@active');
    expect((await ok('get', 'abi', 'carol')).stdout).toContain(
      'transfer(from: name, to: name, quantity: asset, memo: string)',
    );
  });
});

describe('transactions', () => {
  test('push action, with data as object, array, file and standard input; JSON of the result', async () => {
    const data = { from: 'alice', to: 'bob', quantity: '1.0000 XST', memo: 'file' };
    const file = join(folder, 'data.json');
    writeFileSync(file, JSON.stringify(data));
    const push = ['push', 'action', 'eosio.token', 'transfer'];
    const before = Number.parseFloat(await balance('bob'));
    await ok(...push, '["alice","bob","1.0000 XST","array"]', '-p', 'alice');
    await ok(...push, `@${file}`, '-p', 'alice@active', '-f');
    const piped = await cli([...push, '-', '-p', 'alice', '--json'], {
      input: JSON.stringify({ ...data, memo: 'pipe' }),
    });
    expect(piped.json()).toMatchObject({
      transaction_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      processed: { receipt: { status: 'executed' } },
      status: { state: 'IRREVERSIBLE' },
    });
    expect(piped.stderr).toBe('');
    expect(Number.parseFloat(await balance('bob'))).toBe(before + 3);
  });

  test('dry run and --dont-broadcast change nothing; what was printed can be sent, once', async () => {
    const before = await balance('bob');
    const dry = await ok('transfer', 'alice', 'bob', '7 XST', '--dry-run');
    expect(dry.stdout).toContain('eosio.token::transfer');
    const printed = await ok('transfer', 'alice', 'bob', '7 XST', 'printed', '-d');
    const packed = await ok('transfer', 'alice', 'bob', '8 XST', '-d', '-s', '--return-packed', '-q');
    expect(packed.stderr).toBe('');
    expect(await balance('bob')).toBe(before);
    const file = join(folder, 'transaction.json');
    writeFileSync(file, printed.stdout);
    await ok('push', 'transaction', `@${file}`, '--no-wait');
    await fails(1, ['push', 'transaction', `@${file}`], 'has this very transaction already', 'get transaction-status');
    await ok('push', 'transaction', packed.stdout);
    expect(Number.parseFloat(await balance('bob'))).toBe(Number.parseFloat(before) + 15);
  });

  test('sign, with a key and from the store', async () => {
    const unsigned = (await ok('transfer', 'alice', 'bob', '1 XST', 'sign', '-d', '-s')).stdout;
    const signed = (await ok('sign', unsigned, '-k', developmentPrivateKey)).stdout;
    expect(JSON.parse(signed)).toMatchObject({ signatures: [expect.stringMatching(/^SIG_K1_/)] });
    expect((await ok('convert', 'unpack-transaction', signed, '--unpack-action-data')).json()).toMatchObject({
      actions: [{ data: { from: 'alice', memo: 'sign' } }],
    });
    await ok('push', 'transaction', signed);
  });

  test('permissions: a second one for one action, and what it needs', async () => {
    const key = (await ok('create', 'key', '--save')).stdout.trim();
    await ok('set', 'account', 'permission', 'bob', 'payments', key);
    await ok('set', 'action', 'permission', 'bob', 'eosio.token', 'transfer', 'payments');
    expect((await ok('get', 'account', 'bob')).stdout).toMatch(/payments {2}PUB_K1_\w+\n +for eosio\.token::transfer/);
    await ok('transfer', 'bob', 'alice', '1 XST', '-p', 'bob@payments');
    await ok('key', 'remove', key, '--yes');
    await fails(
      4,
      ['transfer', 'bob', 'alice', '1 XST', '-p', 'bob@payments'],
      'Error: your keys cannot sign for bob@payments',
      `bob@payments needs\n    ✗ ${key}`,
      `    ${developmentPublicKey}  (development key)`,
      'Hint: Import the missing key: snapscale key import',
    );
  });
});

describe('looking', () => {
  test.concurrent.each([
    ['get info', /^head_block_num +\d+$/m],
    ['get block head', /^producer +eosio$/m],
    ['get block 2 --header', /^ {2}producer_signature +SIG_/m],
    ['get account alice', /^permissions\n {2}owner {2}PUB_K1_/m],
    ['get accounts EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV', /^alice +active +1 +1$/m],
    ['get scope eosio.token -t stat', /^stat +XST \(/m],
    ['get currency stats eosio.token XST', /1000000000\.0000 XST +10000000000\.0000 XST +eosio/],
    ['get code eosio.token', /^code hash +[0-9a-f]{64}$/m],
    ['get schedule', /^ {2}eosio +PUB_K1_/m],
    ['get producers', /^eosio +PUB_K1_\w+ +0\.0000$/m],
    ['get finalizers', /description +eosio/],
    ['get proof eosio.token alice accounts XST', /^entry +is in the state$/m],
    ['get proof eosio.token nobody accounts XST', /^entry +is not in the state$/m],
    ['convert key EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV', new RegExp(developmentPublicKey)],
    [
      'convert unpack_action_data eosio.token open 0000000000855c340458535400000000000000000000855c34',
      /"symbol": "4,XST"/,
    ],
    ['watch blocks final -n 2', /^\d\d:\d\d:\d\d\.\d00 {2}block \d+ {2}eosio {2}/m],
    ['completion bash', /^complete -F _snapscale snapscale snap$/m],
    ['__complete get table eosio.token alice ', /^accounts\t.*\nstat\t/],
    ['', /^Usage: snapscale COMMAND/],
    ['help get table', /^Usage: snapscale get table CODE SCOPE TABLE/],
  ])('%s', async (line, shown) => {
    const words = line === '' ? [] : line.split(' ');
    expect((await ok(...words)).stdout).toMatch(shown);
  });

  test('a transaction, by its id and its beginning', async () => {
    const { transaction_id: id } = (await ok('transfer', 'alice', 'bob', '1 XST', 'look', '-j')).json() as {
      transaction_id: string;
    };
    expect((await ok('get', 'transaction', id.slice(0, 12))).stdout).toMatch(/memo look\n {2}notified alice, bob/);
    expect((await ok('get', 'transaction-status', id)).stdout).toMatch(/IRREVERSIBLE {2}final/);
    expect((await ok('get', 'trace', id)).stdout).toContain('alice notified of eosio.token::transfer');
  });

  test('watch shows the traces of an account, as lines of JSON', async () => {
    const { head_block_num: since } = (await ok('get', 'info', '-j')).json() as { head_block_num: number };
    await ok('transfer', 'alice', 'bob', '1 XST', 'watched');
    const seen = await ok('watch', '--account', 'bob', '--since', String(since), '-n', '1', '--json', 'traces');
    expect(seen.json()).toMatchObject({ event: 'trace', trace: { action_traces: expect.any(Array) } });
    expect(seen.stdout.trim().split('\n')).toHaveLength(1);
  });

  test('colours only where they are wanted', async () => {
    const forced = await cli(['status'], { environment: { CLICOLOR_FORCE: '1' } });
    expect(forced.stdout).toContain('\u001b[');
    const never = await cli(['status'], { environment: { CLICOLOR_FORCE: '1', NO_COLOR: '1' } });
    expect(never.stdout).not.toContain('\u001b[');
  });
});

describe('what goes wrong', () => {
  const transfer = ['push', 'action', 'eosio.token', 'transfer'];

  test.concurrent.each<[string, number, readonly string[], ...(string | RegExp)[]]>([
    ['misspelt command', 2, ['tranfer', 'a', 'b'], "Unknown command 'tranfer'", 'Did you mean transfer'],
    ['missing argument', 2, ['transfer', 'alice'], "Missing required argument 'to'", 'snapscale transfer --help'],
    ['group without a command', 2, ['get'], 'Usage: snapscale get COMMAND'],
    ['forgotten quotes', 2, ['transfer', 'alice', 'bob', '1.0000', 'XST'], 'Put it into quotes: "1.0000 XST"'],
    ['no name', 2, ['transfer', 'alice', 'Bob', '1 XST'], 'Names have up to 12 characters'],
    ['broken JSON', 2, [...transfer, '{a:1}', '-p', 'alice'], 'DATA is not JSON', 'single quotes'],
    ['missing field', 2, [...transfer, '{"from":"alice"}', '-p', 'alice'], "Missing field 'to'"],
    ['no permission', 2, [...transfer, '[]'], 'Name it with -p'],
    ['unknown account', 3, ['get', 'account', 'nobody'], 'Error: account nobody does not exist'],
    ['unknown payer', 3, ['transfer', 'nobody', 'bob', '1 XST'], 'account nobody does not exist'],
    [
      'unknown permission',
      3,
      ['transfer', 'alice', 'bob', '1 XST', '-p', 'alice@pay'],
      'alice has no permission pay',
      'active, owner',
    ],
    ['unknown table', 3, ['get', 'table', 'eosio.token', 'bob', 'acounts'], 'Did you mean accounts'],
    ['unknown action', 3, ['push', 'action', 'eosio.token', 'tranfer', '{}', '-p', 'alice'], 'Did you mean transfer'],
    ['unknown token', 3, ['transfer', 'alice', 'bob', '1 ABC'], 'eosio.token has no token ABC'],
    ['unknown block', 3, ['get', 'block', '99999999'], 'Could not find block'],
    ['not in this version', 3, ['multisig', 'propose', '--odd', 'x'], 'not in this version'],
    [
      'authority of another',
      4,
      ['transfer', 'alice', 'bob', '1 XST', '-p', 'bob'],
      'demands that alice authorises',
      '-p alice@active',
    ],
    [
      'unsigned',
      4,
      ['transfer', 'alice', 'bob', '1 XST', '-s'],
      'signatures of the transaction do not suffice for alice@active',
    ],
    [
      'overdrawn',
      5,
      ['transfer', 'alice', 'bob', '99999999 XST'],
      'alice cannot pay',
      'overdrawn balance',
      /Hint: alice has \d+\.0000 XST\./,
    ],
    [
      'assertion',
      5,
      [...transfer, '["alice","alice","1.0000 XST",""]', '-p', 'alice'],
      'the contract refused: cannot transfer to self',
    ],
    ['no node', 7, ['status', '-u', 'http://127.0.0.1:1'], 'no answer from http://127.0.0.1:1', 'npm start'],
    ['no file', 9, [...transfer, '@/nowhere.json', '-p', 'alice'], 'there is no such file'],
    [
      'taken name',
      1,
      ['create', 'account', 'eosio', 'alice'],
      'already taken',
      'account_name_exists_exception (3050001)',
    ],
  ])('%s', async (_, code, args, ...said) => {
    const run = await fails(code, args, ...said);
    expect(run.stdout).toBe('');
  });

  test('with --json it is a problem document on stdout, and nothing else', async () => {
    const cases: readonly (readonly [number, readonly string[], object])[] = [
      [
        5,
        ['transfer', 'alice', 'bob', '99999999 XST'],
        { name: 'eosio_assert_message_exception', code: 3050003, kind: 'contract' },
      ],
      [2, ['tranfer'], { name: 'usage', detail: "Unknown command 'tranfer'" }],
      [7, ['status', '-u', 'http://127.0.0.1:1'], { name: 'unreachable', transient: true }],
    ];
    for (const [code, args, document] of cases) {
      const run = await cli([...args, '--json']);
      expect(run.code).toBe(code);
      expect(run.stderr).toBe('');
      expect(run.json()).toMatchObject({ ...document, exit_code: code });
    }
  });
});

test('what is sent but not final in the time given ends with 8, and says what to do', async () => {
  // Passes everything on, but never tells that the transaction is final.
  const proxy = createServer((request, response) => {
    if (request.url?.startsWith('/v1/stream') === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': nothing happens\n\n');
    } else if (request.url?.endsWith('get_transaction_status') === true) {
      const time = '2000-01-01T00:00:00.000';
      response.end(JSON.stringify({ state: 'LOCALLY_APPLIED', irreversible_number: 1, irreversible_timestamp: time }));
    } else {
      const { method = 'GET', headers } = request;
      const forward = httpRequest(`${node.url}${request.url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      request.pipe(forward);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const waited = ['transfer', 'alice', 'bob', '1 XST', 'slow', '--timeout', '1', '-u', url];
  await fails(8, waited, 'is accepted, but not final yet after 1 s', 'do not send it again');
  proxy.closeAllConnections();
  proxy.close();
});

describe('the key store', () => {
  test('needs its passphrase, from the environment or a file', async () => {
    const key = (await ok('create', 'key', '--save')).stdout.trim();
    const locked = await cli(['key', 'export', key], { environment: { SNAPSCALE_PASSPHRASE: '' } });
    expect([locked.code, locked.stderr]).toEqual([2, expect.stringContaining('SNAPSCALE_PASSPHRASE')]);
    const wrong = await cli(['key', 'export', key], { environment: { SNAPSCALE_PASSPHRASE: 'wrong passphrase' } });
    expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining('not the passphrase')]);
    const file = join(folder, 'passphrase');
    writeFileSync(file, `${passphrase}\n`);
    const opened = await cli(['key', 'export', key, '--passphrase-file', file], {
      environment: { SNAPSCALE_PASSPHRASE: '' },
    });
    expect(opened.stdout).toMatch(/^PVT_K1_/);
    expect(readFileSync(join(folder, 'home', 'keys.json'), 'utf8')).not.toContain(opened.stdout.trim());
  });

  test('takes keys from standard input and files, and never shows them', async () => {
    const file = join(folder, 'new.key');
    const made = await ok('create', 'key', '-f', file);
    const imported = await ok('key', 'import', '--file', file);
    expect(imported.stdout).toBe(made.stdout);
    const secret = /PVT_\w+/.exec(readFileSync(file, 'utf8'))![0];
    const again = await cli(['key', 'import', '-'], { input: secret });
    expect([again.code, again.stdout]).toEqual([0, made.stdout]);
    expect(again.stdout + again.stderr).not.toContain(secret);
    await fails(9, ['create', 'key', '-f', file], 'exists already');
    const development = await cli(['key', 'import', '-'], {
      input: developmentPrivateKey,
      environment: { SNAPSCALE_HOME: join(folder, 'other') },
    });
    expect(development.stderr).toContain('everybody has it');
    expect(existsSync(join(folder, 'other', 'keys.json'))).toBe(true);
    const nothing = await cli(['key', 'import', '-'], { input: 'hello' });
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('holds no private key')]);
  });
});
