/** Directories of authorities: what is made can be read again, and is what the profile says. */
import { publicKeyOf } from '@snapscale/crypto';
import { expect, test } from 'vitest';
import {
  type FileToWrite,
  formatCaConfiguration,
  joiningFiles,
  newPrivateKey,
  newSecret,
  organisationFiles,
  parseCaConfiguration,
  rootFiles,
  rootsCrlUrl,
  signedFiles,
} from './ca-directory.js';
import { parseCertificates } from './certificate.js';
import { chainOf, checkIssuing, checkRoot } from './chain.js';
import { describeCertificate } from './describe.js';
import { formatAddress, parseAddress } from './encoding/ip-address.js';
import { createIssuing, IssuingAuthority, presentedCertificate } from './issue.js';
import { signerOf } from './keys.js';
import { decryptPrivateKey } from './private-key.js';
import { checkRequest } from './request.js';
import { crypto, nowMs, random, testAuthority, testMember } from './testing/test-authority.js';

const protection = { passphrase: 'secret', crypto, random, iterations: 1000, nowMs };
const textOf = (files: readonly FileToWrite[], path: string) =>
  new TextDecoder().decode(files.find((file) => file.path === path)!.bytes);

test('a root and an organisation: certificates, encrypted keys, secrets for the owner alone', async () => {
  const root = await rootFiles({ ...protection, title: 'Root' });
  const chainKey = newPrivateKey('K1', random);
  const made = await organisationFiles({
    ...protection,
    root,
    organisation: 'north',
    title: 'North',
    chainKey,
    url: 'https://ca.example:8443/',
  });
  const [issuing] = parseCertificates(textOf(made.files, 'north/issuing.pem'));
  const [rootCertificate] = parseCertificates(textOf(made.files, 'north/roots.pem'));
  expect(checkIssuing(issuing!)).toBe('north');
  checkRoot(rootCertificate!);
  expect(chainOf(issuing!, [rootCertificate!])).toHaveLength(2);
  expect(issuing!.crlUrls).toEqual([rootsCrlUrl('https://ca.example:8443', rootCertificate!)]);
  expect(issuing!.crlUrls[0]).toMatch(/^https:\/\/ca\.example:8443\/\.well-known\/snap\/crl\/roots-[0-9a-f]{16}\.crl$/);
  const key = await decryptPrivateKey(textOf(made.files, 'north/issuing.key'), 'secret', crypto);
  expect(publicKeyOf(key)).toEqual(issuing!.publicKey);
  const secrets = [...root.files, ...made.files].filter(({ mode }) => mode === 0o600).map(({ path }) => path);
  expect(secrets).toEqual(['root/root.key', 'north/issuing.key', 'north/chain.key', 'north/admin.secret']);
  expect(parseCaConfiguration(textOf(made.files, 'north/ca.json'))).toMatchObject({
    organisation: 'north',
    policy: { approval: 'invitation', automatic: [] },
  });
  await expect(organisationFiles({ ...protection, root, organisation: '../x', title: 'x', chainKey })).rejects.toThrow(
    /name|certificate/,
  );
});

test('the chain that a CA belongs to', () => {
  const chainId = 'cf'.repeat(32);
  const configuration = parseCaConfiguration('{"organisation":"north"}');
  expect(configuration.chainId).toBeUndefined();
  const text = formatCaConfiguration({ ...configuration, chainId });
  expect(JSON.parse(text)).toMatchObject({ chain_id: chainId });
  expect(parseCaConfiguration(text)).toEqual({ ...configuration, chainId });
  for (const wrong of ['', 'cf', chainId.toUpperCase(), 7, {}]) {
    const other = JSON.stringify({ organisation: 'north', chain_id: wrong });
    expect(() => parseCaConfiguration(other)).toThrow(/"chain_id" must be the id of the chain/);
  }
});

test('an organisation that joins: a request, and what the root answers', async () => {
  const root = await rootFiles({ ...protection, title: 'Root' });
  const { request, files } = await joiningFiles({
    ...protection,
    organisation: 'west',
    title: 'West',
    chainKey: newPrivateKey('K1', random),
  });
  const { publicKey, names } = checkRequest(request);
  expect(names.organisations).toEqual(['west']);
  const options = {
    root: root.certificate,
    signer: signerOf(root.key),
    organisation: 'west',
    title: 'West',
    nowMs,
    random,
  };
  const answer = signedFiles('west', await createIssuing({ ...options, publicKey }), [root.certificate]);
  expect(answer.map(({ path }) => path)).toEqual(['west/issuing.pem', 'west/roots.pem']);
  expect(files.some(({ path }) => path === 'west/issuing.pem')).toBe(false);
  const k1 = signerOf(newPrivateKey('K1', random)).publicKey;
  await expect(createIssuing({ ...options, publicKey: k1 })).rejects.toThrow(/P-256/);
  await expect(createIssuing({ ...options, publicKey, signer: signerOf(newPrivateKey('R1', random)) })).rejects.toThrow(
    /does not belong/,
  );
});

test('lives: never longer than said, than the CA, than the root', async () => {
  const authority = await testAuthority('north');
  const { certificate } = await testMember(authority, { lifeSec: 90 * 86_400 });
  expect(certificate.notAfterSec - certificate.notBeforeSec).toBe(90 * 86_400);
  expect(certificate.notBeforeSec).toBe(nowMs / 1000 - 300);
  const { certificate: long } = await testMember(authority, { lifeSec: 100 * 365 * 86_400 });
  expect(long.notAfterSec).toBe(authority.issuing.certificate.notAfterSec);
  const { certificate: expired } = await testMember(authority, { lifeSec: -60 });
  expect(describeCertificate(expired, nowMs)).toMatchObject({
    state: 'expired',
    kind: 'member',
    organisation: 'north',
  });
  expect(expired.notAfterSec).toBeGreaterThan(expired.notBeforeSec);
  const chain = [certificate, authority.issuing.certificate, authority.root];
  expect(presentedCertificate(chain)).toEqual({
    issuer: chain[1]!.digest,
    root: chain[2]!.digest,
    serial: certificate.serial,
    digest: certificate.digest,
  });
  const member = await testMember(authority);
  expect(() => new IssuingAuthority({ certificate: member.certificate, signer: signerOf(member.key), random })).toThrow(
    /issuing CA/,
  );
});

test('secrets have 160 bits; addresses are what they were', () => {
  expect(newSecret(random)).toMatch(/^[A-Z2-7]{32}$/);
  for (const address of ['10.0.0.1', '::', '::1', '2001:db8::1', 'fe80::1:0:0:1', '1:2:3:4:5:6:7:8']) {
    expect(formatAddress(parseAddress(address)!)).toBe(address);
  }
  expect(formatAddress(parseAddress('::ffff:10.0.0.1')!)).toBe('::ffff:a00:1');
  for (const text of [
    '10.0.0.256',
    '10.0.1',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'north-1',
    '::10.0.0.1:1',
  ]) {
    expect(parseAddress(text), text).toBeUndefined();
  }
});
