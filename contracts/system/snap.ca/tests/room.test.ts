/** Nobody prunes: what is over makes room for what is new, so that no organisation is ever kept from issuing and renewing by it. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Snapshot } from '../../../testing/index.js';
import { Consortium, certificate, day, member, serialOf, terms } from './consortium.js';

let it: Consortium;
let start: Snapshot;
beforeAll(async () => {
  it = await Consortium.founded();
  start = it.chain.snapshot();
});
beforeEach(() => it.chain.restore(start));

const limitTo = (quota: number) => it.decide('change_terms', { organisation: 'alpha', terms: { ...terms, quota } });

/** Three days from a day on. */
const life = (from: number) => ({ not_before: day(from), not_after: day(from + 3) });

function renew(number: number, next: number, from: number): void {
  const successor = certificate('alpha', next, life(from));
  it.push('renew', 'alpha', { by: 'alpha', organisation: 'alpha', serial: serialOf(number), successor });
}

function refused(number: number, from: number, message: RegExp): void {
  const data = {
    by: 'alpha',
    organisation: 'alpha',
    certificate: certificate('alpha', number, life(from)),
    member: member(''),
  };
  it.fails('issue', 'alpha', data, message);
}

test('an account is renewed forty times, and takes no more room than at first', () => {
  it.issue('alpha', 1, { account: 'alice', roles: ['producer'], ...life(0) });
  for (let time = 1; time <= 40; time++) {
    it.chain.advance({ days: 2 });
    renew(time, time + 1, 2 * time);
  }
  const [{ certificates }] = it.rows('accounts') as [{ certificates: unknown[] }];
  expect(certificates.length).toBeLessThanOrEqual(2);
  expect(it.usage('alpha')).toMatchObject({ active: 1 });
  for (const table of ['members', 'keys']) expect(it.rows(table, 'alpha').length).toBeLessThanOrEqual(4);
  expect(it.rows('producers')).toEqual([{ account: 'alice', valid_until: day(83), organisation: 'alpha' }]);
});

test('expired certificates do not count for the quota, renewed or not', () => {
  limitTo(3);
  for (const number of [1, 2, 3]) it.issue('alpha', number, life(0));
  refused(9, 0, /used its quota of 3 certificates, and none of them has expired/);
  for (const number of [1, 2, 3]) renew(number, number + 3, 0);
  it.chain.advance({ days: 3.1 });
  for (const number of [7, 8, 9]) it.issue('alpha', number, life(3));
  refused(10, 3, /used its quota of 3 certificates/);
  expect(it.usage('alpha').active).toBe(3);
});

test('revoked certificates stay on the list until they end, and keep nobody from being renewed', () => {
  limitTo(2);
  it.issue('alpha', 1, life(0));
  for (let number = 2; number <= 8; number++) {
    it.issue('alpha', number);
    it.revoke('alpha', 'alpha', [number]);
  }
  refused(9, 0, /4 times as many entries as its quota/);
  it.chain.advance({ days: 2 });
  renew(1, 20, 2);
  renew(20, 21, 2);
  expect(it.rows('revocations', 'alpha')).toHaveLength(7);
  it.chain.advance({ days: 29.1 });
  it.issue('alpha', 30, life(31));
  expect(it.usage('alpha')).toMatchObject({ active: 1, revocations: 6 });
});

test('certificates that are over stay a day for those who ask why, while there is room', () => {
  it.issue('alpha', 1, life(0));
  it.chain.advance({ days: 3.1 });
  it.issue('alpha', 2, life(3));
  expect(it.member('alpha', 1)).toBeDefined();
  it.chain.advance({ days: 1 });
  it.issue('alpha', 3, life(4));
  expect(it.member('alpha', 1)).toBeUndefined();
  expect(it.usage('alpha')).toMatchObject({ active: 2, members: 2 });
});

test('producers whose certificates have expired leave their places to others', () => {
  const names = Array.from({ length: 33 }, (_, i) => `bp.${'abcdefghijklmnopq'[i >> 1]}${'12'[i & 1]}`);
  it.chain.createAccounts(...names);
  for (const [i, account] of names.slice(0, 32).entries()) {
    it.issue('alpha', i + 1, { account, roles: ['producer'], not_after: day(i === 0 ? 5 : 3) });
  }
  it.chain.advance({ days: 3 });
  it.issue('alpha', 33, { account: names[32]!, roles: ['producer'], ...life(3) });
  expect(it.organisation('alpha').producers).toEqual([names[0], names[32]]);
  expect(it.producers).toEqual([names[0], names[32]]);
});
