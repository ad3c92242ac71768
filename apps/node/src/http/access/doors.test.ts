import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessRefusals, problemBody, violations } from '@snapscale/api';
import { parseAccessToken } from '@snapscale/api/identity';
import { encodePem } from '@snapscale/sdk/certificates';
import { encryptToken } from '@snapscale/sdk/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FutureTokens } from './future-tokens.js';
import { NodeKeys, newNodeKey } from './node-keys.js';
import { type Answer, TestConsortium, TestDoor, type TestMember } from './testing/test-consortium.js';
import { TokenDoor } from './token-door.js';

const info = '/v1/chain/get_info';
const DAY_MS = 86_400_000;

let consortium: TestConsortium;
let door: TestDoor;
let member: TestMember;

beforeAll(async () => {
  consortium = await TestConsortium.create();
  door = await TestDoor.open(consortium);
  member = await consortium.member({ account: 'alice' });
});

afterAll(() => door.server.close());

/** The refusal in an answer, checked for its form. */
function refusalOf({ status, headers, json, text }: Answer): string {
  if (status < 400) return 'admitted';
  const { code } = json;
  const refusal = accessRefusals[code as keyof typeof accessRefusals];
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect({ status, title: json.title, type: json.type }).toEqual({
    status: refusal.status,
    title: refusal.title,
    type: `urn:snap:problem:${code}`,
  });
  expect(json).toMatchObject({ status, error: { name: `snap_access_${code}`, details: [{ message: json.detail }] } });
  expect(violations(problemBody, json)).toEqual([]);
  expect(headers.get('www-authenticate')).toMatch(/^Bearer /);
  expect(text).not.toMatch(/ey[\w-]{20}/);
  return code;
}

/** Members that are not let in, and why not, by the code of the doors and that of admission. */
const strangers: readonly [string, () => Promise<TestMember>, string, string?][] = [
  ['expired', () => consortium.member({ lifeSec: -3600 }), 'certificate_validity', 'certificate_expired'],
  [
    'expired on chain',
    () => consortium.member({ row: { validUntilSec: 1_700_000_000 } }),
    'certificate_validity',
    'certificate_expired',
  ],
  [
    'not valid yet',
    () => consortium.member({ nowMs: Date.now() + DAY_MS / 2 }),
    'certificate_validity',
    'not_yet_valid',
  ],
  ['revoked', () => consortium.member({ row: { status: 2 } }), 'revoked', 'certificate_revoked'],
  ['not on chain', () => consortium.member({ row: false }), 'revoked', 'unknown_certificate'],
  ['of another root', () => consortium.member({ ca: consortium.foreign }), 'certificate_chain', 'untrusted'],
  ['self-signed', selfSigned, 'certificate_chain', 'self_signed'],
  ['without a role that opens the door', () => consortium.member({ roles: ['auditor'] }), 'admitted'],
];

/** A root is its own issuer. */
async function selfSigned(): Promise<TestMember> {
  const { root } = consortium.north;
  return { ...member, pem: encodePem('CERTIFICATE', root.der), identity: { ...member.identity, chain: [root.der] } };
}

describe('the token door', () => {
  it('ACC-5 lets a member in, by its certificate and then by its hash, with keys of both curves', async () => {
    const koblitz = await consortium.member({ type: 'K1' });
    for (const who of [member, koblitz]) {
      const early = await door.ask(info, await door.token(who, info, { sendHash: true }));
      expect(refusalOf(early)).toBe('certificate_chain');
      expect((await door.ask(info, await door.token(who, info))).status).toBe(200);
      expect((await door.ask(info, await door.token(who, info, { sendHash: true }))).status).toBe(200);
    }
    const body = '{"account_name":"eosio"}';
    const path = '/v1/chain/get_account';
    const token = await door.token(member, path, { method: 'POST', body: Buffer.from(body) });
    expect((await door.ask(path, token, { method: 'POST', body })).status).toBe(200);
    const target = '/v1/chain/get_account?account_name=eosio';
    expect((await door.ask(target, await door.token(member, target))).status).toBe(200);
  });

  it('ACC-6 tells who is not let in, each with its code', async () => {
    for (const [name, make, code, reason] of strangers) {
      const answer = await door.ask(info, await door.token(await make(), info));
      expect([name, refusalOf(answer), answer.json.reason]).toEqual([name, code, reason]);
    }
  });

  it('ACC-6 refuses what was made for another request, node or time', async () => {
    const nowMs = Date.now();
    const cases: [string, Parameters<TestDoor['token']>[2], string][] = [
      ['another method', { method: 'POST' }, 'request'],
      ['another path', { target: '/v1/chain/get_block' }, 'request'],
      ['another query', { target: `${info}?at=final` }, 'request'],
      ['another body', { body: Buffer.from('{}') }, 'request'],
      ['another audience', { audience: 'urn:snap:node:north-edge2' }, 'audience'],
      ['another key', { thumbprint: createHash('sha256').update('x').digest('base64url') }, 'audience'],
      ['a clock that is behind', { nowMs: nowMs - 61_000 }, 'freshness'],
      ['a clock that is ahead', { nowMs: nowMs + 40_000 }, 'freshness'],
    ];
    for (const [name, wish, code] of cases) {
      expect([name, refusalOf(await door.ask(info, await door.token(member, info, wish)))]).toEqual([name, code]);
    }
    const path = '/v1/chain/get_account';
    const token = await door.token(member, path, { method: 'POST', body: Buffer.from('{"account_name":"eosio"}') });
    const tampered = await door.ask(path, token, { method: 'POST', body: '{"account_name":"alice"}' });
    expect(refusalOf(tampered)).toBe('request');
  });

  it('ACC-12 takes a token once', async () => {
    const token = await door.token(member, info);
    expect((await door.ask(info, token)).status).toBe(200);
    expect(refusalOf(await door.ask(info, token))).toBe('replayed');
    const fresh = await TestDoor.open(consortium, { nowMs: () => Date.now() + 2000 });
    const old = await door.token(member, info, { thumbprint: fresh.server.access.keys.thumbprint });
    expect(refusalOf(await fresh.ask(info, old))).toBe('freshness');
    await fresh.server.close();
  });

  it('ACC-12 takes none that was used before a restart, also from the future, and whatever became of the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokens-'));
    const file = join(folder, 'api.tokens');
    const key = newNodeKey();
    const nowMs = Date.now();
    const open = (laterMs: number) => {
      const clock = () => nowMs + laterMs;
      const keys = new NodeKeys('urn:snap:node:north-edge1', key, clock);
      const { admission } = door.server.access;
      return { keys, tokens: new TokenDoor(admission, keys, clock, new FutureTokens(file, clock() / 1000)) };
    };
    const request = { method: 'GET', target: info };
    const use = async ({ tokens }: ReturnType<typeof open>, token: string) => {
      const begun = await tokens.begin(token, request);
      return begun.kind === 'refused' ? begun.code : tokens.complete(begun, request, Buffer.alloc(0))?.code;
    };
    const before = open(0);
    const make = (madeMs: number) => door.token(member, info, { thumbprint: before.keys.thumbprint, nowMs: madeMs });
    expect(await use(before, await make(nowMs))).toBeUndefined();
    expect(existsSync(file)).toBe(false);
    const ahead = await make(nowMs + 20_000);
    expect(await use(before, ahead)).toBeUndefined();
    for (const laterMs of [2000, 25_000]) {
      const after = open(laterMs);
      expect(await use(after, ahead)).toBe('freshness');
      expect(await use(after, await make(nowMs + laterMs + 22_000))).toBeUndefined();
    }
    writeFileSync(file, '9999999999\n');
    const bounded = open(60_000);
    expect(await use(bounded, await make(nowMs + 89_000))).toBe('freshness');
    writeFileSync(file, '12');
    expect(await use(open(60_000), await make(nowMs + 62_000))).toBe('freshness');
    rmSync(folder, { recursive: true });
    const unkept = open(60_000);
    expect(await use(unkept, await make(nowMs + 70_000))).toBe('freshness');
    expect(await use(unkept, await make(nowMs + 60_000))).toBeUndefined();
  });

  it('ACC-7 refuses signatures of another key, and algorithms that are not the key’s', async () => {
    const other = await consortium.member();
    const stolen = { identity: { ...member.identity, signer: other.identity.signer } };
    expect(refusalOf(await door.ask(info, await door.token(stolen, info)))).toBe('signature');
    const koblitz = { identity: { ...member.identity, algorithm: 'ES256K' as const } };
    expect(refusalOf(await door.ask(info, await door.token(koblitz, info)))).toBe('algorithm');
    const [, claims, signature] = (await door.token(member, info)).split('.');
    const x5c = member.identity.chain.map((der) => Buffer.from(der).toString('base64'));
    const head = { typ: 'snap-dc+jwt', x5c };
    for (const alg of ['none', 'HS256', 'RS256', 'PS256', 'ES384', 'EdDSA', 'es256', '']) {
      const token = `${base64({ ...head, alg })}.${claims}.${signature}`;
      expect([alg, refusalOf(await door.ask(info, token))]).toEqual([alg, 'algorithm']);
    }
    // The certificate as a key of an HMAC: what broke libraries that let the token choose.
    expect(refusalOf(await door.ask(info, `${base64({ ...head, alg: 'none' })}.${claims}.`))).toBe('algorithm');
  });

  it('ACC-5 refuses what is malformed, whatever is in it', async () => {
    const good = await door.token(member, info);
    const [header, claims, signature] = good.split('.') as [string, string, string];
    const head = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
    const says = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    const twice = Buffer.from(`{"jti":"${'a'.repeat(22)}",${JSON.stringify(says).slice(1)}`).toString('base64url');
    const bad = [
      '',
      'x',
      'a.b',
      `${good}.x`,
      `${header}.${claims}.${signature}=`,
      `${header}.${claims}.${signature.slice(2)}`,
      `${header}.${twice}.${signature}`,
      `${base64({ ...head, crit: ['b64'], b64: false })}.${claims}.${signature}`,
      `${base64({ ...head, typ: 'JWT' })}.${claims}.${signature}`,
      `${base64({ ...head, jwk: {} })}.${claims}.${signature}`,
      `${base64({ ...head, x5c: ['junk!'] })}.${claims}.${signature}`,
      `${base64({ ...head, x5c: [] })}.${claims}.${signature}`,
      `${header}.${base64({ ...says, exp: '1' })}.${signature}`,
      `${header}.${base64({ ...says, filler: 'x'.repeat(7000) })}.${signature}`,
    ];
    for (const token of bad)
      expect([token.length, refusalOf(await door.ask(info, token))]).toEqual([token.length, 'malformed']);
    const junk = `${base64({ ...head, x5c: [Buffer.alloc(300, 7).toString('base64')] })}.${claims}.${signature}`;
    expect(refusalOf(await door.ask(info, junk))).toBe('certificate_chain');
  });

  it('ACC-9 opens tokens that are encrypted to the node', async () => {
    const { jwk, thumbprint } = door.server.access.keys;
    const inside = await door.token(member, info);
    const sealed = await encryptToken(inside, jwk, thumbprint);
    expect((await door.ask(info, sealed)).status).toBe(200);
    expect(refusalOf(await door.ask(info, inside))).toBe('replayed');
    expect(refusalOf(await door.ask(info, `${sealed.slice(0, -4)}AAAA`))).toBe('malformed');
    expect(refusalOf(await door.ask(info, `${sealed.split('.').slice(0, 4).join('.')}.`))).toBe('malformed');
  });

  it('ACC-8 takes tokens for the node’s key before the newest one, for a while', async () => {
    let nowMs = Date.now();
    const own = await TestDoor.open(consortium, { nowMs: () => nowMs });
    const { thumbprint } = own.server.access.keys;
    const next = await consortium.member({ roles: ['edge'], node: 'north-edge1', hosts: ['localhost', '127.0.0.1'] });
    const showing = () => own.askTls(info, next);
    expect((await showing()).status).toBe(200);
    own.server.changeIdentity({ certificate: next.pem, privateKey: next.keyPem });
    expect(own.server.access.keys.thumbprint).not.toBe(thumbprint);
    expect((await showing()).status).toBe(200);
    expect((await own.ask(info, await own.token(member, info, { thumbprint }))).status).toBe(200);
    nowMs += 11 * 60_000;
    expect(refusalOf(await own.ask(info, await own.token(member, info, { thumbprint, nowMs })))).toBe('audience');
    expect(() => own.server.changeIdentity({ certificate: member.pem, privateKey: next.keyPem })).toThrow();
    await own.server.close();
  });
});

describe('the door of mutual TLS', () => {
  it('ACC-3 lets a member in, and whoever has no certificate to what is open', async () => {
    expect((await door.askTls(info, member)).status).toBe(200);
    expect(refusalOf(await door.askTls(info))).toBe('missing');
    expect((await door.askTls('/v1/snap/get_access')).status).toBe(200);
    expect(refusalOf(await door.ask(info))).toBe('missing');
  });

  it('ACC-6 tells who is not let in, each with its code', async () => {
    for (const [name, make, code, reason] of strangers) {
      if (name === 'self-signed') continue;
      const answer = await door.askTls(info, await make());
      expect([name, refusalOf(answer), answer.json.reason]).toEqual([name, code, reason]);
    }
  });

  it('ACC-2 judges the token where there is one, and what is shown even where it is not needed', async () => {
    const open = await TestDoor.open(consortium, { policy: 'open' });
    const revoked = await consortium.member({ row: { status: 2 } });
    expect(refusalOf(await open.askTls(info, revoked))).toBe('revoked');
    expect((await open.askTls('/v1/snap/get_access', revoked)).status).toBe(200);
    expect(refusalOf(await open.ask(info, await open.token(revoked, info)))).toBe('revoked');
    expect((await open.ask(info)).status).toBe(200);
    const basic = await open.ask(info, undefined, { headers: { authorization: 'Basic YTpi' } });
    expect(basic.status).toBe(200);
    await open.server.close();
  });

  it('ACC-3 does not break the connection for organisations that have ended, but says so', async () => {
    const own = await TestConsortium.create();
    const ended = await TestDoor.open(own);
    const south = await own.member({ ca: own.south });
    expect((await ended.askTls(info, south)).status).toBe(200);
    own.state.organisation('south', { status: 1 });
    expect((await ended.askTls(info, south)).json).toMatchObject({ code: 'revoked', reason: 'organisation_suspended' });
    own.state.organisation('south', { status: 2 });
    expect((await ended.askTls(info, south)).json).toMatchObject({ code: 'revoked', reason: 'organisation_expelled' });
    await ended.server.close();
  });
});

describe('roots', () => {
  it('ACC-10 count from the next final block on, at both doors', async () => {
    const own = await TestConsortium.create();
    const growing = await TestDoor.open(own);
    const newcomer = await own.member({ ca: own.foreign });
    expect(refusalOf(await growing.askTls(info, newcomer))).toBe('certificate_chain');
    own.state.authority(own.foreign.root.der);
    own.state.authority(own.foreign.authority.certificate.der, { organisation: 'north' });
    own.changed();
    growing.chain.finalize(growing.chain.head);
    expect((await growing.askTls(info, newcomer)).status).toBe(200);
    expect((await growing.ask(info, await growing.token(newcomer, info))).status).toBe(200);
    expect((await growing.ask('/.well-known/snap/authorities.pem')).text.match(/BEGIN/g)).toHaveLength(2);
    await growing.server.close();
  });
});

describe('what is open to all', () => {
  it('ACC-1 says what a client needs to be let in', async () => {
    const { status, json } = await door.ask('/v1/snap/get_access', 'a token that nobody looks at');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      admission: 'members',
      reads: 'open',
      audience: 'urn:snap:node:north-edge1',
      thumbprint: door.server.access.keys.thumbprint,
      tls_port: door.server.tlsPort,
      organisations: [
        { account: 'north', title: 'north Ltd' },
        { account: 'south', title: 'south Ltd' },
      ],
    });
    expect(Math.abs(Number(json.clock) - Date.now())).toBeLessThan(60_000);
    const pem = await door.ask('/.well-known/snap/authorities.pem');
    expect(pem.headers.get('content-type')).toContain('application/x-pem-file');
    expect(pem.text.replace(/\s/g, '')).toBe(encodePem('CERTIFICATE', consortium.north.root.der).replace(/\s/g, ''));
  });

  it('ACC-1 are pages, health, documents and, from here, metrics', async () => {
    for (const path of [
      '/',
      '/docs',
      '/openapi.json',
      '/v1/node/health',
      '/v1/node/ready',
      '/v1/node/get_supported_apis',
      '/metrics',
    ]) {
      expect([path, (await door.ask(path)).status]).toEqual([path, 200]);
    }
    expect((await door.ask('/nothing')).status).toBe(404);
    const proxied = await door.ask('/metrics', undefined, { headers: { 'x-forwarded-for': '203.0.113.7' } });
    expect(refusalOf(proxied)).toBe('missing');
    expect((await fetch(door.server.url + info, { method: 'HEAD' })).status).toBe(401);
    const preflight = await door.ask(info, undefined, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
  });
});

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('tokens with seeded mutations', () => {
  it('are refused with a code, quickly, without an echo', async () => {
    const good = await door.token(member, info);
    expect(parseAccessToken(good).kind).toBe('token');
    const next = random(20_261_124);
    const endMs = performance.now() + 800;
    let slowestMs = 0;
    const { jwk, thumbprint } = door.server.access.keys;
    const sealed = await encryptToken(good, jwk, thumbprint);
    for (let round = 0; round < 400 && performance.now() < endMs; round++) {
      const token = mutate(round % 5 === 0 ? sealed : good, next);
      const beganMs = performance.now();
      const begun = await door.server.access.begin({
        route: 'read',
        isLocal: false,
        authorization: `Bearer ${token}`,
        socket: undefined as never,
        method: 'GET',
        target: info,
      });
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
      if (token === good || !('kind' in begun)) continue;
      expect(Object.keys(accessRefusals)).toContain(begun.code);
      expect((begun.detail ?? '').length).toBeLessThan(400);
      expect(begun.detail ?? '').not.toContain(token.slice(-40));
    }
    // A bound on what a token costs, far above what was measured (about 2 ms), so that a busy machine passes.
    expect(slowestMs).toBeLessThan(500);
  });
});

/** Pseudo-random numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function mutate(token: string, next: () => number): string {
  const at = Math.floor(next() * token.length);
  switch (Math.floor(next() * 6)) {
    case 0:
      return token.slice(0, at);
    case 1:
      return `${token.slice(0, at)}${String.fromCharCode(33 + Math.floor(next() * 90))}${token.slice(at + 1)}`;
    case 2:
      return `${token.slice(0, at)}.${token.slice(at)}`;
    case 3:
      return token + token.slice(at);
    default: {
      // Inside a part: flip a bit of what it encodes.
      const parts = token.split('.');
      const index = Math.floor(next() * parts.length);
      const bytes = Buffer.from(parts[index]!, 'base64url');
      const place = Math.floor(next() * bytes.length);
      bytes[place] = (bytes[place] ?? 0) ^ (1 << Math.floor(next() * 8));
      parts[index] = bytes.toString('base64url');
      return parts.join('.');
    }
  }
}
