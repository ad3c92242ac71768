import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ContractTest, loadBuilt } from '@snapscale/contracts/testing';

let chain: ContractTest;

beforeEach(async () => {
  chain = await ContractTest.start({ accounts: ['alice', 'bob'] });
  chain.deploy('mycontract', loadBuilt('.'));
});

test('greetings are set, changed, read and forgotten by their user', () => {
  const { returnValue } = chain.push('mycontract', 'greet', 'alice', { user: 'alice', text: 'hello' });
  assert.equal(returnValue, 1);
  assert.equal(chain.push('mycontract', 'greet', 'alice', { user: 'alice', text: 'good morning' }).returnValue, 2);
  assert.equal(chain.read('mycontract', 'read', { user: 'alice' }), 'good morning');
  assert.deepEqual(chain.table('mycontract', 'mycontract', 'greetings'), [
    { user: 'alice', text: 'good morning', changes: 2 },
  ]);
  chain.push('mycontract', 'forget', 'alice', { user: 'alice' });
  assert.deepEqual(chain.table('mycontract', 'mycontract', 'greetings'), []);
});

test('the user pays for the storage, and gets it back', () => {
  const before = chain.ram('alice');
  chain.push('mycontract', 'greet', 'alice', { user: 'alice', text: 'hello' });
  assert.ok(chain.ram('alice') > before);
  chain.push('mycontract', 'forget', 'alice', { user: 'alice' });
  assert.equal(chain.ram('alice'), before);
});

describe('what is refused', () => {
  test('row by row', () => {
    chain.rows('mycontract', [
      // action, who signs, data, what happens
      ['greet', 'bob', { user: 'alice', text: 'hello' }, 'missing authority of alice'],
      ['greet', 'alice', { user: 'alice', text: '' }, 'the greeting is empty'],
      ['greet', 'alice', { user: 'alice', text: 'x'.repeat(101) }, 'more than 100 bytes'],
      ['greet', 'alice', { user: 'alice', text: 'x'.repeat(100) }, 'ok'],
      ['forget', 'bob', { user: 'alice' }, 'missing authority of alice'],
      ['forget', 'bob', { user: 'bob' }, 'there is no such greeting'],
    ]);
    assert.throws(() => chain.read('mycontract', 'read', { user: 'bob' }), /there is no such greeting/);
  });
});
