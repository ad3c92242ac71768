/** EST (RFC 7030) with programs that others wrote: curl enrols and renews, OpenSSL makes requests and reads the answers. */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { caAudience, jwkOf, thumbprintOf } from '@snapscale/api/identity';
import { equalBytes } from '@snapscale/crypto';
import {
  createRequest,
  decodeBase64,
  decodeCertsOnly,
  encodeBase64,
  encodePem,
  isIssuedBy,
  newPrivateKey,
  organisationFiles,
  parseCertificate,
  parseCertificates,
  privateKeyPem,
  signerOf,
} from '@snapscale/sdk/certificates';
import { memberIdentity, requestToken } from '@snapscale/sdk/identity';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testAuthority } from '../../packages/sdk/src/certificates/testing/test-authority.js';
import { random, TestCa } from './test-ca.js';

let ca: TestCa;
const newKey = () => newPrivateKey('R1', random);
const isInstalled = (program: string) => spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined;
const missing = ['curl', 'openssl'].filter((program) => !isInstalled(program));
const ports = { nowMs: Date.now, randomBytes: random };

beforeAll(async () => {
  ca = await TestCa.create();
  await ca.start();
});
afterAll(() => ca.remove());

function run(
  program: string,
  args: readonly string[],
  input?: Buffer | string,
): Promise<{ ok: boolean; out: Buffer; text: string }> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { encoding: 'buffer' }, (error, stdout, stderr) =>
      resolve({ ok: error === null, out: stdout, text: `${stdout}${stderr}` }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** Enrols with an invitation. Returns the identity as PEM. */
async function enrolled(organisation: string, terms: Record<string, unknown>) {
  const key = newKey();
  const invitation = await ca.invite(organisation, terms);
  const { body } = await ca.ask(organisation, key, { invitation });
  return { key, cert: body.certificate!, leaf: parseCertificates(body.certificate!)[0]!, keyPem: privateKeyPem(key) };
}

/** A new P-256 key in a file, and a request for it, DER. */
function newRequest(keyFile: string, ...subject: string[]) {
  const key = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', keyFile];
  return run('openssl', ['req', '-new', ...key, '-outform', 'DER', ...subject]);
}

describe.skipIf(missing.length > 0)(
  missing.length > 0 ? `skipped: ${missing.join(' and ')} not installed here` : 'curl and openssl',
  () => {
    test('cacerts, csrattrs, enrolment with an invitation, renewal by mutual TLS, list of the revoked', async () => {
      const rootFile = ca.file('curl-root.pem', encodePem('CERTIFICATE', ca.root.der));
      const est = `${ca.ca!.tlsUrl}/.well-known/est/north`;
      const curl = (...args: string[]) => run('curl', ['-sS', '--cacert', rootFile, ...args]);
      const printed = async (base64: Buffer) => {
        const der = decodeBase64(base64.toString(), 'answer');
        return (await run('openssl', ['pkcs7', '-inform', 'DER', '-print_certs'], Buffer.from(der))).text;
      };
      expect((await printed((await curl(`${est}/cacerts`)).out)).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
      const attributes = Buffer.from(decodeBase64((await curl(`${est}/csrattrs`)).text, 'attributes'));
      expect((await run('openssl', ['asn1parse', '-inform', 'DER'], attributes)).text).toMatch(
        /id-ecPublicKey[\s\S]*prime256v1[\s\S]*ecdsa-with-SHA256/,
      );

      const keyFile = `${ca.directory}/curl.key`;
      const subject = ['-subj', '/CN=meter', '-addext', 'subjectAltName=URI:urn:snap:role:device'];
      const request = await newRequest(keyFile, ...subject);
      const bodyFile = ca.file('curl.p10', request.out.toString('base64'));
      const post = [
        '--data-binary',
        `@${bodyFile}`,
        '-H',
        'content-type: application/pkcs10',
        '-H',
        'content-transfer-encoding: base64',
      ];
      const waiting = await curl(...post, '-w', '%{http_code} %header{retry-after}', `${est}/simpleenroll`);
      expect(waiting.text).toMatch(/approve it: send the same request again\s+202 30/);
      const secret = (await ca.invite('north', { roles: ['device'] })).split('~')[1]!;

      const second = await newRequest(keyFile, '-subj', '/CN=meter');
      ca.file('curl.p10', second.out.toString('base64'));
      const answer = await printed((await curl(...post, '--user', `invitation:${secret}`, `${est}/simpleenroll`)).out);
      const certFile = ca.file('curl.pem', answer);
      const issuingFile = ca.file('curl-issuing.pem', encodePem('CERTIFICATE', ca.issuing.get('north')!.der));
      const verify = (...args: string[]) =>
        run('openssl', ['verify', '-x509_strict', '-CAfile', rootFile, '-untrusted', issuingFile, ...args]);
      expect((await verify(certFile)).text).toContain('OK');

      const third = await run('openssl', ['req', '-new', '-key', keyFile, '-outform', 'DER', '-subj', '/CN=whatever']);
      ca.file('curl.p10', third.out.toString('base64'));
      ca.aheadMs += 1000;
      const renewed = await printed(
        (await curl(...post, '--cert', certFile, '--key', keyFile, `${est}/simplereenroll`)).out,
      );
      const [next] = parseCertificates(renewed);
      expect(next!.names.roles).toEqual(['device']);
      expect((await verify(ca.file('next.pem', renewed))).text).toContain('OK');

      await ca.asOperator('north', 'POST', `/certificates/${Buffer.from(next!.serial).toString('hex')}/revoke`, {
        reason: 'superseded',
      });
      await new Promise((resolve) => setTimeout(resolve, 10));
      const list = await curl(`${ca.ca!.tlsUrl}/.well-known/snap/crl/north.crl`);
      const crlFile = ca.file('north.crl', list.out);
      expect(
        (await run('openssl', ['crl', '-inform', 'DER', '-in', crlFile, '-CAfile', issuingFile, '-noout', '-text']))
          .text,
      ).toMatch(/Superseded[\s\S]*verify OK|verify OK[\s\S]*Superseded/);
      const pem = ca.file('north-crl.pem', encodePem('X509 CRL', new Uint8Array(readFileSync(crlFile))));
      expect((await verify('-crl_check', '-CRLfile', pem, `${ca.directory}/next.pem`)).text).toContain('revoked');
    });
  },
);

describe('renewal', () => {
  const renew = async (identity: { cert: string; keyPem: string }, key = newKey(), organisation = 'north') => {
    const body = encodeBase64(await createRequest(signerOf(key), {}));
    ca.aheadMs += 1000;
    return ca.https('POST', `/.well-known/est/${organisation}/simplereenroll`, body, {
      cert: identity.cert,
      key: identity.keyPem,
    });
  };

  test('keeps names, takes a new key, and answers the same when the answer was lost', async () => {
    const old = await enrolled('north', { roles: ['observer'], node: 'north-9', hosts: ['10.0.0.9'] });
    const key = newKey();
    const answer = await renew(old, key);
    expect(answer.status).toBe(200);
    const [leaf] = decodeCertsOnly(decodeBase64(answer.text, 'answer')).map(parseCertificate);
    expect(leaf!.names).toEqual(old.leaf.names);
    expect(equalBytes(leaf!.publicKey, signerOf(key).publicKey)).toBe(true);
    expect((await renew(old, key)).text).toBe(answer.text);
    expect(JSON.parse((await renew(old)).text)).toMatchObject({ code: 'superseded' });
    const next = {
      cert: encodePem('CERTIFICATE', leaf!.der) + encodePem('CERTIFICATE', ca.issuing.get('north')!.der),
      keyPem: privateKeyPem(key),
    };
    expect((await renew(next, key)).status).toBe(200);
  });

  test('by a token, which is good for one request', async () => {
    const { key, cert } = await enrolled('north', { roles: ['client'] });
    const identity = memberIdentity({ certificate: cert, key: signerOf(key) });
    ca.aheadMs += 1000;
    const target = '/.well-known/est/north/simplereenroll';
    const body = encodeBase64(await createRequest(signerOf(key), {}));
    const audience = {
      audience: caAudience('north'),
      thumbprint: thumbprintOf(jwkOf(ca.issuing.get('north')!.publicKey)),
    };
    const request = { method: 'POST', target, body: new TextEncoder().encode(body) };
    const send = (token: string, content = body) =>
      ca.http('POST', target, content, { authorization: `Bearer ${token}` });
    const code = async (token: string, content?: string) =>
      (JSON.parse((await send(token, content)).text) as { code: string }).code;
    const token = await requestToken(identity, audience, request, ports);
    expect(await code(token, `${body}\n`)).toBe('request');
    expect(
      await code(await requestToken(identity, { ...audience, audience: caAudience('south') }, request, ports)),
    ).toBe('audience');
    expect(
      await code(await requestToken(identity, audience, request, { ...ports, nowMs: () => Date.now() - 120_000 })),
    ).toBe('freshness');
    const other = { ...identity, signer: signerOf(newKey()) };
    expect(await code(await requestToken(other, audience, request, ports))).toBe('signature');
    expect((await send(token)).status).toBe(200);
    expect(await code(token)).toBe('replayed');
  });

  test('refuses certificates that are not in order', async () => {
    const old = await enrolled('north', { roles: ['client'] });
    const code = async (answer: Promise<{ text: string }>) =>
      (JSON.parse((await answer).text) as { code: string }).code;
    expect(await code(ca.https('POST', '/.well-known/est/north/simplereenroll', '', undefined))).toBe('missing');
    expect(await code(renew(old, newKey(), 'south'))).toBe('certificate_chain');
    const { issuing } = await testAuthority('north', Date.now());
    const key = newKey();
    const grant = { roles: ['client'], lifeSec: 3600, nowMs: Date.now() };
    const foreign = await issuing.issue(signerOf(key).publicKey, grant);
    expect(await code(renew({ cert: encodePem('CERTIFICATE', foreign), keyPem: privateKeyPem(key) }))).toBe(
      'certificate_chain',
    );
    await ca.asOperator('north', 'POST', `/certificates/${Buffer.from(old.leaf.serial).toString('hex')}/revoke`);
    expect(await code(renew(old))).toBe('certificate_revoked');
  });

  test('an operator’s token opens the queue; a client’s does not', async () => {
    const { key, cert } = await enrolled('south', { roles: ['client'] });
    const identity = memberIdentity({ certificate: cert, key: signerOf(key) });
    const audience = {
      audience: caAudience('south'),
      thumbprint: thumbprintOf(jwkOf(ca.issuing.get('south')!.publicKey)),
    };
    const target = '/v1/ca/south/requests';
    const token = await requestToken(identity, audience, { method: 'GET', target, body: new Uint8Array() }, ports);
    expect(
      JSON.parse((await ca.http('GET', target, undefined, { authorization: `Bearer ${token}` })).text),
    ).toMatchObject({ code: 'role' });
  });
});

test('after the issuing CA was replaced, what the old one has issued is renewed by the new one', async () => {
  const old = await enrolled('south', { roles: ['client'] });
  const made = await organisationFiles({
    organisation: 'south',
    title: 'south',
    chainKey: newKey(),
    passphrase: 'of the test',
    crypto: webcrypto,
    random,
    iterations: 1000,
    nowMs: Date.now(),
    root: { certificate: ca.root, key: ca.rootKey },
  });
  ca.chain.rotate('south', made.certificate, ['north', 'south', 'small']);
  const before = ca.issuing.get('south')!;
  await ca.stop();
  for (const { path, bytes } of made.files.filter((one) => /issuing\.(key|pem)$/.test(one.path))) {
    ca.file(
      path,
      path.endsWith('pem') ? Buffer.concat([bytes, Buffer.from(encodePem('CERTIFICATE', before.der))]) : bytes,
    );
  }
  await ca.start();
  const body = encodeBase64(await createRequest(signerOf(newKey()), {}));
  ca.aheadMs += 1000;
  const answer = await ca.https('POST', '/.well-known/est/south/simplereenroll', body, {
    cert: old.cert,
    key: old.keyPem,
  });
  expect(answer.status, answer.text).toBe(200);
  const [leaf, issuing] = decodeCertsOnly(decodeBase64(answer.text, 'answer')).map(parseCertificate);
  expect(equalBytes(issuing!.digest, made.certificate.digest)).toBe(true);
  expect(isIssuedBy(leaf!, made.certificate)).toBe(true);
});

describe('bodies that a stranger sends', () => {
  test('each gets a code, and none stops the CA', async () => {
    const request = await createRequest(signerOf(newKey()), { roles: ['client'] });
    let state = 42;
    const draw = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const bodies: (string | Uint8Array)[] = [
      '',
      '{',
      'null',
      '[]',
      '=',
      '-----BEGIN CERTIFICATE REQUEST-----',
      randomBytes(9000),
      'A'.repeat(20_000),
    ];
    for (let i = 0; i < 40; i++) {
      const bytes = request.slice(0, draw(4) === 0 ? draw(request.length) : request.length);
      for (let j = 0; j < 3 && bytes.length > 0; j++) bytes[draw(bytes.length)] = draw(256);
      bodies.push(draw(2) === 0 ? encodeBase64(bytes) : bytes);
    }
    for (const body of bodies) {
      for (const path of ['/.well-known/est/north/simpleenroll', '/v1/ca/north/requests']) {
        const { status, text } = await ca.http('POST', path, body);
        expect(status, text).toBeGreaterThanOrEqual(400);
        expect(status, text).toBeLessThan(500);
        expect(JSON.parse(text)).toMatchObject({
          code: expect.any(String),
          type: expect.stringContaining('urn:snap:problem:'),
        });
      }
    }
    for (const path of [
      '/v1/ca/__proto__/requests',
      '/.well-known/snap/crl/constructor.crl',
      '/v1/ca/north/requests/__proto__',
      '/%00',
      `/${'a'.repeat(5000)}`,
    ]) {
      expect((await ca.http('GET', path)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await ca.http('GET', '/health')).status).toBe(200);
    expect((await ca.http('GET', '/metrics')).text).toMatch(/snap_ca_issued_total{organisation="north"} \d+/);
  });
});
