/** Replacing issuing CAs and the root with the real contract, with a restart between all steps. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { RotationState } from '@snapscale/api';
import { equalBytes, type PrivateKey, toHex } from '@snapscale/crypto';
import {
  type Certificate,
  createRequest,
  crlNameOf,
  decodeBase64,
  decodeCertsOnly,
  encodeBase64,
  encodePem,
  formatVouchedRequest,
  isCrlOf,
  isIssuedBy,
  newPrivateKey,
  parseCertificate,
  parseCertificates,
  parseCrl,
  privateKeyPem,
  signerOf,
} from '@snapscale/sdk/certificates';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random, TestCa } from './test-ca.js';

let ca: TestCa;
const newKey = () => newPrivateKey('R1', random);
const everybody = ['north', 'south', 'small'];

beforeAll(async () => {
  ca = await TestCa.create();
  for (const account of ['north', 'south']) {
    const link = { account, code: 'snap.ca', type: 'nominate', requirement: 'ca' };
    ca.chain.test.push('eosio', 'linkauth', account, link);
  }
  await ca.start();
});
afterAll(() => ca.remove());

async function restart(): Promise<void> {
  await ca.stop();
  await ca.start();
}

const files = (folder: string) => readdirSync(join(ca.directory, folder)).sort();
const pem = (file: string) => parseCertificates(readFileSync(join(ca.directory, file), 'utf8'));
const proposals = () => ca.chain.test.table('snap.ca', 'snap.ca', 'proposals').length;

async function rotation(authority: string, method = 'GET', body?: unknown, by = authority): Promise<RotationState> {
  const headers = { authorization: `Bearer ${ca.secrets.get(by)}` };
  const { status, text } = await ca.http(method, `/v1/ca/${authority}/rotation`, body, headers);
  if (status >= 300) throw new Error(text);
  return JSON.parse(text) as RotationState;
}

async function until(authority: string, status: RotationState['status'], by = authority): Promise<RotationState> {
  for (;;) {
    const state = await rotation(authority, 'GET', undefined, by);
    if (state.status === status) return state;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function enrolled(organisation: string): Promise<{ key: PrivateKey; chain: Certificate[]; text: string }> {
  const key = newKey();
  const invitation = await ca.invite(organisation, { roles: ['client'] });
  const { body } = await ca.ask(organisation, key, { invitation });
  expect(body.status).toBe('issued');
  return { key, chain: parseCertificates(body.certificate!), text: body.certificate! };
}

async function renewed(organisation: string, { key, text }: { key: PrivateKey; text: string }) {
  // A successor outlives what it replaces.
  ca.aheadMs += 2000;
  const body = encodeBase64(await createRequest(signerOf(newKey()), {}));
  const identity = { cert: text, key: privateKeyPem(key) };
  const answer = await ca.https('POST', `/.well-known/est/${organisation}/simplereenroll`, body, identity);
  expect(answer.status, answer.text).toBe(200);
  return decodeCertsOnly(decodeBase64(answer.text, 'answer')).map(parseCertificate);
}

/** What the CA shows in TLS to those who trust these roots. */
function shown(roots: readonly Certificate[]): Promise<Certificate> {
  return new Promise((resolve, reject) => {
    const authorities = roots.map(({ der }) => encodePem('CERTIFICATE', der));
    const socket = connect({ port: Number(new URL(ca.ca!.tlsUrl!).port), host: '127.0.0.1', ca: authorities });
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      resolve(parseCertificate(new Uint8Array(socket.getPeerX509Certificate()!.raw)));
      socket.destroy();
    });
  });
}

describe('an issuing CA', () => {
  test('is replaced when the consortium has decided; a restart at any step goes on', async () => {
    const member = await enrolled('north');
    const present = ca.issuing.get('north')!;
    ca.chain.isDown = true;
    const begun = await rotation('north', 'POST');
    expect(begun).toMatchObject({ status: 'unproposed', reason: 'the node does not answer', organisation: 'north' });
    await restart();
    expect((await rotation('north')).status).toBe('unproposed');
    ca.chain.isDown = false;
    ca.chain.losesAnswer = true;
    const { proposal } = await until('north', 'proposed');
    await restart();
    expect(await rotation('north')).toMatchObject({ proposal, certificate: begun.certificate });
    expect(proposals()).toBe(1);
    await expect(rotation('north', 'POST')).rejects.toThrow(/rotation of north is under way since .* \(proposed\)/);
    await expect(rotation('north', 'DELETE')).rejects.toThrow(new RegExp(`proposal cancel ${proposal}`));

    await ca.stop();
    ca.chain.approve(proposal!, everybody);
    await ca.start();
    await until('north', 'done');
    const [next] = parseCertificates(begun.certificate!);
    expect(pem('north/issuing.pem').map(({ digest }) => toHex(digest))).toEqual(
      [next!, present].map(({ digest }) => toHex(digest)),
    );
    expect(files('north')).toEqual(expect.arrayContaining(['previous-1.key', 'previous-1.pem']));
    expect(files('north')).not.toContain('next');
    for (const isAgain of [false, true]) {
      if (isAgain) await restart();
      const [leaf, issuing] = isAgain ? (await enrolled('north')).chain : await renewed('north', member);
      expect(isIssuedBy(leaf!, next!)).toBe(true);
      expect(equalBytes(issuing!.digest, next!.digest)).toBe(true);
      expect(isIssuedBy(await shown([ca.root]), next!)).toBe(true);
      for (const [name, issuer] of [
        ['north', next!],
        [crlNameOf('north', next!), next!],
        [crlNameOf('north', present), present],
      ] as const) {
        const list = parseCrl((await ca.http('GET', `/.well-known/snap/crl/${name}.crl`)).bytes);
        expect(isCrlOf(list, issuer), name).toBe(true);
      }
    }
    const first = await ca.ask('north', member.key, {});
    expect(isIssuedBy(member.chain[0]!, parseCertificates(first.body.certificate ?? member.text)[1]!)).toBe(true);
  });

  test('is replaced without a restart, and whoever asks in that moment gets the certificate of the new one', async () => {
    const member = await enrolled('south');
    const { proposal, certificate } = await rotation('south', 'POST');
    const [next] = parseCertificates(certificate!);
    const asking: Promise<unknown>[] = [];
    for (let i = 0; i < 4; i++) asking.push(enrolled('south'));
    ca.chain.approve(proposal!, everybody);
    asking.push(renewed('south', member), enrolled('south'));
    await Promise.all(asking);
    await until('south', 'done');
    expect(isIssuedBy((await enrolled('south')).chain[0]!, next!)).toBe(true);
  });

  test('is found whole after a crash in the middle of the replacement', async () => {
    const { proposal, certificate } = await rotation('south', 'POST');
    await ca.stop();
    ca.chain.approve(proposal!, everybody);
    const path = join(ca.directory, 'south', 'issuing.pem');
    writeFileSync(path, certificate! + readFileSync(path, 'utf8'));
    await ca.start();
    const [next] = parseCertificates(certificate!);
    expect(isIssuedBy((await enrolled('south')).chain[0]!, next!)).toBe(true);
    expect(pem('south/issuing.pem')).toHaveLength(3);
  });

  test('stays where the decision is refused, and can be replaced later', async () => {
    const before = files('north');
    const { proposal } = await rotation('north', 'POST', { previous_until: '2040-01-01T00:00:00Z' });
    await restart();
    ca.chain.test.push('snap.ca', 'cancel', 'north', { account: 'north', proposal: proposal! });
    const state = await until('north', 'refused');
    expect(state).toMatchObject({ proposal, reason: `proposal ${proposal} was cancelled` });
    expect(files('north')).toEqual(before);
    await restart();
    expect((await rotation('north')).status).toBe('refused');
    await enrolled('north');
    expect((await rotation('north', 'POST')).status).toBe('proposed');
    ca.chain.test.push('snap.ca', 'cancel', 'north', { account: 'north', proposal: proposal! + 1 });
    await until('north', 'refused');
  });

  test('is signed by a root that is elsewhere, and proposed by people where the CA may not', async () => {
    const [here, away] = ['root', 'away'].map((name) => join(ca.directory, name)) as [string, string];
    await ca.stop();
    renameSync(here, away);
    await ca.start();
    const { status, request } = await rotation('small', 'POST');
    expect(status).toBe('unsigned');
    await expect(rotation('root', 'GET', undefined, 'small')).rejects.toThrow(/no_root/);
    await ca.stop();
    renameSync(away, here);
    await ca.start();
    const sign = (by: string, body: object) =>
      ca.http('POST', '/v1/ca/root/signatures', body, { authorization: `Bearer ${by}` });
    expect((await sign('nobody', { request })).status).toBe(401);
    expect((await sign(ca.secrets.get('north')!, { request: 'AAAA' })).status).toBe(400);
    const north = ca.secrets.get('north')!;
    const der = await createRequest(signerOf(newKey()), { organisation: 'small' });
    const [mine, others] = [newKey(), newKey()];
    for (const [text, why] of [
      [encodePem('CERTIFICATE REQUEST', der), 'Present-CA-Signature'],
      [formatVouchedRequest({ der, signature: await signerOf(mine).sign(der) }), 'has not signed this request'],
      [request!.replace(/^.*\n/, 'Present-CA-Signature: AAAAAAAA\n'), 'has not signed this request'],
      [await foreignRequest(others, 'west'), 'west is no organisation'],
    ] as const) {
      expect((await sign(north, { request: text })).text).toContain(why);
    }
    const signed = JSON.parse((await sign(ca.secrets.get('north')!, { request })).text) as { certificate: string };
    for (const certificate of [
      '',
      'x',
      encodePem('CERTIFICATE', ca.root.der),
      begunWith('north'),
      begunWith('small'),
    ]) {
      await expect(rotation('small', 'PUT', { certificate })).rejects.toThrow(/malformed|wrong_certificate/);
    }
    const state = await rotation('small', 'PUT', signed);
    expect(state).toMatchObject({ status: 'unproposed', reason: 'small@ca may not nominate' });
    await expect(rotation('small', 'PUT', signed)).rejects.toThrow(/no_rotation/);
    const [next] = parseCertificates(signed.certificate);
    ca.chain.rotate('small', next!, everybody);
    await until('small', 'done');
    expect(pem('small/issuing.pem')[0]!.digest).toEqual(next!.digest);
  });

  test('is given up; only operators do any of that', async () => {
    await rotation('small', 'POST');
    expect((await rotation('small', 'DELETE')).status).toBe('given_up');
    await expect(rotation('small', 'DELETE')).rejects.toThrow(/no rotation/);
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      for (const authority of ['north', 'root']) {
        expect((await ca.http(method, `/v1/ca/${authority}/rotation`)).status).toBe(401);
      }
      expect((await ca.http(method, '/v1/ca/west/rotation')).status).toBe(404);
    }
    await expect(rotation('north', 'POST', { previous_until: '2020-01-01T00:00:00Z' })).rejects.toThrow(/time to come/);
    expect(existsSync(join(ca.directory, 'small', 'next'))).toBe(false);
  });
});

async function foreignRequest(key: PrivateKey, organisation: string): Promise<string> {
  const der = await createRequest(signerOf(key), { organisation });
  return formatVouchedRequest({ der, signature: await signerOf(key).sign(der) });
}

/** The present certificate of an organisation's issuing CA. */
function begunWith(organisation: string): string {
  return encodePem('CERTIFICATE', pem(`${organisation}/issuing.pem`)[0]!.der);
}

describe('the root', () => {
  test('is replaced; both are trusted until the consortium ends the old one', async () => {
    const member = await enrolled('south');
    const state = await rotation('root', 'POST', {}, 'south');
    expect(state).toMatchObject({ status: 'proposed', organisation: 'south' });
    await restart();
    await expect(rotation('root', 'POST', {}, 'north')).rejects.toThrow(/rotation_open/);
    await expect(rotation('root', 'DELETE', undefined, 'north')).rejects.toThrow(/south has begun/);
    ca.chain.approve(state.proposal!, everybody);
    await until('root', 'done', 'north');
    const [next] = parseCertificates(state.certificate!);
    for (const isAgain of [false, true]) {
      if (isAgain) await restart();
      expect(pem('root/root.pem').map(({ digest }) => toHex(digest))).toEqual([toHex(next!.digest)]);
      expect(pem('root/previous-1.pem')[0]!.digest).toEqual(ca.root.digest);
      await rootsAre([next!, ca.root]);
    }
    const { text } = await ca.http('GET', '/.well-known/est/north/cacerts');
    expect(decodeCertsOnly(decodeBase64(text, 'answer'))).toHaveLength(3);
    const list = parseCrl((await ca.http('GET', '/.well-known/snap/crl/roots.crl')).bytes);
    expect(isCrlOf(list, next!)).toBe(true);

    for (const account of ['north', 'south']) {
      const issuing = await rotation(account, 'POST');
      expect(isIssuedBy(parseCertificates(issuing.certificate!)[0]!, next!)).toBe(true);
      ca.chain.approve(issuing.proposal!, everybody);
      await until(account, 'done');
    }
    ca.trusted = [next!, ca.root];
    const [leaf] = await renewed('south', member);
    expect(isIssuedBy(leaf!, pem('south/issuing.pem')[0]!)).toBe(true);
    ca.chain.decide(['revoke_authority', { digest: toHex(ca.root.digest), reason: 4 }], everybody);
    await rootsAre([next!]);
    await restart();
    await rootsAre([next!]);
    expect(isIssuedBy(await shown([next!]), pem('north/issuing.pem')[0]!)).toBe(true);
    await enrolled('north');
  });
});

/** Waits until each organisation has these roots. */
async function rootsAre(roots: readonly Certificate[]): Promise<void> {
  const wanted = roots.map(({ digest }) => toHex(digest)).sort();
  for (const organisation of everybody) {
    for (;;) {
      const found = pem(`${organisation}/roots.pem`).map(({ digest }) => toHex(digest));
      if (found.sort().join() === wanted.join()) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
