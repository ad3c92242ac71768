/** The certificate authority with the real contract: who gets a certificate, who does not, and what a crash leaves behind. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplicationAnswer, IssuedCertificate, QueuedApplication } from '@snapscale/api';
import { toHex } from '@snapscale/crypto';
import {
  createRequest,
  encodePem,
  newPrivateKey,
  parseCertificates,
  parseCrl,
  signerOf,
} from '@snapscale/sdk/certificates';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random, TestCa } from './test-ca.js';
import { apply } from './test-chain.js';

let ca: TestCa;
const newKey = () => newPrivateKey('R1', random);

beforeAll(async () => {
  ca = await TestCa.create();
  await ca.start();
});
afterAll(() => ca.remove());

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('with an invitation', () => {
  test('a certificate is issued, entered on chain, and found again', async () => {
    const invitation = await ca.invite('north', { roles: ['client'] });
    expect(invitation).toMatch(/^north~[A-Z2-7]{32}~http/);
    const key = newKey();
    const { status, body } = await ca.ask('north', key, { invitation });
    expect(status).toBe(201);
    expect(body.status).toBe('issued');
    const [leaf, issuing] = parseCertificates(body.certificate!);
    expect(leaf!.names).toMatchObject({ organisations: ['north'], roles: ['client'] });
    expect(toHex(issuing!.digest)).toBe(toHex(ca.issuing.get('north')!.digest));
    expect(ca.chain.test.table('snap.ca', 'north', 'members')).toHaveLength(1);
    const again = await ca.ask('north', key, { invitation });
    expect(again.body).toEqual(body);
    expect(JSON.parse((await ca.http('GET', `/v1/ca/north/requests/${body.id}`)).text)).toEqual(body);
  });

  test('it is good once, in time, at its own CA, and what it says counts', async () => {
    const invitation = await ca.invite('north', { roles: ['observer'], node: 'north-7', hosts: ['10.0.0.7'] });
    const { body } = await ca.ask('north', newKey(), { invitation, roles: ['client'], node: 'other' });
    expect(parseCertificates(body.certificate!)[0]!.names).toMatchObject({
      nodes: ['north-7'],
      roles: ['observer'],
      addresses: ['10.0.0.7'],
    });
    const refused = async (organisation: string, code: string) =>
      (await ca.ask(organisation, newKey(), { invitation: code })).text;
    expect(await refused('north', invitation)).toContain('has been used');
    expect(await refused('south', invitation)).toContain('by north, not by south');
    expect(await refused('south', invitation.replace('north', 'south'))).toContain('not known here');
    const bad = await ca.asOperator('north', 'POST', '/invitations', {
      roles: ['client'],
      expires: '2020-01-01T00:00:00Z',
    });
    expect(bad.text).toContain('within a year');
    expect((await ca.asOperator('north', 'POST', '/invitations', { roles: ['king'] })).text).toContain(
      'does not give king',
    );
  });

  test('an account has to apply on chain; the answer says how, and then it goes by itself', async () => {
    const key = newKey();
    const invitation = await ca.invite('north', { roles: ['ca-operator'], account: 'alice' });
    const { body } = await ca.ask('north', key, { invitation });
    expect(body).toMatchObject({ status: 'waiting' });
    expect(body.reason).toContain('snapscale push action snap.ca apply');
    apply(ca.chain, 'alice', 'north', signerOf(key).publicKey, ['ca.operator']);
    const issued = await until(async () => {
      const answer = JSON.parse((await ca.http('GET', `/v1/ca/north/requests/${body.id}`)).text) as ApplicationAnswer;
      return answer.status === 'issued' ? answer : undefined;
    });
    expect(parseCertificates(issued.certificate!)[0]!.names.accounts).toEqual(['alice']);
  });
});

describe('without an invitation', () => {
  test('a person approves or rejects', async () => {
    const first = await ca.ask('north', newKey(), { roles: ['device'], node: 'north-meter-1' });
    expect(first.body).toMatchObject({ status: 'waiting', reason: 'an operator has to approve it' });
    const queue = JSON.parse((await ca.asOperator('north', 'GET', '/requests')).text) as QueuedApplication[];
    expect(queue.find(({ id }) => id === first.body.id)).toMatchObject({ roles: ['device'], node: 'north-meter-1' });
    const approved = await ca.asOperator('north', 'POST', `/requests/${first.body.id}/approve`);
    expect(JSON.parse(approved.text)).toMatchObject({ status: 'issued' });
    const second = await ca.ask('north', newKey(), { roles: ['client'] });
    const rejected = await ca.asOperator('north', 'POST', `/requests/${second.body.id}/reject`, {
      reason: 'not known to us',
    });
    expect(JSON.parse(rejected.text)).toEqual({ id: second.body.id, status: 'refused', reason: 'not known to us' });
    expect((await ca.asOperator('north', 'POST', `/requests/${second.body.id}/approve`)).status).toBe(409);
  });

  test('an application on chain is taken up, and turned down there', async () => {
    const key = newKey();
    const request = await createRequest(signerOf(key), { account: 'bob' });
    apply(ca.chain, 'bob', 'south', signerOf(key).publicKey, ['client'], request);
    const found = await until(async () => {
      const queue = JSON.parse((await ca.asOperator('south', 'GET', '/requests')).text) as QueuedApplication[];
      return queue.find(({ account }) => account === 'bob');
    });
    expect(found).toMatchObject({ status: 'waiting', roles: ['client'] });
    await ca.asOperator('south', 'POST', `/requests/${found.id}/reject`, { reason: 'no' });
    expect(ca.chain.test.table('snap.ca', 'south', 'requests')).toEqual([]);
  });

  test('only operators see the queue, invite, revoke', async () => {
    for (const [method, path] of [
      ['GET', '/requests'],
      ['POST', '/invitations'],
      ['GET', '/certificates'],
      ['POST', '/requests/x/approve'],
      ['POST', '/certificates/00/revoke'],
    ] as const) {
      expect((await ca.http(method, `/v1/ca/north${path}`)).status).toBe(401);
      const wrong = await ca.http(method, `/v1/ca/north${path}`, undefined, {
        authorization: `Bearer ${ca.secrets.get('south')}`,
      });
      expect(wrong.status).toBe(401);
    }
  });
});

describe('refused', () => {
  test('keys twice, names that are none, roles that it does not give', async () => {
    const key = newKey();
    const invitation = await ca.invite('north', { roles: ['client'], uses: 10 });
    expect((await ca.ask('north', key, { invitation })).body.status).toBe('issued');
    const other = encodePem('CERTIFICATE REQUEST', await createRequest(signerOf(key), { commonName: 'again' }));
    const twice = await ca.http('POST', '/v1/ca/north/requests', { request: other, invitation });
    expect(JSON.parse(twice.text)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('has a certificate'),
    });
    for (const [asked, text] of [
      [{ roles: ['king'] }, /does not give/],
      [{ roles: [] }, /names no role/],
      [{ roles: ['producer'], account: 'alice' }, /name the node/],
      [{ roles: ['producer'], node: 'north-n-1' }, /with an account/],
      [{ roles: ['client'], node: 'north-n-1' }, /not for nodes/],
      [{ roles: ['edge'], node: 'A B' }, /cannot name a node/],
      [{ roles: ['client'], account: 'ALICE' }, /not the name of an account/],
      [{ roles: ['client'], invitation: 'x'.repeat(100) }, /not known/],
      [{ roles: 'client' }, /must be a list/],
    ] as const) {
      const { status, text: said } = await ca.ask('north', newKey(), asked as object);
      expect(said).toMatch(text);
      expect(status).toBeLessThan(500);
    }
    expect((await ca.http('GET', '/v1/ca/west/requests')).status).toBe(404);
  });

  test('the quota of the chain', async () => {
    const invitation = await ca.invite('small', { roles: ['client'], uses: 2 });
    expect((await ca.ask('small', newKey(), { invitation })).body.status).toBe('issued');
    expect((await ca.ask('small', newKey(), { invitation })).body).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('quota of 1'),
    });
  });
});

describe('revocation', () => {
  test('goes to the chain and onto the list', async () => {
    const { body } = await ca.ask('north', newKey(), { invitation: await ca.invite('north', { roles: ['client'] }) });
    const serial = toHex(parseCertificates(body.certificate!)[0]!.serial);
    const revoked = await ca.asOperator('north', 'POST', `/certificates/${serial}/revoke`, { reason: 'keyCompromise' });
    expect(JSON.parse(revoked.text)).toMatchObject({ serial, status: 'revoked', reason: 'keyCompromise' });
    const all = JSON.parse((await ca.asOperator('north', 'GET', '/certificates')).text) as IssuedCertificate[];
    expect(all.find((one) => one.serial === serial)).toMatchObject({ status: 'revoked', roles: ['client'] });
    const listed = await until(async () => {
      const list = parseCrl((await ca.http('GET', '/.well-known/snap/crl/north.crl')).bytes);
      return list.entries.find((entry) => toHex(entry.serial) === serial);
    });
    expect(listed.reason).toBe(1);
    expect((await ca.asOperator('north', 'POST', '/certificates/zz/revoke')).status).toBe(400);
    expect((await ca.asOperator('north', 'POST', '/certificates/0102/revoke')).status).toBe(404);
    expect(
      (await ca.asOperator('north', 'POST', `/certificates/${serial}/revoke`, { reason: 'toString' })).status,
    ).toBe(400);
  });
});

describe('when things fail', () => {
  test('without the chain: 503, the request is kept, and goes on by itself', async () => {
    const key = newKey();
    const invitation = await ca.invite('north', { roles: ['client'] });
    ca.chain.isDown = true;
    try {
      const { status, headers } = await ca.ask('north', key, { invitation });
      expect(status).toBe(503);
      expect(headers['retry-after']).toBe('5');
      expect((await ca.http('GET', '/health')).status).toBe(200);
    } finally {
      ca.chain.isDown = false;
    }
    expect((await ca.ask('north', key, { invitation })).body.status).toBe('issued');
  });

  test('a lost answer: the certificate that is on chain is the one that is handed out', async () => {
    const key = newKey();
    const invitation = await ca.invite('north', { roles: ['client'] });
    ca.chain.losesAnswer = true;
    expect((await ca.ask('north', key, { invitation })).status).toBe(503);
    const members = ca.chain.test.table('snap.ca', 'north', 'members').length;
    const { body } = await ca.ask('north', key, { invitation });
    expect(body.status).toBe('issued');
    expect(ca.chain.test.table('snap.ca', 'north', 'members')).toHaveLength(members);
  });

  test('after a crash: what was signed is entered, half a line is dropped, nothing is lost', async () => {
    const [lost, waiting] = [newKey(), newKey()];
    ca.chain.losesAnswer = true;
    const { status } = await ca.ask('north', lost, { invitation: await ca.invite('north', { roles: ['client'] }) });
    expect(status).toBe(503);
    const invitation = await ca.invite('north', { roles: ['client'] });
    ca.chain.isDown = true;
    const queued = await ca.ask('north', waiting, { roles: ['client'] });
    await ca.stop();
    ca.chain.isDown = false;
    const journal = join(ca.directory, 'north', 'journal.jsonl');
    expect(readFileSync(journal, 'utf8')).not.toContain(invitation.split('~')[1]!);
    appendFileSync(journal, '{"kind":"entered","id":');
    await ca.start();
    expect((await ca.ask('north', lost, {})).body.status).toBe('issued');
    expect((await ca.ask('north', waiting, {})).body).toMatchObject({ id: queued.body.id, status: 'waiting' });
    expect((await ca.ask('north', newKey(), { invitation })).body.status).toBe('issued');
  });

  test('no secret is in the log or in an answer', async () => {
    const invitation = await ca.invite('north', { roles: ['client'] });
    await ca.ask('north', newKey(), { invitation });
    const log = ca.logged.join('');
    for (const secret of [...ca.secrets.values(), invitation.split('~')[1]!, 'of the test'])
      expect(log).not.toContain(secret);
  });
});

describe('the root', () => {
  test('signs the issuing CA of an invited organisation once, and its admission is proposed', async () => {
    ca.chain.test.createAccounts('west');
    ca.chain.test.push('eosio', 'linkauth', 'north', {
      account: 'north',
      code: 'snap.ca',
      type: 'nominate',
      requirement: 'ca',
    });
    const invitation = await ca.invite('north', { roles: [], organisation: 'west' });
    const request = encodePem('CERTIFICATE REQUEST', await createRequest(signerOf(newKey()), { organisation: 'west' }));
    const ask = (fields: object) =>
      ca.http('POST', '/v1/ca/root/organisations', {
        request,
        organisation: 'west',
        title: 'West Ltd',
        invitation,
        ...fields,
      });
    expect((await ask({ organisation: 'east' })).text).toContain('not for an organisation with this account');
    const { status, text } = await ask({});
    expect(status).toBe(200);
    const [issuing] = parseCertificates((JSON.parse(text) as { certificate: string }).certificate);
    expect(issuing!.names.organisations).toEqual(['west']);
    expect((await ask({})).text).toBe(text);
    expect(ca.chain.test.table('snap.ca', 'snap.ca', 'proposals')).toHaveLength(1);
    const joining = await ca.http('GET', '/v1/ca/root/organisations', undefined, {
      authorization: `Bearer ${ca.secrets.get('north')}`,
    });
    expect(JSON.parse(joining.text)).toMatchObject([{ organisation: 'west', invited_by: 'north' }]);
    expect((await ca.http('GET', '/v1/ca/root/organisations')).status).toBe(401);
  });
});
