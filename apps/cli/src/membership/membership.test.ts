/** `member …` against a CA with real certificates and a chain on which `snap.ca` decides. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { roleName } from '@snapscale/api';
import type { Snapshot } from '@snapscale/contracts/testing';
import { formatPublicKey, toHex } from '@snapscale/crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openIdentity } from '../identities/identity-store.js';
import { consortiumChain } from '../testing/consortium-chain.js';
import { FakeCa, fakeSecret, type Issued } from '../testing/fake-ca.js';
import { FakeChain } from '../testing/fake-chain.js';
import { type RunHere, runHere } from '../testing/run-here.js';

let node: FakeChain;
let ca: FakeCa;
let start: Snapshot;
let home: string;

beforeAll(async () => {
  ca = await FakeCa.start('north');
  const chain = await consortiumChain({ north: toHex(ca.issuing.der), root: toHex(ca.root.der) });
  node = await FakeChain.start(chain);
  start = chain.snapshot();
  ca.enter = enter;
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'snapscale-members-'));
  node.chain.restore(start);
  node.sent.length = 0;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));
afterAll(async () => {
  await node?.stop();
  await ca?.stop();
});

/** As a CA does before it hands a certificate out. */
function enter({ certificate, issuer, grant: { account = '', node: name = '', roles } }: Issued): void {
  const moment = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);
  node.chain.push('snap.ca', 'issue', 'north', {
    by: 'north',
    organisation: 'north',
    certificate: {
      issuer: toHex(issuer.digest),
      serial: toHex(certificate.serial),
      certificate: toHex(certificate.digest),
      subject_key: formatPublicKey(certificate.publicKey),
      not_before: moment(certificate.notBeforeSec),
      not_after: moment(certificate.notAfterSec),
    },
    member: { account, node: name, roles: [...roles].map((role) => roleName(role as 'client')).sort() },
  });
}

const environment = (more: Readonly<Record<string, string>> = {}) => ({
  SNAPSCALE_URL: node.url,
  SNAPSCALE_HOME: home,
  SNAPSCALE_CA: ca.url,
  SNAPSCALE_CA_SECRET: fakeSecret,
  ...more,
});
const cli = (...args: readonly string[]) => runHere(args, environment());

async function ok(...args: readonly string[]): Promise<RunHere> {
  const run = await cli(...args);
  expect(`${run.code} ${run.stderr}`, args.join(' ')).toMatch(/^0/);
  expect(run.stdout).not.toMatch(/undefined|\[object|NaN/);
  return run;
}

async function fails(code: number, args: readonly string[], words: RegExp, more = {}): Promise<RunHere> {
  const run = await runHere(args, environment(more));
  expect(run.stderr).toMatch(words);
  expect(run.code).toBe(code);
  expect(run.stderr).not.toMatch(/undefined|\[object|\n\s+at |BEGIN PRIVATE/);
  return run;
}

const invite = async (...args: readonly string[]) => (await ok('member', 'invite', ...args)).stdout.trim();

describe('with an invitation', () => {
  test('one code, one command, and there is an identity', async () => {
    const code = await invite('--role', 'client');
    expect(code).toMatch(/^north~[A-Z2-7]+~http:\/\/127/);
    const applied = await ok('member', 'apply', code, '--name', 'mine');
    expect(applied.stdout).toMatch(/^✓ identity mine\norganisation +north\nroles +client/);
    const folder = join(home, 'identities', 'mine');
    expect(readFileSync(join(folder, 'certificate.pem'), 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(readFileSync(join(folder, 'authorities.pem'), 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    expect(statSync(join(folder, 'private.key')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await fails(1, ['member', 'apply', code, '--name', 'mine'], /there is an identity mine already/);
    await fails(4, ['member', 'apply', code, '--name', 'other'], /was used[\s\S]*member invite/);

    const listed = await ok('member', 'list');
    expect(listed.stdout).toMatch(/north +….{8} +client +\d{4}-.*in 29 days\) +valid/);
    expect(existsSync(join(home, 'identities', 'other', 'certificate.pem'))).toBe(false);
  });

  test('of an account, which gives its word on chain; and what becomes of it', async () => {
    const code = await invite('--role', 'client', '--account', 'alice');
    await ok('member', 'apply', code, '--account', 'alice');
    expect(node.sent).toEqual(['snap.ca::apply']);
    const shown = await ok('member', 'show', 'alice');
    expect(shown.stdout).toMatch(/account +alice\nroles +client\nstate +valid/);
    const [{ serial }] = (await ok('member', 'show', 'alice', '--json')).json();
    expect((await ok('member', 'show', serial.slice(0, 8))).stdout).toContain(serial);

    await fails(2, ['member', 'revoke', '--account', 'alice'], /no terminal to ask on[\s\S]*--yes/);
    const revoked = await ok('member', 'revoke', '--account', 'alice', '--reason', 'keyCompromise', '--yes');
    expect(revoked.stdout).toMatch(/✓ revoked: alice, serial/);
    expect((await ok('member', 'list')).stderr).toContain('No certificate is valid');
    expect((await ok('member', 'list', '--all')).stdout).toContain('revoked');
    await fails(3, ['member', 'revoke', '--account', 'alice', '--yes'], /alice holds no certificate/);
  });

  test('from a file, where nobody else on the machine sees it', async () => {
    const file = join(home, 'code');
    writeFileSync(file, `${await invite()}\n`);
    await ok('member', 'apply', file, '--name', 'filed');
    writeFileSync(file, 'nothing');
    await fails(
      2,
      ['member', 'apply', file, '--name', 'other'],
      /this is no invitation code[\s\S]*- for standard input/,
    );
  });

  test('the name of a node begins with the account of its organisation, and the user hears it', async () => {
    const run = await ok('member', 'invite', '--node', 'meter', '--role', 'device');
    expect(run.stderr).toContain('begin with its account: this one is north-meter');
    const whole = await ok('member', 'invite', '--node', 'north-meter', '--role', 'device');
    expect(whole.stderr).not.toContain('begin with');
    const applied = await ok('member', 'apply', run.stdout.trim(), '--node', 'meter');
    expect(applied.stderr).toContain('this one is north-meter');
    const [shown] = (await ok('member', 'show', 'meter', '--json')).json();
    expect(shown).toMatchObject({ node: 'north-meter', organisation: 'north' });
    await ok('member', 'revoke', '--node', 'north-meter', '--yes');
  });

  test('a passphrase seals the private key', async () => {
    const more = { SNAPSCALE_PASSPHRASE: 'correct horse' };
    const code = await invite();
    const run = await runHere(['member', 'apply', code, '--name', 'safe'], environment(more));
    expect(run.code).toBe(0);
    const file = join(home, 'identities', 'safe', 'private.key');
    expect(readFileSync(file, 'utf8')).not.toContain('PRIVATE KEY');
    await expect(openIdentity(environment(), 'safe')).rejects.toThrow('is encrypted');
  });

  test('expired, cut short, and beyond the quota', async () => {
    const code = await invite('--expires', '2026-01-01');
    await fails(4, ['member', 'apply', code], /has expired[\s\S]*ask an operator/);
    await fails(2, ['member', 'apply', code.slice(0, 12)], /no invitation code[\s\S]*copy the whole/);
    await fails(4, ['member', 'apply', code.replace(/~[A-Z2-7]{4}/, '~AAAA'), '--name', 'b'], /no such invitation/);
    const good = await invite();
    ca.quota = 0;
    await fails(6, ['member', 'apply', good, '--name', 'c'], /has used its quota[\s\S]*greater quota/);
    ca.quota = 100;
  });
});

describe('an identity', () => {
  test('is carried by requests to a node that lets in members alone', async () => {
    await ok('member', 'apply', await invite(), '--name', 'mine');
    node.membersOnly = true;
    node.tokens.length = 0;
    try {
      await fails(4, ['org', 'list'], /--identity NAME[\s\S]*member apply CODE/);
      expect(node.tokens).toEqual([]);
      expect((await ok('org', 'list', '--identity', 'mine')).stdout).toMatch(/north Ltd/);
      const run = await runHere(['proposal', 'list'], environment({ SNAPSCALE_IDENTITY: 'mine' }));
      expect(run.stderr).toContain('There are no proposals');
      expect(new Set(node.tokens).size).toBe(node.tokens.length);
      // Its organisation need not be named.
      expect((await ok('member', 'list', '--identity', 'mine', '--json')).json()).toHaveLength(1);
    } finally {
      node.membersOnly = false;
    }
    await fails(3, ['org', 'list', '--identity', 'nobody'], /no identity nobody[\s\S]*There are: mine/);
  });

  test('is renewed by its CA, with the same key or a new one', async () => {
    await ok('member', 'apply', await invite(), '--name', 'mine');
    const file = (name: string) => readFileSync(join(home, 'identities', 'mine', name), 'utf8');
    const [key, certificate] = [file('private.key'), file('certificate.pem')];
    expect((await ok('member', 'renew', '--identity', 'mine')).stdout).toContain('✓ identity mine');
    expect(file('private.key')).toBe(key);
    expect(file('certificate.pem')).not.toBe(certificate);
    await ok('member', 'renew', '--identity', 'mine', '--new-key');
    expect(file('private.key')).not.toBe(key);
    await expect(openIdentity(environment(), 'mine')).resolves.toMatchObject({ organisation: 'north' });
    await fails(2, ['member', 'renew'], /renew which identity/);
    const other = ['member', 'renew', '--identity', 'mine', '--ca', node.url];
    await fails(4, other, /identity mine was not renewed/);
  });
});

describe('without an invitation', () => {
  test('waits for an operator, and goes on with the same key', async () => {
    const args = ['member', 'apply', '--name', 'dev', '--role', 'device', '-o', 'north', '--no-wait'];
    await fails(8, args, /waits for an operator of north[\s\S]*member approve/);
    const key = readFileSync(join(home, 'identities', 'dev', 'private.key'), 'utf8');
    await expect(openIdentity(environment(), 'dev')).rejects.toThrow('has not been issued yet');
    const waiting = await ok('member', 'list', '--waiting', '-o', 'north');
    const id = /^([0-9a-f]{16}) /m.exec(waiting.stdout)?.[1] ?? '';
    expect((await ok('member', 'approve', id, '-o', 'north')).stdout).toContain(`request ${id} approved`);
    // Where it was asked for is known.
    const run = await runHere(['member', 'apply', '--name', 'dev', '--role', 'device'], {
      SNAPSCALE_URL: node.url,
      SNAPSCALE_HOME: home,
    });
    expect(run.stderr).toContain('Going on with the key of dev');
    expect(readFileSync(join(home, 'identities', 'dev', 'private.key'), 'utf8')).toBe(key);
    expect((await ok('member', 'list', '--waiting')).stderr).toContain('Nothing waits at the CA of north');
  });

  test('a request that is turned down', async () => {
    const args = ['member', 'apply', '--name', 'dev', '-o', 'north', '--no-wait'];
    await fails(8, args, /waits/);
    const [{ id }] = (await ok('member', 'list', '--waiting', '--json')).json();
    await ok('member', 'reject', id, '--reason', 'who are you?');
    await fails(4, args, /refused the request: who are you\?/);
    await fails(3, ['member', 'approve', 'ffff'], /there is no request ffff/);
  });
});

describe('wrong', () => {
  test('no CA, another CA, no operator', async () => {
    await fails(
      7,
      ['member', 'invite', '--ca', 'http://127.0.0.1:9'],
      /authority at http:\/\/127.0.0.1:9 does not answer/,
    );
    await fails(2, ['member', 'invite', '--ca', 'here'], /this is no address/);
    await fails(7, ['member', 'invite', '--ca', node.url], /is no certificate authority \(status 404\)/);
    await fails(3, ['member', 'invite', '-o', 'east'], /is not that of east[\s\S]*that of: north/);
    await fails(4, ['member', 'invite'], /needs an operator[\s\S]*--ca-secret/, { SNAPSCALE_CA_SECRET: 'WRONG' });
    await fails(9, ['member', 'invite', '--ca-secret', '/nowhere'], /cannot be read from \/nowhere/);
  });

  test('codes and secrets do not travel in the clear', async () => {
    const secret = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    for (const host of ['ca.example', '10.0.0.7:8900', 'localhost.example']) {
      const words = /is plain HTTP on another machine: codes and secrets could be read[\s\S]*HTTPS/;
      const url = `http://${host}`;
      for (const args of [
        ['member', 'apply', `north~${secret}~${url}`],
        ['member', 'apply', '--ca', url, '-o', 'north'],
        ['member', 'invite', '--ca', url, '-o', 'north'],
        ['node', 'join', `north~${secret}~${url}`, '--data', join(home, 'data')],
        ['org', 'join', `north~${secret}~${url}`, '--data', join(home, 'data'), '--name', 'delta'],
      ]) {
        const { stderr } = await fails(2, args, words);
        expect(stderr).not.toContain(secret);
        expect(stderr).not.toContain(fakeSecret);
      }
    }
  });

  test('many requests are turned down at once', async () => {
    for (const name of ['one', 'two']) {
      await fails(8, ['member', 'apply', '--name', name, '-o', 'north', '--no-wait'], /waits for an operator/);
    }
    await fails(2, ['member', 'reject', '-o', 'north'], /reject what\?/);
    await fails(2, ['member', 'reject', 'x', '--all', '-o', 'north'], /reject what\?/);
    expect((await ok('member', 'reject', '--from', '10.0.0.7', '-o', 'north')).stdout).toContain('0 requests rejected');
    expect((await ok('member', 'reject', '--all', '-o', 'north')).stdout).toMatch(/[2-9] requests rejected/);
    expect((await ok('member', 'list', '--waiting', '-o', 'north')).stderr).toContain('Nothing waits');
  });

  test('what to revoke, and what to show', async () => {
    await fails(2, ['member', 'revoke', '--yes'], /revoke what\?/);
    await fails(2, ['member', 'revoke', '5a', '--node', 'x', '--yes'], /revoke what\?/);
    await fails(3, ['member', 'revoke', '--account', 'alice', '--yes'], /alice holds no certificate/);
    await fails(3, ['member', 'show', 'nobody'], /no certificate has nobody/);
    await fails(3, ['member', 'list', '-o', 'nobody'], /no organisation of the consortium/);
    await fails(2, ['member', 'apply', '--name', '../x', '-o', 'north'], /is no name of an identity/);
  });

  test('through the CA', async () => {
    await ok('member', 'apply', await invite('--node', 'watcher'), '--node', 'watcher');
    await ok('member', 'revoke', '--node', 'watcher', '-o', 'north', '--ca', ca.url, '--yes');
    expect(ca.revoked[0]).toMatch(/^[0-9a-f]+ unspecified$/);
  });
});
