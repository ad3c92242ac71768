/** What this library makes, judged by OpenSSL and by Node; and what OpenSSL makes, read by this library. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeyOf, toHex } from '@snapscale/crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newPrivateKey } from './ca-directory.js';
import { encodeCertsOnly } from './certs-only.js';
import { encodePem } from './encoding/pem.js';
import { signerOf } from './keys.js';
import { decryptPrivateKey, encryptPrivateKey, parsePrivateKeyPem, privateKeyPem } from './private-key.js';
import { checkRequest, createRequest } from './request.js';
import { createCrl } from './revocation-list.js';
import {
  crypto,
  isInstalled,
  nowMs,
  openssl,
  random,
  type TestAuthority,
  testAuthority,
  testMember,
} from './testing/test-authority.js';

const hasOpenssl = isInstalled('openssl');
const title = hasOpenssl ? 'openssl' : 'openssl (skipped: it is not installed here)';

describe.skipIf(!hasOpenssl)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), 'snap-certificates-'));
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  let authority: TestAuthority;
  let rootFile: string;
  let issuingFile: string;

  beforeAll(async () => {
    authority = await testAuthority('north', nowMs, 'http://127.0.0.1:1/.well-known/snap/crl/north.crl');
    rootFile = file('root.pem', encodePem('CERTIFICATE', authority.root.der));
    issuingFile = file('issuing.pem', encodePem('CERTIFICATE', authority.issuing.certificate.der));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const at = ['-attime', String(nowMs / 1000)];
  const verify = (leaf: string, ...more: string[]) =>
    openssl(['verify', '-x509_strict', ...at, '-CAfile', rootFile, '-untrusted', issuingFile, ...more, leaf]);

  test('verifies a chain with its strict rules, as server, client and authority', async () => {
    const { certificate } = await testMember(authority, {
      node: 'north-1',
      hosts: ['10.1.2.3', '2001:db8::1'],
      roles: ['producer', 'edge'],
    });
    const leaf = file('leaf.pem', encodePem('CERTIFICATE', certificate.der));
    expect(verify(leaf, '-purpose', 'sslserver', '-verify_hostname', 'north-1').text).toContain('OK');
    expect(verify(leaf, '-purpose', 'sslclient', '-verify_ip', '2001:db8::1').text).toContain('OK');
    expect(verify(leaf, '-verify_hostname', 'south-1').ok).toBe(false);
    const client = await testMember(authority, { account: 'alice' });
    const clientFile = file('client.pem', encodePem('CERTIFICATE', client.certificate.der));
    expect(verify(clientFile, '-purpose', 'sslclient').text).toContain('OK');
    expect(verify(clientFile, '-purpose', 'sslserver').ok).toBe(false);
    const k1 = await testMember(authority, {}, 'K1');
    expect(verify(file('k1.pem', encodePem('CERTIFICATE', k1.certificate.der))).text).toContain('OK');
  });

  test('refuses what a member signs, and a chain to another root', async () => {
    const other = await testAuthority('north');
    const { certificate } = await testMember(other);
    expect(verify(file('other.pem', encodePem('CERTIFICATE', certificate.der))).ok).toBe(false);
  });

  test('reads the names that Node reads', async () => {
    const { certificate, key } = await testMember(authority, {
      node: 'north-1',
      account: 'alice',
      hosts: ['10.1.2.3', '2001:db8::1'],
    });
    const seen = new X509Certificate(certificate.der);
    expect(seen.subjectAltName).toBe(
      'DNS:north-1, IP Address:10.1.2.3, IP Address:2001:DB8:0:0:0:0:0:1, URI:urn:snap:node:north-1, URI:urn:snap:org:north, URI:urn:snap:role:client, URI:urn:snap:account:alice',
    );
    expect(seen.serialNumber.toLowerCase()).toBe(toHex(certificate.serial));
    expect(seen.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(toHex(certificate.digest));
    expect(certificate.names).toMatchObject({
      nodes: ['north-1'],
      addresses: ['10.1.2.3', '2001:db8::1'],
      accounts: ['alice'],
    });
    expect(toHex(certificate.publicKey)).toBe(toHex(publicKeyOf(key)));
  });

  test('verifies a revocation list, also an empty one, and refuses what is on it', async () => {
    const issuer = authority.issuing.certificate;
    const { certificate } = await testMember(authority);
    const leaf = file('revoked.pem', encodePem('CERTIFICATE', certificate.der));
    const list = async (entries: { serial: Uint8Array; revokedSec: number; reason: number }[]) =>
      encodePem(
        'X509 CRL',
        await createCrl({
          issuer,
          signer: authority.issuingSigner,
          entries,
          number: 7n,
          nowMs,
          nextUpdateMs: nowMs + 3_600_000,
        }),
      );
    const empty = file('empty.crl', await list([]));
    expect(openssl(['crl', '-in', empty, '-CAfile', issuingFile, '-noout']).text).toContain('verify OK');
    expect(verify(leaf, '-crl_check', '-CRLfile', empty).text).toContain('OK');
    const revokedSec = nowMs / 1000 - 60;
    const full = file(
      'full.crl',
      await list([
        { serial: certificate.serial, revokedSec, reason: 1 },
        { serial: Uint8Array.of(0x80), revokedSec, reason: 0 },
      ]),
    );
    const shown = openssl(['crl', '-in', full, '-CAfile', issuingFile, '-noout', '-text']).text;
    expect(shown).toMatch(/CRL Number:\s+7[\s\S]*Key Compromise[\s\S]*Serial Number: 80[\s\S]*verify OK/);
    expect(verify(leaf, '-crl_check', '-CRLfile', full).text).toContain('certificate revoked');
  });

  test('reads a bundle of certificates', () => {
    const bundle = encodeCertsOnly([authority.issuing.certificate.der, authority.root.der]);
    const printed = openssl(['pkcs7', '-inform', 'DER', '-print_certs'], bundle).text;
    expect(printed.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  test('verifies requests of ours, with both kinds of key', async () => {
    for (const type of ['R1', 'K1'] as const) {
      const request = await createRequest(signerOf(newPrivateKey(type, random)), {
        node: 'north-1',
        organisation: 'north',
        roles: ['edge'],
      });
      const pem = encodePem('CERTIFICATE REQUEST', request);
      expect(openssl(['req', '-verify', '-noout', '-text'], pem).text).toMatch(/urn:snap:node:north-1[\s\S]*verify OK/);
    }
  });

  test('its requests are read, with names; its weak keys are refused by name', () => {
    const requestOf = (...args: string[]) =>
      openssl([
        'req',
        '-new',
        '-nodes',
        '-keyout',
        join(folder, 'new.key'),
        '-outform',
        'DER',
        '-subj',
        '/CN=a, b/O=north',
        ...args,
      ]).bytes;
    const ec = (curve: string) => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`];
    const request = checkRequest(
      requestOf(...ec('P-256'), '-addext', 'subjectAltName=URI:urn:snap:node:north-9,IP:10.0.0.1'),
    );
    expect(request.names).toMatchObject({ nodes: ['north-9'], addresses: ['10.0.0.1'] });
    expect(request.subject.attributes).toEqual([
      ['CN', 'a, b'],
      ['O', 'north'],
    ]);
    expect(checkRequest(requestOf(...ec('secp256k1'))).publicKey[0]).toBe(0);
    expect(() => checkRequest(requestOf('-newkey', 'rsa:2048'))).toThrow(/RSA are not accepted/);
    expect(() => checkRequest(requestOf(...ec('P-384')))).toThrow(/P-384 are not accepted/);
  });

  test('opens our keys, and we open its keys', async () => {
    const key = newPrivateKey('R1', random);
    const sealed = await encryptPrivateKey(key, 'a ß passphrase', { crypto, iterations: 1000 });
    const opened = openssl(['pkey', '-passin', 'pass:a ß passphrase'], sealed).text;
    expect(parsePrivateKeyPem(opened)).toEqual(key);
    expect(openssl(['pkey', '-passin', 'pass:wrong'], sealed).ok).toBe(false);
    await expect(decryptPrivateKey(sealed, 'wrong', crypto)).rejects.toMatchObject({ code: 'wrong_passphrase' });
    expect(() => parsePrivateKeyPem(sealed)).toThrow(/encrypted/);
    for (const type of ['R1', 'K1'] as const) {
      const plain = privateKeyPem(newPrivateKey(type, random));
      expect(openssl(['pkey', '-check', '-noout'], plain).text).toContain('Key is valid');
      const theirs = openssl(
        ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-passout', 'pass:secret'],
        plain,
      ).text;
      expect(await decryptPrivateKey(theirs, 'secret', crypto)).toEqual(parsePrivateKeyPem(plain));
      expect(parsePrivateKeyPem(openssl(['ec'], plain).text)).toEqual(parsePrivateKeyPem(plain));
    }
  });
});
