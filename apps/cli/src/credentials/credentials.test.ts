/** `cert …` and `token …` with a real CA, and a chain on which `snap.ca` decides. */
import { verify, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTokenClaims, digestOf, parseAccessToken } from '@snapscale/api/identity';
import { formatPublicKey, toHex } from '@snapscale/crypto';
import {
  type Certificate,
  createCrl,
  createIssuing,
  createRequest,
  createRoot,
  encodePem,
  IssuingAuthority,
  newPrivateKey,
  parseCertificate,
  privateKeyPem,
  type Signer,
  signerOf,
} from '@snapscale/sdk/certificates';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeIdentityFolder } from '../identities/identity-files.js';
import { consortiumChain } from '../testing/consortium-chain.js';
import { FakeChain } from '../testing/fake-chain.js';
import { type RunHere, runHere } from '../testing/run-here.js';

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
const jwk = {
  kty: 'EC',
  crv: 'P-256',
  x: 'jJ6Flys3zK9jUhnOHf6G49Dyp5hah6CNP84-gY-n9eo',
  y: 'nhI6iD5eFXgBTLt_1p3aip-5VbZeMhxeFSpjfEAf7Ww',
};
const thumbprint = 'w9eYdC6_s_tLQ8lH6PUpc0mddazaqtPgeC2IgWDiqY8';
const folder = mkdtempSync(join(tmpdir(), 'snapscale-credentials-'));
const file = (name: string) => join(folder, name);
let ca: { readonly root: Certificate; readonly issuing: Certificate; readonly signer: Signer };
let node: FakeChain;
let leaf: ReturnType<typeof parseCertificate>;
let chainPem: string;

beforeAll(async () => {
  ca = await authority('north');
  node = await FakeChain.start(await consortiumChain({ north: toHex(ca.issuing.der), root: toHex(ca.root.der) }));
  node.answers.get_access = () => ({
    admission: 'members',
    audience: 'urn:snap:node:north-1',
    thumbprint,
    jwk,
    clock: Date.now() + 3_600_000,
  });
  const key = newPrivateKey('R1', random);
  leaf = parseCertificate(
    await issuing().issue(signerOf(key).publicKey, {
      roles: ['client'],
      account: 'alice',
      lifeSec: 86_400,
      nowMs: Date.now(),
    }),
  );
  chainPem = [leaf, ca.issuing].map(({ der }) => encodePem('CERTIFICATE', der)).join('');
  const roots = encodePem('CERTIFICATE', ca.root.der);
  writeIdentityFolder(environment(), 'alice', {
    certificate: chainPem,
    privateKey: privateKeyPem(key),
    authorities: [roots],
  });
  writeFileSync(file('alice.pem'), chainPem);
  writeFileSync(file('leaf.der'), leaf.der);
  writeFileSync(file('roots.pem'), roots);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await node.stop();
});

async function authority(organisation: string): Promise<typeof ca> {
  const [rootSigner, signer] = [newPrivateKey('R1', random), newPrivateKey('R1', random)].map(signerOf) as [
    Signer,
    Signer,
  ];
  const nowMs = Date.now();
  const root = parseCertificate(await createRoot({ title: 'Test root', signer: rootSigner, nowMs, random }));
  const { publicKey } = signer;
  const names = { organisation, title: organisation, publicKey, nowMs, random };
  return { root, issuing: parseCertificate(await createIssuing({ root, signer: rootSigner, ...names })), signer };
}

const issuing = () => new IssuingAuthority({ certificate: ca.issuing, signer: ca.signer, random });
const environment = () => ({ SNAPSCALE_URL: node.url, SNAPSCALE_HOME: folder });
const cli = (...args: string[]): Promise<RunHere> => runHere(args, environment());

/** As the CA does before it hands the certificate out. */
function enter(): void {
  const moment = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);
  node.chain.push('snap.ca', 'issue', 'north', {
    by: 'north',
    organisation: 'north',
    certificate: {
      issuer: toHex(ca.issuing.digest),
      serial: toHex(leaf.serial),
      certificate: toHex(leaf.digest),
      subject_key: formatPublicKey(leaf.publicKey),
      not_before: moment(leaf.notBeforeSec),
      not_after: moment(leaf.notAfterSec),
    },
    member: { account: '', node: '', roles: ['client'] },
  });
}

async function crl(serials: readonly Uint8Array[], nextUpdateMs = Date.now() + 60_000): Promise<string> {
  const entries = serials.map((serial) => ({ serial, revokedSec: Math.floor(Date.now() / 1000) - 60, reason: 1 }));
  const nowMs = nextUpdateMs - 120_000;
  const der = await createCrl({
    issuer: ca.issuing,
    signer: ca.signer,
    entries,
    number: 7n,
    nowMs,
    nextUpdateMs,
  });
  return encodePem('X509 CRL', der);
}

test('certificates, requests and lists are shown, in PEM and DER', async () => {
  const shown = await cli('cert', 'show', file('alice.pem'));
  expect(shown.stdout).toMatch(/member, valid\n {2}organisation +north\n {2}account +alice\n {2}roles +client/);
  expect(shown.stdout).toContain('issuing CA, valid');
  expect((await cli('cert', 'show', file('leaf.der'), '--json')).json().certificates).toMatchObject([
    { kind: 'member', account: 'alice', serial: toHex(leaf.serial), subject_key: formatPublicKey(leaf.publicKey) },
  ]);
  const request = await createRequest(signerOf(newPrivateKey('K1', random)), { node: 'north-9', roles: ['edge'] });
  writeFileSync(file('request.der'), request);
  expect((await cli('cert', 'show', file('request.der'))).stdout).toMatch(/signed by its key\n {2}node +north-9/);
  writeFileSync(file('list.pem'), await crl([leaf.serial]));
  expect((await cli('cert', 'show', file('list.pem'))).stdout).toMatch(/1 revoked[\s\S]*keyCompromise/);
  expect((await cli('cert', 'show')).stdout).toContain('alice');
});

test.each<[string, string | Uint8Array, RegExp]>([
  ['nothing', '', /malformed|cut short|certificate/],
  [
    'a private key',
    '-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n',
    /holds no certificate[\s\S]*keep it to yourself/,
  ],
  ['a cut certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', /cut short/],
  ['no base64', '-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n', /not base64/],
  ['random bytes', new Uint8Array(500).fill(0x31), /certificate/],
  ['too much', new Uint8Array(5000).fill(0x30), /5000 bytes/],
])('a file is refused that holds %s', async (_, content, message) => {
  writeFileSync(file('bad'), content);
  const shown = await cli('cert', 'show', file('bad'));
  expect(shown.stderr).toMatch(message);
  expect(shown.code).toBe(9);
});

test('a certificate is checked against roots and lists in files', async () => {
  const roots = ['--authorities', file('roots.pem')];
  expect((await cli('cert', 'verify', file('alice.pem'), ...roots)).stdout).toContain('as far as these files say');
  expect((await cli('cert', 'verify', ...roots)).code).toBe(0);
  writeFileSync(file('empty.crl'), await crl([]));
  expect((await cli('cert', 'verify', file('alice.pem'), ...roots, '--crl', file('empty.crl'))).stdout).toContain(
    'is not on that of',
  );
  const refusals: [string[], RegExp][] = [
    [[file('leaf.der'), ...roots], /issued by none of the authorities/],
    [[file('alice.pem'), '--authorities', file('alice.pem')], /no certificate|is refused/],
    [[file('roots.pem'), ...roots], /not have three certificates|is refused/],
  ];
  for (const [args, message] of refusals) {
    const refused = await cli('cert', 'verify', ...args);
    expect(refused.stderr).toMatch(message);
    expect(refused.code).toBe(4);
  }
  writeFileSync(file('revoked.crl'), await crl([leaf.serial]));
  const revoked = await cli('cert', 'verify', file('alice.pem'), ...roots, '--crl', file('revoked.crl'), '--json');
  expect(revoked.json()).toMatchObject({ valid: false, detail: expect.stringContaining('keyCompromise') });
  writeFileSync(file('old.crl'), await crl([], Date.now() - 1000));
  expect((await cli('cert', 'verify', file('alice.pem'), ...roots, '--crl', file('old.crl'))).stderr).toContain(
    'out of date',
  );
});

test('a certificate is checked against the chain, as it is now', async () => {
  expect((await cli('cert', 'verify', file('alice.pem'))).stderr).toContain('it was never entered');
  enter();
  const verified = await cli('cert', 'verify', file('leaf.der'));
  expect(verified.stderr).toBe('');
  expect(verified.stdout).toMatch(/✓ issuing CA on chain: active[\s\S]*✓ organisation north: active[\s\S]*is let in\n/);
  node.chain.push('snap.ca', 'revoke', 'north', {
    by: 'north',
    organisation: 'north',
    serials: [toHex(leaf.serial)],
    reason: 1,
  });
  const revoked = await cli('cert', 'verify', file('alice.pem'));
  expect(revoked.stderr).toMatch(/is refused: revoked[\s\S]*✓ organisation north/);
  expect(revoked.code).toBe(4);
});

test('an identity is exported, its key only when that is asked for, and nothing is overwritten', async () => {
  expect((await cli('cert', 'export')).stdout).toBe(chainPem);
  const withKey = await cli('cert', 'export', '--key', '--roots', '--out', file('out.pem'));
  expect(withKey.stderr).toContain('not encrypted');
  expect(statSync(file('out.pem')).mode & 0o777).toBe(0o600);
  expect(readFileSync(file('out.pem'), 'utf8').match(/BEGIN [A-Z ]+/g)).toEqual([
    'BEGIN PRIVATE KEY',
    ...Array(3).fill('BEGIN CERTIFICATE'),
  ]);
  expect((await cli('cert', 'export', '--out', file('out.pem'))).stderr).toContain('it is there already');
  await cli('cert', 'export', '--format', 'der', '--out', file('out.der'));
  expect(new Uint8Array(readFileSync(file('out.der')))).toEqual(leaf.der);
  for (const [args, message] of [
    [['--format', 'p12'], 'openssl pkcs12'],
    [['--format', 'der'], '--out FILE.der'],
    [['--format', 'der', '--key', '--out', file('x')], 'the certificate alone'],
  ] as const) {
    expect((await cli('cert', 'export', ...args)).stderr).toContain(message);
  }
  expect(existsSync(file('x'))).toBe(false);
  expect((await cli('cert', 'export', '--identity', 'nobody')).stderr).toContain('there is no identity nobody');
});

test('a token is for one request, by the clock of the node', async () => {
  writeFileSync(file('body.json'), '{"größe":1}');
  const path = '/v1/chain/get_account?x=é';
  const made = (await cli('token', 'create', '--path', path, '-d', `@${file('body.json')}`, '--json')).json();
  const reading = parseAccessToken(made.token);
  if (reading.kind === 'refused') throw new Error(reading.detail);
  const { claims, certificate, signingInput, signature } = reading.token;
  const expected = {
    audience: 'urn:snap:node:north-1',
    thumbprint,
    method: 'POST',
    target: '/v1/chain/get_account?x=%C3%A9',
    digest: digestOf(new TextEncoder().encode('{"größe":1}')),
    nowSec: Math.floor(Date.now() / 1000) + 3600,
  };
  expect(checkTokenClaims(claims, expected)).toBeUndefined();
  if (certificate.kind !== 'chain') throw new Error('the chain is missing');
  const { publicKey } = new X509Certificate(certificate.chain[0]!);
  expect(verify('sha256', signingInput, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  expect(made.curl).toContain(`--data-binary '@${file('body.json')}'`);

  expect((await cli('token', 'create')).stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const command = (await cli('token', 'create', '-d', "it's", '--curl')).stdout;
  expect(command).toMatch(
    /^curl -sS -X POST 'http:\/\/127[^']+' -H 'Authorization: Bearer [\w.-]+' -H .* --data-binary 'it'\\''s'\n$/,
  );
  expect((await cli('token', 'create', '--encrypt')).stdout.split('.')).toHaveLength(5);
});

test.each<[string[], number, string]>([
  [['--path', 'v1/chain/get_info'], 2, 'expected a path'],
  [['--path', '//evil.example/v1'], 2, 'expected a path'],
  [['-X', 'GET /'], 2, 'expected one as GET'],
  [['-d', '@/nonexistent/body'], 9, 'cannot be read'],
  [['--identity', '../alice'], 2, 'no name of an identity'],
])('no token is made: %s', async (args, code, message) => {
  const refused = await cli('token', 'create', ...args);
  expect(refused.stderr).toContain(message);
  expect(refused.code).toBe(code);
  expect(refused.stdout).toBe('');
});

test('a node without tokens is said to be one', async () => {
  const { get_access } = node.answers;
  node.answers.get_access = () => ({});
  const refused = await cli('token', 'create');
  node.answers.get_access = get_access!;
  expect(refused.stderr).toContain('does not say what a token must name');
});
