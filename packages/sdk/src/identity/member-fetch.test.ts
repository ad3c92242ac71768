import { webcrypto } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Fetch } from '@snapscale/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseCertificate } from '../certificates/certificate.js';
import { encodePem } from '../certificates/encoding/pem.js';
import { signerOf } from '../certificates/keys.js';
import { privateKeyPem } from '../certificates/private-key.js';
import { random, type TestAuthority, testAuthority, testMember } from '../certificates/testing/test-authority.js';
import { createClient } from '../client.js';
import { type MemberFetchOptions, memberFetch } from './member-fetch.js';
import { type MemberIdentity, memberIdentity } from './member-identity.js';
import { type FakeDoor, fakeDoor } from './testing/fake-door.js';
import { webCryptoSigner } from './web-crypto-signer.js';

// By `require`, as these packages are published: their modules for bundlers name no file endings.
const require = createRequire(import.meta.url);
const nowMs = Date.UTC(2026, 10, 24, 12, 30);
let authority: TestAuthority;
let door: FakeDoor;
let alice: MemberIdentity;

beforeAll(async () => {
  authority = await testAuthority('north', nowMs - 1_000_000);
  door = await fakeDoor(encodePem('CERTIFICATE', authority.root.der), () => nowMs);
  alice = await member();
});
afterAll(() => door.close());
beforeEach(() => {
  door.forget();
  door.changeKey();
  Object.assign(door.state, { admission: 'members', aheadMs: 0, hasAccess: true });
  for (const list of [door.state.refuse, door.state.log, door.state.tokens]) list.length = 0;
});

async function member(type: 'K1' | 'R1' = 'R1'): Promise<MemberIdentity> {
  const { certificate, key } = await testMember(authority, { account: 'alice', nowMs }, type);
  return memberIdentity({ certificate: [certificate.der, authority.issuing.certificate.der], key: signerOf(key) });
}

function wrapped(identity = alice, options: Partial<MemberFetchOptions> = {}): typeof fetch {
  return memberFetch(fetch, identity, { nodeUrl: door.url, nowMs: () => nowMs, randomBytes: random, ...options });
}

const by = () => door.state.log.map((entry) => entry.code ?? entry.by);

describe('requests of a member', () => {
  it.each(['R1', 'K1'] as const)('%s: show the certificate first, and its hash from then on', async (type) => {
    const request = wrapped(await member(type));
    const body = '{"text":"größe \u{1f600}"}';
    expect((await request(`${door.url}/v1/a?b=%C3%A9&c=1`)).status).toBe(200);
    expect((await request(`${door.url}/v1/a`, { method: 'post', body })).status).toBe(200);
    expect((await request(new URL('/v1/a', door.url), { method: 'POST', body: Buffer.from(body) })).status).toBe(200);
    expect(by()).toEqual(['chain', 'hash', 'hash']);
    expect(new Set(door.state.tokens).size).toBe(3);
  });

  it('come in every form that fetch takes', async () => {
    const request = wrapped();
    const url = `${door.url}/v1/a`;
    const answers = [
      await request(new Request(url, { method: 'POST', body: 'text', headers: { 'x-a': 'b' } })),
      await request(url, { method: 'POST', body: new URLSearchParams({ a: 'b' }) }),
      await request(url, { method: 'POST', body: new Blob(['bytes']), headers: new Headers({ accept: '*/*' }) }),
      await request(url, { method: 'POST', body: new Uint8Array([1, 2]).buffer, headers: [['a', 'b']] }),
      await request(url, { method: 'POST', body: new Uint8Array([0, 1, 2, 3]).subarray(1, 3) }),
      await request(url, { method: 'PUT' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(by()).not.toContain('refused');
  });

  it('are not made where their body is a stream', async () => {
    const body = new Blob(['x']).stream();
    await expect(
      wrapped()(`${door.url}/v1/a`, { method: 'POST', body, duplex: 'half' } as RequestInit),
    ).rejects.toThrow('cannot be signed');
    expect(door.state.log).toEqual([]);
  });

  it('can be given up', async () => {
    await expect(wrapped()(`${door.url}/v1/a`, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('call fetch as browsers want it called', async () => {
    const strict: typeof fetch = async function (this: unknown, input, init) {
      if (this !== undefined) throw new TypeError('Illegal invocation');
      return fetch(input, init);
    };
    const request = memberFetch(strict, alice, { nodeUrl: door.url, nowMs: () => nowMs, randomBytes: random });
    expect((await request(`${door.url}/v1/a`)).status).toBe(200);
  });

  it('are made at once: get_access is asked once', async () => {
    let asked = 0;
    const counting: typeof fetch = (input, init) => {
      if (String(input).endsWith('get_access')) asked++;
      return fetch(input, init);
    };
    const request = memberFetch(counting, alice, { nodeUrl: door.url, nowMs: () => nowMs, randomBytes: random });
    const answers = await Promise.all(Array.from({ length: 8 }, () => request(`${door.url}/v1/a`)));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(asked).toBe(1);
  });

  it('carry no token to other addresses, to open nodes and to nodes without tokens', async () => {
    door.state.admission = 'open';
    await wrapped()(`${door.url}/v1/a`);
    await wrapped(alice, { nodeUrl: 'http://127.0.0.1:1' })(`${door.url}/v1/b`);
    await wrapped(alice, { nodeUrl: `${door.url}/gateway` })(`${door.url}/v1/c`);
    door.state.hasAccess = false;
    await wrapped()(`${door.url}/v1/d`);
    expect(by()).toEqual(['nobody', 'nobody', 'nobody', 'nobody']);
    expect(door.state.tokens).toEqual([]);
  });

  it('leave an own Authorization alone', async () => {
    await wrapped()(`${door.url}/v1/a`, { headers: { Authorization: 'Bearer own' } });
    expect(door.state.tokens).toEqual(['own']);
  });

  it('name the path below the address of the node, as a proxy passes it on', async () => {
    const proxied: typeof fetch = (input, init) =>
      fetch(String(input).replace('https://gate.example/snap', door.url), init);
    const request = memberFetch(proxied, alice, {
      nodeUrl: 'https://gate.example/snap/',
      nowMs: () => nowMs,
      randomBytes: random,
    });
    expect((await request('https://gate.example/snap/v1/a?x=1')).status).toBe(200);
    expect(by()).toEqual(['chain']);
  });

  it('are signed by a key that cannot leave', async () => {
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
    const signer = await webCryptoSigner(webcrypto.subtle, pair);
    const der = await authority.issuing.issue(signer.publicKey, { roles: ['client'], lifeSec: 3600, nowMs });
    const identity = memberIdentity({ certificate: [der, authority.issuing.certificate.der], key: signer });
    expect((await wrapped(identity)(`${door.url}/v1/a`)).status).toBe(200);
  });
});

describe('a request is made once more', () => {
  it('when the node has another key', async () => {
    const request = wrapped();
    await request(`${door.url}/v1/a`);
    door.changeKey();
    expect((await request(`${door.url}/v1/a`)).status).toBe(200);
    expect(by()).toEqual(['chain', 'audience', 'hash']);
  });

  it('when the clock of the node is another, and then keeps to it', async () => {
    const request = wrapped();
    await request(`${door.url}/v1/a`);
    door.state.aheadMs = 3_600_000;
    expect((await request(`${door.url}/v1/a`)).status).toBe(200);
    expect((await request(`${door.url}/v1/a`)).status).toBe(200);
    expect(by()).toEqual(['chain', 'freshness', 'hash', 'hash']);
  });

  it('when the node has forgotten the certificate', async () => {
    const request = wrapped();
    await request(`${door.url}/v1/a`);
    door.forget();
    expect((await request(`${door.url}/v1/a`, { method: 'POST', body: 'again' })).status).toBe(200);
    expect(by()).toEqual(['chain', 'certificate_chain', 'chain']);
  });

  it('when the node is open no more', async () => {
    door.state.admission = 'open';
    const request = wrapped();
    await request(`${door.url}/v1/a`);
    door.state.admission = 'members';
    expect((await request(`${door.url}/v1/a`)).status).toBe(200);
    expect(by()).toEqual(['nobody', 'missing', 'chain']);
  });

  it('once, and the answer is passed on whole', async () => {
    door.state.refuse.push('freshness', 'freshness');
    const answer = await wrapped()(`${door.url}/v1/a`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'freshness' });
    expect(by()).toEqual(['freshness', 'freshness']);
  });

  it.each(['revoked', 'role', 'signature', 'replayed', 'request'] as const)(
    'not when the answer is "%s"',
    async (code) => {
      door.state.refuse.push(code);
      const answer = await wrapped()(`${door.url}/v1/a`);
      expect(await answer.json()).toMatchObject({ code });
      expect(by()).toEqual([code]);
    },
  );

  it('not when the certificate is of another network', async () => {
    const stranger = await testAuthority('north', nowMs - 1_000_000);
    const { certificate, key } = await testMember(stranger, { nowMs });
    const chain = [certificate.der, stranger.issuing.certificate.der];
    const answer = await wrapped(memberIdentity({ certificate: chain, key: signerOf(key) }))(`${door.url}/v1/a`);
    expect(answer.status).toBe(401);
    expect(by()).toEqual(['certificate_chain']);
  });
});

describe('clients', () => {
  it('of the SDK work with it, and say what a refusal was', async () => {
    const client = createClient({ url: door.url, fetch: wrapped() });
    expect((await client.api.chain.getInfo()).head_block_num).toBe(7);
    door.state.refuse.push('revoked');
    await expect(client.api.chain.getInfo()).rejects.toThrow();
  });

  it('with answers that cannot be cloned work with it', async () => {
    const plain: Fetch = async (url, init) => {
      const answer = await fetch(url, init as RequestInit);
      return { ok: answer.ok, status: answer.status, headers: answer.headers, text: () => answer.text(), body: null };
    };
    const request = memberFetch(plain, alice, { nodeUrl: door.url, nowMs: () => nowMs, randomBytes: random });
    door.state.refuse.push('audience', 'signature');
    const answer = await request(`${door.url}/v1/a`, { method: 'GET', headers: {} });
    expect(JSON.parse(await answer.text())).toMatchObject({ code: 'signature' });
  });

  it('of eosjs work with it', async () => {
    const { JsonRpc } = require('eosjs') as typeof import('eosjs');
    const rpc = new JsonRpc(door.url, { fetch: wrapped() });
    expect((await rpc.get_info()).head_block_num).toBe(7);
    expect(by()).toEqual(['chain']);
  });

  it('of WharfKit work with it', async () => {
    const { APIClient, FetchProvider } = require('@wharfkit/antelope') as typeof import('@wharfkit/antelope');
    const client = new APIClient({ provider: new FetchProvider(door.url, { fetch: wrapped() }) });
    expect((await client.v1.chain.get_info()).head_block_num.toNumber()).toBe(7);
    expect(by()).toEqual(['chain']);
  });
});

describe('encrypted tokens', () => {
  it('hide the certificate, and follow the key of the node', async () => {
    const request = wrapped(alice, { encrypt: true });
    expect((await request(`${door.url}/v1/a`)).status).toBe(200);
    expect(door.state.tokens[0]?.split('.')).toHaveLength(5);
    expect(JSON.parse(Buffer.from(door.state.tokens[0]!.split('.')[0]!, 'base64url').toString())).toMatchObject({
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      cty: 'JWT',
    });
  });

  it('are not made for a node whose key they cannot be encrypted to', async () => {
    door.changeKey('secp256k1');
    await expect(wrapped(alice, { encrypt: true })(`${door.url}/v1/a`)).rejects.toThrow('secp256k1');
  });
});

describe('identities', () => {
  it('are read from PEM, with a root that is not sent', async () => {
    const { certificate, key } = await testMember(authority, { nowMs, node: 'north-1', roles: ['edge'] });
    const pem = [certificate, authority.issuing.certificate, authority.root]
      .map(({ der }) => encodePem('CERTIFICATE', der))
      .join('');
    const identity = memberIdentity({ certificate: pem, key: privateKeyPem(key) });
    expect(identity).toMatchObject({ issuer: 'urn:snap:node:north-1', organisation: 'north', algorithm: 'ES256' });
    expect(identity.chain.map((der) => parseCertificate(der).serial)).toEqual([
      certificate.serial,
      authority.issuing.certificate.serial,
    ]);
  });

  it('are refused where key and certificate do not belong together, or it is no member', async () => {
    const { certificate } = await testMember(authority, { nowMs });
    expect(() => memberIdentity({ certificate: [certificate.der], key: alice.signer })).toThrow(
      'the private key is that of',
    );
    const own = [authority.issuing.certificate.der];
    expect(() => memberIdentity({ certificate: own, key: authority.issuingSigner })).toThrow('authority');
    expect(() => memberIdentity({ certificate: '', key: alice.signer })).toThrow('no certificate');
    expect(() => memberIdentity({ certificate: [], key: alice.signer })).toThrow('no certificate');
  });
});
