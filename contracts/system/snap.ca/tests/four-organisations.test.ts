/** The founding of a chain of four organisations, each of which is the producer of its own name, as networks begin. */
import { formatPublicKey } from '@snapscale/crypto';
import { accountMembership, checkMembership } from '@snapscale/execution';
import { testKey } from '@snapscale/execution/testing';
import { formatName, type JsonObject, name, slotToMs } from '@snapscale/protocol';
import { beforeAll, expect, test } from 'vitest';
import { systemContract } from '../../../testing/index.js';
import { SystemChain } from '../../eosio/tests/system-chain.js';
import { admission, certificate, der, member, parameters, serialOf, sha256, subjectKey, terms } from './consortium.js';

const four = ['east', 'north', 'south', 'west'];
const life = { not_before: '2025-05-01T00:00:00', not_after: '2025-07-01T00:00:00' };
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
let chain: SystemChain;

beforeAll(() => {
  chain = SystemChain.start([...four, 'voter', 'newcomer'], { finalizer_keys_required: true });
  chain.createAccounts('snap.ca');
  const { wasm, abi } = systemContract('snap.ca');
  chain.block();
  chain.ledger.deploy('snap.ca', wasm, abi);
  chain.block();
  chain.push('snap.ca', 'init', 'snap.ca', {
    founders: four.map((organisation) => admission(organisation)),
    roots: [{ certificate: der('root'), not_after: '2033-01-01T00:00:00' }],
    parameters,
  });
  chain.setParameters({ certificates_required: true });
  chain.createAccounts('fifth');
  chain.pay('eosio', 'fifth', '10.0000 XST');
  for (const account of ['snap.ca', 'eosio']) letCodeAct(account);
  chain.register(four, true);
  chain.stake('voter', '1.0000 XST');
  chain.vote('voter', ...four);
  for (const organisation of four) addPermission(organisation);
});

const signed = (permission: string, parent: string, auth: JsonObject, account: string) =>
  chain.push('eosio', 'updateauth', `${account}@${parent}`, { account, permission, parent, auth });

/** The consortium's code and nothing else acts as `account`. */
function letCodeAct(account: string): void {
  const accounts = [{ permission: { actor: 'snap.ca', permission: 'eosio.code' }, weight: 1 }];
  signed('active', 'owner', { threshold: 1, keys: [], accounts, waits: [] }, account);
}

/** What an organisation's CA needs: a permission with a key of its own, for these actions of `snap.ca` and for nothing else. */
function addPermission(organisation: string): void {
  const keys = [{ key: formatPublicKey(testKey), weight: 1 }];
  signed('ca', 'active', { threshold: 1, keys, accounts: [], waits: [] }, organisation);
  for (const type of ['issue', 'renew', 'revoke', 'reject', 'nominate', 'prune']) {
    const link = { account: organisation, code: 'snap.ca', type, requirement: 'ca' };
    chain.push('eosio', 'linkauth', `${organisation}@active`, link);
  }
}

function issue(organisation: string, number: number, account = organisation, roles = ['edge', 'producer']): void {
  chain.push('snap.ca', 'issue', `${organisation}@ca`, {
    by: organisation,
    organisation,
    certificate: certificate(organisation, number, life),
    member: member(account, roles, `${organisation}-1`),
  });
}

const nowSec = () => Math.floor(slotToMs(chain.slot) / 1000);

test('the CA’s permission enters the certificate of its organisation’s own node, and all four are elected', () => {
  chain.nextRound();
  expect(chain.proposed).toBeUndefined();
  for (const [number, organisation] of four.entries()) issue(organisation, number);
  chain.nextRound();
  chain.nextRound();
  expect([...chain.schedule].sort()).toEqual(four);
  expect(chain.finalizers.finalizers).toHaveLength(4);
  const { state } = chain.ledger.pending;
  const verdict = checkMembership(
    state,
    {
      issuer: bytes(sha256(der('north'))),
      root: bytes(sha256(der('root'))),
      serial: bytes(serialOf(1)),
      digest: bytes(sha256(der('north1'))),
    },
    nowSec(),
  );
  expect(verdict).toMatchObject({
    kind: 'member',
    node: 'north-1',
    organisation: name('north'),
    account: name('north'),
  });
  expect(accountMembership(state, name('north'), nowSec())!.roles.map(formatName)).toEqual(['edge', 'producer']);
});

test('the CA’s permission renews, revokes, turns down and nominates, and does nothing else: it has no vote', () => {
  const push = (action: string, data: JsonObject) => chain.push('snap.ca', action, 'north@ca', data);
  const successor = certificate('north', 11, { ...life, subject_key: subjectKey(1) });
  push('renew', { by: 'north', organisation: 'north', serial: serialOf(1), successor });
  push('revoke', { by: 'north', organisation: 'north', serials: [serialOf(1)], reason: 4 });
  const request = { organisation: 'north', subject_key: subjectKey(20), node: '', roles: ['client'], request: '' };
  chain.push('snap.ca', 'apply', 'newcomer', { applicant: 'newcomer', ...request });
  push('reject', { by: 'north', organisation: 'north', applicant: 'newcomer', reason: 'unknown' });
  const content = ['expel_organisation', { organisation: 'east' }];
  push('nominate', { organisation: 'north', content });
  const [{ id, digest }] = chain.rows('proposals', 'snap.ca', 'snap.ca') as [JsonObject];
  expect(chain.rows('votes', String(id), 'snap.ca')).toEqual([]);
  const vote = { organisation: 'north', proposal: id!, digest: digest! };
  expect(() => push('approve', vote)).toThrow(/irrelevant|authority/);
  expect(() => push('propose', { organisation: 'north', content })).toThrow(/irrelevant|authority/);
  expect(() => push('withdraw', { applicant: 'north', organisation: 'north' })).toThrow(/irrelevant|authority/);
  expect(() => chain.push('eosio', 'unregprod', 'north@ca', { producer: 'north' })).toThrow(/irrelevant|authority/);
  // Another organisation's members are not its to enter.
  expect(() =>
    chain.push('snap.ca', 'revoke', 'north@ca', {
      by: 'north',
      organisation: 'east',
      serials: [serialOf(0)],
      reason: 1,
    }),
  ).toThrow(/north may revoke its own certificates alone/);
});

test('what three of four approve acts on eosio, and the next block proposes a schedule', () => {
  const content = [
    'act_on_chain',
    { actions: [{ account: 'eosio', action: 'rmvproducer', actor: 'eosio', data: nameBytes('west') }] },
  ];
  chain.push('snap.ca', 'propose', 'north', { organisation: 'north', content });
  const { id, digest } = chain.rows('proposals', 'snap.ca', 'snap.ca').at(-1)!;
  for (const organisation of ['east', 'south']) {
    chain.push('snap.ca', 'approve', organisation, { organisation, proposal: id!, digest: digest! });
  }
  chain.push('snap.ca', 'execute', 'south', { account: 'south', proposal: id! });
  chain.block();
  expect([...chain.proposed!].sort()).toEqual(['east', 'north', 'south']);
  expect(chain.producer('west')).toMatchObject({ is_active: 0, status: 4 });
});

const nameBytes = (account: string) => {
  const data = Buffer.alloc(8);
  data.writeBigUInt64LE(name(account));
  return data.toString('hex');
};

test('a fifth organisation joins with one decision, enters its node with its own CA, and is elected', () => {
  const joining = { ...admission('fifth'), terms: { ...terms, scope: ['edge', 'producer'] } };
  chain.push('snap.ca', 'propose', 'north', { organisation: 'north', content: ['admit_organisation', joining] });
  const { id, digest } = chain.rows('proposals', 'snap.ca', 'snap.ca').at(-1)!;
  for (const organisation of ['east', 'south']) {
    chain.push('snap.ca', 'approve', organisation, { organisation, proposal: id!, digest: digest! });
  }
  chain.push('snap.ca', 'execute', 'fifth', { account: 'fifth', proposal: id! });
  addPermission('fifth');
  issue('fifth', 50);
  chain.register(['fifth'], true);
  chain.stake('voter', '1.0000 XST');
  chain.vote('voter', 'east', 'fifth', 'north', 'south');
  // A round of the schedule of three that is under way, one that proposes, and one that begins with the proposal.
  for (let round = 0; round < 3; round++) chain.nextRound();
  expect([...chain.schedule].sort()).toEqual(['east', 'fifth', 'north', 'south']);
});
