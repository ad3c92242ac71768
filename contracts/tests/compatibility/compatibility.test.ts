/** Names of the first versions of CDT, and of its C functions, that contracts still use. */
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { buildForTest, ContractTest, systemContract } from '../../testing/index.js';

const buildMsMax = 240_000;
const self = 'oldstyle';
let chain: ContractTest;

beforeAll(async () => {
  const source = fileURLToPath(new URL('old-style.cpp', import.meta.url));
  chain = await ContractTest.start({ accounts: ['alice', 'bob'] });
  chain.deploy(self, await buildForTest({ name: self, sources: [source] }));
  chain.allowCode(self);
}, buildMsMax);

test('C functions stand beside those of C++, and tables have both names of each change', () => {
  const seconds = Math.floor(Date.parse(`${chain.time}Z`) / 1000);
  chain.rows(self, [
    ['add', 'alice', { owner: 'alice', text: 'hello' }, 'ok'],
    ['add', 'alice', { owner: 'alice', text: '' }, /there is no text/],
    ['add', 'bob', { owner: 'alice', text: 'mine' }, /missing authority of alice/],
  ]);
  expect(chain.table(self, self, 'entries')).toEqual([{ id: 0, owner: 'alice', text: `hello!${seconds}` }]);
  chain.rows(self, [
    ['drop', 'alice', { id: 7 }, /no such entry/],
    ['drop', 'alice', { id: 0 }, 'ok'],
  ]);
  expect(chain.table(self, self, 'entries')).toEqual([]);
});

test('a literal is sent as a string', () => {
  expect(chain.push(self, 'echo', 'alice', { to: self }).console).toBe('oldstyle says a literal to oldstyle');
});

test('an apply of the contract’s own takes notifications by execute_action', () => {
  chain.deploy('tokens', systemContract('eosio.token'));
  chain.push('tokens', 'create', 'tokens', { issuer: 'alice', maximum_supply: '10.00 OLD' });
  chain.push('tokens', 'issue', 'alice', { to: 'alice', quantity: '10.00 OLD', memo: '' });
  const data = { from: 'alice', to: self, quantity: '1.50 OLD', memo: 'a present' };
  expect(chain.push('tokens', 'transfer', 'alice', data).console).toBe('tokens: 1.50 OLD of alice, a present');
});

test('authorisations are asked for with sets, and of the host itself', () => {
  chain.push(self, 'allowed', 'alice', { who: 'alice' });
});

test('numbers and points of any size, as CDT has them', () => {
  const power = chain.push(self, 'power', 'alice', { base: '03', exponent: '05', modulus: '0d' });
  expect(power.console).toBe('09');
  expect(chain.push(self, 'power', 'alice', { base: '03', exponent: '05', modulus: '00' }).console).toBe('00');
  const one = '00'.repeat(31);
  const twice = '030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3';
  expect(chain.push(self, 'sum', 'alice', { x: `${one}01`, y: `${one}02` }).console).toBe(twice);
  chain.fails(self, 'sum', 'alice', { x: '01', y: '02' }, /point size must match/);
  chain.fails(self, 'sum', 'alice', { x: `${one}01`, y: `${one}01` }, /alt_bn128_add: invalid point/);
});

test('a vector of constant elements has the iterator of a constant vector', () => {
  expect(chain.push(self, 'first', 'alice', { list: '0709' }).console).toBe('7 then 9');
});
