import { randomBytes } from 'node:crypto';
import { ConsortiumState } from '@snapscale/execution/testing';
import {
  createIssuing,
  createRoot,
  decodePem,
  encodePem,
  IssuingAuthority,
  newPrivateKey,
  parseCertificate,
  signerOf,
} from '@snapscale/sdk/certificates';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type MemberWish,
  type TestCa,
  TestConsortium,
  type TestMember,
} from '../http/access/testing/test-consortium.js';
import { Admission } from './admission.js';
import type { AdmissionCode, AdmissionNeed } from './verdict.js';

const DAY_MS = 86_400_000;
const far = 4_000_000_000;
const nowSec = Math.floor(Date.now() / 1000);

let consortium: TestConsortium;
/** How far the clock is ahead of the true one, and the final block behind it. */
let aheadMs = 0;
let finalAgeSec: number | undefined = 1;
let admission: Admission;

const nowMs = (): number => Date.now() + aheadMs;
const chainOf = ({ certificate }: TestMember, ca: TestCa = consortium.north): Uint8Array[] => [
  certificate.der,
  ca.authority.certificate.der,
];

function admissionOver(
  state: TestConsortium['state'] = consortium.state,
  authorities = [consortium.north.root],
): Admission {
  return new Admission({
    state,
    finalTimeSec: () => (finalAgeSec === undefined ? undefined : nowMs() / 1000 - finalAgeSec),
    authorities: authorities.map(({ der }) => encodePem('CERTIFICATE', der)),
    nowMs,
  });
}

beforeEach(async () => {
  aheadMs = 0;
  finalAgeSec = 1;
  consortium = await TestConsortium.create();
  admission = admissionOver();
});

function codeOf(chain: readonly Uint8Array[], need: AdmissionNeed = 'node'): AdmissionCode | 'admitted' {
  const verdict = admission.check(chain, need);
  return verdict.kind === 'refused' ? verdict.code : 'admitted';
}

/** A certificate of north for a node of this name. */
async function called(name: string): Promise<Uint8Array[]> {
  const { authority } = consortium.north;
  const { publicKey } = signerOf(newPrivateKey('R1', (size) => new Uint8Array(randomBytes(size))));
  const grant = { roles: ['producer'], node: name, lifeSec: 86_400, nowMs: Date.now() };
  return [await authority.issue(publicKey, grant), authority.certificate.der];
}

const node: MemberWish = { roles: ['producer'], node: 'north-alpha', account: 'alpha' };

describe('NET-17: a certificate in order', () => {
  it('is admitted, with what the chain says of it', async () => {
    const member = await consortium.member({ ...node, row: { roles: ['producer', 'ca.operator'] } });
    const verdict = admission.check(chainOf(member), 'node');
    expect(verdict).toMatchObject({
      kind: 'admitted',
      member: {
        organisation: 'north',
        account: 'alpha',
        node: 'north-alpha',
        // The scope of the organisation has no operators.
        roles: ['producer'],
        permissions: expect.arrayContaining(['peer', 'produce']),
        basis: 'chain',
        validUntilMs: member.certificate.notAfterSec * 1000,
      },
    });
    expect(verdict.kind === 'admitted' && verdict.member.key.export({ format: 'jwk' }).crv).toBe('P-256');
  });

  it('is admitted with the root at its end, and with a key for tokens', async () => {
    const member = await consortium.member({ ...node, type: 'K1' });
    expect(codeOf([...chainOf(member), consortium.north.root.der], 'member')).toBe('admitted');
  });

  it('is admitted without its CA, which the chain has, and not where nobody has it', async () => {
    consortium.state.organisation('north', {
      scope: ['producer'],
      authorities: [consortium.north.authority.certificate.der],
    });
    const [leaf] = chainOf(await consortium.member(node));
    expect(codeOf([leaf!])).toBe('admitted');
    expect(codeOf([leaf!, consortium.south.authority.certificate.der])).toBe('admitted');
    consortium.state.organisation('north', { status: 2, authorities: [consortium.north.authority.certificate.der] });
    expect(codeOf([leaf!])).toBe('organisation_expelled');
    admission = admissionOver(new ConsortiumState());
    expect(codeOf([leaf!])).toBe('untrusted');
  });

  it('ends when the chain says so, if that is sooner', async () => {
    const member = await consortium.member({ ...node, row: { validUntilSec: nowSec + 60, roles: ['producer'] } });
    const verdict = admission.check(chainOf(member), 'node');
    expect(verdict.kind === 'admitted' && verdict.member.validUntilMs).toBe((nowSec + 60) * 1000);
    aheadMs = 61_000;
    expect(codeOf(chainOf(member))).toBe('certificate_expired');
  });
});

describe('NET-17: each reason has a code', () => {
  const strange = (size: number): Uint8Array => new Uint8Array(randomBytes(size));
  const cases: readonly (readonly [AdmissionCode, string, () => Promise<readonly Uint8Array[]>])[] = [
    ['malformed', 'no certificate', async () => []],
    ['malformed', 'noise', async () => [strange(500)]],
    ['malformed', 'one that is cut short', async () => [(await member())[0]!.subarray(0, 300)]],
    ['malformed', 'one with a byte behind it', async () => [Buffer.concat([(await member())[0]!, Uint8Array.of(0)])]],
    ['malformed', 'one that is too large', async () => [strange(5000)]],
    [
      'malformed',
      'too many',
      async () => [...(await member()), consortium.north.root.der, consortium.foreign.root.der],
    ],
    ['malformed', 'PEM', async () => [Buffer.from(encodePem('CERTIFICATE', (await member())[0]!))]],
    ['untrusted', 'the CA of another network', async () => foreign()],
    ['untrusted', 'that CA with our root behind it', async () => [...(await foreign()), consortium.north.root.der]],
    ['untrusted', 'a foreign certificate without its CA', async () => [(await foreign())[0]!]],
    ['untrusted', 'the CA of another organisation in its place', async () => [(await foreign())[0]!, southCa()]],
    ['untrusted', 'a signature that was changed', async () => [changed((await member())[0]!), northCa()]],
    ['self_signed', 'a certificate of its own making', async () => [await selfSigned()]],
    ['self_signed', 'the root itself', async () => [consortium.north.root.der]],
    ['wrong_profile', "the CA's own certificate", async () => [northCa()]],
    ['wrong_role', 'a client at the door of nodes', () => member({ roles: ['client'] })],
    ['wrong_role', 'a node with a role of clients', () => member({ roles: ['client'], node: 'north-alpha' })],
    ['wrong_role', 'a role that nobody knows', () => member({ roles: ['boss'], node: 'north-alpha' })],
    ['wrong_role', 'a role that the chain does not give', () => member({ ...node, row: { roles: ['auditor'] } })],
    ['not_yet_valid', 'tomorrow’s', () => member({ ...node, nowMs: Date.now() + DAY_MS })],
    ['certificate_expired', 'yesterday’s', () => member({ ...node, nowMs: Date.now() - 3 * DAY_MS })],
    ['certificate_expired', 'one whose row ends', () => member({ ...node, row: { validUntilSec: nowSec - 1 } })],
    ['unknown_certificate', 'one that is not on chain', () => member({ ...node, row: false })],
    ['certificate_revoked', 'a revoked one', () => member({ ...node, row: { status: 2 } })],
    ['issuer_revoked', 'a revoked CA', () => later(() => ca({ status: 2 }))],
    ['issuer_expired', 'a CA that ends by the chain', () => later(() => ca({ validUntilSec: nowSec - 1 }))],
    ['unknown_issuer', 'a CA that is not on chain', async () => unlisted()],
    ['organisation_suspended', 'a suspended organisation', () => later(() => north({ status: 1 }))],
    ['organisation_expelled', 'an expelled organisation', () => later(() => north({ status: 2 }))],
    ['organisation_expired', 'an organisation whose time is over', () => later(() => north({ validUntilSec: nowSec }))],
    ['wrong_profile', 'a certificate of another organisation than its CA', () => misnamed()],
    ['wrong_profile', 'the name of another organisation’s node', () => called('south')],
    ['wrong_profile', 'a name below that', () => called('south-alpha')],
    ['wrong_profile', 'a name that only looks like one of its own', () => called('northern')],
    ['wrong_profile', 'such a name with a dot', () => called('north.alpha')],
    ['wrong_profile', 'a row for another key', () => otherRow({ subjectKey: Uint8Array.of(1, 2, ...strange(32)) })],
    ['wrong_profile', 'a row for another node', () => otherRow({ node: 'north-beta' })],
  ];
  it.each(cases)('%s: %s', async (code, _, chain) => {
    const shown = await chain();
    expect(codeOf(shown)).toBe(code);
    // And from what is remembered.
    expect(codeOf(shown)).toBe(code);
  });

  async function member(wish: MemberWish = node): Promise<Uint8Array[]> {
    return chainOf(await consortium.member(wish));
  }
  const northCa = (): Uint8Array => consortium.north.authority.certificate.der;
  const southCa = (): Uint8Array => consortium.south.authority.certificate.der;
  async function foreign(): Promise<Uint8Array[]> {
    return chainOf(await consortium.member({ ...node, ca: consortium.foreign }), consortium.foreign);
  }
  async function later(change: () => void): Promise<Uint8Array[]> {
    const chain = await member();
    change();
    return chain;
  }
  function ca(set: { status?: number; validUntilSec?: number }): void {
    consortium.state.authority(northCa(), { organisation: 'north', ...set });
  }
  function north(set: { status?: number; validUntilSec?: number }): void {
    consortium.state.organisation('north', { scope: ['producer'], ...set });
  }
  function changed(der: Uint8Array): Uint8Array {
    const copy = der.slice();
    copy[copy.length - 3]! ^= 1;
    return copy;
  }
  async function selfSigned(): Promise<Uint8Array> {
    const signer = signerOf(newPrivateKey('R1', strange));
    return createRoot({ title: 'Eve', signer, nowMs: Date.now(), random: strange });
  }
  /** From a CA of north that says south in what it signs. */
  async function misnamed(): Promise<Uint8Array[]> {
    const [root, signer] = [signerOf(newPrivateKey('R1', strange)), signerOf(newPrivateKey('R1', strange))];
    const made = { nowMs: Date.now(), random: strange, title: 'North' };
    const rootCertificate = parseCertificate(await createRoot({ ...made, signer: root }));
    const { publicKey } = signer;
    const wish = { ...made, root: rootCertificate, signer: root, organisation: 'north', publicKey };
    const certificate = parseCertificate(await createIssuing(wish));
    const names = { ...certificate.names, organisations: ['south'] };
    const issuing = new IssuingAuthority({ certificate: { ...certificate, names }, signer, random: strange });
    consortium.state.authority(rootCertificate.der);
    consortium.state.authority(certificate.der, { organisation: 'north' });
    consortium.changed();
    admission.changed();
    const grant = { roles: ['producer'], node: 'south-alpha', lifeSec: 86_400, nowMs: Date.now() };
    return [await issuing.issue(publicKey, grant), certificate.der];
  }
  async function unlisted(): Promise<Uint8Array[]> {
    // The root is on chain, the CA below it is not.
    const other = await TestConsortium.create();
    consortium.state.authority(other.north.root.der);
    consortium.changed();
    expect(admission.changed()).toBe(true);
    return chainOf(await other.member(node), other.north);
  }
  async function otherRow(set: { subjectKey?: Uint8Array; node?: string }): Promise<Uint8Array[]> {
    const { certificate } = await consortium.member(node);
    consortium.state.member('north', {
      issuer: northCa(),
      serial: certificate.serial,
      digest: certificate.digest,
      subjectKey: certificate.publicKey,
      node: 'north-alpha',
      roles: ['producer'],
      ...set,
    });
    return [certificate.der, northCa()];
  }
});

describe('certificates that were changed anywhere', () => {
  it('are refused with a code, quickly', async () => {
    const [leaf, issuing] = chainOf(await consortium.member(node));
    expect(codeOf([leaf!, issuing!])).toBe('admitted');
    for (let at = 0; at < leaf!.length; at += 3) {
      for (const chain of [
        [flipped(leaf!, at), issuing!],
        [leaf!, flipped(issuing!, Math.min(at, issuing!.length - 1))],
        [leaf!.subarray(0, at), issuing!],
      ]) {
        expect(['malformed', 'untrusted', 'self_signed', 'wrong_profile']).toContain(codeOf(chain));
      }
    }
  });

  function flipped(der: Uint8Array, at: number): Uint8Array {
    const copy = der.slice();
    copy[at]! ^= 0x41;
    return copy;
  }
});

describe('NET-18: when chain state counts', () => {
  const revoked: MemberWish = { ...node, row: { status: 2 } };

  it('without a consortium, certificates and authorities alone do', async () => {
    const member = chainOf(await consortium.member(revoked));
    admission = admissionOver(new ConsortiumState());
    expect(admission.basis).toBe('certificate');
    expect(codeOf(member)).toBe('admitted');
    expect(codeOf(await called('south'))).toBe('wrong_profile');
    admission = admissionOver(new ConsortiumState(), [consortium.foreign.root]);
    expect(codeOf(member)).toBe('untrusted');
  });

  it('NET-19: a node that is behind refuses what cannot be undone, and nothing else', async () => {
    const unknown = chainOf(await consortium.member({ ...node, row: false }));
    const expired = chainOf(await consortium.member({ ...node, row: { validUntilSec: nowSec - 1 } }));
    const out = chainOf(await consortium.member(revoked));
    const client = chainOf(await consortium.member({ roles: ['client'] }));
    for (const [age, codes] of [
      [299, ['unknown_certificate', 'certificate_expired', 'certificate_revoked', 'wrong_role']],
      [301, ['admitted', 'admitted', 'certificate_revoked', 'wrong_role']],
      [undefined, ['admitted', 'admitted', 'certificate_revoked', 'wrong_role']],
    ] as const) {
      finalAgeSec = age;
      admission.changed();
      expect([unknown, expired, out, client].map((chain) => codeOf(chain))).toEqual(codes);
    }
    consortium.state.organisation('north', { status: 1 });
    expect(codeOf(unknown)).toBe('admitted');
    consortium.state.organisation('north', { status: 2 });
    expect(codeOf(unknown)).toBe('organisation_expelled');
  });

  it('says that what is open must be looked at when that changes, and only then', async () => {
    expect(admission.changed()).toBe(false);
    finalAgeSec = 1000;
    expect(admission.changed()).toBe(true);
    expect(admission.changed()).toBe(false);
    // One that has just caught up has a minute to hear what it missed.
    finalAgeSec = 1;
    expect(admission.changed()).toBe(false);
    aheadMs = 61_000;
    expect(admission.changed()).toBe(true);
    consortium.changed();
    expect(admission.changed()).toBe(true);
    expect(admission.changed()).toBe(false);
  });

  it('takes the roots from the chain, and those of the folder too while it is behind', async () => {
    admission = admissionOver(consortium.state, [consortium.foreign.root]);
    const names = (): string[] => admission.roots().map((pem) => digestHex(pem));
    const [own, other] = [consortium.north.root, consortium.foreign.root].map((root) => hex(root.digest));
    expect(names()).toEqual([own]);
    const { version } = admission;
    finalAgeSec = 1000;
    admission.changed();
    expect(names().sort()).toEqual([own, other].sort());
    expect(admission.version).toBeGreaterThan(version);
  });

  it('a root that was revoked on chain is trusted no more, also of what was seen before', async () => {
    const member = chainOf(await consortium.member(node));
    expect(codeOf(member)).toBe('admitted');
    consortium.state.authority(consortium.north.root.der, { status: 2 });
    consortium.changed();
    admission.changed();
    expect(codeOf(member)).toBe('untrusted');
    expect(admission.roots()).toEqual([]);
  });

  it('what the chain holds as a root but is none is passed over', async () => {
    consortium.state.authority(new Uint8Array(randomBytes(400)));
    consortium.changed();
    admission.changed();
    expect(admission.roots()).toHaveLength(1);
  });
});

describe('NET-19: who was put out does not come back while a node is behind', () => {
  const northCa = (): Uint8Array => consortium.north.authority.certificate.der;
  beforeEach(() => {
    finalAgeSec = 1000;
    admission.changed();
  });

  it('with the signature of its CA written otherwise', async () => {
    const member = await consortium.member(node);
    const revoked = await consortium.member({ ...node, row: { status: 2 } });
    const again = rewritten(northCa());
    expect(again).not.toEqual(northCa());
    expect(codeOf([member.certificate.der, again])).toBe('admitted');
    expect(codeOf([rewritten(revoked.certificate.der), again])).toBe('certificate_revoked');
    consortium.state.organisation('north', { status: 2 });
    expect(codeOf([member.certificate.der, again])).toBe('organisation_expelled');
    consortium.state.organisation('north', { scope: ['producer'] });
    consortium.state.authority(northCa(), { organisation: 'north', status: 2 });
    expect(codeOf([member.certificate.der, again])).toBe('issuer_revoked');
    consortium.state.authority(northCa(), { organisation: 'north' });
    consortium.state.authority(consortium.north.root.der, { status: 2 });
    expect(codeOf([member.certificate.der, again])).toBe('issuer_revoked');
  });

  it('with a CA whose owner is forgotten', async () => {
    consortium.state.authority(northCa(), { organisation: 'west' });
    expect(codeOf(chainOf(await consortium.member(node)))).toBe('organisation_expelled');
  });

  it('with a CA that nobody entered, unless that may have been done since', async () => {
    const other = await TestConsortium.create();
    consortium.state.authority(other.north.root.der);
    consortium.changed();
    admission.changed();
    const chain = chainOf(await other.member({ ...node, lifeSec: 30 * 86_400 }), other.north);
    expect(codeOf(chain)).toBe('admitted');
    aheadMs = 8 * DAY_MS;
    expect(codeOf(chain)).toBe('unknown_issuer');
    finalAgeSec = undefined;
    expect(codeOf(chain)).toBe('admitted');
  });

  it('with a certificate of a root', async () => {
    const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size));
    const signer = signerOf(newPrivateKey('R1', random));
    const root = parseCertificate(await createRoot({ title: 'Root', signer, nowMs: Date.now(), random }));
    const names = { ...root.names, organisations: ['north'] };
    const issuing = new IssuingAuthority({ certificate: { ...root, names }, signer, random });
    const grant = { roles: ['producer'], node: 'north', lifeSec: 86_400, nowMs: Date.now() };
    const leaf = await issuing.issue(signer.publicKey, grant);
    consortium.state.authority(root.der);
    consortium.changed();
    admission.changed();
    expect(codeOf([leaf])).toBe('unknown_issuer');
  });

  /** A certificate with the other signature (r, n - s) that verifies as well. */
  function rewritten(der: Uint8Array): Uint8Array {
    const { tbs, signature } = parseCertificate(der);
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const size = signature[3]!;
    const s = BigInt(`0x${hex(signature.subarray(6 + size))}`);
    const other = Buffer.from((n - s).toString(16).padStart(64, '0'), 'hex');
    const number = other[0]! < 0x80 ? other : Buffer.concat([Uint8Array.of(0), other]);
    const value = (tag: number, ...parts: Uint8Array[]): Buffer => {
      const content = Buffer.concat(parts);
      const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
      return Buffer.concat([Uint8Array.from([tag, ...length]), content]);
    };
    const bits = value(0x30, signature.subarray(2, 4 + size), value(0x02, number));
    const algorithm = Buffer.from('300a06082a8648ce3d040302', 'hex');
    return new Uint8Array(value(0x30, tbs, algorithm, value(0x03, Uint8Array.of(0), bits)));
  }
});

describe('NET-20: what it costs', () => {
  it('does not grow with the number of revocations', async () => {
    const member = chainOf(await consortium.member(node));
    const reads = (): number => {
      const before = consortium.state.reads;
      expect(codeOf(member)).toBe('admitted');
      return consortium.state.reads - before;
    };
    const few = reads();
    for (let i = 0; i < 10_000; i++) {
      const serial = new Uint8Array(16);
      new DataView(serial.buffer).setUint32(12, i + 1);
      serial[0] = 1;
      consortium.state.member('north', {
        issuer: consortium.north.authority.certificate.der,
        serial,
        digest: new Uint8Array(32),
        roles: [],
        status: 2,
        validUntilSec: far,
      });
    }
    expect(reads()).toBe(few);
    expect(few).toBeLessThanOrEqual(8);
  });
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const digestHex = (pem: string): string => hex(parseCertificate(decodePem(pem, 'CERTIFICATE')).digest);
