/** How the consortium decides: proposals, votes, majorities, outcomes. */
import { compileAbi, encodeType, type Json, type JsonObject } from '@snapscale/protocol';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Snapshot, systemContract } from '../../../testing/index.js';
import { admission, Consortium, certificate, day, parameters, sha256, terms } from './consortium.js';

let it: Consortium;
let start: Snapshot;
beforeAll(async () => {
  it = await Consortium.founded();
  start = it.chain.snapshot();
});
beforeEach(() => it.chain.restore(start));

const suspendDelta = { organisation: 'delta' };
const suspension = ['suspend_organisation', suspendDelta];
const execute = (proposal: number) => it.push('execute', 'carol', { account: 'carol', proposal });
const notYet = (proposal: number, message: RegExp) =>
  it.fails('execute', 'carol', { account: 'carol', proposal }, message);
const votesOf = (proposal: number) => it.rows('votes', BigInt(proposal)).map(({ organisation }) => organisation);

function structFields(struct: string): [string, string][] {
  const { structs } = systemContract('snap.ca').abi;
  return structs.find(({ name }) => name === struct)!.fields.map(({ name, type }) => [name, type]);
}

test('the last approval and the execution may go in one transaction', () => {
  const proposal = it.propose('suspend_organisation', suspendDelta, ['beta']);
  const { digest } = it.proposal(proposal);
  const data = { organisation: 'gamma', proposal, digest: digest! };
  it.chain.pushAll([
    { account: 'snap.ca', action: 'approve', actors: 'gamma', data },
    { account: 'snap.ca', action: 'execute', actors: 'gamma', data: { account: 'gamma', proposal } },
  ]);
  expect(it.organisation('delta').status).toBe(1);
});

describe('propose', () => {
  test('stores who proposes what until when, with the proposer’s own approval', () => {
    const id = it.propose('suspend_organisation', suspendDelta, []);
    expect(it.proposal(id)).toMatchObject({
      organisation: 'alpha',
      status: 0,
      decided_by: '',
      content: suspension,
    });
    const { created, expires } = it.proposal(id);
    expect(Date.parse(`${expires}Z`) - Date.parse(`${created}Z`)).toBe(7 * 86_400_000);
    expect(votesOf(id)).toEqual(['alpha']);
    expect(it.usage('alpha').open_proposals).toBe(1);
    expect(it.chain.paidTable('snap.ca', 'snap.ca', 'proposals')[0]!.payer).toBe('alpha');
  });

  test('has the hash of the packed content as its digest', () => {
    const abi = compileAbi(systemContract('snap.ca').abi);
    const { content } = Object.fromEntries(structFields('propose'));
    const packed = encodeType(abi, content!, suspension as Json);
    const id = it.propose('suspend_organisation', suspendDelta, []);
    expect(it.proposal(id).digest).toBe(sha256(Buffer.from(packed).toString('hex')));
  });

  test('numbers proposals', () => {
    expect([1, 2, 3].map(() => it.propose('suspend_organisation', suspendDelta, []))).toEqual([1, 2, 3]);
  });

  test('is for active organisations', () => {
    it.chain.rows('snap.ca', [
      ['propose', 'beta', { organisation: 'alpha', content: suspension }, /missing authority of alpha/],
      ['propose', 'alice', { organisation: 'alice', content: suspension }, /alice is no organisation/],
    ]);
    it.decide('suspend_organisation', suspendDelta);
    it.fails('propose', 'delta', { organisation: 'delta', content: suspension }, /delta is suspended/);
    it.decide('expel_organisation', suspendDelta);
    it.fails('propose', 'delta', { organisation: 'delta', content: suspension }, /delta was expelled/);
  });

  test('takes ten open proposals of one organisation', () => {
    for (let i = 0; i < 10; i++) it.propose('suspend_organisation', suspendDelta, []);
    it.fails('propose', 'alpha', { organisation: 'alpha', content: suspension }, /10 open proposals already/);
    it.push('cancel', 'alpha', { account: 'alpha', proposal: 4 });
    it.propose('suspend_organisation', suspendDelta, []);
  });

  test('takes a content of 8192 bytes', () => {
    const actions = [{ account: 'eosio', action: 'x', actor: 'eosio', data: '00'.repeat(9000) }];
    const content = ['act_on_chain', { actions }];
    it.fails('propose', 'alpha', { organisation: 'alpha', content }, /at most 8192 bytes, this one 9/);
  });
});

describe('nominate', () => {
  const nomination = { organisation: 'alpha', content: suspension };

  test('proposes without the proposer’s approval, which it gives like the others', () => {
    const id = Number(it.push('nominate', 'alpha', nomination).returnValue);
    expect(it.proposal(id)).toMatchObject({ organisation: 'alpha', status: 0, content: suspension });
    expect(votesOf(id)).toEqual([]);
    expect(it.usage('alpha').open_proposals).toBe(1);
    for (const voter of ['beta', 'gamma']) it.approve(voter, id);
    notYet(id, /weight 2 of 4/);
    it.approve('alpha', id);
    execute(id);
  });

  test('is for active organisations, within ten open proposals', () => {
    it.fails('nominate', 'beta', nomination, /missing authority of alpha/);
    it.fails('nominate', 'alice', { ...nomination, organisation: 'alice' }, /alice is no organisation/);
    for (let i = 0; i < 10; i++) it.push('nominate', 'alpha', nomination);
    it.fails('nominate', 'alpha', nomination, /10 open proposals already/);
  });
});

describe('approve and unapprove', () => {
  let id: number;
  beforeEach(() => {
    id = it.propose('suspend_organisation', suspendDelta, []);
  });

  test('count an organisation once, and not when it thinks better of it', () => {
    const digest = it.proposal(id).digest!;
    it.chain.rows('snap.ca', [
      ['approve', 'beta', { organisation: 'beta', proposal: id, digest }, 'ok'],
      ['approve', 'beta', { organisation: 'beta', proposal: id, digest }, /beta approves this proposal already/],
      ['approve', 'alpha', { organisation: 'alpha', proposal: id, digest }, /alpha approves this proposal already/],
      ['unapprove', 'beta', { organisation: 'beta', proposal: id }, 'ok'],
      ['unapprove', 'beta', { organisation: 'beta', proposal: id }, /beta does not approve this proposal/],
      ['unapprove', 'alpha', { organisation: 'beta', proposal: id }, /missing authority of beta/],
      ['approve', 'beta', { organisation: 'beta', proposal: id, digest }, 'ok'],
    ]);
    expect(votesOf(id)).toEqual(['alpha', 'beta']);
  });

  test('are refused for others, other contents, and other proposals', () => {
    const digest = it.proposal(id).digest!;
    const other = sha256('00');
    it.chain.rows('snap.ca', [
      ['approve', 'alice', { organisation: 'alice', proposal: id, digest }, /alice is no organisation/],
      ['approve', 'alice', { organisation: 'beta', proposal: id, digest }, /missing authority of beta/],
      ['approve', 'beta', { organisation: 'beta', proposal: id, digest: other }, /another content than this approval/],
      ['approve', 'beta', { organisation: 'beta', proposal: 77, digest }, /there is no proposal 77/],
      ['unapprove', 'beta', { organisation: 'beta', proposal: 77 }, /there is no proposal 77/],
    ]);
  });

  test('end with the proposal', () => {
    const digest = it.proposal(id).digest!;
    it.chain.advance({ days: 7 });
    it.fails('approve', 'beta', { organisation: 'beta', proposal: id, digest }, /proposal 1 has expired/);
    it.push('cancel', 'alpha', { account: 'alpha', proposal: id });
    it.fails('approve', 'beta', { organisation: 'beta', proposal: id, digest }, /was cancelled/);
    it.fails('unapprove', 'alpha', { organisation: 'alpha', proposal: id }, /was cancelled/);
  });
});

describe('execute', () => {
  test('needs more than two thirds: three of four', () => {
    const id = it.propose('suspend_organisation', suspendDelta, ['beta']);
    notYet(id, /has the approval of weight 2 of 4; more than 2\/3 is needed/);
    it.approve('gamma', id);
    execute(id);
    expect(it.organisation('delta').status).toBe(1);
    expect(it.proposal(id)).toMatchObject({ status: 1, decided_by: 'carol', approving_weight: 3, total_weight: 4 });
    expect(it.usage('alpha').open_proposals).toBe(0);
    notYet(id, /was executed already/);
  });

  test('needs all of three: exactly two thirds are not enough', () => {
    it.decide('suspend_organisation', suspendDelta);
    const id = it.propose('suspend_organisation', { organisation: 'gamma' }, ['beta']);
    notYet(id, /weight 2 of 3/);
    it.approve('gamma', id);
    execute(id);
  });

  test('counts weights', () => {
    it.decide('change_terms', { organisation: 'delta', terms: { ...terms, weight: 7 } });
    expect(it.state.active_weight).toBe(10);
    const id = it.propose('suspend_organisation', { organisation: 'gamma' }, ['beta', 'gamma']);
    notYet(id, /weight 3 of 10/);
    it.approve('delta', id);
    execute(id);
    expect(it.proposal(id)).toMatchObject({ approving_weight: 10, total_weight: 10 });
  });

  test('follows the part that the consortium has set', () => {
    it.decide('change_parameters', { parameters: { ...parameters, approval_numerator: 3, approval_denominator: 4 } });
    const id = it.propose('suspend_organisation', suspendDelta);
    notYet(id, /weight 3 of 4; more than 3\/4 is needed/);
    it.approve('delta', id);
    execute(id);
  });

  test('does not count an organisation that is expelled meanwhile, nor after it is admitted again', () => {
    const running = it.propose('suspend_organisation', { organisation: 'gamma' }, ['beta', 'delta']);
    it.decide('expel_organisation', suspendDelta);
    notYet(running, /weight 2 of 3/);
    it.decide('admit_organisation', {
      ...admission('delta'),
      issuer: { certificate: '30020001', not_after: day(900) },
    });
    notYet(running, /weight 2 of 4/);
    it.approve('delta', running);
    expect(votesOf(running)).toEqual(['alpha', 'beta', 'delta']);
    execute(running);
  });

  test('does not count an organisation while it is suspended', () => {
    const running = it.propose('change_parameters', { parameters }, ['beta', 'delta']);
    it.decide('suspend_organisation', suspendDelta);
    notYet(running, /weight 2 of 3/);
    it.decide('resume_organisation', suspendDelta, ['beta', 'gamma']);
    execute(running);
  });

  test('is open to any account that signs, until the proposal expires', () => {
    const id = it.propose('suspend_organisation', suspendDelta);
    it.fails('execute', 'alice', { account: 'carol', proposal: id }, /missing authority of carol/);
    notYet(77, /there is no proposal 77/);
    it.chain.advance({ days: 7 });
    notYet(id, /proposal 1 has expired/);
  });
});

describe('cancel', () => {
  test('is for the proposer, and for all once the proposal has expired', () => {
    const first = it.propose('suspend_organisation', suspendDelta);
    const second = it.propose('suspend_organisation', suspendDelta);
    it.chain.rows('snap.ca', [
      ['cancel', 'beta', { account: 'beta', proposal: first }, /only alpha can cancel its proposal before it expires/],
      ['cancel', 'beta', { account: 'alpha', proposal: first }, /missing authority of alpha/],
      ['cancel', 'alpha', { account: 'alpha', proposal: first }, 'ok'],
      ['cancel', 'alpha', { account: 'alpha', proposal: first }, /was cancelled/],
    ]);
    notYet(first, /was cancelled/);
    expect(it.proposal(first)).toMatchObject({ status: 2, decided_by: 'alpha', approving_weight: 0 });
    it.chain.advance({ days: 7 });
    it.push('cancel', 'carol', { account: 'carol', proposal: second });
    expect(it.usage('alpha').open_proposals).toBe(0);
  });
});

describe('prune', () => {
  test('forgets proposals a year after their end, with their votes', () => {
    const executed = it.propose('suspend_organisation', suspendDelta);
    execute(executed);
    const open = it.propose('expel_organisation', suspendDelta, []);
    const must = (proposal: number) =>
      it.fails(
        'prune',
        'carol',
        { organisation: 'alpha', rows: { serials: [], applicants: [], authorities: [], proposals: [proposal] } },
        /must stay in the table for now/,
      );
    must(executed);
    it.chain.advance({ days: 366.1 });
    must(open);
    it.chain.advance({ days: 7 });
    it.prune('alpha', { proposals: [executed, open, 77] });
    expect(it.rows('proposals')).toEqual([]);
    expect([...votesOf(executed), ...votesOf(open)]).toEqual([]);
    expect(it.usage('alpha').open_proposals).toBe(0);
  });

  test('takes five proposals at a time', () => {
    const rows = { serials: [], applicants: [], authorities: [], proposals: [1, 2, 3, 4, 5, 6] };
    it.fails('prune', 'carol', { organisation: 'alpha', rows }, /at most 5 proposals/);
  });
});

const ending = (organisation: string, valid_until: string): JsonObject => ({
  organisation,
  terms: { ...terms, valid_until },
});

test('an organisation whose validity is over has no part in decisions until it is extended', () => {
  it.decide('change_terms', ending('delta', day(10)));
  const running = it.propose('change_parameters', { parameters }, ['beta', 'delta']);
  it.chain.advance({ days: 5 });
  const extension = it.propose('change_terms', ending('delta', day(20)), ['beta', 'gamma']);
  const id = it.propose('change_parameters', { parameters }, ['beta']);
  it.chain.advance({ days: 1.9 });
  it.approve('delta', id);
  it.chain.advance({ days: 3.2 });
  notYet(running, /has expired/);
  notYet(id, /weight 2 of 3; more than 2\/3 is needed/);
  execute(extension);
  execute(id);
  expect(it.proposal(extension)).toMatchObject({ approving_weight: 3, total_weight: 3 });
  expect(it.proposal(id)).toMatchObject({ approving_weight: 3, total_weight: 4 });
});

test('time alone gives the consortium to no minority: where too few are valid all that are active count', () => {
  for (const organisation of ['gamma', 'delta']) it.decide('change_terms', ending(organisation, day(3)));
  it.chain.advance({ days: 3 });
  const id = it.propose('expel_organisation', { organisation: 'gamma' }, ['beta']);
  notYet(id, /weight 2 of 4/);
  it.approve('delta', id);
  execute(id);
  // Of the three that are left two are valid: exactly two thirds are too few.
  const next = it.propose('suspend_organisation', suspendDelta, ['beta']);
  notYet(next, /weight 2 of 3/);
  it.approve('delta', next);
  execute(next);
});

test('weights decide who can go on without whom', () => {
  it.decide('change_terms', { organisation: 'delta', terms: { ...terms, weight: 7, valid_until: day(3) } });
  it.chain.advance({ days: 3 });
  const id = it.propose('change_parameters', { parameters }, ['beta', 'gamma']);
  notYet(id, /weight 3 of 10/);
  it.approve('delta', id);
  execute(id);
});

test('when the validity of all is over, the consortium can extend them', () => {
  it.chain.advance({ days: 731 });
  it.fails(
    'issue',
    'alpha',
    {
      by: 'alpha',
      organisation: 'alpha',
      certificate: certificate('alpha', 1, { not_before: day(731), not_after: day(740) }),
      member: { account: '', node: '', roles: ['client'] },
    },
    /outlive the validity of its organisation/,
  );
  it.decide('change_terms', { organisation: 'alpha', terms: { ...terms, valid_until: day(900) } });
  it.issue('alpha', 1, { not_before: day(731), not_after: day(740) });
});
