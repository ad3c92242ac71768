/** Applications, and certificates as organisations issue and renew them. */
import type { JsonObject } from '@snapscale/protocol';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Snapshot } from '../../../testing/index.js';
import { Consortium, certificate, day, der, member, serialOf, sha256, subjectKey, terms } from './consortium.js';

let it: Consortium;
let start: Snapshot;
beforeAll(async () => {
  it = await Consortium.founded();
  start = it.chain.snapshot();
});
beforeEach(() => it.chain.restore(start));

const keyOf = (hex: string) => BigInt(`0x${sha256(hex).slice(0, 16)}`).toString();
const application = (changed: JsonObject = {}): JsonObject => ({
  applicant: 'alice',
  organisation: 'alpha',
  subject_key: subjectKey(1),
  node: 'alpha-edge-1.example',
  roles: ['client', 'edge'],
  request: '3003020101',
  ...changed,
});
const issuing = (changed: JsonObject = {}, to: JsonObject = member(''), by = 'alpha'): JsonObject => ({
  by,
  organisation: 'alpha',
  certificate: certificate('alpha', 1, changed),
  member: to,
});
const renewal = (number: number, changed: JsonObject = {}, by = 'alpha'): JsonObject => ({
  by,
  organisation: 'alpha',
  serial: serialOf(number),
  successor: certificate('alpha', number + 1, changed),
});

describe('apply', () => {
  test('waits with the organisation until it is settled, at the applicant’s expense', () => {
    it.push('apply', 'alice', application());
    expect(it.chain.paidTable('snap.ca', 'alpha', 'requests')).toMatchObject([
      { payer: 'alice', row: { applicant: 'alice', subject_key: subjectKey(1), request: '3003020101' } },
    ]);
    it.push('apply', 'alice', application({ subject_key: subjectKey(2), roles: ['client'] }));
    expect(it.rows('requests', 'alpha')).toMatchObject([{ subject_key: subjectKey(2), roles: ['client'] }]);
    it.push('issue', 'alpha', issuing({ subject_key: subjectKey(2) }, member('alice')));
    expect(it.rows('requests', 'alpha')).toEqual([]);
  });

  test.each<[string, JsonObject, RegExp]>([
    ['to nobody', { organisation: 'bob' }, /bob is no organisation/],
    ['without roles', { roles: [] }, /1 to 8 roles, unique and sorted/],
    ['for nine roles', { roles: 'abcdefghi'.split('') }, /1 to 8 roles/],
    ['for a role twice', { roles: ['client', 'client'] }, /unique and sorted/],
    ['for a role that is not given there', { roles: ['king'] }, /alpha does not give the role king/],
    ['for a node with too long a name', { node: 'x'.repeat(65) }, /at most 64 printable characters/],
    ['for a node with a name that cannot be shown', { node: 'alpha-a\nb' }, /printable/],
    ['for another organisation’s node', { node: 'beta' }, /node of alpha is alpha, or begins with alpha-: not beta/],
    ['with a request that is too long', { request: '00'.repeat(2049) }, /at most 2048 bytes/],
  ])('is refused %s', (_, changed, message) => {
    it.fails('apply', 'alice', application(changed), message);
  });

  test('is refused in another’s name', () => {
    it.fails('apply', 'bob', application(), /missing authority of alice/);
  });

  test('can be withdrawn, turned down, and ends after 30 days', () => {
    it.issue('alpha', 9, { account: 'bob', roles: ['ca.operator'] });
    const withdraw = { applicant: 'alice', organisation: 'alpha' };
    const reject = { by: 'bob', organisation: 'alpha', applicant: 'alice', reason: 'unknown' };
    it.chain.rows('snap.ca', [
      ['withdraw', 'alice', withdraw, /alice has not applied to alpha/],
      ['apply', 'alice', application(), 'ok'],
      ['withdraw', 'bob', withdraw, /missing authority of alice/],
      ['withdraw', 'alice', withdraw, 'ok'],
      ['reject', 'bob', reject, /alice has not applied to alpha/],
      ['apply', 'alice', application(), 'ok'],
      ['reject', 'bob', { ...reject, reason: 'x'.repeat(65) }, /a reason is at most 64/],
      ['reject', 'alice', { ...reject, by: 'alice' }, /alice holds no valid certificate of alpha/],
      ['reject', 'bob', reject, 'ok'],
      ['apply', 'alice', application(), 'ok'],
    ]);
    const rows = { serials: [], applicants: ['alice'], authorities: [], proposals: [] };
    it.fails('prune', 'carol', { organisation: 'alpha', rows }, /the application of alice has not expired/);
    it.chain.advance({ days: 30 });
    it.fails(
      'issue',
      'alpha',
      issuing({ not_before: day(30), not_after: day(31) }, member('alice')),
      /application has expired/,
    );
    it.prune('alpha', { applicants: ['alice', 'nobody'] });
    expect(it.rows('requests', 'alpha')).toEqual([]);
  });
});

describe('issue', () => {
  test('enters the certificate, its key and its holder', () => {
    it.issue('alpha', 1, { account: 'alice', roles: ['edge', 'producer'] });
    const key = keyOf(serialOf(1));
    const authority = keyOf(der('alpha'));
    expect(it.member('alpha', 1)).toEqual({
      key,
      status: 0,
      valid_until: day(30),
      authority,
      certificate: sha256(der('alpha1')),
      subject_key: subjectKey(1),
      account: 'alice',
      not_before: day(0),
      not_after: day(30),
      revocation: 0,
      serial: serialOf(1),
      node: '',
      roles: ['edge', 'producer'],
    });
    const [subject] = it.rows('keys', 'alpha');
    expect(subject!.digest).toBe(sha256(`0102${'00'.repeat(28)}00000001`));
    expect(subject).toMatchObject({ member: key, key: BigInt(`0x${String(subject!.digest).slice(0, 16)}`).toString() });
    const held = { member: key, authority, valid_until: day(30), is_producer: 1, is_operator: 0 };
    expect(it.rows('accounts')).toEqual([{ account: 'alice', organisation: 'alpha', certificates: [held] }]);
    expect(it.rows('producers')).toEqual([{ account: 'alice', valid_until: day(30), organisation: 'alpha' }]);
    expect(it.organisation('alpha').producers).toEqual(['alice']);
    expect(it.usage('alpha')).toMatchObject({ active: 1, members: 1, revocations: 0 });
  });

  test('is paid for by snap.ca, within the quota that the consortium has given', () => {
    const { ramDeltas } = it.issue('alpha', 1, { account: 'alice', roles: ['producer'] });
    expect(Object.keys(ramDeltas)).toEqual(['snap.ca']);
    expect(ramDeltas['snap.ca']).toBeLessThan(1300);
  });

  test('is for operators: the organisation, and members with a valid certificate that says so', () => {
    it.issue('alpha', 10, { account: 'bob', roles: ['ca.operator'] });
    it.issue('beta', 11, { account: 'carol', roles: ['ca.operator'] });
    it.issue('alpha', 12, { account: 'alice' });
    it.chain.rows('snap.ca', [
      ['issue', 'bob', issuing({}, member(''), 'alpha'), /missing authority of alpha/],
      ['issue', 'carol', issuing({}, member(''), 'carol'), /carol holds no valid certificate of alpha/],
      ['issue', 'alice', issuing({}, member(''), 'alice'), /with the role ca.operator/],
      ['issue', 'omega', issuing({}, member(''), 'omega'), /omega holds no valid certificate/],
      ['issue', 'beta', issuing({}, member(''), 'beta'), /beta holds no valid certificate/],
      ['issue', 'bob', issuing({}, member(''), 'bob'), 'ok'],
    ]);
    it.revoke('alpha', 'alpha', [10]);
    it.fails('issue', 'bob', issuing({ serial: '77' }, member(''), 'bob'), /bob holds no valid certificate/);
  });

  test('ends for an operator with its certificate, and with its organisation’s validity', () => {
    it.issue('alpha', 10, { account: 'bob', roles: ['ca.operator'], not_after: day(2) });
    it.chain.advance({ days: 2 });
    it.fails('issue', 'bob', issuing({}, member(''), 'bob'), /bob holds no valid certificate/);
    it.issue('alpha', 11, { account: 'bob', roles: ['ca.operator'], not_after: day(32) });
    it.decide('change_terms', { organisation: 'alpha', terms: { ...terms, valid_until: day(3) } });
    it.chain.advance({ days: 1 });
    it.fails('issue', 'bob', issuing({}, member(''), 'bob'), /bob holds no valid certificate/);
  });

  test.each<[string, JsonObject, RegExp]>([
    ['no serial', { serial: '' }, /a serial has 1 to 20 bytes/],
    ['a serial of nothing', { serial: '00' }, /positive/],
    ['a serial with leading zeros', { serial: '0017' }, /no leading zeros/],
    ['a serial of 21 bytes', { serial: '7f'.repeat(21) }, /1 to 20 bytes/],
    ['a serial that takes 21 bytes in DER', { serial: 'ff'.repeat(20) }, /1 to 20 bytes/],
    ['another organisation’s CA', { issuer: sha256(der('beta')) }, /the issuer is no issuing CA of alpha/],
    ['a root as its issuer', { issuer: sha256(der('root')) }, /the issuer is no issuing CA of alpha/],
    ['an unknown issuer', { issuer: sha256('00') }, /the issuer is no issuing CA of alpha/],
    ['an issuer that is like one', { issuer: `${sha256(der('alpha')).slice(0, 62)}00` }, /the issuer is no issuing CA/],
    ['a life that is over', { not_before: day(-2), not_after: day(-1) }, /the certificate has expired/],
    ['a life that ends before it begins', { not_before: day(0.9), not_after: day(0.8) }, /the certificate has expired/],
    ['a life that begins much later', { not_before: day(2) }, /begins more than a day from now/],
    ['a life of more than a client’s 30 days', { not_after: day(30.1) }, /client lives at most 2592000 seconds/],
    ['a life that was longer', { not_before: day(-30) }, /client lives at most 2592000 seconds, this one 5184000/],
    ['a life beyond its organisation', { not_after: day(731) }, /outlive the validity of its organisation/],
  ])('refuses %s', (_, changed, message) => {
    it.fails('issue', 'alpha', issuing(changed), message);
  });

  test('refuses a life beyond the issuing CA', () => {
    it.decide('change_terms', { organisation: 'alpha', terms: { ...terms, valid_until: day(2000) } });
    it.chain.advance({ days: 990 });
    it.fails('issue', 'alpha', issuing({ not_before: day(990), not_after: day(1001) }), /outlive its issuing CA/);
  });

  test('refuses a key of another kind, or of no form', () => {
    const webAuthn = 'PUB_WA_5hyixc7vkMbKiThWi1TnFtXw7HTDcHfjREj2SzxCtgw3jQGepa5T9VHEy1Tunjzzj';
    it.fails('issue', 'alpha', issuing({ subject_key: webAuthn }), /a subject key is a K1 or R1 key/);
    it.push('issue', 'alpha', issuing({ subject_key: subjectKey(1, 'K1') }));
  });

  test.each<[string, JsonObject, RegExp]>([
    ['without roles', member('', []), /1 to 8 roles/],
    ['with a role that it does not give', member('', ['king']), /alpha does not give the role king/],
    ['that produces and has no account', member('', ['producer']), /for members with an account/],
    ['that issues and has no account', member('', ['ca.operator']), /for members with an account/],
    ['with a name that is too long', member('', ['client'], 'x'.repeat(65)), /at most 64 printable/],
    ['with the name of another one’s node', member('', ['observer'], 'beta-1'), /begins with alpha-: not beta-1/],
    ['with a name that only begins like its own', member('', ['observer'], 'alphabet'), /begins with alpha-/],
    ['with a name of two nodes', member('', ['observer'], 'beta,alpha-1'), /begins with alpha-/],
    ['with its own name and a hyphen alone', member('', ['observer'], 'alpha-'), /begins with alpha-/],
    ['with its own name in capitals', member('', ['observer'], 'ALPHA-1'), /begins with alpha-/],
    ['whose account does not exist', member('nobody'), /there is no account nobody/],
    ['whose account neither applied nor signs', member('alice'), /alice has not applied to alpha and does not sign/],
  ])('refuses a member %s', (_, to, message) => {
    it.fails('issue', 'alpha', issuing({}, to), message);
  });

  test('names nodes after their organisation', () => {
    for (const [number, node] of ['alpha', 'alpha-1', 'alpha-eu.example', ''].entries()) {
      const { serial, subject_key } = certificate('alpha', number + 1);
      it.push(
        'issue',
        'alpha',
        issuing({ serial: serial!, subject_key: subject_key! }, member('', ['observer'], node)),
      );
    }
  });

  test('takes an account as a member only with its word for this key', () => {
    it.push('apply', 'alice', application());
    it.fails('issue', 'alpha', issuing({ subject_key: subjectKey(2) }, member('alice')), /applied with another key/);
    it.push('issue', ['alpha', 'alice'], issuing({ subject_key: subjectKey(2) }, member('alice')));
    it.push(
      'apply',
      'bob',
      application({ applicant: 'bob', organisation: 'beta', subject_key: subjectKey(3), node: '' }),
    );
    it.fails(
      'issue',
      'alpha',
      issuing({ serial: '77', subject_key: subjectKey(3) }, member('bob')),
      /bob has not applied to alpha/,
    );
  });

  test('gives an account certificates of one organisation at a time, 16 of them', () => {
    for (let number = 1; number <= 16; number++) it.issue('alpha', number, { account: 'alice' });
    const more = { by: 'alpha', organisation: 'alpha', certificate: certificate('alpha', 17), member: member('alice') };
    it.fails('issue', ['alpha', 'alice'], more, /alice holds 16 certificates already/);
    const other = { by: 'beta', organisation: 'beta', certificate: certificate('beta', 1), member: member('alice') };
    it.fails('issue', ['beta', 'alice'], other, /alice is a member of alpha/);
    it.revoke(
      'alice',
      'alpha',
      Array.from({ length: 16 }, (_, i) => i + 1),
    );
    expect(it.rows('accounts')).toEqual([]);
    it.push('issue', ['beta', 'alice'], other);
  });

  test('uses a serial once, and a key once in an organisation', () => {
    it.issue('alpha', 1);
    it.chain.rows('snap.ca', [
      ['issue', 'alpha', issuing({ subject_key: subjectKey(2) }), /the serial is used already/],
      ['issue', 'alpha', issuing({ serial: '77' }), /the key has a certificate of alpha already: renew that one/],
    ]);
    it.issue('beta', 1);
    it.revoke('alpha', 'alpha', [1]);
    it.chain.rows('snap.ca', [
      ['issue', 'alpha', issuing({ subject_key: subjectKey(2) }), /the serial is used already/],
      ['issue', 'alpha', issuing({ serial: '77' }), /the key has a certificate of alpha already/],
    ]);
  });

  test('stops at the quota of active certificates, and at four times as many entries', () => {
    it.decide('change_terms', { organisation: 'alpha', terms: { ...terms, quota: 2 } });
    for (let number = 1; number <= 8; number++) {
      it.issue('alpha', number);
      if (number > 2) it.revoke('alpha', 'alpha', [number]);
      if (number === 1) continue;
      if (number === 2) it.fails('issue', 'alpha', issuing({ serial: '77' }), /used its quota of 2 certificates/);
      if (number === 2) it.revoke('alpha', 'alpha', [1]);
    }
    it.fails(
      'issue',
      'alpha',
      issuing({ serial: '77', subject_key: subjectKey(77) }),
      /4 times as many entries as its quota, and none is over/,
    );
  });

  test('takes 32 producers of an organisation', () => {
    const names = Array.from({ length: 33 }, (_, i) => `bp.${'abcdefghijklmnopq'[i >> 1]}${'12'[i & 1]}`);
    it.chain.createAccounts(...names);
    names.slice(0, 32).forEach((account, i) => void it.issue('alpha', i + 1, { account, roles: ['producer'] }));
    expect(it.producers).toHaveLength(32);
    const data = {
      by: 'alpha',
      organisation: 'alpha',
      certificate: certificate('alpha', 33),
      member: member(names[32]!, ['producer']),
    };
    it.fails('issue', ['alpha', names[32]!], data, /alpha has 32 producers already/);
    it.decide('suspend_organisation', { organisation: 'alpha' }, ['beta', 'gamma']);
    expect(it.producers).toEqual([]);
  });
});

describe('renew', () => {
  test('enters a successor for the same member; the old certificate is superseded, not revoked', () => {
    it.issue('alpha', 1, { account: 'alice', roles: ['producer'] });
    it.chain.advance({ days: 20 });
    it.push('renew', 'alpha', renewal(1, { not_before: day(20), not_after: day(50) }));
    expect(it.member('alpha', 1)).toMatchObject({ status: 1, not_after: day(30), revocation: 0 });
    const until = Date.parse(`${it.member('alpha', 1)!.valid_until}Z`);
    expect(until).toBeGreaterThanOrEqual(Date.parse(`${day(27)}Z`));
    expect(until).toBeLessThan(Date.parse(`${day(27.01)}Z`));
    expect(it.member('alpha', 2)).toMatchObject({
      status: 0,
      account: 'alice',
      roles: ['producer'],
      valid_until: day(50),
    });
    expect(it.rows('revocations', 'alpha')).toEqual([]);
    expect(it.rows('producers')).toEqual([{ account: 'alice', valid_until: day(50), organisation: 'alpha' }]);
    expect(it.usage('alpha')).toMatchObject({ active: 1, members: 2 });
  });

  test('may keep the key', () => {
    it.issue('alpha', 1);
    it.push('renew', 'alpha', renewal(1, { subject_key: subjectKey(1) }));
    expect(it.rows('keys', 'alpha')).toMatchObject([{ member: keyOf(serialOf(2)) }]);
    it.revoke('alpha', 'alpha', [1]);
    expect(it.member('alpha', 2)!.status).toBe(0);
  });

  test('never lengthens the old certificate', () => {
    it.issue('alpha', 1, { not_after: day(3) });
    it.push('renew', 'alpha', renewal(1));
    expect(it.member('alpha', 1)!.valid_until).toBe(day(3));
  });

  test('is possible when the quota is used up', () => {
    it.decide('change_terms', { organisation: 'alpha', terms: { ...terms, quota: 1 } });
    it.issue('alpha', 1);
    it.push('renew', 'alpha', renewal(1));
  });

  test('moves to a new issuing CA', () => {
    it.issue('alpha', 1);
    const next = { certificate: der('alpha2'), not_after: day(2000) };
    it.decide('rotate_authority', { organisation: 'alpha', next, previous_until: day(25) });
    it.fails('renew', 'alpha', renewal(1), /the issuing CA was replaced or revoked/);
    it.push('renew', 'alpha', renewal(1, { issuer: sha256(next.certificate) }));
  });

  test('is refused for what cannot be renewed', () => {
    it.issue('alpha', 1, { not_after: day(1) });
    it.issue('alpha', 3);
    it.issue('alpha', 5);
    it.issue('beta', 7);
    it.revoke('alpha', 'alpha', [3]);
    it.chain.rows('snap.ca', [
      ['renew', 'beta', renewal(5, {}, 'beta'), /beta holds no valid certificate of alpha/],
      ['renew', 'beta', renewal(5), /missing authority of alpha/],
      ['renew', 'alpha', renewal(7), /alpha has no certificate with this serial/],
      ['renew', 'alpha', renewal(3), /a revoked certificate cannot be renewed/],
      ['renew', 'alpha', renewal(5, { not_after: day(31) }), /client lives at most/],
      ['renew', 'alpha', renewal(5, { serial: serialOf(5) }), /the serial is used already/],
      ['renew', 'alpha', renewal(5, { subject_key: subjectKey(1) }), /the key has a certificate of alpha already/],
      ['renew', 'alpha', renewal(5), 'ok'],
      ['renew', 'alpha', renewal(5, { serial: '77', subject_key: subjectKey(77) }), /renewed already/],
    ]);
    it.chain.advance({ days: 1 });
    it.fails('renew', 'alpha', renewal(1), /an expired certificate cannot be renewed/);
  });
});
