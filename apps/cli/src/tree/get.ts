/** The commands that look at the chain. */

import { absent } from '../commands/absent.js';
import type { Command } from '../program/command.js';
import { rangeOptions } from './options.js';

const chain = () => import('../commands/chain.js');
const accounts = () => import('../commands/account-view.js');
const contracts = () => import('../commands/contract.js');
const tables = () => import('../commands/tables.js');
const transactions = () => import('../commands/transaction.js');

const get: readonly Command[] = [
  { name: 'info', summary: 'state of the chain and the node', load: async () => (await chain()).getInfo },
  {
    name: 'block',
    summary: 'a block with its transactions',
    arguments: [['block', 'number, id, head or final']],
    options: [
      { flags: '--info', description: 'the short form' },
      { flags: '--header', description: 'only the signed header' },
      { flags: '--with-extensions', description: 'with --header: the extensions too' },
      { flags: '--header-state', description: 'what the chain knew at it' },
      { flags: '--raw', description: 'with packed transactions' },
    ],
    examples: ['get block head', 'get block 42 --header'],
    load: async () => (await chain()).getBlock,
  },
  {
    name: 'account',
    summary: 'an account: balance, resources, permissions',
    arguments: [
      ['account', 'name'],
      ['[symbol]', 'token of the balance, as 4,XST'],
    ],
    examples: ['get account alice'],
    load: async () => (await accounts()).getAccount,
  },
  {
    name: 'accounts',
    summary: 'accounts that a key controls',
    arguments: [['key', 'public key']],
    load: async () => (await accounts()).getAccounts,
  },
  {
    name: 'servants',
    summary: 'accounts that an account controls',
    arguments: [['account', 'name']],
    load: async () => (await accounts()).getServants,
  },
  {
    name: 'table',
    summary: 'rows of a contract’s table',
    arguments: [
      ['code', 'contract'],
      ['scope', 'scope, often an account or the contract'],
      ['table', 'table'],
    ],
    options: [
      ...rangeOptions,
      { flags: '--index <index>', description: 'secondary index: 2 or secondary, 3 or tertiary, … 10' },
      {
        flags: '--key-type <type>',
        description: 'type of its key: i64, i128, i256, float64, float128, sha256, ripemd160, name',
      },
      { flags: '--encode-type <form>', description: 'form of the bounds: dec or hex' },
      { flags: '--show-payer', description: 'who pays for each row' },
      { flags: '-b, --binary', description: 'rows as hex' },
    ],
    examples: [
      'get table eosio.token bob accounts',
      'get table mycontract mycontract people --index 2 --key-type i64 -L 18 -l 100',
    ],
    load: async () => (await tables()).getTable,
  },
  {
    name: 'scope',
    summary: 'tables of a contract with their scopes',
    arguments: [['contract', 'contract']],
    options: [{ flags: '-t, --table <table>', description: 'only this table' }, ...rangeOptions],
    examples: ['get scope eosio.token -t accounts -l 100'],
    load: async () => (await tables()).getScope,
  },
  {
    name: 'currency',
    summary: 'balances and supply of tokens',
    commands: [
      {
        name: 'balance',
        summary: 'balances of an account at a token contract',
        arguments: [
          ['contract', 'token contract'],
          ['account', 'name'],
          ['[symbol]', 'only this token, as XST'],
        ],
        examples: ['get currency balance eosio.token alice'],
        load: async () => (await tables()).getBalance,
      },
      {
        name: 'stats',
        summary: 'supply of a token',
        arguments: [
          ['contract', 'token contract'],
          ['symbol', 'as XST'],
        ],
        examples: ['get currency stats eosio.token XST'],
        load: async () => (await tables()).getStats,
      },
    ],
  },
  {
    name: 'code',
    summary: 'hash and size of a contract',
    arguments: [['account', 'name']],
    options: [
      { flags: '-c, --code <file>', description: 'save the WebAssembly to a file' },
      { flags: '-a, --abi <file>', description: 'save the ABI to a file' },
      { flags: '--wasm', description: 'it is always WebAssembly', hidden: true },
    ],
    load: async () => (await contracts()).getCode,
  },
  {
    name: 'abi',
    summary: 'actions and tables of a contract',
    arguments: [['account', 'name']],
    options: [{ flags: '-f, --file <file>', description: 'save it as JSON to a file' }],
    load: async () => (await contracts()).getAbi,
  },
  {
    name: 'transaction',
    summary: 'a transaction and what it did',
    arguments: [['id', 'id, or its first digits']],
    load: async () => (await transactions()).getTransaction,
  },
  {
    name: 'transaction-status',
    aliases: ['transaction_status'],
    summary: 'whether a transaction is in a block, or final',
    arguments: [['id', 'id']],
    load: async () => (await transactions()).getTransactionStatus,
  },
  {
    name: 'trace',
    aliases: ['transaction_trace', 'transaction-trace'],
    summary: 'the actions of a transaction, one by one',
    arguments: [['id', 'id']],
    load: async () => (await transactions()).getTrace,
  },
  {
    name: 'block-trace',
    aliases: ['block_trace'],
    summary: 'the actions of a block, one by one',
    arguments: [['block', 'number']],
    load: async () => (await transactions()).getBlockTrace,
  },
  { name: 'schedule', summary: 'who produces blocks', load: async () => (await chain()).getSchedule },
  {
    name: 'producers',
    summary: 'registered producers by votes',
    options: [
      { flags: '-l, --limit <rows>', description: 'most producers (default: 50)' },
      { flags: '-L, --lower <name>', description: 'producer to begin with' },
    ],
    load: async () => (await chain()).getProducers,
  },
  {
    name: 'finalizers',
    aliases: ['finalizer_info'],
    summary: 'who votes on finality',
    load: async () => (await chain()).getFinalizers,
  },
  {
    name: 'parameters',
    aliases: ['consensus_parameters'],
    summary: 'limits of blocks, transactions and contracts',
    load: async () => (await chain()).getConsensusParameters,
  },
  { name: 'features', summary: 'protocol features that are active', load: async () => (await chain()).getFeatures },
  {
    name: 'proof',
    summary: 'proof that a row is, or is not, in the state',
    arguments: [
      ['code', 'contract'],
      ['scope', 'scope'],
      ['table', 'table'],
      ['key', 'primary key of the row: a number or a name'],
    ],
    examples: ['get proof eosio.token bob accounts XST'],
    load: async () => (await import('../commands/proof.js')).getProof,
  },
  {
    name: 'actions',
    hidden: true,
    passThrough: true,
    summary: 'history of an account',
    load: absent('the history of accounts', 'Follow what happens from now on: snapscale watch traces --account NAME'),
  },
];

/** `status`, `get …`, `watch`. */
export const lookingCommands: readonly Command[] = [
  {
    name: 'status',
    summary: 'where the chain is, and whether all is well',
    group: 'Look:',
    load: async () => (await import('../commands/status.js')).status,
  },
  { name: 'get', summary: 'accounts, blocks, transactions, tables, contracts', group: 'Look:', commands: get },
  {
    name: 'watch',
    summary: 'blocks, transactions and finality as they happen',
    group: 'Look:',
    arguments: [['[topics...]', 'of blocks, traces, final (default: blocks)']],
    options: [
      { flags: '-a, --account <names>', description: 'only what concerns these accounts', many: true },
      {
        flags: '--action <actions>',
        description: 'only these actions, as transfer or eosio.token::transfer',
        many: true,
      },
      { flags: '--since <block>', description: 'begin after this block, or after the cursor of an event' },
      { flags: '-n, --count <events>', description: 'stop after so many events' },
    ],
    examples: [
      'watch',
      'watch traces --account alice',
      'watch blocks final --json',
      'watch traces --action transfer -n 1',
    ],
    load: async () => (await import('../commands/watch.js')).watch,
  },
];
