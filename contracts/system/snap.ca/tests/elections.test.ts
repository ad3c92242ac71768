/** Elections of `eosio` by the certificates of `snap.ca`, both contracts as they are deployed. */
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

function certify(organisation: string, account: string, number: number): void {
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
      not_after: '2025-07-01T00:00:00',
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

test('an expelled organisation’s producer is left out for good', () => {
  decide('expel_organisation', 'delta');
  elect();
  expect(elected()).toEqual(four.slice(0, 3));
  expect(() => certify('delta', four[3]!, 5)).toThrow('delta was expelled');
});
