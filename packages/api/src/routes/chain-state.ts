/** Routes about accounts, contracts and their tables. */
import { query } from '../route.js';
import {
  anything,
  bigInteger,
  dictionary,
  either,
  flag,
  integer,
  list,
  nullable,
  optional,
  record,
  text,
} from '../schema.js';
import { abi } from '../schemas/abi.js';
import { accountName, asset, authority, checksum, permissionLevel, publicKey, time } from '../schemas/primitives.js';

const accounts = 'Accounts';
const contracts = 'Contracts';
const tables = 'Tables';

const account = text('Account.', { maxLength: 13, examples: ['eosio'] });

const resourceLimit = record(
  {
    used: bigInteger('In use; -1 without limit.'),
    available: bigInteger('Left; -1 without limit.'),
    max: bigInteger('Bound; -1 without limit.'),
    last_usage_update_time: optional(time('Time of last use.')),
    current_used: optional(bigInteger('In use; -1 without limit.')),
  },
  { title: 'ResourceLimit' },
);

const link = record({
  account: accountName('Contract.'),
  action: optional(nullable(accountName('Action; missing: all.'))),
});

const accountInfo = record(
  {
    account_name: accountName('Account.'),
    head_block_num: integer('Newest block.'),
    head_block_time: time('Its time.'),
    privileged: flag('Whether it may act for the system.'),
    last_code_update: time('When its code was set, or 1970.'),
    created: time('When it was created.'),
    core_liquid_balance: optional(asset('Balance of the system token.')),
    ram_quota: bigInteger('Bytes it may use; -1 without limit.'),
    net_weight: bigInteger('NET weight; -1 without limit.'),
    cpu_weight: bigInteger('CPU weight; -1 without limit.'),
    net_limit: resourceLimit,
    cpu_limit: resourceLimit,
    ram_usage: bigInteger('Bytes in use.'),
    permissions: list(
      record({
        perm_name: accountName('Permission.'),
        parent: accountName('Permission above it, empty for `owner`.'),
        required_auth: authority,
        linked_actions: list(link, 'Actions for which it is enough.'),
      }),
      'Permissions by name.',
    ),
    total_resources: anything('Row of the system contract’s `userres`, or null.'),
    self_delegated_bandwidth: anything('Row of `delband`, or null.'),
    refund_request: anything('Row of `refunds`, or null.'),
    voter_info: anything('Row of `voters`, or null.'),
    rex_info: anything('Row of `rexbal`, or null.'),
    subjective_cpu_bill_limit: resourceLimit,
    eosio_any_linked_actions: list(link, 'Actions that any permission may authorise.'),
  },
  { title: 'Account' },
);

/** Account and contract routes under /v1/chain. */
export const chainAccountRoutes = {
  getAccount: query({
    path: '/v1/chain/get_account',
    group: accounts,
    summary: 'An account: permissions, resources, stake, votes, balance.',
    request: record({
      account_name: account,
      expected_core_symbol: optional(text('Token of `core_liquid_balance`, as `4,XST`.', { maxLength: 20 })),
    }),
    response: accountInfo,
    example: { account_name: 'eosio' },
  }),
  getAccountsByAuthorizers: query({
    path: '/v1/chain/get_accounts_by_authorizers',
    group: accounts,
    summary: 'Permissions that keys or accounts are part of.',
    request: record({
      accounts: optional(
        list(either(text('Account.'), permissionLevel), 'Accounts, or accounts with a permission.', { maxItems: 100 }),
      ),
      keys: optional(list(text('Public key.'), 'Keys.', { maxItems: 100 })),
    }),
    response: record({
      accounts: list(
        record(
          {
            account_name: accountName('Account.'),
            permission_name: accountName('Its permission.'),
            authorizing_account: optional(permissionLevel),
            authorizing_key: optional(publicKey('Key.')),
            weight: integer('What it counts.'),
            threshold: integer('What is needed.'),
          },
          { title: 'AuthorizedPermission' },
        ),
        'Permissions.',
      ),
    }),
    example: { keys: ['EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV'] },
  }),
  getRequiredKeys: query({
    path: '/v1/chain/get_required_keys',
    group: accounts,
    summary: 'Which of some keys must sign a transaction.',
    doc: '401 when they are not enough.',
    request: record({
      transaction: anything('Transaction; of its actions only the authorizations matter.'),
      available_keys: list(text('Public key.'), 'Keys to choose from.', { maxItems: 1000 }),
    }),
    response: record({ required_keys: list(publicKey('Key.'), 'Keys that must sign.') }),
  }),
  getAbi: query({
    path: '/v1/chain/get_abi',
    group: contracts,
    summary: 'The ABI of a contract.',
    request: record({ account_name: account }),
    response: record({ account_name: accountName('Account.'), abi: optional(abi) }),
    example: { account_name: 'eosio' },
  }),
  getRawAbi: query({
    path: '/v1/chain/get_raw_abi',
    group: contracts,
    summary: 'The packed ABI of a contract, in base64.',
    request: record({
      account_name: account,
      abi_hash: optional(text('Hash of a copy that the client has: then `abi` is left out when it is still right.')),
    }),
    response: record({
      account_name: accountName('Account.'),
      code_hash: checksum('Hash of the code, or zero.'),
      abi_hash: checksum('Hash of the packed ABI.'),
      abi: optional(text('Packed ABI in base64.')),
    }),
    example: { account_name: 'eosio' },
  }),
  getCode: query({
    path: '/v1/chain/get_code',
    group: contracts,
    summary: 'Code hash, code and ABI of a contract.',
    request: record({
      account_name: account,
      code_as_wasm: optional(flag('Always so: text form of the code is not available.', { default: true })),
    }),
    response: record({
      account_name: accountName('Account.'),
      code_hash: checksum('Hash of the code, or zero.'),
      wast: text('Always empty.'),
      wasm: text('Code in hex.'),
      abi: optional(abi),
    }),
    example: { account_name: 'eosio' },
  }),
  getCodeHash: query({
    path: '/v1/chain/get_code_hash',
    group: contracts,
    summary: 'Hash of the code of a contract.',
    request: record({ account_name: account }),
    response: record({ account_name: accountName('Account.'), code_hash: checksum('Hash of the code, or zero.') }),
    example: { account_name: 'eosio' },
  }),
  getRawCodeAndAbi: query({
    path: '/v1/chain/get_raw_code_and_abi',
    group: contracts,
    summary: 'Code and packed ABI of a contract, in base64.',
    request: record({ account_name: account }),
    response: record({
      account_name: accountName('Account.'),
      wasm: text('Code in base64.'),
      abi: text('Packed ABI in base64.'),
    }),
    example: { account_name: 'eosio' },
  }),
};

/** Table routes under /v1/chain. */
export const chainTableRoutes = {
  getTableRows: query({
    path: '/v1/chain/get_table_rows',
    group: tables,
    summary: 'Rows of a contract’s table, by primary or secondary key.',
    doc: 'Both bounds are inclusive. `next_key` is the bound to go on with: `lower_bound`, or `upper_bound` with `reverse`.',
    request: record({
      json: optional(flag('Rows as fields; otherwise as hex.', { default: false })),
      code: text('Contract.', { maxLength: 13 }),
      scope: text('Scope: a name, number, symbol `4,XST` or symbol code.', { maxLength: 40 }),
      table: text('Table.', { maxLength: 13 }),
      table_key: optional(text('Not used.', { default: '' })),
      lower_bound: optional(text('First key.', { default: '', maxLength: 2000 })),
      upper_bound: optional(text('Last key.', { default: '', maxLength: 2000 })),
      limit: optional(integer('Most rows, up to 1000.', { minimum: 0, maximum: 0xffff_ffff, default: 10 })),
      key_type: optional(
        text('Type of the key: i64, i128, i256, float64, float128, sha256, ripemd160, name.', { default: '' }),
      ),
      index_position: optional(
        text('1 or `primary`, 2 or `secondary`, 3 or `tertiary`, … 10 or `tenth`.', { default: '', maxLength: 20 }),
      ),
      encode_type: optional(text('`dec` or `hex`.', { default: 'dec', maxLength: 3 })),
      reverse: optional(flag('From the upper bound downwards.', { default: false })),
      show_payer: optional(flag('Rows as `{data, payer}`.', { default: false })),
      time_limit_ms: optional(integer('Time to spend at most.', { minimum: 1, maximum: 1000 })),
    }),
    response: record({
      rows: list(anything('Row.'), 'Rows.'),
      more: flag('Whether there are further rows.'),
      next_key: text('Key to go on with, or empty.'),
    }),
    example: { code: 'eosio', scope: 'eosio', table: 'global', json: true },
  }),
  getTableByScope: query({
    path: '/v1/chain/get_table_by_scope',
    group: tables,
    summary: 'Tables of a contract with their scopes.',
    request: record({
      code: text('Contract.', { maxLength: 13 }),
      table: optional(text('Only this table.', { default: '', maxLength: 13 })),
      lower_bound: optional(text('First scope.', { default: '', maxLength: 40 })),
      upper_bound: optional(text('Last scope.', { default: '', maxLength: 40 })),
      limit: optional(integer('Most rows, up to 1000.', { minimum: 0, maximum: 0xffff_ffff, default: 10 })),
      reverse: optional(flag('From the last scope downwards.', { default: false })),
      time_limit_ms: optional(integer('Time to spend at most.', { minimum: 1, maximum: 1000 })),
    }),
    response: record({
      rows: list(
        record({
          code: accountName('Contract.'),
          scope: accountName('Scope.'),
          table: accountName('Table.'),
          payer: accountName('Who pays for the table.'),
          count: integer('Entries.'),
        }),
        'Tables.',
      ),
      more: text('Scope to go on with, or empty.'),
    }),
    example: { code: 'eosio.token', table: 'accounts' },
  }),
  getCurrencyBalance: query({
    path: '/v1/chain/get_currency_balance',
    group: tables,
    summary: 'Balances of an account at a token contract.',
    request: record({
      code: text('Token contract.', { maxLength: 13 }),
      account: text('Account.', { maxLength: 13 }),
      symbol: optional(text('Only this symbol code.', { maxLength: 10 })),
    }),
    response: list(asset('Balance.'), 'Balances.'),
    example: { code: 'eosio.token', account: 'eosio' },
  }),
  getCurrencyStats: query({
    path: '/v1/chain/get_currency_stats',
    group: tables,
    summary: 'Supply of a token.',
    request: record({
      code: text('Token contract.', { maxLength: 13 }),
      symbol: text('Symbol code.', { maxLength: 10 }),
    }),
    response: dictionary(
      record({ supply: asset('In circulation.'), max_supply: asset('Bound.'), issuer: accountName('Who issues it.') }),
      'By symbol code.',
    ),
    example: { code: 'eosio.token', symbol: 'XST' },
  }),
};
