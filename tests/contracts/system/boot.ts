/** `init`, accounts that buy their RAM and stake, prices of the RAM market, privileges and parameters. */
import assert from 'node:assert/strict';
import { sha256, toHex } from '@snapscale/crypto';
import { getAbiBytes, getAccount, getChainConfig, getResources } from '@snapscale/execution';
import { name } from '@snapscale/protocol';
import { executed } from '../../testing/contract-ledger.js';
import type { Scenario } from './scenario.js';
import { type SystemChain, tokens, units } from './system-chain.js';

/** RAM that every account is given besides what it has bought, bytes. */
const RAM_GIFT = 1400;
const RAM_MAX = 64 * 1024 ** 3;

type Market = { base: { balance: string }; quote: { balance: string }; supply: string };

function market(chain: SystemChain): { readonly ram: number; readonly core: number } {
  const row = chain.onlyRow<Market>('eosio', 'eosio', 'rammarket');
  return { ram: Number(row.base.balance.split(' ')[0]), core: units(row.quote.balance) };
}

/** Bancor: what `input` of one side brings of the other. */
function bancorOutput(inputReserve: number, outputReserve: number, input: number): number {
  return Math.trunc((input * outputReserve) / (inputReserve + input));
}

function bancorInput(outputReserve: number, inputReserve: number, output: number): number {
  return Math.trunc((inputReserve * output) / (outputReserve - output));
}

/** `buyram` of an amount on a market: the fee of half a per cent, rounded up, and the bytes for the rest. */
function purchase({ ram, core }: { ram: number; core: number }, amount: number) {
  const fee = Math.floor((amount + 199) / 200);
  return { fee, bytes: bancorOutput(core, ram, amount - fee) };
}

type Resources = { ram_bytes: number | string; net_weight: string; cpu_weight: string };

export const boot: Scenario = {
  title: 'boot',
  steps: [
    [
      'init opens the RAM market with a thousandth of the supply',
      (chain) => {
        const row = chain.onlyRow<Market>('eosio', 'eosio', 'rammarket');
        assert.equal(row.supply, '10000000000.0000 RAMCORE');
        assert.deepEqual(market(chain), { ram: RAM_MAX, core: units(tokens(1_000_000)) });
        assert.equal(chain.balance('eosio.rex', '4,SYS'), '0.0000 SYS');
        assert.equal(
          chain.assertion('eosio', 'init', 'eosio', { version: 0, core: '4,SYS' }),
          'system contract has already been initialized',
        );
      },
    ],
    [
      'newaccount, buyrambytes and delegatebw in one transaction',
      (chain) => {
        const before = market(chain);
        const cost = Math.trunc(bancorInput(before.ram, before.core, 8192) / 0.995);
        const { fee, bytes } = purchase(before, cost);
        chain.openAccount('alice1111111');
        const row = chain.onlyRow<Resources>('eosio', 'alice1111111', 'userres');
        assert.equal(Number(row.ram_bytes), bytes);
        assert.equal(row.net_weight, '10.0000 SYS');
        assert.deepEqual(market(chain), { ram: before.ram - bytes, core: before.core + cost - fee });
        const resources = getResources(chain.state, name('alice1111111'));
        assert.equal(resources.ramQuota, BigInt(bytes + RAM_GIFT));
        assert.equal(resources.netWeight, 100_000n);
        assert.equal(resources.cpuWeight, 100_000n);
      },
    ],
    [
      'an account without RAM is refused at the end of its transaction',
      (chain) => {
        const trace = chain.apply(chain.transaction([chain.newAccount('poor11111111')]));
        assert.equal(trace.except?.code, 'ram_usage_exceeded');
        assert.match(trace.except!.message, /account poor11111111 has insufficient ram/);
        assert.equal(getAccount(chain.state, name('poor11111111')), undefined);
      },
    ],
    [
      'names are for whoever may have them',
      (chain) => {
        const create = (account: string) =>
          chain.apply(chain.transaction([chain.newAccount(account, 'alice1111111')])).except?.message;
        assert.match(create('short')!, /no active bid for name/);
        assert.match(create('a.alice')!, /only suffix may create this account/);
        assert.match(create('eosio.evil')!, /only privileged accounts can have names that start with 'eosio.'/);
      },
    ],
    [
      'buyram pays the fee and the inline transfers notify both sides',
      (chain) => {
        chain.pay('alice1111111', 1000);
        const before = market(chain);
        const { fee, bytes } = purchase(before, units(tokens(100)));
        const owned = Number(chain.onlyRow<Resources>('eosio', 'alice1111111', 'userres').ram_bytes);
        const trace = chain.push('eosio', 'buyram', 'alice1111111', {
          payer: 'alice1111111',
          receiver: 'alice1111111',
          quant: tokens(100),
        });
        assert.deepEqual(executed(trace), [
          'eosio <= eosio::buyram',
          'eosio.token <= eosio.token::transfer',
          'alice1111111 <= eosio.token::transfer',
          'eosio.ram <= eosio.token::transfer',
          'eosio.token <= eosio.token::transfer',
          'alice1111111 <= eosio.token::transfer',
          'eosio.ramfee <= eosio.token::transfer',
        ]);
        assert.equal(Number(chain.onlyRow<Resources>('eosio', 'alice1111111', 'userres').ram_bytes), owned + bytes);
        assert.equal(market(chain).core, before.core + units(tokens(100)) - fee);
      },
    ],
    [
      'sellram gives the price back, less a fee, and never more RAM than is free',
      (chain) => {
        const before = market(chain);
        const balance = units(chain.balance('alice1111111', '4,SYS'));
        const out = bancorOutput(before.ram, before.core, 4096);
        const fee = Math.floor((out + 199) / 200);
        chain.push('eosio', 'sellram', 'alice1111111', { account: 'alice1111111', bytes: 4096 });
        assert.equal(units(chain.balance('alice1111111', '4,SYS')), balance + out - fee);
        assert.equal(market(chain).ram, before.ram + 4096);
        const { ramQuota, ramUsage } = getResources(chain.state, name('alice1111111'));
        const tooMuch = Number(ramQuota - ramUsage) + 1;
        const refusal = chain.refusal('eosio', 'sellram', 'alice1111111', { account: 'alice1111111', bytes: tooMuch });
        assert.equal(refusal.code, 'ram_usage_exceeded');
      },
    ],
    [
      'RAM that is sold in the transaction that frees some of it must still suffice',
      (chain) => {
        // Adds a permission, then in one transaction deletes it and sells more than what that gives back.
        const auth = { threshold: 1, keys: [{ key: KEY, weight: 1 }], accounts: [], waits: [] };
        const actor = 'alice1111111';
        chain.push('eosio', 'updateauth', actor, { account: actor, permission: 'extra', parent: 'active', auth });
        const { ramQuota, ramUsage } = getResources(chain.state, name(actor));
        const trace = chain.apply(
          chain.transaction([
            chain.action('eosio', 'sellram', actor, { account: actor, bytes: Number(ramQuota - ramUsage) + 1000 }),
            chain.action('eosio', 'deleteauth', actor, { account: actor, permission: 'extra' }),
          ]),
        );
        assert.equal(trace.except?.code, 'ram_usage_exceeded');
        chain.push('eosio', 'deleteauth', actor, { account: actor, permission: 'extra' });
      },
    ],
    [
      'the contract makes accounts privileged and sets limits',
      (chain) => {
        chain.push('eosio', 'setpriv', 'eosio', { account: 'eosio.msig', is_priv: 1 });
        assert.equal(getAccount(chain.state, name('eosio.msig'))?.privileged, true);
        assert.match(
          chain.refusal('eosio', 'setpriv', 'alice1111111', { account: 'alice1111111', is_priv: 1 }).message,
          /missing authority of eosio/,
        );
        chain.push('eosio', 'setacctram', 'eosio', { account: 'alice1111111', ram_bytes: 1_000_000 });
        assert.equal(getResources(chain.state, name('alice1111111')).ramQuota, 1_000_000n);
        chain.push('eosio', 'setacctram', 'eosio', { account: 'alice1111111', ram_bytes: null });
        const bought = Number(chain.onlyRow<Resources>('eosio', 'alice1111111', 'userres').ram_bytes);
        assert.equal(getResources(chain.state, name('alice1111111')).ramQuota, BigInt(bought + RAM_GIFT));
        chain.push('eosio', 'setalimits', 'eosio', {
          account: 'eosio.msig',
          ram_bytes: 50_000,
          net_weight: 7,
          cpu_weight: 9,
        });
        const { ramQuota, netWeight, cpuWeight } = getResources(chain.state, name('eosio.msig'));
        assert.deepEqual([ramQuota, netWeight, cpuWeight], [50_000n, 7n, 9n]);
      },
    ],
    [
      'setparams changes the chain configuration that transactions are held to',
      (chain) => {
        const config = getChainConfig(chain.state);
        const params = {
          max_block_net_usage: Number(config.maxBlockNetUsage),
          target_block_net_usage_pct: config.targetBlockNetUsagePct,
          max_transaction_net_usage: config.maxTransactionNetUsage,
          base_per_transaction_net_usage: config.basePerTransactionNetUsage,
          net_usage_leeway: config.netUsageLeeway,
          context_free_discount_net_usage_num: config.contextFreeDiscountNetUsageNum,
          context_free_discount_net_usage_den: config.contextFreeDiscountNetUsageDen,
          max_block_cpu_usage: config.maxBlockCpuUsage,
          target_block_cpu_usage_pct: config.targetBlockCpuUsagePct,
          max_transaction_cpu_usage: config.maxTransactionCpuUsage,
          min_transaction_cpu_usage: config.minTransactionCpuUsage,
          max_transaction_lifetime: 1800,
          deferred_trx_expiration_window: config.deferredTrxExpirationWindow,
          max_transaction_delay: config.maxTransactionDelay,
          max_inline_action_size: config.maxInlineActionSize,
          max_inline_action_depth: 6,
          max_authority_depth: config.maxAuthorityDepth,
        };
        chain.push('eosio', 'setparams', 'eosio', { params });
        const changed = getChainConfig(chain.state);
        assert.deepEqual(changed, { ...config, maxTransactionLifetime: 1800, maxInlineActionDepth: 6 });
        assert.match(
          chain.refusal('eosio', 'setparams', 'eosio', { params: { ...params, max_block_cpu_usage: 1 } }).message,
          /max transaction cpu usage must be less than max block cpu usage/,
        );
        chain.push('eosio', 'setparams', 'eosio', { params: { ...params, max_transaction_lifetime: 3600 } });
      },
    ],
    [
      'setabi leaves the hash of the ABI in a table, and setcode forwards to the contract',
      (chain) => {
        const abi = getAbiBytes(chain.state, name('eosio.token'))!;
        chain.push('eosio', 'setacctram', 'eosio', { account: 'alice1111111', ram_bytes: 1_000_000 });
        chain.push('eosio', 'setabi', 'alice1111111', { account: 'alice1111111', abi: toHex(abi) });
        const [row] = chain.rows('eosio', 'eosio', 'abihash') as { owner: string; hash: string }[];
        assert.deepEqual(row, { owner: 'alice1111111', hash: toHex(sha256(abi)) });
      },
    ],
    [
      'setram and setramrate make more RAM',
      (chain) => {
        const before = market(chain);
        chain.push('eosio', 'setram', 'eosio', { max_ram_size: String(RAM_MAX + 1024 ** 3) });
        assert.equal(market(chain).ram, before.ram + 1024 ** 3);
        chain.push('eosio', 'setramrate', 'eosio', { bytes_per_block: 1024 });
        for (let i = 0; i < 10; i++) chain.produceBlock();
        const more = market(chain).ram;
        chain.push('eosio', 'buyram', 'alice1111111', {
          payer: 'alice1111111',
          receiver: 'alice1111111',
          quant: tokens(1),
        });
        // RAM grows when somebody trades it: ten blocks of a thousand bytes, less what was bought.
        const { bytes } = purchase({ ram: more + 10 * 1024, core: before.core }, units(tokens(1)));
        assert.equal(market(chain).ram, more + 10 * 1024 - bytes);
        chain.push('eosio', 'setramrate', 'eosio', { bytes_per_block: 0 });
      },
    ],
    [
      'every token is somewhere',
      (chain) => {
        const { recorded, held } = chain.supply();
        assert.equal(held, recorded);
      },
    ],
  ],
};

const KEY = 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV';
