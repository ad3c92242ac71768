/** `proof …`: what is final, as a file that proves itself. */
import type { Command, Option } from '../program/command.js';

const commands = () => import('../commands/chain-proof.js');

const getOptions: readonly Option[] = [
  { flags: '-o, --output <file>', description: 'write it there (default: standard output)' },
  {
    flags: '--trust <what>',
    description: 'chain id, or file of a checkpoint or genesis: verify it, and leave out what leads there',
  },
];

/** The group `proof`. */
export const proofCommand: Command = {
  name: 'proof',
  summary: 'proofs of what is final, which verify without a node',
  group: 'Look:',
  detail:
    'A proof is a file that leads from what is trusted, as the chain id, to a final block and what it holds. To verify it takes neither a node nor a network.',
  examples: [
    'proof get row eosio.token bob accounts XST -o proof.json',
    'proof verify proof.json --trust checkpoint.json',
  ],
  commands: [
    {
      name: 'get',
      summary: 'ask the node for a proof',
      commands: [
        {
          name: 'block',
          summary: 'that a block is final',
          arguments: [['block', 'number or id']],
          options: getOptions,
          examples: ['proof get block 42 -o proof.json'],
          load: async () => (await commands()).getBlockProof,
        },
        {
          name: 'transaction',
          summary: 'that a transaction is in a final block, and with what outcome',
          arguments: [['id', 'id, or its first digits']],
          options: getOptions,
          load: async () => (await commands()).getTransactionProof,
        },
        {
          name: 'action',
          summary: 'that an action was executed in a final block',
          arguments: [
            ['id', 'id of its transaction'],
            ['[ordinal]', 'place of the action in the trace, from 1 (default: 1)'],
          ],
          options: getOptions,
          load: async () => (await commands()).getActionProof,
        },
        {
          name: 'row',
          summary: 'that a row of a table is there, or is not, after a final block',
          arguments: [
            ['code', 'contract'],
            ['scope', 'scope'],
            ['table', 'table'],
            ['key', 'primary key of the row: a number or a name'],
          ],
          options: getOptions,
          examples: ['proof get row eosio.token bob accounts XST > proof.json'],
          load: async () => (await commands()).getRowProof,
        },
      ],
    },
    {
      name: 'verify',
      summary: 'verify a proof, without a node',
      detail:
        'Says what the proof is about: compare that with what you wanted to know. It is as good as what you trust: the chain id or genesis you got from somebody you believe, or a checkpoint that you made before.',
      arguments: [['file', 'the proof, or - for standard input']],
      options: [
        { flags: '--trust <what>', description: 'chain id, or file of a checkpoint or genesis' },
        { flags: '--checkpoint <file>', description: 'write what is trusted then, for shorter proofs from now on' },
      ],
      examples: ['proof verify proof.json --trust checkpoint.json --checkpoint checkpoint.json'],
      load: async () => (await commands()).verifyProof,
    },
  ],
};
