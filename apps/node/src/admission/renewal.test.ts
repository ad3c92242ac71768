import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { checkRequest, encodeBase64, encodeCertsOnly, encodePem, parseCertificates } from '@snapscale/sdk/certificates';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestConsortium, type TestMember } from '../http/access/testing/test-consortium.js';
import { type Identity, openIdentity } from '../p2p/identity.js';
import { readIdentity } from '../p2p/identity-files.js';
import { Admission } from './admission.js';
import { type Reenrolment, type ReenrolmentAnswer, ReenrolmentRefused, reenrol } from './est-client.js';
import { finishIdentity, writeIdentity } from './identity-folder.js';
import { IdentityWatch } from './identity-watch.js';
import { OwnCertificate } from './own-certificate.js';
import { CertificateRenewal, type RenewalOptions } from './renewal.js';

const DAY_MS = 86_400_000;

let consortium: TestConsortium;
let directory: string;
let closing: (() => void)[] = [];

beforeAll(async () => {
  consortium = await TestConsortium.create();
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'snap-identity-'));
});
afterEach(() => {
  for (const close of closing) close();
  closing = [];
  rmSync(directory, { recursive: true, force: true });
});

const authorities = (): string[] => [encodePem('CERTIFICATE', consortium.north.root.der)];

function identityOf({ pem, keyPem }: TestMember): Identity {
  return { certificate: pem, privateKey: keyPem, authorities: authorities() };
}

/** A node's identity that began so many days ago, of thirty. */
async function identityOfAge(days: number, node = 'north-alpha'): Promise<Identity> {
  const wish = { roles: ['edge'], node, hosts: ['localhost'], lifeSec: 30 * 86_400, nowMs: Date.now() - days * DAY_MS };
  return identityOf(await consortium.member(wish));
}

const digestOf = (identity: Identity): string => openIdentity(identity).member.digest;

describe('the identity folder', () => {
  it('is replaced, and nothing is left over', async () => {
    const [old, fresh] = [await identityOfAge(1), await identityOfAge(0)];
    writeIdentity(directory, old);
    expect(digestOf(readIdentity(directory))).toBe(digestOf(old));
    writeIdentity(directory, fresh);
    expect(digestOf(readIdentity(directory))).toBe(digestOf(fresh));
    expect(existsSync(join(directory, 'next'))).toBe(false);
  });

  it('does not take a key that does not fit', async () => {
    const [old, fresh] = [await identityOfAge(1), await identityOfAge(0)];
    writeIdentity(directory, old);
    expect(() => writeIdentity(directory, { ...fresh, privateKey: old.privateKey })).toThrow('does not belong');
    expect(digestOf(readIdentity(directory))).toBe(digestOf(old));
  });

  it('is usable after a crash at any step', async () => {
    const [old, fresh] = [await identityOfAge(1), await identityOfAge(0)];
    const prepared = join(directory, 'prepared');
    writeIdentity(prepared, fresh);
    const steps: readonly ((place: string) => void)[] = [
      (place) => mkdirSync(join(place, 'next')),
      (place) => cpSync(join(prepared, 'node.key'), join(place, 'next', 'node.key')),
      (place) => cpSync(join(prepared, 'node.pem'), join(place, 'next', 'node.pem')),
      (place) => cpSync(join(prepared, 'authorities.pem'), join(place, 'next', 'authorities.pem')),
      (place) => writeFileSync(join(place, 'next', 'complete'), ''),
      (place) => renameSync(join(place, 'next', 'node.pem'), join(place, 'node.pem')),
      (place) => renameSync(join(place, 'next', 'node.key'), join(place, 'node.key')),
      (place) => renameSync(join(place, 'next', 'authorities.pem'), join(place, 'authorities.pem')),
    ];
    for (let crash = 0; crash <= steps.length; crash++) {
      const place = join(directory, `crash-${crash}`);
      writeIdentity(place, old);
      for (const step of steps.slice(0, crash)) step(place);
      finishIdentity(place);
      expect(digestOf(readIdentity(place))).toBe(digestOf(crash < 5 ? old : fresh));
    }
  });

  it('is watched: a change is taken once, and one that does not fit not at all', async () => {
    const [old, fresh] = [await identityOfAge(1), await identityOfAge(0)];
    writeIdentity(directory, old);
    const taken: string[] = [];
    const faults: string[] = [];
    const watch = new IdentityWatch({
      directory,
      inUse: old,
      changed: (identity) => taken.push(digestOf(identity)),
      fault: ({ message }) => faults.push(message),
    });
    closing.push(() => watch.close());
    watch.look();
    expect(taken).toEqual([]);
    writeFileSync(join(directory, 'node.key'), fresh.privateKey);
    // Half of a change is no fault yet.
    watch.look();
    expect([taken, faults]).toEqual([[], []]);
    watch.look();
    expect(faults).toEqual(['the private key does not belong to the certificate']);
    writeFileSync(join(directory, 'node.pem'), fresh.certificate);
    watch.look();
    watch.look();
    expect(taken).toEqual([digestOf(fresh)]);
    rmSync(join(directory, 'node.pem'));
    watch.look();
    watch.look();
    expect(faults).toHaveLength(2);
  });

  it('M10: is watched from the moment on at which it was read', async () => {
    const [old, fresh] = [await identityOfAge(1), await identityOfAge(0)];
    writeIdentity(directory, old);
    const inUse = readIdentity(directory);
    writeIdentity(directory, fresh);
    const taken: string[] = [];
    const changed = (identity: Identity): void => void taken.push(digestOf(identity));
    const watch = new IdentityWatch({ directory, inUse, changed, fault: () => undefined });
    closing.push(() => watch.close());
    watch.look();
    watch.look();
    expect(taken).toEqual([digestOf(fresh)]);
  });
});

describe('NET-23: renewal', () => {
  /** A CA that answers at once. */
  async function issue({ request, identity }: Reenrolment): Promise<ReenrolmentAnswer> {
    const { publicKey, names } = checkRequest(request);
    const { authority } = consortium.north;
    expect(openIdentity(identity).member.node).toBe(names.nodes[0]);
    const grant = { roles: names.roles, node: names.nodes[0], lifeSec: 30 * 86_400, nowMs: Date.now() };
    return { kind: 'issued', certificates: [await authority.issue(publicKey, grant), authority.certificate.der] };
  }

  function renewal(wish: Partial<RenewalOptions> = {}): {
    readonly said: Promise<string>;
    readonly asked: () => number;
  } {
    let asked = 0;
    const { ask = issue, ...rest } = wish;
    const said = new Promise<string>((resolve) => {
      const running = new CertificateRenewal({
        directory,
        ca: 'https://localhost:1',
        renewKey: false,
        nowMs: Date.now,
        event: (level, name, detail) => resolve(`${level} ${name} ${detail.reason ?? detail.key ?? ''}`),
        ask: (what) => {
          asked++;
          return ask(what);
        },
        ...rest,
      });
      closing.push(() => running.close());
    });
    return { said, asked: () => asked };
  }

  it.each([
    [false, 'info certificate-renewed the same'],
    [true, 'info certificate-renewed new'],
  ])('at two thirds of its life, with a new key: %s', async (renewKey, expected) => {
    const old = await identityOfAge(21);
    writeIdentity(directory, old);
    expect(await renewal({ renewKey }).said).toBe(expected);
    const fresh = readIdentity(directory);
    expect(digestOf(fresh)).not.toBe(digestOf(old));
    expect(fresh.privateKey === old.privateKey).toBe(!renewKey);
    expect(fresh.certificate.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it('not before', async () => {
    writeIdentity(directory, await identityOfAge(19));
    const { asked } = renewal();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked()).toBe(0);
  });

  const wrong: readonly (readonly [string, (what: Reenrolment) => Promise<ReenrolmentAnswer>])[] = [
    ['without a certificate', async () => ({ kind: 'issued', certificates: [] })],
    ['has the tag 0x00', async () => ({ kind: 'issued', certificates: [new Uint8Array(40)] })],
    ['of another key', async () => answerOf(await identityOfAge(0))],
    ['does not live longer', async ({ identity }) => answerOf(identity)],
    ['certificate of north-beta', async (what) => changedAnswer(what, { node: 'north-beta' })],
    ['no root of authorities.pem', async (what) => changedAnswer(what, { foreign: true })],
    ['nobody is there', async () => Promise.reject(new Error('nobody is there'))],
  ];
  it.each(wrong)('keeps the old one where the answer is wrong: %s', async (reason, ask) => {
    const old = await identityOfAge(25);
    writeIdentity(directory, old);
    expect(await renewal({ ask }).said).toMatch(new RegExp(`^warn renewal-failed .*(${reason})`));
    expect(digestOf(readIdentity(directory))).toBe(digestOf(old));
  });

  it('H1: takes a successor that ends sooner once the chain has put it in place of the old one', async () => {
    const old = await identityOfAge(25);
    const short = async ({ request }: Reenrolment): Promise<ReenrolmentAnswer> => {
      const { authority } = consortium.north;
      const grant = { roles: ['edge'], node: 'north-alpha', lifeSec: 86_400, nowMs: Date.now() };
      const certificate = await authority.issue(checkRequest(request).publicKey, grant);
      return { kind: 'issued', certificates: [certificate, authority.certificate.der] };
    };
    writeIdentity(directory, old);
    let isSuperseded = false;
    expect(await renewal({ ask: short, isSuperseded: () => isSuperseded }).said).toMatch(/does not live longer/);
    isSuperseded = true;
    expect(await renewal({ ask: short, isSuperseded: () => isSuperseded }).said).toBe(
      'info certificate-renewed the same',
    );
    expect(digestOf(readIdentity(directory))).not.toBe(digestOf(old));
  });

  it('H2: asks with the same key and the same bytes until there is an answer, over restarts too', async () => {
    writeIdentity(directory, await identityOfAge(25));
    const asked: Reenrolment[] = [];
    const lost = async (what: Reenrolment): Promise<ReenrolmentAnswer> => {
      asked.push(what);
      // The CA has entered it; nobody hears of that.
      throw new ReenrolmentRefused(503, 'no answer in time');
    };
    expect(await renewal({ renewKey: true, ask: lost }).said).toMatch(/no answer in time/);
    expect(await renewal({ renewKey: true, ask: lost }).said).toMatch(/no answer in time/);
    const answer = async (what: Reenrolment): Promise<ReenrolmentAnswer> => {
      asked.push(what);
      return issue(what);
    };
    expect(await renewal({ renewKey: true, ask: answer }).said).toBe('info certificate-renewed new');
    const [first, ...others] = asked.map(({ request }) => Buffer.from(request).toString('hex'));
    expect(others).toEqual([first, first]);
    expect(openIdentity(readIdentity(directory)).member.node).toBe('north-alpha');
    expect(existsSync(join(directory, 'pending'))).toBe(false);
  });

  it('H2: makes another request after one that the CA cannot read, for another certificate, and of what is damaged', async () => {
    writeIdentity(directory, await identityOfAge(25));
    const asked: string[] = [];
    const refuse = async ({ request }: Reenrolment): Promise<ReenrolmentAnswer> => {
      asked.push(Buffer.from(request).toString('hex'));
      throw new ReenrolmentRefused(asked.length === 1 ? 400 : 503, 'refused');
    };
    const attempt = () => renewal({ renewKey: true, ask: refuse }).said;
    await attempt();
    expect(existsSync(join(directory, 'pending'))).toBe(false);
    await attempt();
    writeFileSync(join(directory, 'pending', 'request.pem'), 'noise');
    await attempt();
    writeIdentity(directory, await identityOfAge(26));
    await attempt();
    rmSync(join(directory, 'pending', 'node.key'));
    await attempt();
    expect(new Set(asked).size).toBe(5);
  });

  function answerOf({ certificate }: Identity): ReenrolmentAnswer {
    return { kind: 'issued', certificates: parseCertificates(certificate).map(({ der }) => der) };
  }
  async function changedAnswer(
    { request }: Reenrolment,
    { node = 'north-alpha', foreign = false }: { node?: string; foreign?: boolean },
  ): Promise<ReenrolmentAnswer> {
    const { authority } = foreign ? consortium.foreign : consortium.north;
    const grant = { roles: ['edge'], node, lifeSec: 30 * 86_400, nowMs: Date.now() };
    const certificate = await authority.issue(checkRequest(request).publicKey, grant);
    return { kind: 'issued', certificates: [certificate, authority.certificate.der] };
  }

  describe('over EST', () => {
    it('asks with the certificate that there is', async () => {
      const asked: string[] = [];
      const url = await est(async (path, node, body) => {
        asked.push(`${path} by ${node}`);
        const answer = await issue({
          ca: '',
          organisation: '',
          identity: await owner,
          request: new Uint8Array(Buffer.from(body, 'base64')),
        });
        if (answer.kind !== 'issued') return { status: 500, body: '' };
        return { status: 200, body: encodeBase64(encodeCertsOnly(answer.certificates)) };
      });
      const owner = identityOfAge(25);
      writeIdentity(directory, await owner);
      expect(await renewal({ ca: url, ask: reenrol }).said).toBe('info certificate-renewed the same');
      expect(asked).toEqual(['/.well-known/est/north/simplereenroll by north-alpha']);
    });

    it.each([
      [202, '', 'info renewal-waits'],
      [403, 'revoked\u0007', 'warn renewal-failed .* answered 403: revoked '],
      [200, 'no base64!', 'warn renewal-failed the answer of the CA is not base64'],
      [200, 'A'.repeat(70_000), 'warn renewal-failed .*more than 65536 bytes'],
    ])('is told %s', async (status, body, expected) => {
      writeIdentity(directory, await identityOfAge(25));
      const url = await est(async () => ({ status, body }));
      expect(await renewal({ ca: url, ask: reenrol }).said).toMatch(new RegExp(`^${expected}`));
    });

    it('goes to no server that the authorities do not vouch for, and not without TLS', async () => {
      writeIdentity(directory, await identityOfAge(25));
      const url = await est(async () => ({ status: 200, body: '' }), consortium.foreign);
      expect(await renewal({ ca: url, ask: reenrol }).said).toMatch(/renewal-failed .* cannot be asked/);
      expect(await renewal({ ca: 'http://localhost:1', ask: reenrol }).said).toMatch(/renewed over TLS only/);
    });
  });

  type Answering = (path: string, node: string, body: string) => Promise<{ status: number; body: string }>;
  async function est(answering: Answering, ca = consortium.north): Promise<string> {
    const own = await consortium.member({ roles: ['edge'], node: 'north-ca', hosts: ['localhost'], ca, row: false });
    const options = { cert: own.pem, key: own.keyPem, ca: authorities(), requestCert: true };
    const server = createServer(options, (request, response) => {
      let text = '';
      request.setEncoding('utf8');
      request.on('data', (part: string) => (text += part));
      request.on('end', () => {
        const socket = request.socket as TLSSocket;
        void answering(request.url!, String(socket.getPeerCertificate().subject.CN), text).then(({ status, body }) => {
          response.writeHead(status, { 'retry-after': '7' }).end(body);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    closing.push(() => server.close());
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  }
});

describe('the own certificate', () => {
  it('NET-21: is said to be refused, admitted again, and about to end, once each', async () => {
    let now = Date.now();
    const consortium = await TestConsortium.create();
    const pem = encodePem('CERTIFICATE', consortium.north.root.der);
    const finalTimeSec = (): number => now / 1000;
    const admission = new Admission({ state: consortium.state, finalTimeSec, authorities: [pem], nowMs: () => now });
    const said: string[] = [];
    const own = new OwnCertificate(
      admission,
      () => now,
      (name, { code, hours }) => said.push(`${name} ${code ?? hours ?? ''}`),
    );
    const member = await consortium.member({ roles: ['producer'], node: 'north-alpha', lifeSec: 90 * 86_400 });
    const { member: self } = openIdentity({ certificate: member.pem, privateKey: member.keyPem, authorities: [pem] });
    const look = (): string[] => {
      own.look(self);
      own.look(self);
      return said.splice(0);
    };
    expect(look()).toEqual([]);
    consortium.state.organisation('north', { status: 2 });
    expect(look()).toEqual(['own-certificate-refused organisation_expelled']);
    expect(own.look(self).refusal?.code).toBe('organisation_expelled');
    consortium.state.organisation('north', { scope: ['producer'] });
    expect(look()).toEqual(['own-certificate-admitted ']);
    for (const [days, expected] of [
      [61, ['own-certificate-expires 696']],
      [62, []],
      [84, ['own-certificate-expires 144']],
      [89.5, ['own-certificate-expires 12']],
      [91, ['own-certificate-refused certificate_expired']],
    ] as const) {
      now = self.validFromMs + days * DAY_MS;
      expect(look()).toEqual(expected);
    }
  });
});
