/** What each kind of decision does, and when it cannot be carried out. */

import { compileAbi, encodeType } from '@snapscale/protocol';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Snapshot, systemContract } from '../../../testing/index.js';
import {
  admission,
  Consortium,
  certificate,
  day,
  der,
  member,
  parameters,
  serialOf,
  sha256,
  terms,
} from './consortium.js';

let it: Consortium;
let start: Snapshot;
beforeAll(async () => {
  it = await Consortium.founded();
  start = it.chain.snapshot();
});
beforeEach(() => it.chain.restore(start));

const producer = { roles: ['producer'], account: 'bob' };
const newest = { certificate: der('alpha2'), not_after: day(2000) };
const byNewest = { issuer: sha256(newest.certificate) };
const authority = (label: string) => it.rows('authorities').find(({ digest }) => digest === sha256(der(label)))!;
const issueFails = (message: RegExp, organisation = 'alpha', number = 99, changed = {}) =>
  it.fails(
    'issue',
    organisation,
    { by: organisation, organisation, certificate: certificate(organisation, number, changed), member: member('') },
    message,
  );

describe('admit_organisation', () => {
  test('lets an organisation in, which issues and votes at once', () => {
    it.decide('admit_organisation', admission('omega', { weight: 2, scope: ['client'] }));
    expect(it.organisation('omega')).toMatchObject({ status: 0, weight: 2, admission: 5 });
    expect(it.state).toMatchObject({ organisations: 5, active_weight: 6 });
    it.issue('omega', 1);
    it.approve('omega', it.propose('suspend_organisation', { organisation: 'delta' }));
  });

  test('cannot be carried out for one that is in, nor with a known certificate', () => {
    it.undecidable('admit_organisation', admission('delta'), /delta is an organisation of the consortium already/);
    it.decide('suspend_organisation', { organisation: 'delta' });
    it.undecidable('admit_organisation', admission('delta'), /organisation of the consortium already/);
    it.undecidable(
      'admit_organisation',
      { ...admission('omega'), issuer: { certificate: der('beta'), not_after: day(9) } },
      /known already/,
    );
    it.undecidable(
      'admit_organisation',
      { ...admission('omega'), issuer: { certificate: der('omega'), not_after: day(0) } },
      /has expired/,
    );
  });
});

describe('expel_organisation', () => {
  test('ends vote, certificates, issuing CA and producers at once', () => {
    it.issue('delta', 1, producer);
    it.issue('delta', 2);
    it.decide('expel_organisation', { organisation: 'delta' });
    expect(it.organisation('delta').status).toBe(2);
    expect(it.state).toMatchObject({ organisations: 4, active_weight: 3 });
    expect(authority('delta')).toMatchObject({ status: 2, reason: 5 });
    expect(it.producers).toEqual([]);
    issueFails(/delta was expelled/, 'delta');
    it.undecidable('expel_organisation', { organisation: 'delta' }, /delta is expelled already/);
    it.undecidable('resume_organisation', { organisation: 'delta' }, /delta is expelled already/);
    it.undecidable('suspend_organisation', { organisation: 'delta' }, /delta is expelled already/);
    it.undecidable('change_terms', { organisation: 'delta', terms }, /delta was expelled/);
  });

  test('frees its members for others once they are pruned, and then the organisation is forgotten', () => {
    it.issue('delta', 1, producer);
    it.revoke('delta', 'delta', [1]);
    it.issue('delta', 2, { account: 'alice' });
    it.decide('expel_organisation', { organisation: 'delta' });
    const data = { by: 'beta', organisation: 'beta', certificate: certificate('beta', 1), member: member('alice') };
    it.fails('issue', ['beta', 'alice'], data, /alice is a member of delta/);
    it.prune('delta', { serials: [serialOf(1), serialOf(2)] });
    expect(it.organisation('delta')).toBeUndefined();
    expect(it.usage('delta')).toBeUndefined();
    expect(it.state.organisations).toBe(3);
    for (const table of ['members', 'keys', 'revocations']) expect(it.rows(table, 'delta')).toEqual([]);
    expect(authority('delta').status).toBe(2);
    it.issue('beta', 1, { account: 'alice' });
    it.chain.advance({ days: 1001.1 });
    it.prune('delta', { authorities: [sha256(der('delta'))] });
    expect(authority('delta')).toBeUndefined();
  });

  test('leaves a clean slate to an organisation that is admitted again', () => {
    it.issue('delta', 1, producer);
    it.decide('expel_organisation', { organisation: 'delta' });
    const issuer = { certificate: der('delta2'), not_after: day(1000) };
    it.decide('admit_organisation', { ...admission('delta'), issuer });
    expect(it.organisation('delta')).toMatchObject({ status: 0, admission: 5, authorities: [authority('delta2').key] });
    expect(authority('delta').status).toBe(2);
    expect(it.producers).toEqual([]);
    it.issue('delta', 2, { ...producer, issuer: sha256(issuer.certificate) });
    expect(it.producers).toEqual(['bob']);
  });

  test('cannot leave the consortium without an active organisation', () => {
    for (const organisation of ['delta', 'gamma', 'beta']) {
      const proposal = it.propose('expel_organisation', { organisation }, []);
      for (const voter of ['beta', 'gamma', 'delta']) {
        if (it.organisation(voter).status === 0) it.approve(voter, proposal);
      }
      it.push('execute', 'carol', { account: 'carol', proposal });
    }
    const last = it.propose('suspend_organisation', { organisation: 'alpha' }, []);
    it.fails('execute', 'carol', { account: 'carol', proposal: last }, /the last active organisation/);
  });
});

describe('suspend_organisation and resume_organisation', () => {
  test('stop an organisation, its operators and producers, and give all back', () => {
    it.issue('delta', 1, producer);
    it.issue('delta', 2, { account: 'alice', roles: ['ca.operator'] });
    it.decide('suspend_organisation', { organisation: 'delta' });
    expect(it.organisation('delta')).toMatchObject({ status: 1, producers: ['bob'] });
    expect(it.state.active_weight).toBe(3);
    expect(it.producers).toEqual([]);
    issueFails(/delta is suspended/, 'delta');
    const entry = { organisation: 'delta', certificate: certificate('delta', 3), member: member('') };
    it.fails('issue', 'alice', { by: 'alice', ...entry }, /delta is suspended/);
    it.undecidable('suspend_organisation', { organisation: 'delta' }, /delta is suspended already/);

    it.decide('resume_organisation', { organisation: 'delta' });
    expect(it.state.active_weight).toBe(4);
    expect(it.producers).toEqual(['bob']);
    it.push('issue', 'alice', { by: 'alice', ...entry });
    it.undecidable('resume_organisation', { organisation: 'delta' }, /delta is active already/);
  });

  test('leave an organisation the power to revoke', () => {
    it.issue('delta', 1, producer);
    it.decide('suspend_organisation', { organisation: 'delta' });
    it.revoke('delta', 'delta', [1]);
    it.decide('resume_organisation', { organisation: 'delta' });
    expect(it.producers).toEqual([]);
  });
});

describe('change_terms', () => {
  test('changes quota, scope and validity for what is issued from then on', () => {
    it.issue('delta', 1, producer);
    it.issue('delta', 2);
    const changed = { quota: 1, weight: 3, valid_until: day(20), scope: ['client', 'producer'] };
    it.decide('change_terms', { organisation: 'delta', terms: changed });
    expect(it.organisation('delta')).toMatchObject(changed);
    expect(it.state.active_weight).toBe(6);
    expect(it.rows('producers')).toEqual([{ account: 'bob', valid_until: day(20), organisation: 'delta' }]);
    issueFails(/used its quota of 1 certificates/, 'delta', 3, { not_after: day(19) });
    issueFails(/outlive the validity of its organisation/, 'delta', 3);
  });

  test('takes roles from those who have them when they leave the scope', () => {
    it.issue('delta', 1, producer);
    it.issue('delta', 2, { account: 'alice', roles: ['ca.operator'] });
    const entry = { by: 'alice', organisation: 'delta', certificate: certificate('delta', 3), member: member('') };
    it.decide('change_terms', { organisation: 'delta', terms: { ...terms, scope: ['client'] } });
    expect(it.producers).toEqual([]);
    it.fails('issue', 'alice', entry, /alice holds no valid certificate of delta with the role ca.operator/);
    it.decide('change_terms', { organisation: 'delta', terms });
    expect(it.producers).toEqual(['bob']);
    it.push('issue', 'alice', entry);
  });

  test('cannot be carried out for others or with terms that make no sense', () => {
    it.undecidable('change_terms', { organisation: 'nobody', terms }, /nobody is no organisation/);
    it.undecidable('change_terms', { organisation: 'delta', terms: { ...terms, quota: 0 } }, /a quota is 1 to/);
  });
});

describe('rotate_authority', () => {
  test('gives an organisation a new issuing CA beside the old one', () => {
    it.issue('alpha', 1, producer);
    it.decide('rotate_authority', { organisation: 'alpha', next: newest, previous_until: day(25) });
    expect(authority('alpha')).toMatchObject({ status: 1, valid_until: day(25), not_after: day(1000) });
    expect(authority('alpha2')).toMatchObject({ status: 0, valid_until: day(2000) });
    expect(it.organisation('alpha').authorities).toHaveLength(2);
    expect(it.rows('producers')[0]).toMatchObject({ valid_until: day(25) });
    issueFails(/the issuing CA was replaced or revoked/);
    it.issue('alpha', 2, byNewest);
  });

  test('gives the consortium a new root', () => {
    const next = { certificate: der('root2'), not_after: day(4000) };
    it.decide('rotate_authority', { organisation: '', next, previous_until: day(100) });
    expect(it.state.roots).toEqual([authority('root').key, authority('root2').key]);
    expect(authority('root')).toMatchObject({ status: 1, valid_until: day(100) });
    it.chain.advance({ days: 3001.1 });
    it.prune('alpha', { authorities: [sha256(der('root'))] });
    expect(it.state.roots).toEqual([authority('root2').key]);
    expect(authority('root')).toBeUndefined();
    it.chain.advance({ days: 1000 });
    const rows = { serials: [], applicants: [], proposals: [], authorities: [sha256(der('root2'))] };
    it.fails('prune', 'carol', { organisation: 'alpha', rows }, /the newest certificate stays/);
  });

  test('never lengthens what ends earlier', () => {
    it.decide('rotate_authority', { organisation: 'alpha', next: newest, previous_until: day(3000) });
    expect(authority('alpha').valid_until).toBe(day(1000));
  });

  test('stops at 16 certificates, and goes on when expired ones are pruned', () => {
    for (let i = 1; i < 16; i++) {
      const next = { certificate: der(`a${i}`), not_after: day(2000) };
      it.decide('rotate_authority', { organisation: 'alpha', next, previous_until: day(1) });
    }
    it.undecidable(
      'rotate_authority',
      { organisation: 'alpha', next: newest, previous_until: day(1) },
      /16 certificates already/,
    );
    const prune = (label: string, message: RegExp) => {
      const rows = { serials: [], applicants: [], proposals: [], authorities: [sha256(der(label))] };
      it.fails('prune', 'carol', { organisation: 'alpha', rows }, message);
    };
    prune('alpha', /is not over yet/);
    it.chain.advance({ days: 1001.1 });
    it.prune('alpha', { authorities: [sha256(der('alpha')), sha256(der('alpha'))] });
    expect(it.organisation('alpha').authorities).toHaveLength(15);
    it.decide('rotate_authority', { organisation: 'alpha', next: newest, previous_until: day(1) });
    it.chain.advance({ days: 1001.1 });
    prune('alpha2', /the newest certificate stays/);
  });

  test('cannot be carried out for others or with a certificate that does not do', () => {
    const rotate = (organisation: string, next = newest) => ({ organisation, next, previous_until: day(1) });
    it.undecidable('rotate_authority', rotate('nobody'), /nobody is no organisation/);
    it.undecidable('rotate_authority', rotate('alpha', { ...newest, certificate: '3001' }), /X.509 in DER/);
    it.undecidable('rotate_authority', rotate('alpha', { ...newest, certificate: der('beta') }), /known already/);
  });
});

describe('revoke_authority', () => {
  test('ends what an issuing CA has issued, at once', () => {
    it.issue('alpha', 1, producer);
    it.issue('alpha', 2, { account: 'alice', roles: ['ca.operator'] });
    it.decide('revoke_authority', { digest: sha256(der('alpha')), reason: 2 });
    expect(authority('alpha')).toMatchObject({ status: 2, reason: 2 });
    expect(it.producers).toEqual([]);
    issueFails(/the issuing CA was replaced or revoked/);
    it.decide('rotate_authority', { organisation: 'alpha', next: newest, previous_until: day(900) });
    expect(authority('alpha').status).toBe(2);
    const data = {
      by: 'alice',
      organisation: 'alpha',
      certificate: certificate('alpha', 3, byNewest),
      member: member(''),
    };
    it.fails('issue', 'alice', data, /alice holds no valid certificate of alpha with the role ca.operator/);
    it.issue('alpha', 4, byNewest);
  });

  test('cannot be carried out twice, for what is unknown, or for the last root', () => {
    const root = sha256(der('root'));
    it.undecidable('revoke_authority', { digest: sha256('00'), reason: 2 }, /no authority with this digest/);
    it.undecidable('revoke_authority', { digest: root, reason: 6 }, /a reason is 0 to 5 or 9/);
    it.undecidable('revoke_authority', { digest: root, reason: 2 }, /the last active root/);
    const next = { certificate: der('root2'), not_after: day(4000) };
    it.decide('rotate_authority', { organisation: '', next, previous_until: day(100) });
    it.decide('revoke_authority', { digest: root, reason: 2 });
    it.undecidable('revoke_authority', { digest: root, reason: 2 }, /revoked already/);
  });
});

describe('revoke_members', () => {
  test('revokes over the organisation’s head', () => {
    it.issue('delta', 1, producer);
    it.decide('revoke_members', { organisation: 'delta', serials: [serialOf(1)], reason: 9 });
    expect(it.rows('revocations', 'delta')).toMatchObject([{ serial: serialOf(1), reason: 9, by: 'snap.ca' }]);
    expect(it.producers).toEqual([]);
    it.undecidable('revoke_members', { organisation: 'delta', serials: [serialOf(1)], reason: 9 }, /revoked already/);
  });
});

describe('define_role', () => {
  const sensor = { role: 'sensor', label: 'sensor', permissions: ['write'], life_sec: 86_400, is_given: true };

  test('adds a role, changes it, and lets it run out', () => {
    it.decide('define_role', { definition: sensor });
    it.decide('change_terms', { organisation: 'alpha', terms: { ...terms, scope: [...terms.scope, 'sensor'] } });
    it.issue('alpha', 1, { roles: ['sensor'], not_after: day(1) });
    it.decide('define_role', { definition: { ...sensor, permissions: ['read', 'write'], is_given: false } });
    expect(it.rows('roles').find(({ role }) => role === 'sensor')).toMatchObject({ permissions: ['read', 'write'] });
    const data = { by: 'alpha', organisation: 'alpha', certificate: certificate('alpha', 2, { not_after: day(1) }) };
    it.fails('issue', 'alpha', { ...data, member: member('', ['sensor']) }, /sensor is not given any more/);
  });

  test.each([
    ['no name', { role: '' }, /a role needs a name/],
    ['no label', { label: '' }, /1 to 64 printable/],
    ['a label of another role', { label: 'producer' }, /the role producer has this label already/],
    ['permissions out of order', { permissions: ['write', 'read'] }, /unique and sorted/],
    ['a permission that is unknown', { permissions: ['fly'] }, /fly is no permission; known are audit/],
    ['the right to produce', { permissions: ['produce'] }, /belongs to the role producer alone/],
    ['the right to issue', { permissions: ['issue'] }, /belongs to the role ca.operator alone/],
    ['certificates without end', { life_sec: 4_000_000_000 }, /60 seconds to ten years/],
    ['another label for a known role', { role: 'client', label: 'guest' }, /is in certificates and cannot change/],
    ['a producer that does not produce', { role: 'producer', label: 'producer' }, /belongs to the role producer alone/],
  ])('cannot be carried out with %s', (_, changed, message) => {
    it.undecidable('define_role', { definition: { ...sensor, ...changed } }, message);
  });

  test('stops at 64 roles', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    for (let i = 7; i < 64; i++) {
      const role = `r${letters[i % 26]}${letters[Math.floor(i / 26)]}`;
      it.decide('define_role', { definition: { ...sensor, role, label: role } });
    }
    it.undecidable('define_role', { definition: sensor }, /at most 64 roles/);
  });
});

test('change_parameters replaces them all', () => {
  it.decide('change_parameters', { parameters: { ...parameters, reads: 2, overlap_sec: 60 } });
  expect(it.rows('params')[0]).toEqual({ ...parameters, reads: 2, overlap_sec: 60 });
  it.undecidable('change_parameters', { parameters: { ...parameters, reads: 3 } }, /reads must be 0/);
});

describe('act_on_chain', () => {
  const sent = (action: string, actor: string, data: string, account = 'eosio') => ({
    actions: [{ account, action, actor, data }],
  });
  const system = compileAbi(systemContract('eosio').abi);
  const hex = (type: string, data: object) => Buffer.from(encodeType(system, type, data as never)).toString('hex');

  test('acts as eosio once that account has let snap.ca’s code act for it, and not before', () => {
    const decision = sent('setpriv', 'eosio', hex('setpriv', { account: 'alice', is_priv: 1 }));
    it.undecidable(
      'act_on_chain',
      decision,
      /transaction declares authority '{"actor":"eosio","permission":"active"}'/,
    );
    it.chain.push('eosio', 'updateauth', 'eosio@owner', {
      account: 'eosio',
      permission: 'active',
      parent: 'owner',
      auth: {
        threshold: 1,
        keys: [],
        accounts: [{ permission: { actor: 'snap.ca', permission: 'eosio.code' }, weight: 1 }],
        waits: [],
      },
    });
    expect(it.decide('act_on_chain', decision).executed).toContain('eosio <= eosio::setpriv');
  });

  test('ends a jailing as the consortium that eosio asks', () => {
    it.chain.issue('eosio', '1.0000 XST');
    it.chain.createAccounts('eosio.stake');
    it.chain.deploySystem('eosio');
    it.chain.push('eosio', 'init', 'eosio', { version: 0, core: '4,XST' });
    const [dpos] = it.chain.table('eosio', 'eosio', 'dpos') as object[];
    it.chain.push('eosio', 'setdpos', 'eosio', { parameters: { ...dpos, consortium: 'snap.ca' } as never });
    const unjail = sent('unjail', 'snap.ca', hex('unjail', { producer: 'bob' }));
    it.undecidable(
      'act_on_chain',
      unjail,
      /transaction declares authority '{"actor":"snap.ca","permission":"active"}'/,
    );
    it.chain.allowCode('snap.ca');
    it.undecidable('act_on_chain', unjail, /producer not found/);
  });

  test('acts on nothing else and as nobody else', () => {
    it.undecidable('act_on_chain', { actions: [] }, /1 to 8 actions/);
    it.undecidable('act_on_chain', { actions: Array(9).fill(sent('x', 'eosio', '').actions[0]) }, /1 to 8 actions/);
    it.undecidable('act_on_chain', sent('transfer', 'eosio', '', 'eosio.token'), /on eosio and snap.fees alone/);
    it.undecidable('act_on_chain', sent('setpriv', 'alice', ''), /as eosio or snap.ca alone/);
  });
});
