/** What strangers, invited ones and nodes try at a certificate authority, with the real contract behind it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QueuedApplication } from '@snapscale/api';
import { caAudience, jwkOf, thumbprintOf } from '@snapscale/api/identity';
import { ChainRefusal } from '@snapscale/ca';
import { toHex } from '@snapscale/crypto';
import {
  createRequest,
  encodeBase64,
  encodePem,
  newPrivateKey,
  parseCertificates,
  privateKeyPem,
  signerOf,
} from '@snapscale/sdk/certificates';
import { memberIdentity, requestToken } from '@snapscale/sdk/identity';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random, TestCa } from './test-ca.js';

let ca: TestCa;
const newKey = () => newPrivateKey('R1', random);
const ports = { nowMs: () => Date.now() + ca.aheadMs, randomBytes: random };

beforeAll(async () => {
  ca = await TestCa.create();
  await ca.start();
});
afterAll(() => ca.remove());

const members = (organisation: string) => ca.chain.test.table('snap.ca', organisation, 'members');
const queue = async (organisation: string) =>
  JSON.parse((await ca.asOperator(organisation, 'GET', '/requests')).text) as QueuedApplication[];
const namesOf = (certificate: string | undefined) => parseCertificates(certificate!)[0]!.names;

async function until(look: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await look())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A member with a token for a call. */
async function member(organisation: string, terms: Record<string, unknown> = { roles: ['client'] }) {
  const key = newKey();
  const { body } = await ca.ask(organisation, key, { invitation: await ca.invite(organisation, terms) });
  const identity = memberIdentity({ certificate: body.certificate!, key: signerOf(key) });
  const thumbprint = thumbprintOf(jwkOf(ca.issuing.get(organisation)!.publicKey));
  const token = (method: string, target: string) =>
    requestToken(
      identity,
      { audience: caAudience(organisation), thumbprint },
      { method, target, body: new Uint8Array() },
      ports,
    );
  return { key, certificate: body.certificate!, token };
}

describe('an invitation', () => {
  test('for an organisation that joins gives no certificate, and none gives both', async () => {
    const invitation = await ca.invite('north', { roles: [], organisation: 'west' });
    const before = members('north').length;
    for (const asked of [{ roles: ['ca-operator'], account: 'alice' }, { roles: ['client'] }, {}]) {
      const { status, text } = await ca.ask('north', newKey(), { invitation, ...asked });
      expect([status, JSON.parse(text).code]).toEqual([403, 'invitation']);
    }
    const secret = Buffer.from(`x:${invitation.split('~')[1]}`).toString('base64');
    const request = encodeBase64(await createRequest(signerOf(newKey()), { roles: ['ca-operator'], account: 'alice' }));
    const enrolled = await ca.http('POST', '/.well-known/est/north/simpleenroll', request, {
      authorization: `Basic ${secret}`,
    });
    expect(enrolled.status).toBe(403);
    expect(members('north')).toHaveLength(before);
    const both = await ca.asOperator('north', 'POST', '/invitations', { roles: ['client'], organisation: 'west' });
    expect([both.status, both.text]).toEqual([400, expect.stringContaining('not both')]);
  });

  test('gives a client no hosts and no name of a node, whatever is asked for', async () => {
    const asked = { hosts: ['ca.north.example', 'node.north.example'], node: 'north' };
    const { body } = await ca.ask('north', newKey(), {
      invitation: await ca.invite('north', { roles: ['client'] }),
      ...asked,
    });
    const [leaf] = parseCertificates(body.certificate!);
    expect(leaf!.names).toMatchObject({ dns: [], addresses: [], nodes: [] });
    expect([...leaf!.extendedKeyUsage]).toEqual(['clientAuth']);
    const { status } = await ca.asOperator('north', 'POST', '/invitations', {
      roles: ['client'],
      hosts: ['x.example'],
    });
    expect(status).toBe(400);
  });

  test('for a node: a free name and the own machine at once, all else by a person', async () => {
    const ask = async (asked: object) =>
      (await ca.ask('north', newKey(), { invitation: await ca.invite('north', { roles: ['observer'] }), ...asked }))
        .body;
    const free = await ask({ node: 'north-8', hosts: ['127.0.0.1', '::1', 'localhost'] });
    expect(namesOf(free.certificate).nodes).toEqual(['north-8']);
    for (const [asked, why] of [
      [{ node: 'north-8' }, /does not name the node north-8/],
      [{ node: 'north' }, /does not name the node north/],
      [{ node: 'north-x.example.org' }, /does not name the node/],
      [{ node: 'north-9', hosts: ['ca.north.example'] }, /does not name ca.north.example/],
      [{ node: 'north-9', hosts: ['127.0.0.1.example'] }, /does not name/],
    ] as const) {
      const body = await ask(asked);
      expect([body.status, body.reason]).toEqual(['waiting', expect.stringMatching(why)]);
    }
    expect((await ask({ node: 'south-1' })) as unknown).toMatchObject({
      status: 400,
      detail: expect.stringContaining('as in north-south-1'),
    });
  });

  test('that leaves the name open is used once, and a name given once, by requests that come at once', async () => {
    const one = await ca.invite('south', { roles: ['observer'] });
    const used = await Promise.all(
      ['south-1', 'south-2', 'south-3'].map((node) => ca.ask('south', newKey(), { invitation: one, node })),
    );
    expect(used.map(({ status }) => status).sort()).toEqual([201, 401, 401]);
    const codes = [
      await ca.invite('south', { roles: ['observer'] }),
      await ca.invite('south', { roles: ['observer'] }),
    ];
    const named = await Promise.all(
      codes.map((invitation) => ca.ask('south', newKey(), { invitation, node: 'south-9' })),
    );
    expect(named.map(({ body }) => body.status).sort()).toEqual(['issued', 'waiting']);
  });

  test('for a joining organisation is good for one issuing CA, also when two ask at once', async () => {
    ca.chain.test.createAccounts('west');
    const invitation = await ca.invite('north', { roles: [], organisation: 'west' });
    const ask = async () => {
      const der = await createRequest(signerOf(newKey()), { organisation: 'west' });
      const fields = { organisation: 'west', title: 'West', invitation };
      return ca.http('POST', '/v1/ca/root/organisations', {
        ...fields,
        request: encodePem('CERTIFICATE REQUEST', der),
      });
    };
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    const lines = readFileSync(join(ca.directory, 'root', 'joining.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines).toHaveLength(1);
  });
});

describe('requests that nobody has invited', () => {
  test('somebody else’s request with other names does not stand in the way of its owner', async () => {
    const key = newKey();
    const request = encodePem('CERTIFICATE REQUEST', await createRequest(signerOf(key), { roles: ['client'] }));
    const post = async (fields: object) =>
      JSON.parse((await ca.http('POST', '/v1/ca/south/requests', { request, ...fields })).text);
    const forged = await post({ roles: ['ca-operator'], account: 'bob' });
    const own = await post({});
    expect(own.id).not.toBe(forged.id);
    expect((await post({})).id).toBe(own.id);
    const waiting = await queue('south');
    expect(waiting.find(({ id }) => id === forged.id)).toMatchObject({ unsigned: ['roles', 'account'] });
    expect(waiting.find(({ id }) => id === own.id)).toMatchObject({ unsigned: [], address: '127.0.0.1' });
    const issued = await post({ invitation: await ca.invite('south', { roles: ['client'] }) });
    expect(namesOf(issued.certificate)).toMatchObject({ roles: ['client'], accounts: [] });
    const other = await post({ invitation: await ca.invite('south', { roles: ['auditor'] }) });
    expect(other).toMatchObject({ status: 409, code: 'duplicate_key' });
    for (const id of [forged.id, own.id]) {
      expect((await queue('south')).find((one) => one.id === id)).toMatchObject({ status: 'refused' });
    }
  });

  test('an address has a bounded part of the queue, and an operator clears it at once', async () => {
    const invitation = await ca.invite('small', { roles: ['client'] });
    const outcomes: number[] = [];
    for (let i = 0; i < 21; i++) outcomes.push((await ca.ask('small', newKey(), { roles: ['client'] })).status);
    expect(outcomes).toEqual([...Array(20).fill(201), 429]);
    expect((await ca.ask('small', newKey(), { invitation })).body.status).toBe('issued');
    expect(JSON.parse((await ca.asOperator('small', 'POST', '/rejections', { address: '10.0.0.7' })).text)).toEqual({
      rejected: 0,
    });
    expect(JSON.parse((await ca.asOperator('small', 'POST', '/rejections', { reason: 'flood' })).text)).toEqual({
      rejected: 20,
    });
    expect((await ca.http('POST', '/v1/ca/small/rejections', {})).status).toBe(401);
    expect((await ca.ask('small', newKey(), { roles: ['client'] })).status).toBe(201);
  });
});

test('web pages cannot give orders: neither another type of content nor an origin', async () => {
  const authorization = `Bearer ${ca.secrets.get('north')}`;
  const post = async (headers: Record<string, string>) =>
    (
      await ca.http('POST', '/v1/ca/north/invitations', JSON.stringify({ roles: ['client'] }), {
        authorization,
        ...headers,
      })
    ).status;
  expect(await post({ 'content-type': 'application/json' })).toBe(201);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx']) {
    expect(await post({ 'content-type': type })).toBe(415);
  }
  expect(await post({ 'content-type': 'application/json', origin: 'https://evil.example' })).toBe(403);
  expect(await post({ 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect((await ca.http('POST', '/v1/ca/north/requests', '{}', { origin: 'null' })).status).toBe(403);
});

describe('what nodes say', () => {
  test('does not make a client an operator: roles are those of certificate and row', async () => {
    const { token } = await member('north');
    const rows = ca.chain.rows;
    ca.chain.rows = async (table, of, query) =>
      (await rows.call(ca.chain, table, of, query)).map((row) =>
        table === 'members' ? { ...row, roles: ['ca.operator', 'client'] } : row,
      );
    try {
      const authorization = `Bearer ${await token('GET', '/v1/ca/north/requests')}`;
      const { status, text } = await ca.http('GET', '/v1/ca/north/requests', undefined, { authorization });
      expect([status, JSON.parse(text).code]).toEqual([403, 'role']);
    } finally {
      ca.chain.rows = rows;
    }
  });

  test('a key that the chain does not accept: nothing is signed over and over', async () => {
    const push = ca.chain.push;
    const signed = () =>
      (readFileSync(join(ca.directory, 'north', 'journal.jsonl'), 'utf8').match(/"signed"/g) ?? []).length;
    const key = newKey();
    const invitation = await ca.invite('north', { roles: ['client'] });
    const before = signed();
    let attempts = 0;
    ca.chain.push = async () => {
      attempts++;
      throw new ChainRefusal('missing authority of north@ca', true);
    };
    try {
      expect((await ca.ask('north', key, { invitation })).status).toBe(503);
      await new Promise((resolve) => setTimeout(resolve, 450));
      expect([attempts, signed() - before]).toEqual([1, 1]);
    } finally {
      ca.chain.push = push;
    }
    ca.aheadMs += 11_000;
    await until(async () => (await ca.ask('north', key, { invitation })).body.status === 'issued');
  });
});

test('a token is good once, also over a restart', async () => {
  const { token } = await member('south');
  const authorization = `Bearer ${await token('GET', '/v1/ca/south/requests')}`;
  const code = async () =>
    JSON.parse((await ca.http('GET', '/v1/ca/south/requests', undefined, { authorization })).text).code;
  expect(await code()).toBe('role');
  await ca.stop();
  await ca.start();
  expect(await code()).toBe('replayed');
});

test('a successor that would not live longer is refused before anything is superseded', async () => {
  const { key, certificate } = await member('north');
  const serial = toHex(parseCertificates(certificate)[0]!.serial);
  const file = join('north', 'ca.json');
  const before = readFileSync(join(ca.directory, file), 'utf8');
  await ca.stop();
  ca.file(file, JSON.stringify({ ...JSON.parse(before), policy: { lives: { client: 86_400 } } }));
  await ca.start();
  const body = encodeBase64(await createRequest(signerOf(newKey()), {}));
  const identity = { cert: certificate, key: privateKeyPem(key) };
  const renew = () => ca.https('POST', '/.well-known/est/north/simplereenroll', body, identity);
  ca.aheadMs += 1000;
  const refused = await renew();
  expect(refused.status).toBe(409);
  expect(JSON.parse(refused.text)).toMatchObject({
    code: 'not_longer',
    detail: expect.stringContaining('keep that one'),
  });
  expect(members('north')).toContainEqual(expect.objectContaining({ serial, status: 0 }));
  await ca.stop();
  ca.file(file, before);
  await ca.start();
  expect((await renew()).status).toBe(200);
});

test('what is over leaves the chain', async () => {
  await member('south');
  ca.chain.test.push('snap.ca', 'apply', 'alice', {
    applicant: 'alice',
    organisation: 'south',
    subject_key: `PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63`,
    node: '',
    roles: ['client'],
    request: '',
  });
  expect(members('south').length).toBeGreaterThan(0);
  ca.chain.test.advance({ days: 100 });
  ca.aheadMs += 100 * 86_400_000;
  await until(() => members('south').length === 0);
  await until(() => ca.chain.test.table('snap.ca', 'south', 'requests').length === 0);
});
