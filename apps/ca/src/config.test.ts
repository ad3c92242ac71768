/** What the CA says when it cannot start: in plain words, naming the file or option, never a secret. */
import { spawnSync } from 'node:child_process';
import { randomBytes, webcrypto } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { joiningFiles, newPrivateKey, organisationFiles, rootFiles } from '@snapscale/sdk/certificates';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCa } from './ca.js';
import { parseConfig } from './config.js';
import { lockDirectory } from './files/directory-lock.js';
import { Journal } from './files/journal.js';

const folder = mkdtempSync(join(tmpdir(), 'snap-ca-config-'));
const random = (size: number) => new Uint8Array(randomBytes(size));
const passphrase = 'not in any message';

beforeAll(async () => {
  const protection = { passphrase, crypto: webcrypto, random, iterations: 1000, nowMs: Date.now() };
  const root = await rootFiles({ ...protection, title: 'Root' });
  const organisation = { organisation: 'north', title: 'North', chainKey: newPrivateKey('K1', random) };
  const made = await organisationFiles({ ...protection, ...organisation, root });
  const joining = await joiningFiles({ ...protection, ...organisation, organisation: 'west' });
  for (const [directory, files] of [
    ['whole', [...root.files, ...made.files]],
    ['joining', joining.files],
  ] as const) {
    for (const { path, bytes, mode } of files) {
      mkdirSync(dirname(join(folder, directory, path)), { recursive: true });
      writeFileSync(join(folder, directory, path), bytes, { mode });
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const whole = join(folder, 'whole');
const start = (directory: string, keys: object = {}) =>
  startCa({
    directory,
    port: 0,
    tlsPort: undefined,
    host: '127.0.0.1',
    hosts: [],
    nodes: ['http://127.0.0.1:1'],
    keys: { passphrase, devices: new Map(), pin: undefined, ...keys },
    log: pino({ level: 'silent' }),
  });

test('options', () => {
  expect(parseConfig(['--help'], {})).toBeUndefined();
  const config = parseConfig(['--data', whole, '--port', '0', '--names', 'ca.example.org,10.0.0.1'], {
    SNAPSCALE_CA_PASSPHRASE: 'x',
  });
  expect(config).toMatchObject({
    port: 0,
    tlsPort: undefined,
    rate: 5,
    hosts: ['ca.example.org', '10.0.0.1'],
    keys: { passphrase: 'x' },
  });
  const keys = ['north=pkcs11:object=a?module-path=/m.so', 'north+next=pkcs11:object=b?module-path=/m.so'];
  const withDevices = parseConfig(['--data', whole, '--port', '0', ...keys.flatMap((key) => ['--key', key])], {});
  expect([...withDevices!.keys.devices.keys()]).toEqual(['north', 'north+next']);
  for (const [args, why] of [
    [['--port', '0'], '--data DIR is missing'],
    [['--data', whole], 'otherwise nobody can reach'],
    [['--data', whole, '--port', 'x'], 'a number from 0 to 65535'],
    [['--data', whole, '--port', '1', '--node', 'here'], '--node here'],
    [['--data', whole, '--port', '1', '--key', 'north'], '--key north'],
    [['--data', whole, '--port', '1', '--rate', '0'], '--rate 0'],
    [['--data', whole, '--port', '1', '--log-level', 'all'], 'one of fatal'],
    [['--data', whole, '--prot', '1'], '--help shows all'],
    [['--data', whole, '--port', '1', '--passphrase-file', '/nowhere'], '/nowhere is missing'],
  ] as const) {
    expect(() => parseConfig([...args], {}), why).toThrow(why);
  }
});

test('directories', async () => {
  await expect(start(join(folder, 'nowhere'))).rejects.toThrow(/cannot be used/);
  mkdirSync(join(folder, 'empty'));
  await expect(start(join(folder, 'empty'))).rejects.toThrow(/no folder of an organisation/);
  await expect(start(join(folder, 'joining'))).rejects.toThrow(/let the consortium’s root sign it/);
  await expect(start(whole, { passphrase: undefined })).rejects.toThrow(/--passphrase-file/);
  const failure = await start(whole, { passphrase: 'a wrong one' }).catch((error: Error) => error.message);
  expect(failure).toMatch(/issuing.key: the passphrase does not open/);
  expect(failure).not.toContain('a wrong one');
  const configuration = join(whole, 'north', 'ca.json');
  for (const [text, why] of [
    ['{', 'no JSON'],
    ['{"organisation":"south"}', 'that of south'],
    ['{"organisation":"north","policy":{"approval":"maybe"}}', 'approval'],
    ['{"organisation":"north","policy":{"lives":{"client":1}}}', 'life of client'],
    ['{"organisation":"north","url":"ftp://x"}', '"url"'],
  ] as const) {
    writeFileSync(configuration, text);
    await expect(start(whole), why).rejects.toThrow(why);
  }
  writeFileSync(configuration, '{"organisation":"north"}');
  const ca = await start(whole);
  await expect(start(whole))
    .rejects.toThrow(/is in use by process|cannot be used/)
    .catch(() => {});
  await ca.stop();
});

test('a directory belongs to one process, until that has died', () => {
  const directory = join(folder, 'empty');
  writeFileSync(join(directory, 'lock'), String(process.ppid));
  expect(() => lockDirectory(directory)).toThrow(/in use by process/);
  writeFileSync(join(directory, 'lock'), '99999999');
  lockDirectory(directory)();
  lockDirectory(directory)();
});

test.skipIf(process.platform !== 'linux')(
  'the number of a dead process that another one has by now locks nothing',
  () => {
    const directory = join(folder, 'empty');
    const path = join(directory, 'lock');
    const unlock = lockDirectory(directory);
    const [, , birth] = readFileSync(path, 'utf8').split(' ');
    expect(birth).toMatch(/^[\da-f-]{36}\/\d+$/);
    unlock();
    writeFileSync(path, `${process.ppid} 0 ${birth}`);
    lockDirectory(directory)();
    writeFileSync(path, `${process.ppid} 0 `);
    expect(() => lockDirectory(directory)).toThrow(/in use by process/);
  },
);

test('journals: half a line is dropped, a damaged one stops the program', () => {
  const path = join(folder, 'journal.jsonl');
  const opened = Journal.open<{ n: number }>(path);
  opened.journal.append({ n: 1 });
  opened.journal.append({ n: 2 });
  opened.journal.rewrite([{ n: 2 }]);
  opened.journal.append({ n: 3 });
  opened.journal.close();
  writeFileSync(path, '{"n":4', { flag: 'a' });
  const again = Journal.open<{ n: number }>(path);
  expect(again.events).toEqual([{ n: 2 }, { n: 3 }]);
  again.journal.append({ n: 5 });
  again.journal.close();
  expect(Journal.open(path).events).toHaveLength(3);
  writeFileSync(path, '{"n":4\n{"n":5}\n');
  expect(() => Journal.open(path)).toThrow(/line 1, cannot be read/);
});

test('the program: help, and an end with 1 that says why', () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--conditions=source', '--import', 'tsx', main, ...args], { encoding: 'utf8' });
  const failed = run('--data', '/nowhere', '--port', '0');
  expect(failed.status).toBe(1);
  expect(failed.stderr).toBe(
    "The certificate authority cannot start: /nowhere cannot be used: ENOENT: no such file or directory, open '/nowhere/lock'\n",
  );
});
