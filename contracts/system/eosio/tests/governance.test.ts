/** Founding, parameters, and the native actions under the contract's eyes. */
import { readFileSync } from 'node:fs';
import { getAccount, getChainConfig, getResources, systemAbi } from '@snapscale/execution';
import { type Json, name, parseAbi } from '@snapscale/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { artifactPath } from '../../../compiler/build-system-contracts.js';
import { type Parameters, SystemChain } from './system-chain.js';

const key = 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV';
const authority = { threshold: 1, keys: [{ key, weight: 1 }], accounts: [], waits: [] };

describe('the ABI', () => {
  const abi = parseAbi(JSON.parse(readFileSync(artifactPath('eosio', 'abi'), 'utf8')));
  const aliases = new Map(systemAbi.types.map(({ newTypeName, type }) => [newTypeName, type]));
  const plain = (type: string) => type.replace(/^\w+/, (word) => aliases.get(word) ?? word);
  const fieldsOf = (structs: typeof abi.structs, struct: string) =>
    structs.find((one) => one.name === struct)!.fields.map((field) => ({ ...field, type: plain(field.type) }));

  test.each(systemAbi.actions)('has the native action $type with its fields', ({ name: action, type }) => {
    const own = abi.actions.find((one) => one.name === action);
    expect(fieldsOf(abi.structs, own!.type)).toEqual(fieldsOf(systemAbi.structs, type));
  });

  test.each(['authority', 'key_weight', 'permission_level_weight', 'wait_weight', 'block_header', 'producer_schedule'])(
    'has the native struct %s',
    (struct) => {
      expect(fieldsOf(abi.structs, struct)).toEqual(fieldsOf(systemAbi.structs, struct));
    },
  );

  test('has a text for signers with each action', () => {
    expect(abi.actions.filter(({ ricardianContract }) => ricardianContract.length < 80)).toEqual([]);
  });
});

describe('init', () => {
  let chain: SystemChain;
  beforeEach(() => {
    chain = new SystemChain();
    chain.deploySystem();
  });

  test('begins the elections, once', () => {
    chain.act('init', { version: 0, core: '4,XST' }, 'eosio');
    expect(chain.global).toMatchObject({ total_stake: 0, total_activated_stake: 0, schedule: [] });
    expect(chain.rows('dpos')[0]).toMatchObject({
      max_producers: 21,
      activation_stake: '150000000.0000 XST',
      refund_delay_sec: 259_200,
      inactive_after_sec: 86_400,
      block_reward: '0.0000 XST',
      consortium: 'eosio.prods',
      finalizer_keys_required: 1,
      certificates_required: 0,
    });
    expect(() => chain.act('init', { version: 0, core: '4,XST' }, 'eosio')).toThrow('is initialised already');
  });

  test('takes the chain’s id', () => {
    chain.act('init', { version: 0, core: '4,XST', chain_id: 'ab'.repeat(32) }, 'eosio');
    expect(chain.rows('dpos')[0]!.chain_id).toBe('ab'.repeat(32));
  });

  test.each([
    ['by another account', 0, '4,XST', 'eosio.token', /missing authority of eosio/],
    ['of another version', 1, '4,XST', 'eosio', /version must be 0/],
    ['of another token', 0, '4,EOS', 'eosio', /must be 4,XST/],
    ['of another precision', 0, '2,XST', 'eosio', /must be 4,XST/],
  ])('is refused %s', (_, version, core, signer, message) => {
    expect(() => chain.act('init', { version, core }, signer)).toThrow(message);
  });

  test('is needed before anything else', () => {
    chain.createAccounts('alice');
    const stake = {
      from: 'alice',
      receiver: 'alice',
      stake_net_quantity: '1.0000 XST',
      stake_cpu_quantity: '0.0000 XST',
    };
    expect(() => chain.act('delegatebw', { ...stake, transfer: false })).toThrow('eosio must send init first');
    expect(() => chain.act('regproducer', { producer: 'alice', producer_key: key, url: '', location: 0 })).toThrow(
      'eosio must send init first',
    );
    chain.blocks(30);
    expect(chain.rows('global')).toEqual([]);
  });
});

describe('setdpos', () => {
  test('changes the parameters', () => {
    const chain = SystemChain.start();
    chain.setParameters({
      max_producers: 125,
      inactive_after_sec: 60,
      block_reward: '0.5000 XST',
      chain_id: 'ab'.repeat(32),
    });
    expect(chain.rows('dpos')[0]).toMatchObject({
      max_producers: 125,
      inactive_after_sec: 60,
      chain_id: 'ab'.repeat(32),
    });
  });

  const refusals: readonly (readonly [string, Partial<Parameters>, RegExp])[] = [
    ['no producers', { max_producers: 0 }, /max_producers must be 1 to 125/],
    ['126 producers', { max_producers: 126 }, /max_producers must be 1 to 125/],
    ['an activation in another token', { activation_stake: '1.0000 EOS' }, /activation_stake must be/],
    ['an activation below zero', { activation_stake: '-1.0000 XST' }, /activation_stake must be/],
    ['a refund after years', { refund_delay_sec: 40_000_000 }, /refund_delay_sec must not be above a year/],
    ['no patience at all', { inactive_after_sec: 0 }, /inactive_after_sec must be 1 second to a year/],
    ['patience for years', { inactive_after_sec: 40_000_000 }, /inactive_after_sec must be/],
    ['a reward below zero', { block_reward: '-0.0001 XST' }, /block_reward must be/],
    ['a reward of another precision', { block_reward: '1.00 XST' }, /block_reward must be/],
    ['a consortium that does not exist', { consortium: 'nobody' }, /account in consortium does not exist/],
    ['certificates without snap.ca', { certificates_required: true }, /no account snap.ca/],
  ];
  test('refuses values that make no sense', () => {
    const chain = SystemChain.start();
    for (const [what, changed, message] of refusals) {
      expect(() => chain.setParameters(changed), what).toThrow(message);
    }
  });
});

describe('what eosio alone may do', () => {
  test('is refused to others', () => {
    const chain = SystemChain.start(['alice']);
    const parameters = chain.rows('dpos')[0]!;
    const calls: readonly (readonly [string, { readonly [field: string]: Json }])[] = [
      ['setdpos', { parameters }],
      ['setparams', { params: limitsOf(chain) }],
      ['setpriv', { account: 'alice', is_priv: 1 }],
      ['setalimits', { account: 'alice', ram_bytes: -1, net_weight: -1, cpu_weight: -1 }],
      ['setacctram', { account: 'alice', ram_bytes: null }],
      ['activate', { feature_digest: '00'.repeat(32) }],
      ['rmvproducer', { producer: 'alice' }],
      ['onblock', { header: header() }],
    ];
    for (const [action, data] of calls) {
      expect(() => chain.act(action, data, 'alice'), action).toThrow(/missing authority of eosio|sent by the chain/);
    }
  });

  test('setparams changes the limits of the ledger', () => {
    const chain = SystemChain.start();
    chain.act('setparams', { params: { ...limitsOf(chain), max_transaction_cpu_usage: 123_456 } }, 'eosio');
    expect(getChainConfig(chain.ledger.pending.state).maxTransactionCpuUsage).toBe(123_456);
    const params = { ...limitsOf(chain), max_transaction_cpu_usage: 300_000 };
    expect(() => chain.act('setparams', { params }, 'eosio')).toThrow(/max transaction cpu usage must be less/);
  });

  test('setpriv gives and takes privileges, but not its own', () => {
    const chain = SystemChain.start(['alice']);
    const isPrivileged = () => getAccount(chain.ledger.pending.state, name('alice'))!.privileged;
    chain.act('setpriv', { account: 'alice', is_priv: 1 }, 'eosio');
    expect(isPrivileged()).toBe(true);
    chain.act('setpriv', { account: 'alice', is_priv: 0 }, 'eosio');
    expect(isPrivileged()).toBe(false);
    expect(() => chain.act('setpriv', { account: 'eosio', is_priv: 0 }, 'eosio')).toThrow(
      'nobody could give them back',
    );
    expect(() => chain.act('setpriv', { account: 'nobody', is_priv: 1 }, 'eosio')).toThrow('unknown account nobody');
  });

  test('setalimits and setacctram set quotas', () => {
    const chain = SystemChain.start(['alice']);
    const quotas = () => getResources(chain.ledger.pending.state, name('alice'));
    chain.act('setalimits', { account: 'alice', ram_bytes: 100_000, net_weight: 5, cpu_weight: 6 }, 'eosio');
    expect(quotas()).toMatchObject({ ramQuota: 100_000n, netWeight: 5n, cpuWeight: 6n });
    chain.act('setacctram', { account: 'alice', ram_bytes: 50_000 }, 'eosio');
    expect(quotas()).toMatchObject({ ramQuota: 50_000n, netWeight: 5n, cpuWeight: 6n });
    chain.act('setacctram', { account: 'alice', ram_bytes: null }, 'eosio');
    expect(quotas().ramQuota).toBe(-1n);
    expect(() => chain.act('setacctram', { account: 'alice', ram_bytes: -2 }, 'eosio')).toThrow(
      /invalid value for ram/,
    );
    expect(() => chain.act('setacctram', { account: 'alice', ram_bytes: 10 }, 'eosio')).toThrow(/alice.*ram/);
  });

  test('activate takes the features of this chain', () => {
    const chain = SystemChain.start();
    const known = '0ec7e080177b2c02b278d5088611686b49d739925a92d9bfcacd7fc6b74053bd';
    chain.act('activate', { feature_digest: known }, 'eosio');
    expect(() => chain.act('activate', { feature_digest: '00'.repeat(32) }, 'eosio')).toThrow(/not recognized/);
  });
});

describe('native actions', () => {
  test('do the same with the contract as without', () => {
    const ramOf = (chain: SystemChain, account: string) =>
      getResources(chain.ledger.pending.state, name(account)).ramUsage;
    const run = (chain: SystemChain): readonly bigint[] => {
      chain.createAccounts('alice', 'bob');
      chain.act('updateauth', { account: 'alice', permission: 'play', parent: 'active', auth: authority });
      chain.act('linkauth', { account: 'alice', code: 'eosio.token', type: 'transfer', requirement: 'play' });
      const before = ramOf(chain, 'alice');
      chain.act('unlinkauth', { account: 'alice', code: 'eosio.token', type: 'transfer' });
      chain.act('deleteauth', { account: 'alice', permission: 'play' });
      chain.act('setabi', { account: 'bob', abi: '0001' });
      return [before, ramOf(chain, 'alice'), ramOf(chain, 'bob')];
    };
    expect(run(SystemChain.start())).toEqual(run(new SystemChain()));
  });

  test('refuse what they refuse', () => {
    const chain = SystemChain.start(['alice']);
    const create = { creator: 'alice', name: 'eosio.x', owner: authority, active: authority };
    expect(() => chain.act('newaccount', create)).toThrow(/names that start with 'eosio.'/);
    expect(() => chain.act('newaccount', { ...create, name: 'alice' })).toThrow(/already taken/);
    expect(() => chain.act('deleteauth', { account: 'alice', permission: 'owner' }, 'alice@owner')).toThrow(
      /Cannot delete owner/,
    );
    expect(() => chain.act('setcode', { account: 'alice', vmtype: 1, vmversion: 0, code: '' })).toThrow(
      /code should be 0/,
    );
    expect(() => chain.act('onerror', { sender_id: '0', sent_trx: '' }, 'alice')).toThrow(/do not exist/);
  });
});

function limitsOf(chain: SystemChain): { readonly [field: string]: Json } {
  const entries = Object.entries(getChainConfig(chain.ledger.pending.state)).map(([field, value]) => [
    field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    typeof value === 'bigint' ? String(value) : value,
  ]);
  return Object.fromEntries(entries);
}

function header(): Json {
  const zeros = '00'.repeat(32);
  return {
    timestamp: 1,
    producer: 'alice',
    confirmed: 0,
    previous: zeros,
    transaction_mroot: zeros,
    action_mroot: zeros,
    schedule_version: 0,
    new_producers: null,
    header_extensions: [],
  };
}
