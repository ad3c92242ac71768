import type { Fetch, FetchAnswer } from '@snapscale/api';
import { jwkOf, parseAccessToken, thumbprintOf } from '@snapscale/api/identity';
import { beforeAll, describe, expect, it } from 'vitest';
import { newPrivateKey } from '../certificates/ca-directory.js';
import { encodeCertsOnly } from '../certificates/certs-only.js';
import { decodeBase64, decodePem, encodeBase64, encodePem } from '../certificates/encoding/pem.js';
import { type Signer, signerOf } from '../certificates/keys.js';
import { checkRequest } from '../certificates/request.js';
import { random, type TestAuthority, testAuthority, testMember } from '../certificates/testing/test-authority.js';
import {
  applicationState,
  applyForCertificate,
  authorityOf,
  estAuthorities,
  estEnrol,
  identityOfAnswer,
  renewIdentity,
} from './enrolment.js';
import { IdentityKeeper } from './identity-keeper.js';
import { type MemberIdentity, memberIdentity, renewalDueMs } from './member-identity.js';

const startMs = Date.UTC(2026, 10, 24, 12);
const where = { url: 'http://ca.test/', organisation: 'north' };
let authority: TestAuthority;
let signer: Signer;

beforeAll(async () => {
  authority = await testAuthority('north', startMs - 1_000_000);
  signer = signerOf(newPrivateKey('R1', random));
});

type Request = Parameters<Fetch>[1] & { readonly path: string };

/** An authority that answers with a status and a text; what was asked is kept. */
function scripted(answers: (request: Request) => [number, string] | Promise<[number, string]>): {
  fetch: Fetch;
  asked: Request[];
} {
  const asked: Request[] = [];
  const fetch: Fetch = async (url, init) => {
    const request = { ...init, path: new URL(url).pathname };
    asked.push(request);
    const [status, text] = await answers(request);
    return {
      ok: status < 300,
      status,
      headers: { get: () => null },
      text: async () => text,
      body: null,
    } as FetchAnswer;
  };
  return { fetch, asked };
}

const issue = (key: Uint8Array, nowMs = startMs) =>
  authority.issuing.issue(checkRequest(key).publicKey, {
    roles: ['client'],
    account: 'alice',
    lifeSec: 2_592_000,
    nowMs,
  });
const bundle = (...certificates: Uint8Array[]) => encodeBase64(encodeCertsOnly(certificates));

async function member(nowMs = startMs): Promise<MemberIdentity> {
  const { certificate, key } = await testMember(authority, { account: 'alice', lifeSec: 2_592_000, nowMs });
  return memberIdentity({ certificate: [certificate.der, authority.issuing.certificate.der], key: signerOf(key) });
}

describe('over REST', () => {
  it('an application becomes an identity', async () => {
    const { fetch, asked } = scripted(async ({ body }) => {
      const { request } = JSON.parse(String(body)) as { request: string };
      const leaf = await issue(decodePem(request, 'CERTIFICATE REQUEST'));
      const chain = [leaf, authority.issuing.certificate.der].map((der) => encodePem('CERTIFICATE', der)).join('');
      return [201, JSON.stringify({ id: '7', status: 'issued', certificate: chain })];
    });
    const answer = await applyForCertificate(fetch, where, signer, { account: 'alice', invitation: 'CODE' });
    expect(identityOfAnswer(answer, signer)).toMatchObject({ issuer: 'urn:snap:account:alice', organisation: 'north' });
    expect(asked[0]).toMatchObject({ path: '/v1/ca/north/requests', method: 'POST' });
    expect(JSON.parse(String(asked[0]?.body))).toMatchObject({ account: 'alice', invitation: 'CODE' });
  });

  it('one that waits or is refused says so', async () => {
    const { fetch } = scripted(() => [200, JSON.stringify({ id: '7', status: 'waiting', reason: 'a person decides' })]);
    const waiting = await applicationState(fetch, where, '7');
    expect(() => identityOfAnswer(waiting, signer)).toThrow('a person decides');
    expect(() => identityOfAnswer({ id: '7', status: 'refused' }, signer)).toThrow('refused the application 7');
  });

  it.each<[string, number, string, string]>([
    [
      'a problem',
      403,
      JSON.stringify({ title: 'No', detail: 'the invitation is used up' }),
      'the invitation is used up (403)',
    ],
    ['a title', 400, JSON.stringify({ title: 'Bad request' }), 'Bad request (400)'],
    ['plain text', 500, 'out of order', 'out of order (500)'],
    ['nothing', 502, '', 'status 502'],
    ['a page', 404, `<html>${'x'.repeat(10_000)}`, 'status 404'],
    ['a success that is no JSON', 200, 'yes', 'is not JSON'],
  ])('an error is told: %s', async (_, status, text, message) => {
    const { fetch } = scripted(() => [status, text]);
    await expect(applyForCertificate(fetch, where, signer, {})).rejects.toThrow(message);
  });

  it('an invitation names its authority', () => {
    expect(authorityOf('north~AAAAAAAAAAAAAAAA~https://ca.example')).toEqual({
      url: 'https://ca.example',
      organisation: 'north',
    });
    expect(() => authorityOf('north')).toThrow('ORGANISATION~SECRET~URL');
  });
});

describe('by EST', () => {
  it('a certificate alone is completed with that of the issuing CA', async () => {
    const { fetch, asked } = scripted(async ({ path, body }) => {
      if (path.endsWith('cacerts')) return [200, bundle(authority.issuing.certificate.der, authority.root.der)];
      return [200, bundle(await issue(decodeBase64(String(body), 'request')))];
    });
    const identity = await estEnrol(fetch, where, signer, { account: 'alice' }, 'Basic abc');
    expect(identity.chain).toHaveLength(2);
    expect(asked[0]).toMatchObject({
      path: '/.well-known/est/north/simpleenroll',
      headers: { 'content-type': 'application/pkcs10', authorization: 'Basic abc' },
    });
    expect(await estAuthorities(fetch, where)).toEqual([authority.issuing.certificate.der, authority.root.der]);
  });

  it('a certificate is renewed with a token for the authority, also for another key', async () => {
    const identity = await member();
    const { fetch, asked } = scripted(async ({ path, body }) => {
      if (path === '/v1/ca/organisations') {
        const certificate = encodePem('CERTIFICATE', authority.issuing.certificate.der);
        return [200, JSON.stringify([{ account: 'south' }, { account: 'north', certificate }])];
      }
      return [200, bundle(authority.issuing.certificate.der, await issue(decodeBase64(String(body), 'request')))];
    });
    const ports = { nowMs: () => startMs, randomBytes: random };
    const renewed = await renewIdentity(fetch, identity, ports, where, signer);
    expect(renewed.signer).toBe(signer);
    expect(renewed.chain).toHaveLength(2);
    const reading = parseAccessToken(String(asked[1]?.headers.authorization).slice('Bearer '.length));
    expect(reading).toMatchObject({
      kind: 'token',
      token: {
        claims: {
          aud: 'urn:snap:ca:north',
          jkt: thumbprintOf(jwkOf(authority.issuing.certificate.publicKey)),
          htm: 'POST',
          htu: '/.well-known/est/north/simplereenroll',
        },
      },
    });
  });

  it.each<[string, [number, string], string]>([
    ['202', [202, ''], 'waits for somebody'],
    ['no base64', [200, '???'], 'no bundle of certificates'],
    ['no bundle', [200, 'MAA='], 'no bundle of certificates'],
    ['a refusal', [401, 'who are you?'], 'who are you?'],
  ])('an answer is not what it should be: %s', async (_, answer, message) => {
    const { fetch } = scripted(() => answer);
    await expect(estEnrol(fetch, where, signer, { account: 'alice' })).rejects.toThrow(message);
  });

  it('a certificate for another key is not taken', async () => {
    const other = await member();
    const { fetch } = scripted(() => [200, bundle(other.certificate.der, authority.issuing.certificate.der)]);
    await expect(estEnrol(fetch, where, signer, { account: 'alice' })).rejects.toThrow('no certificate for the key');
  });

  it('an authority that does not know the organisation renews nothing', async () => {
    const { fetch } = scripted(() => [200, '[]']);
    const ports = { nowMs: () => startMs, randomBytes: random };
    await expect(renewIdentity(fetch, await member(), ports, where)).rejects.toThrow(
      'does not name a certificate of north',
    );
  });
});

describe('a keeper', () => {
  const life = 2_592_000_000;

  it('renews at two thirds of the life, beside the requests', async () => {
    const first = await member();
    let nowMs = startMs;
    const stored: MemberIdentity[] = [];
    const keeper = new IdentityKeeper(first, {
      nowMs: () => nowMs,
      renew: () => member(nowMs),
      renewed: async (identity) => void stored.push(identity),
    });
    expect(await keeper.current()).toBe(first);
    nowMs = renewalDueMs(first) - 1;
    expect(await keeper.current()).toBe(first);
    nowMs++;
    expect(nowMs - startMs).toBeGreaterThan(0.66 * life);
    const [once, twice] = await Promise.all([keeper.current(), keeper.current()]);
    expect([once, twice]).toEqual([first, first]);
    await expect.poll(() => stored.length).toBe(1);
    await expect.poll(() => keeper.identity).toBe(stored[0]);
    expect(await keeper.current()).toBe(stored[0]);
  });

  it('waits longer after each failure, and uses the old one meanwhile', async () => {
    const first = await member();
    let nowMs = renewalDueMs(first);
    const tries: number[] = [];
    const errors: unknown[] = [];
    const keeper = new IdentityKeeper(first, {
      nowMs: () => nowMs,
      renew: async () => {
        tries.push(nowMs - renewalDueMs(first));
        throw new Error('the authority is down');
      },
      failed: (error) => errors.push(error),
    });
    for (let second = 0; second < 300; second++, nowMs += 1000) {
      expect(await keeper.current()).toBe(first);
      await Promise.resolve();
    }
    expect(tries).toEqual([0, 30_000, 90_000, 210_000]);
    expect(errors).toHaveLength(4);
  });

  it('waits for the renewal once the certificate has expired, and takes none that ends no later', async () => {
    const first = await member();
    const nowMs = first.certificate.notAfterSec * 1000;
    const next = await member(nowMs);
    expect(await new IdentityKeeper(first, { nowMs: () => nowMs, renew: async () => next }).current()).toBe(next);
    const errors: unknown[] = [];
    const same = { nowMs: () => nowMs, renew: async () => first, failed: (error: unknown) => void errors.push(error) };
    expect(await new IdentityKeeper(first, same).current()).toBe(first);
    expect(String(errors[0])).toContain('does not last longer');
  });

  it('renews by timers when nobody asks, until it is stopped', async () => {
    const first = await member();
    let nowMs = startMs;
    const waits: number[] = [];
    let pending: (() => void) | undefined;
    const keeper = new IdentityKeeper(first, { nowMs: () => nowMs, renew: () => member(nowMs) });
    keeper.start({
      after: (delayMs, run) => {
        waits.push(delayMs);
        pending = run;
        return () => {
          pending = undefined;
        };
      },
    });
    for (let step = 0; step < 22 && keeper.identity === first; step++) {
      nowMs += waits.at(-1)!;
      const before = waits.length;
      pending?.();
      await expect.poll(() => waits.length, { interval: 1 }).toBeGreaterThan(before);
    }
    expect(keeper.identity).not.toBe(first);
    expect(Math.max(...waits)).toBe(86_400_000);
    keeper.stop();
    expect(pending).toBeUndefined();
    expect(await new IdentityKeeper(first).current()).toBe(first);
  });
});
