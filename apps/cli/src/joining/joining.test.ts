/** `org create|invite|join|admit|list|show` and `node join`: from the invitation to the registered producer. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemContract } from '@snapscale/contracts/testing';
import {
  blsPublicKeyOf,
  generateBlsPrivateKey,
  generatePrivateKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyOf,
  toHex,
} from '@snapscale/crypto';
import {
  chainIdOf,
  defaultChainConfig,
  defaultSnapParameters,
  encode,
  type Genesis,
  genesisSchema,
  names,
} from '@snapscale/protocol';
import { createClient } from '@snapscale/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { developmentPrivateKey, developmentPublicKey } from '../keys/development.js';
import type { Handler } from '../program/command.js';
import { consortiumChain } from '../testing/consortium-chain.js';
import { FakeCa, fakeSecret } from '../testing/fake-ca.js';
import { FakeChain } from '../testing/fake-chain.js';
import { type RunHere, runHere } from '../testing/run-here.js';
import { handedOverKey } from './account-key.js';
import { startOptions, writeGenesis } from './node-directory.js';
import { walkNode } from './node-join.js';
import { walkOrganisation } from './org-join.js';
import type { Program, Starter } from './programs.js';
import { writePrivate } from './walk.js';

const key = parsePublicKey(developmentPublicKey);
const genesis: Genesis = {
  initialSlot: 1,
  initialKey: key,
  config: defaultChainConfig,
  parameters: defaultSnapParameters,
  producers: [{ name: names.eosio, key, finalizerKey: blsPublicKeyOf(generateBlsPrivateKey(new Uint8Array(48))) }],
};
const chainId = toHex(chainIdOf(genesis));

let node: FakeChain;
let north: FakeCa;
let delta: FakeCa;
let folder: string;
const started: Program[] = [];
const starter: Starter = {
  start: (program) => `started as ${started.push(program)}`,
  freePort: async () => 9,
  answerMs: 0,
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'snapscale-joining-'));
  [north, delta] = await Promise.all([FakeCa.start('north'), FakeCa.start('delta')]);
  const chain = await consortiumChain({ north: toHex(north.issuing.der), root: toHex(north.root.der) });
  chain.deploy('eosio', systemContract('eosio'));
  chain.deploySystem('eosio.token');
  chain.issue('eosio', '1000.0000 XST');
  chain.createAccounts('eosio.stake');
  chain.push('eosio', 'init', 'eosio', { version: 0, core: '4,XST', chain_id: chainId });
  node = await FakeChain.start(chain);
  const info = { head_block_num: 7, last_irreversible_block_num: 7, head_block_time: chain.time };
  const id = `00000007${'ab'.repeat(28)}`;
  node.answers.get_info = () => ({ ...info, chain_id: chainId, head_block_id: id, last_irreversible_block_id: id });
  node.answers.get_light_client_update = () => ({ genesis: toHex(encode(genesisSchema, genesis)) });
});
afterAll(async () => {
  await Promise.all([node?.stop(), north?.stop(), delta?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({
  SNAPSCALE_URL: node.url,
  SNAPSCALE_HOME: join(folder, 'home'),
  SNAPSCALE_CA: north.url,
  SNAPSCALE_CA_SECRET: fakeSecret,
});

async function run(code: number, args: readonly string[], words: RegExp, options = {}): Promise<RunHere> {
  const result = await runHere(args, environment(), options);
  expect(`${result.stdout}${result.stderr}`, args.join(' ')).toMatch(words);
  expect(result.code, result.stderr).toBe(code);
  expect(result.stdout + result.stderr).not.toMatch(/undefined|\[object|\n\s+at |PRIVATE KEY|PVT_[KR]1_\w{20}/);
  return result;
}

const publicKey = 'PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63';
let code = '';

describe('an organisation', () => {
  const data = () => join(folder, 'delta');
  const again = () => ['org', 'join', '--data', data(), '--no-wait'];

  test('is invited by a member, which makes its account', async () => {
    const peers = ['--peers', '10.0.0.7:9876'];
    const invited = await run(0, ['org', 'invite', 'delta', publicKey, '-o', 'north', ...peers], /^north~/);
    code = invited.stdout.trim();
    expect(code).toMatch(/~10\.0\.0\.7:9876$/);
    expect(invited.stderr).toContain('Account delta created by north');
    expect(node.chain.exists('delta')).toBe(true);
    await run(2, ['org', 'invite', 'Delta Ltd', '-o', 'north'], /no name of an account/);
    await run(2, ['org', 'invite', 'gamma', 'KEY', '-o', 'north'], /KEY is no public key/);
    await run(1, ['org', 'invite', 'west', '-o', 'north'], /west is an organisation of the consortium already/);
    await run(3, ['org', 'admit', 'delta', '-o', 'north', '--yes'], /signed no issuing CA of delta yet/);
  });

  test('joins step by step, and goes on where it was', async () => {
    await run(2, ['org', 'join', '--data', data()], /CODE is missing/);
    await run(2, ['org', 'join', 'north', '--data', data()], /this is no invitation code/);
    await run(2, ['org', 'join', code], /--data is missing/);
    await run(2, ['org', 'join', code, '--data', data()], /--name is missing/);

    const port = new URL(delta.url).port;
    const join1 = ['org', 'join', code, '--name', 'delta', '--title', 'Delta Ltd', '--ca-port', port];
    const first = await run(8, [...join1, '--data', data(), '--no-wait'], /not finished at “proposal”/);
    expect(first.stderr).toMatch(/✓ \[ 1\/12\] keys .*made, in/);
    expect(first.stderr).toMatch(/✓ \[ 3\/12\] issuing CA .*signed by the root, SHA-256/);
    expect(first.stderr).toMatch(/no member has proposed it yet\n {2}.*org admit delta/);
    expect(first.stderr).toContain(`Go on with: snapscale org join --data ${data()}`);
    for (const file of ['issuing.key', 'chain.key', 'admin.secret']) {
      expect(statSync(join(data(), 'ca', 'delta', file)).mode & 0o777).toBe(0o600);
    }
    const configuration = JSON.parse(readFileSync(join(data(), 'ca', 'delta', 'ca.json'), 'utf8'));
    expect(configuration).toMatchObject({ chain_id: chainId });
    await run(2, ['org', 'join', code, '--name', 'other', '--data', data()], /this directory is of delta/);
  });

  test('is proposed by the member, with what the root has signed', async () => {
    await run(2, ['org', 'admit', 'delta', '-o', 'north'], /admit the organisation delta \(Delta Ltd\)[\s\S]*--yes/);
    await run(0, ['org', 'admit', 'delta', '-o', 'north', '--quota', '50', '--yes'], /✓ proposal 1: admit/);
    const waiting = await run(8, again(), /not finished at “approval”/);
    // Stopped while it waits.
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const stopped = await run(8, again().slice(0, -1), /“approval”/, { signal: stop.signal });
    expect(stopped.stderr).toMatch(/Go on with: snapscale org join --data/);
    expect(waiting.stderr).toMatch(/✓ \[ 4\/12\] proposal +number 1, by north/);
    expect(waiting.stderr).toMatch(
      /approved by north: weight 1, 3 needed\n {2}east, south, west: .*proposal approve 1/,
    );
  });

  test('is admitted by the others, and then has CA, certificate and producer', async () => {
    await run(0, ['proposal', 'approve', '1', '-o', 'east', '--yes'], /✓ east approves/);
    // Enough, but not carried out: the joining one does it.
    await run(0, ['proposal', 'approve', '1', '-o', 'south', '--yes', '--no-execute'], /not carried out yet/);
    const handler: Handler = (session, values) => walkOrganisation(session, values, starter);
    const ca = await run(4, again(), /this needs an operator/, { handler });
    expect(ca.stderr).toMatch(/approval +proposal 1 carried out/);
    expect(ca.stderr).toMatch(/authority of the CA +delta@ca, for issue, renew, revoke, reject, nominate, prune alone/);
    expect(started.at(-1)).toMatchObject({ kind: 'ca', args: expect.arrayContaining(['--node', node.url]) });
    delta.secret = readFileSync(join(data(), 'ca', 'delta', 'admin.secret'), 'utf8').trim();

    const args = ['org', 'join', '--data', data(), '--no-wait', '--no-start', '--json'];
    const done = await runHere(args, environment(), { handler });
    expect(done.code, done.stdout).toBe(0);
    expect(done.json()).toMatchObject({
      organisation: 'delta',
      commands: [expect.stringContaining('apps/ca'), expect.stringContaining('--peers 10')],
    });
    const files = readdirSync(join(data(), 'node')).sort();
    expect(files).toEqual(['genesis.json', 'identity', 'keys.json']);
    const written = JSON.parse(readFileSync(join(data(), 'node', 'genesis.json'), 'utf8'));
    expect(toHex(chainIdOf(genesisSchema.fromJson(written.genesis)))).toBe(chainId);
    expect(node.chain.row('eosio', 'eosio', 'producers', 'delta')).toMatchObject({ is_active: 1 });
    const sent = node.sent.slice(-3);
    expect(sent).toEqual(['snap.ca::apply', 'eosio::regproducer', 'eosio::regfinkey']);

    // All is there: nothing is sent again.
    await run(0, args.slice(0, -1), /✓ delta is an organisation of the consortium/, { handler });
    expect(node.sent.slice(-3)).toEqual(sent);
  });

  test('is listed and shown', async () => {
    await run(0, ['org', 'list'], /delta +Delta Ltd +active +1 +50/);
    await run(0, ['org', 'show', 'delta'], /certificates +0 of 50[\s\S]*active, until[\s\S]*SHA-256 [0-9a-f]{64}/);
    await run(3, ['org', 'show', 'nobody'], /no organisation of the consortium[\s\S]*delta/);
  });

  test('a key that nobody has given is made, and written to a file', async () => {
    const cwd = process.cwd();
    process.chdir(folder);
    try {
      const invited = await run(0, ['org', 'invite', 'gamma', '-o', 'north'], /^north~/);
      expect(invited.stderr).toMatch(/gamma\.key: hand it over with the code/);
      expect(statSync(join(folder, 'gamma.key')).mode & 0o777).toBe(0o600);
      // It may be the only copy of a key.
      writeFileSync(join(folder, 'epsilon.key'), 'mine');
      await run(9, ['org', 'invite', 'epsilon', '-o', 'north'], /epsilon\.key is there already/);
      expect(readFileSync(join(folder, 'epsilon.key'), 'utf8')).toBe('mine');
    } finally {
      process.chdir(cwd);
    }
  });

  test('a key that its maker knows is replaced at once, and only once', async () => {
    const file = join(folder, 'handed.key');
    writeFileSync(file, handedOverKey(parsePrivateKey(developmentPrivateKey), publicKey));
    const invited = await run(0, ['org', 'invite', 'golf', publicKey, '-o', 'north'], /^north~/);
    const path = join(folder, 'golf');
    const first = ['org', 'join', invited.stdout.trim(), '--name', 'golf', '--data', path, '--no-wait'];
    await run(
      8,
      [...first, '--account-key', file],
      /account +golf; its key was replaced by one that north does not know/,
    );
    expect(node.sent.slice(-2)).toEqual(['eosio::updateauth', 'eosio::updateauth']);
    const kept = readFileSync(join(path, 'account.key'), 'utf8').trim();
    expect(kept).toMatch(/^PVT_K1_\S+$/);
    expect(readdirSync(path).filter((name) => name.includes('account'))).toEqual(['account.key']);
    const sent = node.sent.length;
    await run(8, first, /account +golf; its key is at hand/);
    expect(readFileSync(join(path, 'account.key'), 'utf8').trim()).toBe(kept);
    expect(node.sent).toHaveLength(sent);
    writeFileSync(file, 'nothing');
    const other = [...first.slice(0, 6), join(folder, 'none'), '--no-wait', '--account-key', file];
    await run(9, other, /handed.key holds no private key/);
  });

  test('keys alone', async () => {
    const path = join(folder, 'keys');
    await run(0, ['org', 'create', 'gamma', '--title', 'Gamma', '--data', path], /✓ keys of the issuing CA of gamma/);
    expect(readFileSync(join(path, 'ca', 'gamma', 'issuing.csr'), 'utf8')).toContain('BEGIN CERTIFICATE REQUEST');
    await run(0, ['org', 'create', 'gamma', '--data', path], /there are keys already/);
  });
});

describe('a node', () => {
  const invite = async (...args: readonly string[]) =>
    (await run(0, ['member', 'invite', '-o', 'north', '--node', 'watcher', ...args], /^north~/)).stdout.trim();

  test('gets its certificate and its directory from a code', async () => {
    const data = join(folder, 'watcher');
    await run(2, ['node', 'join', '--data', data], /CODE is missing[\s\S]*member invite --role observer/);
    const invitation = await invite('--peers', '10.0.0.7:9876');
    const joined = await run(0, ['node', 'join', invitation, '--data', data, '--port', '9001'], /watcher of north/);
    expect(joined.stdout).toMatch(
      /start it +node apps\/node\/dist\/main\.js --data \S+ --port 9001 .*--peers 10\.0\.0\.7:9876/,
    );
    expect(JSON.parse(readFileSync(join(data, 'keys.json'), 'utf8'))).toMatchObject({ producers: [] });
    expect(readdirSync(join(data, 'identity')).sort()).toEqual(['authorities.pem', 'node.key', 'node.pem']);
    await run(0, ['node', 'join', '--data', data], /watcher of north/);
    await run(4, ['node', 'join', invitation, '--data', join(folder, 'thief')], /was used/);
  });

  test('what network it is says the genesis, not the node that was asked; a reachable node is not open to everybody', async () => {
    const [data, hosts] = [join(folder, 'genesis'), ['node.example.org']];
    const write = (initialKey: Genesis['initialKey'], development: boolean) =>
      writePrivate(
        join(data, 'genesis.json'),
        JSON.stringify({ development, founded: true, genesis: genesisSchema.toJson({ ...genesis, initialKey }) }),
      );
    const other = publicKeyOf(generatePrivateKey('K1', new Uint8Array(32).fill(3)));
    write(other, true);
    expect(startOptions(data, hosts)).toEqual(['--production']);
    expect(startOptions(data, ['localhost'])).toEqual(['--production']);
    write(key, false);
    expect(startOptions(data, ['localhost', '127.0.0.1'])).toEqual([]);
    expect(startOptions(data, hosts)).toEqual(['--admission', 'chain']);

    // A node that claims to be one of a development network does not make it one.
    const before = node.answers.get_light_client_update;
    const { get_info: info } = node.answers;
    const production = { ...genesis, initialKey: other };
    node.answers.get_light_client_update = () => ({ genesis: toHex(encode(genesisSchema, production)) });
    node.answers.get_info = (...args) => ({ ...(info!(...args) as object), chain_id: toHex(chainIdOf(production)) });
    try {
      const path = join(folder, 'production');
      const client = createClient({ url: node.url, fetch: globalThis.fetch as never });
      await writeGenesis(client, path);
      expect(JSON.parse(readFileSync(join(path, 'genesis.json'), 'utf8'))).toMatchObject({ development: false });
      expect(startOptions(path, [])).toEqual(['--production']);
    } finally {
      node.answers.get_light_client_update = before!;
      node.answers.get_info = info!;
    }
  });

  test('says what is missing', async () => {
    const data = join(folder, 'lonely');
    const invitation = (await invite()).split('~').slice(0, 3).join('~');
    await run(
      8,
      ['node', 'join', invitation, '--data', data, '--no-wait'],
      /no node to connect to is known[\s\S]*--peers HOST:PORT/,
    );
    const handler: Handler = (session, values) => walkNode(session, values, starter);
    const start = [
      'node',
      'join',
      '--data',
      data,
      '--host',
      'node.example.org',
      '--peers',
      '10.0.0.7:9876',
      '--start',
      '--port',
      '9',
      '--no-wait',
    ];
    await run(8, start, /does not answer yet at http:\/\/localhost:9/, { handler });
    expect(started.at(-1)).toMatchObject({ kind: 'node', args: expect.arrayContaining(['--peer-host', '0.0.0.0']) });

    const file = join(data, 'genesis.json');
    const other = JSON.parse(readFileSync(file, 'utf8'));
    other.genesis.initial_timestamp = '2030-01-01T00:00:00.000';
    writeFileSync(file, JSON.stringify(other));
    await run(9, ['node', 'join', '--data', data], /is of the chain .* and http/);
  });
});
