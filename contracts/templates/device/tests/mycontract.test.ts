import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

const enrolment = { device: 'meter', owner: 'alice', model: 'thermometer' };
const consent = { device: 'meter', reader: 'bob', until: '2030-01-02T00:00:00', sealed_key: 'c0ffee' };

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: ['alice', 'bob', 'meter'], time: '2030-01-01T00:00:00.000' });
  chain.deploy('mycontract', loadBuilt('.'));
  chain.push('mycontract', 'enrol', ['alice', 'meter'], enrolment);
});

test('the newest 16 readings are kept', () => {
  for (let number = 1; number <= 20; number++) {
    const { returnValue } = chain.push('mycontract', 'report', 'meter', { device: 'meter', sealed: '0a0b' });
    assert.equal(Number(returnValue), number);
    chain.advance({ seconds: 1 });
  }
  const readings = chain.table('mycontract', 'meter', 'readings') as { number: number }[];
  assert.deepEqual([readings.length, Number(readings[0]?.number)], [16, 5]);
});

test('a reader with consent reads, and that it did is counted', () => {
  chain.push('mycontract', 'report', 'meter', { device: 'meter', sealed: '0a0b' });
  chain.push('mycontract', 'grant', 'alice', consent);
  assert.equal(chain.push('mycontract', 'read', 'bob', { device: 'meter', reader: 'bob' }).returnValue, '0a0b');
  assert.deepEqual(chain.row('mycontract', 'meter', 'consents', 'bob'), {
    reader: 'bob',
    until: '2030-01-02T00:00:00',
    sealed_key: 'c0ffee',
    reads: 1,
  });
});

test('a consent ends by itself, or when the owner takes it back', () => {
  const read = { device: 'meter', reader: 'bob' };
  chain.push('mycontract', 'report', 'meter', { device: 'meter', sealed: '0a0b' });
  chain.push('mycontract', 'grant', 'alice', consent);
  chain.advance({ days: 1 });
  chain.fails('mycontract', 'read', 'bob', read, 'the consent has ended');
  chain.push('mycontract', 'grant', 'alice', { ...consent, until: '2030-02-01T00:00:00' });
  chain.push('mycontract', 'read', 'bob', read);
  chain.push('mycontract', 'revoke', 'alice', { device: 'meter', reader: 'bob' });
  chain.fails('mycontract', 'read', 'bob', read, 'the owner has not consented');
});

test('a disabled device reports nothing', () => {
  chain.rows('mycontract', [
    ['enable', 'meter', { device: 'meter', enabled: false }, 'missing authority of alice'],
    ['enable', 'alice', { device: 'meter', enabled: false }, 'ok'],
    ['report', 'meter', { device: 'meter', sealed: '0a' }, 'disabled by its owner'],
    ['enable', 'alice', { device: 'meter', enabled: true }, 'ok'],
    ['report', 'meter', { device: 'meter', sealed: '0a' }, 'ok'],
  ]);
});

describe('what is refused', () => {
  test('devices', () => {
    chain.rows('mycontract', [
      ['enrol', 'alice', { ...enrolment, device: 'bob' }, 'missing authority of bob'],
      ['enrol', 'bob', { ...enrolment, device: 'bob' }, 'missing authority of alice'],
      ['enrol', ['alice', 'meter'], enrolment, 'enrolled already'],
      ['enrol', ['alice', 'bob'], { ...enrolment, device: 'bob', model: 'x'.repeat(65) }, 'more than 64 bytes'],
      ['enable', 'alice', { device: 'bob', enabled: true }, 'not enrolled'],
    ]);
  });

  test('readings', () => {
    chain.rows('mycontract', [
      ['report', 'alice', { device: 'meter', sealed: '0a' }, 'missing authority of meter'],
      ['report', 'meter', { device: 'meter', sealed: '' }, 'the reading is empty'],
      ['report', 'meter', { device: 'meter', sealed: '00'.repeat(513) }, 'more than 512 bytes'],
      ['report', 'bob', { device: 'bob', sealed: '0a' }, 'not enrolled'],
      ['read', 'bob', { device: 'meter', reader: 'bob' }, 'the owner has not consented'],
      ['grant', 'alice', consent, 'ok'],
      ['read', 'bob', { device: 'meter', reader: 'bob' }, 'has reported nothing yet'],
      ['read', 'alice', { device: 'meter', reader: 'bob' }, 'missing authority of bob'],
    ]);
  });

  test('consents', () => {
    chain.rows('mycontract', [
      ['grant', 'meter', consent, 'missing authority of alice'],
      ['grant', 'alice', { ...consent, reader: 'nobody' }, 'the reader does not exist'],
      ['grant', 'alice', { ...consent, until: '2029-12-31T00:00:00' }, 'would have ended already'],
      ['grant', 'alice', { ...consent, sealed_key: '00'.repeat(257) }, 'more than 256 bytes'],
      ['revoke', 'alice', { device: 'meter', reader: 'bob' }, 'there is no such consent'],
    ]);
  });
});
