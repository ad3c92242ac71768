/** All commands of the program. */
import { absent } from '../commands/absent.js';
import type { Command } from '../program/command.js';
import { actingCommands } from './act.js';
import { contractCommand } from './contract.js';
import { certCommand, tokenCommand } from './credentials.js';
import { lookingCommands } from './get.js';
import { memberCommand } from './member.js';
import { networkCommand } from './network.js';
import { nodeCommand, orgCommand } from './org.js';
import { proofCommand } from './proof.js';
import { proposalCommand } from './proposal.js';
import { roleCommand } from './role.js';

const keys = () => import('../commands/key.js');
const conversions = () => import('../commands/convert.js');

const keyCommands: readonly Command[] = [
  {
    name: 'import',
    summary: 'put a private key into the key store',
    detail:
      'Without KEY it is asked for, or read from standard input. A key on the command line stays in the shell’s history.',
    arguments: [['[key]', 'private key, or - for standard input']],
    options: [
      { flags: '--file <file>', description: 'file that holds it' },
      { flags: '--private-key <key>', description: 'as KEY', hidden: true },
    ],
    examples: ['key import', 'key import --file carol.key'],
    load: async () => (await keys()).importKey,
  },
  { name: 'list', summary: 'keys, and what they control', load: async () => (await keys()).listKeys },
  {
    name: 'export',
    summary: 'show a private key',
    arguments: [['key', 'public key']],
    load: async () => (await keys()).exportKey,
  },
  {
    name: 'remove',
    summary: 'delete a key from the key store',
    arguments: [['key', 'public key']],
    options: [{ flags: '-y, --yes', description: 'without being asked' }],
    load: async () => (await keys()).removeKey,
  },
];

const convertCommands: readonly Command[] = [
  {
    name: 'pack-transaction',
    aliases: ['pack_transaction'],
    summary: 'from fields to the packed form',
    arguments: [['transaction', 'JSON, @FILE, or -']],
    options: [{ flags: '--pack-action-data', description: 'what happens anyhow', hidden: true }],
    load: async () => (await conversions()).packTransactionCommand,
  },
  {
    name: 'unpack-transaction',
    aliases: ['unpack_transaction'],
    summary: 'from the packed form to fields',
    arguments: [['transaction', 'JSON or hex, @FILE, or -']],
    options: [{ flags: '--unpack-action-data', description: 'action data as fields too, by the ABIs on the chain' }],
    load: async () => (await conversions()).unpackTransactionCommand,
  },
  {
    name: 'pack-action-data',
    aliases: ['pack_action_data'],
    summary: 'data of an action as hex',
    arguments: [
      ['account', 'contract'],
      ['action', 'action'],
      ['data', 'JSON, @FILE, or -'],
    ],
    load: async () => (await conversions()).packActionData,
  },
  {
    name: 'unpack-action-data',
    aliases: ['unpack_action_data'],
    summary: 'data of an action as fields',
    arguments: [
      ['account', 'contract'],
      ['action', 'action'],
      ['data', 'hex'],
    ],
    load: async () => (await conversions()).unpackActionData,
  },
  {
    name: 'name',
    summary: 'a name as the number that it is, and back',
    arguments: [['name', 'name or number']],
    load: async () => (await conversions()).convertName,
  },
  {
    name: 'key',
    summary: 'a key in its other forms',
    arguments: [['key', 'public or private key, or - for standard input']],
    load: async () => (await conversions()).convertKey,
  },
];

/** Verbs of cleos whose place another program, or another command, has taken. */
const absentCommands: readonly Command[] = [
  ['multisig', 'multisig'],
  ['system', 'system', 'Producers are listed by: snapscale get producers'],
  ['wrap', 'wrap'],
  ['net', 'net', 'See the node’s page, and its /metrics.'],
  ['validate', 'validate'],
  ['wallet', 'the wallet daemon', 'Keys are kept in an encrypted file: snapscale key --help'],
].map(([name = '', what = '', instead]) => ({
  name,
  summary: `${what}: not in this version`,
  hidden: true,
  passThrough: true,
  load: absent(what === name ? `“${name}”` : what, instead),
}));

/** The program. */
export const root: Command = {
  name: 'snapscale',
  summary: 'a SnapScale network from the command line; users of cleos will find their verbs',
  examples: [
    'status',
    'transfer alice bob "5.0000 XST"',
    'get account alice',
    'create account eosio carol PUB_K1_…',
    'contract new mycontract',
  ],
  commands: [
    ...lookingCommands,
    ...actingCommands,
    roleCommand,
    contractCommand,
    memberCommand,
    nodeCommand,
    orgCommand,
    proposalCommand,
    certCommand,
    tokenCommand,
    networkCommand,
    proofCommand,
    { name: 'key', summary: 'private keys, in an encrypted file', group: 'Tools:', commands: keyCommands },
    {
      name: 'convert',
      summary: 'transactions, names and keys in their other forms',
      group: 'Tools:',
      commands: convertCommands,
    },
    {
      name: 'completion',
      summary: 'completion of commands in the shell',
      group: 'Tools:',
      arguments: [['shell', 'bash, zsh, fish or powershell']],
      examples: [
        'completion bash >> ~/.bashrc',
        'completion zsh >> ~/.zshrc',
        'completion fish > ~/.config/fish/completions/snapscale.fish',
        'completion powershell >> $PROFILE',
      ],
      load: async () => (await import('../commands/completion.js')).completion,
    },
    {
      name: 'version',
      hidden: true,
      summary: 'version of this program',
      arguments: [['[form]', 'client or full: the same']],
      load: async () => (await import('../commands/status.js')).version,
    },
    ...absentCommands,
  ],
};
