/** Elections of `eosio` by the certificates of `snap.ca`, both contracts as they are deployed. */
import { rowKey, tableId } from '@snapscale/execution';
import { name, slotToText } from '@snapscale/protocol';
import { beforeAll, expect, test } from 'vitest';
import { systemContract } from '../../../testing/index.js';
import { producerNames, SystemChain } from '../../eosio/tests/system-chain.js';
import { Consortium, certificate, member, organisations, serialOf, subjectKey } from './consortium.js';

const four = producerNames(4);
let chain: SystemChain;

beforeAll(() => {
  chain = SystemChain.start([...four, 'voter', ...organisations], { finalizer_keys_required: false });
  chain.createAccounts('snap.ca');
  const { wasm, abi } = systemContract('snap.ca');
  chain.block();
  chain.ledger.deploy('snap.ca', wasm, abi);
  chain.block();
  chain.push('snap.ca', 'init', 'snap.ca', Consortium.founding());
  chain.setParameters({ finalizer_keys_required: false, certificates_required: true });
  chain.register(four);
  chain.stake('voter', '1.0000 XST');
  chain.vote('voter', ...four);
  for (const [number, account] of four.entries()) certify(organisations[number]!, account, number);
  elect();
});

function certify(organisation: string, account: string, number: number, notAfter = '2025-07-01T00:00:00'): void {
  const key = subjectKey(number);
  const roles = ['producer'];
  chain.push('snap.ca', 'apply', account, {
    applicant: account,
    organisation,
    subject_key: key,
    node: '',
    roles,
    request: '',
  });
  chain.push('snap.ca', 'issue', organisation, {
    by: organisation,
    organisation,
    certificate: certificate(organisation, number, {
      not_before: '2025-05-01T00:00:00',
      not_after: notAfter,
    }),
    member: member(account, roles),
  });
}

function elect(): void {
  chain.nextRound();
  chain.nextRound();
}

function decide(kind: string, organisation: string): void {
  chain.push('snap.ca', 'propose', 'alpha', { organisation: 'alpha', content: [kind, { organisation }] });
  const { id, digest } = chain.rows('proposals', 'snap.ca', 'snap.ca').at(-1)!;
  for (const voter of ['beta', 'gamma']) {
    chain.push('snap.ca', 'approve', voter, { organisation: voter, proposal: id!, digest: digest! });
  }
  chain.push('snap.ca', 'execute', 'alpha', { account: 'alpha', proposal: id! });
}

const elected = () => [...chain.schedule].sort();

test('producers with a certificate are elected, and left out when their organisation is suspended', () => {
  expect(elected()).toEqual(four);
  decide('suspend_organisation', 'delta');
  elect();
  expect(elected()).toEqual(four.slice(0, 3));
  decide('resume_organisation', 'delta');
  elect();
  expect(elected()).toEqual(four);
});

test('a producer whose certificate is revoked is left out, and comes back with a new one', () => {
  const revoked = { by: four[3]!, organisation: 'delta', serials: [serialOf(3)], reason: 1 };
  chain.push('snap.ca', 'revoke', four[3]!, revoked);
  elect();
  expect(elected()).toEqual(four.slice(0, 3));
  certify('delta', four[3]!, 4);
  elect();
  expect(elected()).toEqual(four);
});

/** Blocks up to the sixth of a round, from where on only what is urgent is proposed. */
function midRound(): void {
  while (chain.slot % 48 !== 5) chain.block();
}

const proposed = () => (chain.proposed === undefined ? undefined : [...chain.proposed].sort());

test('the next block after a revocation proposes a schedule without the producer, once', () => {
  midRound();
  const { version } = chain;
  chain.push('snap.ca', 'revoke', four[3]!, { by: four[3]!, organisation: 'delta', serials: [serialOf(4)], reason: 1 });
  expect(proposed()).toBeUndefined();
  chain.block();
  expect(proposed()).toEqual(four.slice(0, 3));
  const proposal = chain.global.last_producer_schedule_update;
  chain.blocks(20);
  expect(chain.global.last_producer_schedule_update).toBe(proposal);
  chain.nextRound();
  expect(elected()).toEqual(four.slice(0, 3));
  expect(chain.version).toBe(version + 1);
});

test('while too few others are left for a quorum nothing is proposed, and nothing is looked at in every block', () => {
  // Another certificate of beta, whose end is nobody's loss.
  chain.push('snap.ca', 'issue', 'beta', {
    by: 'beta',
    organisation: 'beta',
    certificate: certificate('beta', 60, { not_before: '2025-05-01T00:00:00', not_after: '2025-05-31T00:00:00' }),
    member: member(''),
  });
  midRound();
  chain.push('snap.ca', 'revoke', four[2]!, { by: four[2]!, organisation: 'gamma', serials: [serialOf(2)], reason: 1 });
  const search = chain.block();
  chain.push('snap.ca', 'revoke', 'beta', { by: 'beta', organisation: 'beta', serials: [serialOf(60)], reason: 4 });
  const look = chain.block();
  const nothing = chain.block();
  // Each further growth of the version costs a look at those who are elected, and no search for others.
  expect(look - nothing).toBeLessThan((search - nothing) / 2);
  expect(chain.global.certificates_lost).toEqual([four[2]]);
  chain.blocks(3);
  const looked = chain.global;
  chain.blocks(3);
  expect(proposed()).toBeUndefined();
  expect(chain.global).toEqual(looked);
  certify('gamma', four[2]!, 5);
  certify('delta', four[3]!, 6);
  elect();
  expect(elected()).toEqual(four);
});

test('so does the next block after a suspension', () => {
  midRound();
  decide('suspend_organisation', 'delta');
  chain.block();
  expect(proposed()).toEqual(four.slice(0, 3));
  decide('resume_organisation', 'delta');
  elect();
  elect();
  expect(elected()).toEqual(four);
});

test('so does the first block after the end of a certificate', () => {
  const end = slotToText(chain.slot + 300).slice(0, 19);
  certify('gamma', four[2]!, 7, end);
  chain.push('snap.ca', 'revoke', four[2]!, { by: four[2]!, organisation: 'gamma', serials: [serialOf(5)], reason: 1 });
  chain.blocks(2);
  expect(chain.global.certificates_until).toBe(end);
  while (slotToText(chain.slot) < end) {
    expect(proposed()).toBeUndefined();
    chain.block();
  }
  expect(proposed()).toEqual([four[0], four[1], four[3]]);
  certify('gamma', four[2]!, 8);
  elect();
  elect();
  expect(elected()).toEqual(four);
});

test('an expelled organisation’s producer is left out at once and for good', () => {
  midRound();
  decide('expel_organisation', 'delta');
  chain.block();
  expect(proposed()).toEqual(four.slice(0, 3));
  elect();
  expect(elected()).toEqual(four.slice(0, 3));
  chain.register([four[3]!]);
  elect();
  expect(elected()).toEqual(four.slice(0, 3));
  expect(() => certify('delta', four[3]!, 9)).toThrow('delta was expelled');
});

test('a contract in the place of snap.ca that writes other rows costs producers their places, and no block', () => {
  const table = (kind: string) => tableId(name('snap.ca'), name('snap.ca'), name(kind));
  const write = (kind: string, key: string, size: number) => {
    chain.ledger.store.apply(new Map([[rowKey(table(kind), name(key)), new Uint8Array(size)]]));
  };
  chain.block();
  write('state', 'state', 8);
  chain.blocks(2);
  expect(chain.global.certificates_version).toBe(0);
  write('state', 'state', 11);
  write('producers', four[0]!, 17);
  elect();
  // A quorum of three is needed: with two the schedule stays as it is.
  expect(elected()).toEqual(four.slice(0, 3));
  chain.blocks(2);
});
