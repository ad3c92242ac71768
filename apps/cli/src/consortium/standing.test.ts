/** How votes are counted, as the contract counts them. */
import { describe, expect, test } from 'vitest';
import type { OrganisationRow, ParametersRow, ProposalRow, VoteRow } from './rows.js';
import { standingOf } from './standing.js';

const nowMs = Date.parse('2030-01-01T00:00:00Z');
const later = '2031-01-01T00:00:00';
const earlier = '2029-12-31T00:00:00';
const parameters = { approval_numerator: 2, approval_denominator: 3 } as ParametersRow;
const proposal = { id: 1, status: 0, expires: later } as unknown as ProposalRow;

const organisation = (account: string, valid_until: string, weight = 1) =>
  ({ account, status: 0, valid_until, weight, admission: 1 }) as OrganisationRow;
const vote = (account: string) => ({ organisation: account, admission: 1, voted: earlier }) as VoteRow;

function standing(organisations: readonly OrganisationRow[], ...voters: readonly string[]) {
  return standingOf({ organisations, parameters }, proposal, voters.map(vote), nowMs);
}

describe('organisations whose validity is over', () => {
  test('have no part while the others could decide without them', () => {
    const four = ['a', 'b', 'c'].map((account) => organisation(account, later)).concat(organisation('d', earlier));
    const { total, needed, approving, silent, votes, state } = standing(four, 'a', 'b', 'd');
    expect({ total, needed, approving, state }).toEqual({ total: 3, needed: 3, approving: 2, state: 'open' });
    expect(silent.map(({ organisation }) => organisation)).toEqual(['c']);
    expect(votes.map(({ void: reason }) => reason)).toEqual([undefined, undefined, 'is valid no more']);
    expect(standing(four, 'a', 'b', 'c').state).toBe('passed');
  });

  test('count where the others are too few, and where all are over', () => {
    const two = ['a', 'b'].map((account) => organisation(account, later));
    const over = ['c', 'd'].map((account) => organisation(account, earlier));
    expect(standing([...two, ...over], 'a', 'b')).toMatchObject({ total: 4, needed: 3, approving: 2, state: 'open' });
    expect(standing([...two, ...over], 'a', 'b', 'c').state).toBe('passed');
    expect(standing(over, 'c', 'd')).toMatchObject({ total: 2, needed: 2, state: 'passed' });
  });

  test('count by weight', () => {
    const heavy = [organisation('a', later), organisation('b', later), organisation('c', earlier, 7)];
    expect(standing(heavy, 'a', 'b')).toMatchObject({ total: 9, needed: 7, approving: 2, state: 'open' });
  });
});
