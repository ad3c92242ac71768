import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

const entries = () => chain.table('mycontract', 'mycontract', 'entries');

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: ['alice', 'bob', 'carol'] });
  chain.deploy('mycontract', loadBuilt('.'));
  chain.push('mycontract', 'put', 'alice', { owner: 'alice', entry: 'first', value: 'one' });
});

test('an entry is stored, changed, looked up and dropped by its owner', () => {
  assert.equal(chain.read('mycontract', 'lookup', { entry: 'first' }), 'one');
  chain.push('mycontract', 'put', 'alice', { owner: 'alice', entry: 'first', value: 'two' });
  assert.deepEqual(entries(), [{ entry: 'first', owner: 'alice', offered_to: '', value: 'two' }]);
  chain.push('mycontract', 'drop', 'alice', { entry: 'first' });
  assert.deepEqual(entries(), []);
  chain.push('mycontract', 'put', 'bob', { owner: 'bob', entry: 'first', value: 'mine now' });
});

test('an entry changes hands when it is offered and accepted; then the new owner pays', () => {
  const before = chain.ram('alice');
  chain.push('mycontract', 'offer', 'alice', { entry: 'first', to: 'bob' });
  chain.push('mycontract', 'accept', 'bob', { entry: 'first', by: 'bob' });
  assert.deepEqual(entries(), [{ entry: 'first', owner: 'bob', offered_to: '', value: 'one' }]);
  assert.ok(chain.ram('alice') < before);
  chain.fails('mycontract', 'drop', 'alice', { entry: 'first' }, 'missing authority of bob');
});

describe('what is refused', () => {
  test('entries of others', () => {
    chain.rows('mycontract', [
      ['put', 'bob', { owner: 'alice', entry: 'second', value: '' }, 'missing authority of alice'],
      ['put', 'bob', { owner: 'bob', entry: 'first', value: '' }, 'belongs to another account'],
      ['put', 'bob', { owner: 'bob', entry: '', value: '' }, 'name of the entry is empty'],
      ['put', 'bob', { owner: 'bob', entry: 'long', value: 'x'.repeat(1025) }, 'more than 1024 bytes'],
      ['put', 'bob', { owner: 'bob', entry: 'long', value: 'x'.repeat(1024) }, 'ok'],
      ['drop', 'bob', { entry: 'first' }, 'missing authority of alice'],
      ['drop', 'bob', { entry: 'none' }, 'there is no such entry'],
    ]);
    assert.throws(() => chain.read('mycontract', 'lookup', { entry: 'none' }), /there is no such entry/);
  });

  test('offers that nobody made', () => {
    chain.rows('mycontract', [
      ['accept', 'bob', { entry: 'first', by: 'bob' }, 'not offered to this account'],
      ['offer', 'bob', { entry: 'first', to: 'bob' }, 'missing authority of alice'],
      ['offer', 'alice', { entry: 'first', to: 'nobody' }, 'no account to offer it to'],
      ['offer', 'alice', { entry: 'first', to: 'alice' }, 'owns the entry already'],
      ['offer', 'alice', { entry: 'first', to: 'bob' }, 'ok'],
      ['accept', 'carol', { entry: 'first', by: 'carol' }, 'not offered to this account'],
      ['accept', 'carol', { entry: 'first', by: 'bob' }, 'missing authority of bob'],
      ['offer', 'alice', { entry: 'first', to: '' }, 'ok'],
      ['accept', 'bob', { entry: 'first', by: 'bob' }, 'not offered to this account'],
    ]);
  });
});
