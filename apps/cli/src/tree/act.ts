/** The commands that change something. */
import type { Command, Option } from '../program/command.js';
import { transactionOptions } from './options.js';

const group = 'Act:';
const accounts = () => import('../commands/account.js');
const contracts = () => import('../commands/contract.js');
const push = () => import('../commands/push.js');
const readOption: Option = {
  flags: '--read',
  description: 'only read: no permission, no signature, no change',
  group: 'Transaction options:',
};
const clearOption: Option = { flags: '-c, --clear', description: 'remove it' };
const suppressOption: Option = {
  flags: '--suppress-duplicate-check',
  description: 'makes no difference: what is equal is never sent',
  hidden: true,
};

const authorityDetail =
  'An authority is a public key, a permission of another account (bob@active), or JSON: {"threshold":2,"keys":[{"key":"PUB_K1_…","weight":1}],"accounts":[{"permission":{"actor":"bob","permission":"active"},"weight":1}]}';

const set: readonly Command[] = [
  {
    name: 'contract',
    summary: 'deploy a contract: code and ABI',
    detail: 'Shows what changes. What is equal is not sent.',
    arguments: [
      ['account', 'account that gets the contract'],
      ['[directory]', 'folder with the .wasm and .abi, or a .wasm file'],
      ['[wasm]', 'the .wasm file, where the folder has several'],
      ['[abi]', 'the .abi file, where the folder has several'],
    ],
    options: [clearOption, ...transactionOptions, suppressOption],
    examples: ['set contract carol ./build/mycontract', 'set contract carol ./build/mycontract --dry-run'],
    load: async () => (await contracts()).setContract,
  },
  {
    name: 'code',
    summary: 'set the code of an account',
    arguments: [
      ['account', 'name'],
      ['[file]', 'the .wasm file'],
    ],
    options: [clearOption, ...transactionOptions, suppressOption],
    load: async () => (await contracts()).setCode,
  },
  {
    name: 'abi',
    summary: 'set the ABI of an account',
    arguments: [
      ['account', 'name'],
      ['[file]', 'the .abi file: JSON or packed'],
    ],
    options: [clearOption, ...transactionOptions, suppressOption],
    load: async () => (await contracts()).setAbi,
  },
  {
    name: 'account',
    summary: 'change permissions of an account',
    commands: [
      {
        name: 'permission',
        summary: 'create, change or delete a permission',
        detail: authorityDetail,
        arguments: [
          ['account', 'name'],
          ['permission', 'permission'],
          ['[authority]', 'who may use it'],
          ['[parent]', 'permission above it (default: active; for active: owner)'],
        ],
        options: [
          { flags: '--delete', description: 'delete it' },
          { flags: '--add-code', description: 'let the account’s own contract use it too' },
          { flags: '--remove-code', description: 'the opposite' },
          ...transactionOptions,
        ],
        examples: ['set account permission alice active PUB_K1_…', 'set account permission alice active --add-code'],
        load: async () => (await accounts()).setAccountPermission,
      },
    ],
  },
  {
    name: 'action',
    summary: 'which permission an action needs',
    commands: [
      {
        name: 'permission',
        summary: 'make a permission enough for an action',
        arguments: [
          ['account', 'account that acts'],
          ['contract', 'contract'],
          ['action', 'action; * for all of them'],
          ['permission', 'permission that is enough; NULL to undo'],
        ],
        options: transactionOptions,
        examples: ['set action permission alice eosio.token transfer payments'],
        load: async () => (await accounts()).setActionPermission,
      },
    ],
  },
];

const pushCommands: readonly Command[] = [
  {
    name: 'action',
    summary: 'call an action of a contract',
    arguments: [
      ['account', 'contract'],
      ['action', 'action'],
      ['data', 'fields as JSON, an array of them in order, @FILE, or - for standard input'],
    ],
    options: [...transactionOptions, readOption],
    examples: [
      `push action eosio.token transfer '{"from":"alice","to":"bob","quantity":"1.0000 XST","memo":""}' -p alice`,
      `push action eosio.token transfer '["alice","bob","1.0000 XST",""]' -p alice@active --dry-run`,
    ],
    load: async () => (await push()).pushAction,
  },
  {
    name: 'transaction',
    summary: 'send a transaction; sign it if it is not',
    arguments: [['transaction', 'JSON with fields or packed, @FILE, or - for standard input']],
    options: [...transactionOptions, readOption],
    examples: ['push transaction @transaction.json'],
    load: async () => (await push()).pushTransaction,
  },
  {
    name: 'transactions',
    summary: 'send several transactions, one after the other',
    arguments: [['transactions', 'JSON array, @FILE, or - for standard input']],
    options: transactionOptions,
    load: async () => (await push()).pushTransactions,
  },
];

/** `transfer`, `create`, `set`, `push`, `sign`. */
export const actingCommands: readonly Command[] = [
  {
    name: 'transfer',
    summary: 'pay tokens',
    group,
    arguments: [
      ['from', 'who pays'],
      ['to', 'who is paid'],
      ['quantity', 'as "5.0000 XST"; "5 XST" is the same'],
      ['[memo]', 'words that go with it'],
    ],
    options: [
      { flags: '-c, --contract <account>', description: 'token contract (default: eosio.token)' },
      ...transactionOptions,
    ],
    examples: ['transfer alice bob "5.0000 XST"', 'transfer alice bob "5 XST" "for lunch" --json'],
    load: async () => (await import('../commands/transfer.js')).transfer,
  },
  {
    name: 'create',
    summary: 'accounts and keys',
    group,
    commands: [
      {
        name: 'account',
        summary: 'create an account',
        detail: authorityDetail,
        arguments: [
          ['creator', 'account that creates it'],
          ['name', 'name of the new account'],
          ['[owner]', 'who controls it; on development networks the development key where not given'],
          ['[active]', 'who uses it from day to day (default: as owner)'],
        ],
        options: transactionOptions,
        examples: ['create account eosio carol PUB_K1_…', 'create account eosio carol alice@active'],
        load: async () => (await accounts()).createAccount,
      },
      {
        name: 'key',
        summary: 'make a key pair',
        options: [
          { flags: '--save', description: 'put it into the key store, do not show the private key' },
          { flags: '-f, --file <file>', description: 'write it to a new file' },
          { flags: '--r1', description: 'on the curve of passports and phones (P-256)' },
          { flags: '--to-console', description: 'what happens anyhow', hidden: true },
        ],
        examples: ['create key', 'create key --save'],
        load: async () => (await import('../commands/key.js')).createKey,
      },
    ],
  },
  { name: 'set', summary: 'contracts and permissions', group, commands: set },
  { name: 'push', summary: 'actions and transactions', group, commands: pushCommands },
  {
    name: 'sign',
    summary: 'sign a transaction',
    group,
    arguments: [['transaction', 'JSON with fields or packed, @FILE, or - for standard input']],
    options: [
      { flags: '-k, --private-key <key>', description: 'key to sign with, or @FILE; asked for where not given' },
      { flags: '--public-key <key>', description: 'sign with this key of the key store' },
      { flags: '-c, --chain-id <hash>', description: 'chain that it is for (default: the node’s)' },
      { flags: '-p, --push-transaction', description: 'and send it' },
    ],
    examples: ['sign @transaction.json --public-key PUB_K1_… -p'],
    load: async () => (await push()).signCommand,
  },
];
