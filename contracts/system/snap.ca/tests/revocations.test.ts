/** Revocation, removal of what is over, and what both cost. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Snapshot } from '../../../testing/index.js';
import { Consortium, certificate, day, prunable, serialOf, subjectKey, terms } from './consortium.js';

let it: Consortium;
let start: Snapshot;
beforeAll(async () => {
  it = await Consortium.founded();
  start = it.chain.snapshot();
});
beforeEach(() => it.chain.restore(start));

const revoking = (by: string, numbers: readonly number[], reason = 1) => ({
  by,
  organisation: 'alpha',
  serials: numbers.map(serialOf),
  reason,
});
const pruning = (numbers: readonly number[]) => ({
  organisation: 'alpha',
  rows: { ...prunable, serials: numbers.map(serialOf) },
});
const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

describe('revoke', () => {
  test('enters what a revocation list needs, and takes all that the certificate gave', () => {
    it.issue('alpha', 1, { account: 'alice', roles: ['producer'] });
    it.revoke('alpha', 'alpha', [1], 1);
    const { authority, key } = it.member('alpha', 1)!;
    const [entry] = it.rows('revocations', 'alpha');
    expect(entry).toMatchObject({
      number: 1,
      authority,
      serial: serialOf(1),
      reason: 1,
      not_after: day(30),
      by: 'alpha',
    });
    expect(String(entry!.revoked).slice(0, 10)).toBe('2030-01-01');
    expect(it.member('alpha', 1)).toMatchObject({ key, status: 2, revocation: 1 });
    for (const table of ['accounts', 'producers']) expect(it.rows(table)).toEqual([]);
    expect(it.organisation('alpha').producers).toEqual([]);
    expect(it.usage('alpha')).toMatchObject({ active: 0, members: 1, revocations: 1, last_revocation: 1 });
  });

  test('leaves an account what its other certificates give', () => {
    it.issue('alpha', 1, { account: 'alice', roles: ['producer'], not_after: day(20) });
    it.issue('alpha', 2, { account: 'alice', roles: ['producer'] });
    it.issue('alpha', 3, { account: 'alice', roles: ['ca.operator'] });
    it.revoke('alpha', 'alpha', [2]);
    expect(it.rows('producers')).toEqual([{ account: 'alice', valid_until: day(20), organisation: 'alpha' }]);
    it.revoke('alpha', 'alpha', [1]);
    expect(it.producers).toEqual([]);
    it.push('issue', 'alice', {
      by: 'alice',
      organisation: 'alpha',
      certificate: certificate('alpha', 4),
      member: { account: '', node: '', roles: ['device'] },
    });
  });

  test('is for operators of the organisation, and for holders of their own', () => {
    it.issue('alpha', 1, { account: 'alice' });
    it.issue('alpha', 2, { account: 'bob', roles: ['ca.operator'] });
    it.issue('alpha', 3);
    it.issue('alpha', 4, { account: 'carol' });
    it.issue('beta', 5, { account: 'omega', roles: ['ca.operator'] });
    it.chain.rows('snap.ca', [
      ['revoke', 'alice', revoking('bob', [1]), /missing authority of bob/],
      ['revoke', 'alice', revoking('alice', [4]), /alice may revoke its own certificates alone/],
      ['revoke', 'alice', revoking('alice', [3]), /alice may revoke its own certificates alone/],
      ['revoke', 'alice', revoking('alice', [1, 4]), /alice may revoke its own certificates alone/],
      ['revoke', 'omega', revoking('omega', [1]), /omega may revoke its own certificates alone/],
      ['revoke', 'beta', revoking('beta', [1]), /beta may revoke its own certificates alone/],
      ['revoke', 'alice', revoking('alice', [1]), 'ok'],
      ['revoke', 'bob', revoking('bob', [3, 4]), 'ok'],
    ]);
    expect(it.rows('revocations', 'alpha').map(({ number, by }) => [number, by])).toEqual([
      [1, 'alice'],
      [2, 'bob'],
      [3, 'bob'],
    ]);
  });

  test('includes certificates that were superseded', () => {
    it.issue('alpha', 1);
    it.push('renew', 'alpha', {
      by: 'alpha',
      organisation: 'alpha',
      serial: serialOf(1),
      successor: certificate('alpha', 2),
    });
    it.revoke('alpha', 'alpha', [1], 4);
    expect(it.usage('alpha')).toMatchObject({ active: 1, members: 2, revocations: 1 });
  });

  test('is refused for what is unknown, done, or too much', () => {
    it.issue('alpha', 1);
    it.issue('beta', 2);
    it.chain.rows('snap.ca', [
      ['revoke', 'alpha', { ...revoking('alpha', [1]), organisation: 'bob' }, /bob is no organisation/],
      ['revoke', 'alpha', revoking('alpha', [2]), /alpha has no certificate with one of these serials/],
      ['revoke', 'alpha', revoking('alpha', []), /1 to 100 certificates/],
      ['revoke', 'alpha', revoking('alpha', range(1, 101)), /1 to 100 certificates/],
      ['revoke', 'alpha', revoking('alpha', [1, 1]), /revoked already/],
      ['revoke', 'alpha', revoking('alpha', [1]), 'ok'],
      ['revoke', 'alpha', revoking('alpha', [1]), /revoked already/],
    ]);
  });

  test.each([6, 7, 8, 10, 255])('refuses the reason %i, which this chain has not', (reason) => {
    it.issue('alpha', 1);
    it.fails('revoke', 'alpha', revoking('alpha', [1], reason), /a reason is 0 to 5 or 9/);
  });

  test('costs the hundredth of 10,000 as little as the first hundred', () => {
    it.decide('change_terms', { organisation: 'alpha', terms: { ...terms, quota: 10_000 } });
    const gas: number[] = [];
    for (let batch = 0; batch < 4; batch++) {
      for (const number of range(batch * 100, 100)) it.issue('alpha', number, { subject_key: subjectKey(number) });
      it.chain.advance({ blocks: 1 });
      gas.push(it.revoke('alpha', 'alpha', range(batch * 100, 100)).gas);
    }
    // 1000 gas are about a microsecond. The first batch also opens the table.
    expect(gas[0]).toBeLessThan(8_000_000);
    expect(Math.abs(gas[3]! - gas[1]!)).toBeLessThan(gas[1]! / 50);
  });
});

describe('prune', () => {
  test('removes certificates a day after their end, with all that belongs to them', () => {
    it.issue('alpha', 1, { account: 'alice', roles: ['producer'], not_after: day(2) });
    it.issue('alpha', 2, { not_after: day(2) });
    it.revoke('alpha', 'alpha', [2]);
    it.fails('prune', 'carol', pruning([1]), /a certificate is not over yet/);
    it.chain.advance({ days: 2.5 });
    it.fails('prune', 'carol', pruning([1]), /a certificate is not over yet/);
    it.fails('prune', 'carol', pruning([2]), /a certificate is not over yet/);
    it.chain.advance({ days: 0.6 });
    it.prune('alpha', { serials: [serialOf(1), serialOf(2), serialOf(77)] });
    for (const table of ['members', 'keys', 'revocations']) expect(it.rows(table, 'alpha')).toEqual([]);
    for (const table of ['accounts', 'producers']) expect(it.rows(table)).toEqual([]);
    expect(it.usage('alpha')).toMatchObject({ active: 0, members: 0, revocations: 0, last_revocation: 1 });
    expect(it.organisation('alpha').producers).toEqual([]);
    it.issue('alpha', 1, { not_before: day(3) });
  });

  test('keeps a revoked certificate on the list until its own end, whatever ended it earlier', () => {
    it.issue('alpha', 1, { not_after: day(20) });
    const successor = certificate('alpha', 2, { subject_key: subjectKey(1) });
    it.push('renew', 'alpha', { by: 'alpha', organisation: 'alpha', serial: serialOf(1), successor });
    it.revoke('alpha', 'alpha', [1]);
    it.chain.advance({ days: 15 });
    it.fails('prune', 'carol', pruning([1]), /a certificate is not over yet/);
    it.chain.advance({ days: 7 });
    it.prune('alpha', { serials: [serialOf(1)] });
    expect(it.rows('keys', 'alpha')).toHaveLength(1);
    expect(it.member('alpha', 2)!.status).toBe(0);
  });

  test('removes what was superseded when its overlap is over', () => {
    it.issue('alpha', 1);
    const successor = certificate('alpha', 2);
    it.push('renew', 'alpha', { by: 'alpha', organisation: 'alpha', serial: serialOf(1), successor });
    it.chain.advance({ days: 8.1 });
    it.prune('alpha', { serials: [serialOf(1)] });
    expect(it.usage('alpha')).toMatchObject({ active: 1, members: 1 });
  });

  test('takes 1 to 100 rows at a time, and leaves an active organisation where it is', () => {
    it.fails('prune', 'carol', pruning([]), /1 to 100 rows/);
    it.fails('prune', 'carol', pruning(range(1, 101)), /1 to 100 rows/);
    it.prune('alpha', { serials: [serialOf(77)] });
    expect(it.organisation('alpha').status).toBe(0);
    expect(it.prune('bob', { serials: [serialOf(77)] }).ramDeltas).toEqual({});
    expect(it.usage('bob')).toBeUndefined();
  });
});
