/** Keys in devices, with SoftHSM as the device where it is installed. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createRoot,
  isIssuedBy,
  newPrivateKey,
  parseCertificate,
  signerOf,
  verifySignature,
} from '@snapscale/sdk/certificates';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newAuthorityKey, openAuthorityKey } from './authority-key.js';
import { devicePublicKey, deviceSigner, parseDeviceKey } from './pkcs11.js';

const modules = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];
const module = modules.find((path) => existsSync(path));
const programs = ['softhsm2-util', 'pkcs11-tool'].filter(
  (name) => spawnSync(name, ['--help'], { stdio: 'ignore' }).error !== undefined,
);
const missing = [...programs, ...(module === undefined ? ['libsofthsm2.so'] : [])];
const pin = '1234567';

describe.skipIf(missing.length > 0)(
  missing.length > 0 ? `skipped: ${missing.join(', ')} not installed here` : 'SoftHSM',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'snap-hsm-'));
    const before = process.env.SOFTHSM2_CONF;
    const uri = (object: string) => `pkcs11:token=ca;object=${object}?module-path=${module}`;
    const tool = (program: string, ...args: string[]) => {
      const { status, stderr, stdout } = spawnSync(program, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${program}: ${stdout}${stderr}`);
    };

    beforeAll(() => {
      mkdirSync(join(folder, 'tokens'));
      writeFileSync(
        join(folder, 'softhsm2.conf'),
        `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\n`,
      );
      process.env.SOFTHSM2_CONF = join(folder, 'softhsm2.conf');
      tool('softhsm2-util', '--init-token', '--free', '--label', 'ca', '--so-pin', pin, '--pin', pin);
      const login = ['--module', module!, '--token-label', 'ca', '--login', '--pin', pin];
      const make = ['--keypairgen', '--key-type', 'EC:prime256v1'];
      tool('pkcs11-tool', ...login, ...make, '--label', 'north', '--id', '01');
      tool('pkcs11-tool', ...login, ...make, '--label', 'next', '--id', '02');
    });
    afterAll(() => {
      if (before === undefined) delete process.env.SOFTHSM2_CONF;
      else process.env.SOFTHSM2_CONF = before;
      rmSync(folder, { recursive: true });
    });

    test('a key that never leaves the device signs a root', async () => {
      const publicKey = await devicePublicKey(parseDeviceKey(uri('north')), pin);
      const signer = await deviceSigner(uri('north'), pin, publicKey);
      const message = new TextEncoder().encode('a message');
      expect(verifySignature(publicKey, message, await signer.sign(message))).toBe(true);
      const random = (size: number) => new Uint8Array(randomBytes(size));
      const root = parseCertificate(await createRoot({ title: 'In a device', signer, nowMs: Date.now(), random }));
      expect(isIssuedBy(root, root)).toBe(true);
    });

    test('the key that is to follow is taken from the device, and opened in the place of the present one', async () => {
      const access = (devices: [string, string][]) => ({ passphrase: 'x', devices: new Map(devices), pin });
      const present: [string, string] = ['north', uri('north')];
      await expect(newAuthorityKey('north', access([present]))).rejects.toThrow(/--key 'north\+next=pkcs11:/);
      await expect(newAuthorityKey('north', access([present, ['north+next', uri('nobody')]]))).rejects.toMatchObject({
        status: 409,
        code: 'device_key',
      });
      const both = access([present, ['north+next', uri('next')]]);
      const { signer, pem } = await newAuthorityKey('north', both);
      expect(pem).toBeUndefined();
      const random = (size: number) => new Uint8Array(randomBytes(size));
      const root = parseCertificate(await createRoot({ title: 'Next', signer, nowMs: Date.now(), random }));
      const opened = await openAuthorityKey(folder, 'north', 'issuing.key', root, both);
      expect(opened.publicKey).toEqual(root.publicKey);
      const byId = await deviceSigner(`pkcs11:token=ca;id=%02?module-path=${module}`, pin, root.publicKey);
      const message = new TextEncoder().encode('a message');
      expect(verifySignature(root.publicKey, message, await byId.sign(message))).toBe(true);
      await expect(openAuthorityKey(folder, 'north', 'issuing.key', root, access([present]))).rejects.toThrow(
        /another key/,
      );
    });

    test('says what is wrong, and never the PIN', async () => {
      const publicKey = await devicePublicKey(parseDeviceKey(uri('north')), pin);
      const other = signerOf(newPrivateKey('R1', (size) => new Uint8Array(randomBytes(size)))).publicKey;
      await expect(deviceSigner(uri('north'), pin, other)).rejects.toThrow(/another key/);
      await expect(deviceSigner(uri('north'), undefined, publicKey)).rejects.toThrow(/--pin-file/);
      const failure = await deviceSigner(uri('nobody'), pin, publicKey).catch((error: Error) => error.message);
      expect(failure).toMatch(/nobody cannot be read/);
      expect(failure).not.toContain(pin);
      const wrong = await deviceSigner(uri('north'), '7654321', publicKey).then(
        (signer) => signer.sign(new Uint8Array(1)).catch((error: Error) => error.message),
        (error: Error) => error.message,
      );
      expect(wrong).not.toContain('7654321');
    });
  },
);

test('names of keys in devices', () => {
  expect(parseDeviceKey('pkcs11:token=my%20ca;object=north?module-path=/lib/m.so')).toEqual({
    module: '/lib/m.so',
    token: 'my ca',
    object: 'north',
    id: undefined,
  });
  expect(parseDeviceKey('pkcs11:id=%01%ff?module-path=/m.so').id).toBe('01ff');
  for (const [text, why] of [
    ['north', 'no PKCS#11 URI'],
    ['pkcs11:token=ca', 'module-path is missing'],
    ['pkcs11:token=ca?module-path=/m.so', 'object or id'],
    ['pkcs11:object=a?module-path=/m.so&pin-value=1', 'a PIN in the command line'],
    ['pkcs11:object=%zz?module-path=/m.so', 'malformed escape'],
  ] as const) {
    expect(() => parseDeviceKey(text), text).toThrow(why);
  }
});
