/** `contract …`: a contract of one's own, from the first file to the proof that it is what runs. */
import type { Command, Option } from '../program/command.js';
import { rangeOptions, transactionOptions } from './options.js';

const choiceOption: Option = { flags: '--contract <name>', description: 'which one, where the project has several' };

/** The group `contract`. */
export const contractCommand: Command = {
  name: 'contract',
  summary: 'write, build, test, deploy and use contracts in C++',
  group: 'Act:',
  detail:
    'A project is a folder with a file snapscale.json; commands find it from any folder in it. Nothing has to be installed: the compiler comes with this program.',
  examples: [
    'contract new notes',
    'contract build',
    'contract test',
    'contract deploy notes --create',
    'contract call notes greet user=alice text="good morning" -p alice',
  ],
  commands: [
    {
      name: 'new',
      summary: 'make a project from a template',
      arguments: [['name', 'name of the contract: up to 12 characters out of a-z, 1-5 and dots']],
      options: [
        {
          flags: '-t, --template <name>',
          description: 'what to begin with: hello, registry, token, escrow, device or oracle (default: hello)',
        },
        { flags: '-d, --directory <folder>', description: 'where (default: a new folder with the name)' },
      ],
      examples: ['contract new notes', 'contract new mytoken --template token'],
      load: async () => (await import('../contract/new.js')).newContract,
    },
    {
      name: 'build',
      summary: 'compile the sources into build/',
      detail:
        'Writes NAME.wasm, NAME.abi and NAME.build.json. Equal sources give equal bytes. The first build of all prepares the SDK and takes longer.',
      arguments: [['[directory]', 'folder of the project (default: this one)']],
      options: [{ flags: '-w, --watch', description: 'again whenever a file changes' }, choiceOption],
      examples: ['contract build', 'contract build ../notes --watch'],
      load: async () => (await import('../contract/build.js')).buildCommand,
    },
    {
      name: 'test',
      summary: 'build it and run the tests in tests/',
      detail:
        'Tests are TypeScript for node:test. They run on the execution that nodes run, in memory: no node is needed. Says what each action costs, next to the gas-report.json of the last commit.',
      arguments: [['[pattern]', 'only test files with this in their name']],
      options: [
        { flags: '-d, --directory <folder>', description: 'folder of the project (default: this one)' },
        { flags: '--coverage', description: 'which lines the tests run; also in build/lcov.info' },
        { flags: '--update-gas', description: 'write gas-report.json, to be committed' },
      ],
      examples: ['contract test', 'contract test notes --coverage', 'contract test --update-gas'],
      load: async () => (await import('../contract/test.js')).testCommand,
    },
    {
      name: 'deploy',
      summary: 'build it and set it on an account',
      detail:
        'Shows what changes: code, actions, tables, memory. What is equal is not sent. Warns of rows that the new code would misread. Memory and fee credit are checked before.',
      arguments: [
        ['account', 'account that gets the contract'],
        ['[directory]', 'folder of the project (default: this one)'],
      ],
      options: [
        choiceOption,
        { flags: '--create', description: 'create the account first, with the development key (development networks)' },
        ...transactionOptions,
      ],
      examples: ['contract deploy notes --create', 'contract deploy notes --dry-run'],
      load: async () => (await import('../contract/deploy.js')).deployCommand,
    },
    {
      name: 'call',
      summary: 'call an action',
      detail: 'The data are checked before anything is sent. Without DATA the action gets none.',
      arguments: [
        ['account', 'account of the contract'],
        ['action', 'action'],
        ['[data...]', 'field=value pairs, a JSON object, an array in order, @FILE, or - for standard input'],
      ],
      options: [
        ...transactionOptions,
        {
          flags: '--read-only',
          description: 'only read: no permission, no signature, no change',
          group: 'Transaction options:',
        },
      ],
      examples: [
        'contract call notes greet user=alice text="good morning" -p alice',
        `contract call notes greet '{"user":"alice","text":"good morning"}' -p alice`,
        'contract call notes read user=alice --read-only',
      ],
      load: async () => (await import('../contract/call.js')).callCommand,
    },
    {
      name: 'tables',
      summary: 'tables of a contract, and their rows',
      arguments: [
        ['account', 'account of the contract'],
        ['[table]', 'table whose rows to show (default: list the tables)'],
      ],
      options: [
        { flags: '--scope <scope>', description: 'scope (default: the account, or the only one)' },
        ...rangeOptions.map((option) =>
          option.flags.includes('--limit') ? { ...option, description: 'most rows (default: 20)' } : option,
        ),
        { flags: '--index <index>', description: 'secondary index: its name, or 2, 3, …' },
        { flags: '--key-type <type>', description: 'type of its keys, where the ABI does not tell' },
      ],
      examples: [
        'contract tables notes',
        'contract tables notes greetings --limit 5',
        'contract tables mytoken accounts --scope alice',
      ],
      load: async () => (await import('../contract/tables.js')).tablesCommand,
    },
    {
      name: 'verify',
      summary: 'whether a deployed contract is what a source builds into',
      detail:
        'Builds the source and compares hashes of code and ABI with those on the chain. Ends with 1 if they differ.',
      arguments: [['account', 'account of the contract']],
      options: [{ flags: '--source <folder>', description: 'folder of the project (default: this one)' }, choiceOption],
      examples: ['contract verify notes --source ./notes'],
      load: async () => (await import('../contract/verify.js')).verifyCommand,
    },
  ],
};
