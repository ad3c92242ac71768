/** `role …`: who may do what for an account. */
import type { Argument, Command, Option } from '../program/command.js';
import { transactionOptions } from './options.js';

const changes = () => import('../roles/change-roles.js');
const views = () => import('../roles/role-views.js');

const account: Argument = ['account', 'account that the role belongs to'];
const role: Argument = ['role', 'name of the role'];
const holders: Argument = ['holders...', 'accounts (bob), permissions (bob@pay) or public keys'];
const yes: Option = { flags: '-y, --yes', description: 'without being asked where there are warnings' };

/** The group `role`. */
export const roleCommand: Command = {
  name: 'role',
  summary: 'who may do what for an account',
  group: 'Act:',
  detail:
    'A role is a permission of the account that is linked to actions, and that others hold. The chain enforces it; the keys of the account itself can always do what its roles can.',
  examples: [
    'role create shop cashier --allow token::transfer --to alice --to bob',
    'role grant shop cashier carol',
    'role who shop',
  ],
  commands: [
    {
      name: 'create',
      summary: 'make a role, or make it what is said here',
      arguments: [account, role],
      options: [
        {
          flags: '--allow <action>',
          description: 'action that it is for: token::transfer, or token for all',
          many: true,
        },
        { flags: '--to <holder>', description: 'who has it: bob, bob@pay or a public key', many: true },
        { flags: '--needs <number>', description: 'how many of them must act together (default: one is enough)' },
        yes,
        ...transactionOptions,
      ],
      examples: [
        'role create shop cashier --allow token::transfer --to alice',
        'role create shop board --allow eosio::setcode --to alice --to bob --to carol --needs 2',
      ],
      load: async () => (await changes()).createRole,
    },
    {
      name: 'grant',
      summary: 'give a role to others',
      arguments: [account, role, holders],
      options: [yes, ...transactionOptions],
      examples: ['role grant shop cashier carol dave@pay'],
      load: async () => (await changes()).grantToHolders,
    },
    {
      name: 'revoke',
      summary: 'take a role away',
      arguments: [account, role, holders],
      options: [{ flags: '--last', description: 'also from the last who has it' }, yes, ...transactionOptions],
      examples: ['role revoke shop cashier carol'],
      load: async () => (await changes()).revokeFromHolders,
    },
    {
      name: 'delete',
      summary: 'remove a role, and what it was linked to',
      arguments: [account, role],
      options: [yes, ...transactionOptions],
      load: async () => (await changes()).deleteRole,
    },
    {
      name: 'list',
      summary: 'roles of an account',
      arguments: [account],
      load: async () => (await views()).listRoles,
    },
    {
      name: 'show',
      summary: 'all about a role',
      arguments: [account, role],
      load: async () => (await views()).showRole,
    },
    {
      name: 'who',
      summary: 'who can do what for an account, down to the keys',
      arguments: [account],
      load: async () => (await views()).showWhoCan,
    },
    {
      name: 'may',
      summary: 'what somebody may do, for which accounts',
      arguments: [['holder', 'account (alice), or one of its permissions (alice@pay)']],
      examples: ['role may alice'],
      load: async () => (await views()).showWhatMay,
    },
  ],
};
