/** Founding of the consortium, its parameters and roles, and the contract's face. */
import { readFileSync } from 'node:fs';
import type { JsonObject } from '@snapscale/protocol';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { artifactPath } from '../../../compiler/build-system-contracts.js';
import type { Snapshot } from '../../../testing/index.js';
import { admission, Consortium, day, der, organisations, type parameters, sha256, terms } from './consortium.js';

let empty: Consortium;
let start: Snapshot;
beforeAll(async () => {
  empty = await Consortium.empty();
  start = empty.chain.snapshot();
});
beforeEach(() => empty.chain.restore(start));

const founding = (changed: JsonObject = {}): JsonObject => ({ ...Consortium.founding(), ...changed });
const founder = (changed: JsonObject): JsonObject => founding({ founders: [{ ...admission('alpha'), ...changed }] });

describe('init', () => {
  test('enters organisations with their issuing CAs, and the roots', () => {
    empty.push('init', 'snap.ca', founding());
    expect(empty.rows('orgs').map(({ account }) => account)).toEqual([...organisations].sort());
    expect(empty.organisation('alpha')).toMatchObject({
      status: 0,
      valid_until: day(730),
      quota: 100,
      weight: 1,
      admission: 1,
      title: 'alpha Ltd',
      scope: terms.scope,
      producers: [],
    });
    expect(empty.state).toMatchObject({ next_proposal: 1, next_admission: 5, organisations: 4, active_weight: 4 });
    expect(empty.usage('alpha')).toMatchObject({ active: 0, members: 0, revocations: 0, open_proposals: 0 });

    const [authority] = empty.rows('authorities').filter(({ organisation }) => organisation === 'alpha');
    const digest = sha256(der('alpha'));
    expect(authority).toMatchObject({ digest, status: 0, valid_until: day(1000), certificate: der('alpha') });
    expect(authority!.key).toBe(BigInt(`0x${digest.slice(0, 16)}`).toString());
    expect(empty.organisation('alpha').authorities).toEqual([authority!.key]);
    const [root] = empty.rows('authorities').filter(({ organisation }) => organisation === '');
    expect(empty.state.roots).toEqual([root!.key]);
  });

  test('defines seven roles, of which producer alone produces and ca.operator alone issues', () => {
    empty.push('init', 'snap.ca', founding());
    const roles = empty.rows('roles');
    expect(roles.map(({ label, life_sec }) => [label, Number(life_sec) / 86_400])).toEqual([
      ['auditor', 90],
      ['ca-operator', 90],
      ['client', 30],
      ['device', 1098],
      ['edge', 90],
      ['observer', 90],
      ['producer', 90],
    ]);
    const with_ = (permission: string) =>
      roles.filter(({ permissions }) => (permissions as string[]).includes(permission)).map(({ label }) => label);
    expect(with_('produce')).toEqual(['producer']);
    expect(with_('issue')).toEqual(['ca-operator']);
    expect(with_('peer')).toEqual(['edge', 'observer', 'producer']);
  });

  test('happens once', () => {
    empty.push('init', 'snap.ca', founding());
    empty.fails('init', 'snap.ca', founding(), /founded already/);
  });

  test('is needed before anything else', () => {
    const content = ['suspend_organisation', { organisation: 'beta' }];
    empty.fails('propose', 'alpha', { organisation: 'alpha', content }, /snap.ca must send init first/);
  });

  const changes: readonly (readonly [string, JsonObject, RegExp])[] = [
    ['nobody', founding({ founders: [] }), /founded by 1 to 32 organisations/],
    ['33 organisations', founding({ founders: Array(33).fill(admission('alpha')) }), /founded by 1 to 32/],
    ['no root', founding({ roots: [] }), /begins with 1 to 4 roots/],
    ['five roots', founding({ roots: Array(5).fill({ certificate: der('r'), not_after: day(1) }) }), /1 to 4 roots/],
    [
      'one root twice',
      founding({ roots: Array(2).fill({ certificate: der('r'), not_after: day(1) }) }),
      /known already/,
    ],
    ['a root that has expired', founding({ roots: [{ certificate: der('r'), not_after: day(-1) }] }), /has expired/],
    [
      'an organisation twice',
      founding({ founders: [admission('alpha'), admission('alpha')] }),
      /of the consortium already/,
    ],
    ['an account that does not exist', founding({ founders: [admission('nobody')] }), /there is no such account/],
    ['no title', founder({ title: '' }), /a title is 1 to 64 printable characters/],
    ['a title that is too long', founder({ title: 'x'.repeat(65) }), /a title is 1 to 64/],
    ['a title that moves the cursor', founder({ title: 'a\u001b[2J' }), /printable/],
    ['a quota of nothing', founder({ terms: { ...terms, quota: 0 } }), /a quota is 1 to 1,000,000/],
    ['a quota without end', founder({ terms: { ...terms, quota: 1_000_001 } }), /a quota is 1 to 1,000,000/],
    ['no weight', founder({ terms: { ...terms, weight: 0 } }), /a weight is 1 to 1000/],
    ['a weight that is too great', founder({ terms: { ...terms, weight: 1001 } }), /a weight is 1 to 1000/],
    ['a validity that is over', founder({ terms: { ...terms, valid_until: day(0) } }), /valid until a time to come/],
    ['no scope', founder({ terms: { ...terms, scope: [] } }), /a scope is 1 to 16 roles/],
    ['a scope out of order', founder({ terms: { ...terms, scope: ['edge', 'client'] } }), /unique and sorted/],
    ['a role twice', founder({ terms: { ...terms, scope: ['client', 'client'] } }), /unique and sorted/],
    ['an unknown role', founder({ terms: { ...terms, scope: ['king'] } }), /there is no role king/],
  ];
  test.each(changes)('refuses %s', (_, data, message) => {
    empty.fails('init', 'snap.ca', data, message);
  });

  test('needs the authority of snap.ca', () => {
    empty.fails('init', 'alpha', founding(), /missing authority of snap.ca/);
  });

  test.each([
    ['no bytes', ''],
    ['three bytes', '300130'],
    ['another tag', `31${der('x').slice(2)}`],
    ['a length that is too small', `${der('x')}00`],
    ['a length that is too great', der('x').slice(0, -2)],
    ['a length that is written too long', `30820010${'00'.repeat(16)}`],
    ['a length of three bytes', `3083000100${'00'.repeat(256)}`],
    ['a length without end', `3080${'00'.repeat(200)}`],
    ['more than 4096 bytes', der('x', 4097)],
  ])('refuses a certificate of %s', (_, certificate) => {
    empty.fails('init', 'snap.ca', founder({ issuer: { certificate, not_after: day(1000) } }), /X.509 in DER/);
  });

  test.each([
    ['4096 bytes', der('x', 4096)],
    ['a short form', `3002${'00'.repeat(2)}`],
    ['a length of one byte', `308180${'00'.repeat(128)}`],
  ])('takes a certificate of %s', (_, certificate) => {
    empty.push('init', 'snap.ca', founder({ issuer: { certificate, not_after: day(1000) } }));
  });

  const wrong: readonly (readonly [string, Partial<typeof parameters>, RegExp])[] = [
    ['reads of an unknown kind', { reads: 3 }, /reads must be 0 \(open\), 1 \(members\) or 2 \(by role\)/],
    ['a majority of half', { approval_numerator: 1, approval_denominator: 2 }, /at least 2\/3 and less than 1/],
    ['a part just below 2/3', { approval_numerator: 665, approval_denominator: 1000 }, /at least 2\/3/],
    ['a part that cannot be exceeded', { approval_numerator: 3, approval_denominator: 3 }, /less than 1/],
    ['no denominator', { approval_numerator: 0, approval_denominator: 0 }, /less than 1/],
    ['proposals of a moment', { proposal_life_sec: 59 }, /60 seconds to ten years/],
    ['applications for ever', { application_life_sec: 4_000_000_000 }, /60 seconds to ten years/],
    ['an overlap of a moment', { overlap_sec: 0 }, /60 seconds to ten years/],
    ['lists that forget at once', { keep_expired_sec: 0 }, /60 seconds to ten years/],
    ['decisions that are forgotten at once', { keep_decided_sec: 0 }, /60 seconds to ten years/],
  ];
  test.each(wrong)('refuses %s', (_, changed, message) => {
    empty.fails('init', 'snap.ca', Consortium.founding(changed), message);
  });
});

test('the fields that README.md places at offsets are the first of their rows', () => {
  const { structs } = JSON.parse(readFileSync(artifactPath('snap.ca', 'abi'), 'utf8'));
  const sizes: Record<string, number> = { name: 8, uint64: 8, uint32: 4, uint16: 2, uint8: 1, checksum256: 32 };
  const offsets = (row: string) => {
    const { fields } = structs.find(({ name }: { name: string }) => name === row);
    let at = 0;
    const placed: string[] = [];
    for (const { name, type } of fields as { name: string; type: string }[]) {
      placed.push(`${at} ${name}`);
      at += type === 'time_point_sec' ? 4 : type === 'public_key' ? 34 : (sizes[type] ?? Number.NaN);
      if (Number.isNaN(at)) break;
    }
    return placed.join(', ');
  };
  expect(offsets('organisation')).toMatch(
    /^0 account, 8 status, 9 valid_until, 13 status_since, 17 quota, 21 weight, 23 admission, 27 title$/,
  );
  expect(offsets('authority')).toMatch(
    /^0 key, 8 digest, 40 organisation, 48 status, 49 valid_until, 53 not_after, 57 revoked, 61 reason, 62 certificate$/,
  );
  expect(offsets('member')).toMatch(
    /^0 key, 8 status, 9 valid_until, 13 authority, 21 certificate, 53 subject_key, 87 account, 95 /,
  );
  expect(offsets('certified_producer')).toBe('0 account, 8 valid_until, 12 organisation');
});

test('every action has a text for signers', () => {
  const { actions } = JSON.parse(readFileSync(artifactPath('snap.ca', 'abi'), 'utf8'));
  const names = actions.map(({ name }: { name: string }) => name);
  expect(names.sort()).toEqual(
    'apply approve cancel execute init issue nominate propose prune reject renew revoke unapprove withdraw'.split(' '),
  );
  for (const { ricardian_contract } of actions) expect(ricardian_contract.length).toBeGreaterThan(150);
});
