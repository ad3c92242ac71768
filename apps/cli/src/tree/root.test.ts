import { expect, test } from 'vitest';
import { buildProgram, globalOptions } from '../program/build.js';
import { argumentName, type Command } from '../program/command.js';
import { helpText } from '../program/help.js';
import type { Values } from '../program/values.js';
import { makeStyle, widthOf } from '../terminal/style.js';
import { root } from './root.js';

type Entry = { readonly path: string; readonly command: Command };

function all(command: Command, path = ''): Entry[] {
  const children = (command.commands ?? []).flatMap((child) => all(child, `${path} ${child.name}`.trim()));
  return [{ path, command }, ...children];
}

const entries = all(root);
const leaves = entries.filter(({ command }) => command.commands === undefined);
const style = makeStyle(false);

/** Parses a command line; gives what the command would get. */
async function parse(...args: readonly string[]): Promise<Values> {
  let values: Values | undefined;
  const invoke = async (_load: unknown, given: Values) => {
    values = given;
  };
  const program = buildProgram(root, { name: 'snapscale', version: '0', style, invoke });
  const quiet = (command: typeof program): void => {
    command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
    command.commands.forEach(quiet);
  };
  quiet(program);
  await program.parseAsync([...args], { from: 'user' });
  return values!;
}

test.each(leaves.map((entry) => [entry.path, entry] as const))('%s does something', async (_, { command }) => {
  expect(await command.load!()).toBeTypeOf('function');
});

test.each(entries.map((entry) => [entry.path, entry] as const))(
  'help of "%s" is complete and fits',
  (_, { command, path }) => {
    const text = helpText(
      command,
      ['snapscale', ...path.split(' ').filter((word) => word !== '')],
      globalOptions,
      style,
    );
    for (const line of text.split('\n')) {
      if (!line.includes('{"')) expect(widthOf(line), line).toBeLessThanOrEqual(106);
    }
    for (const argument of command.arguments ?? []) expect(text).toContain(argumentName(argument).toUpperCase());
    for (const { flags, hidden } of command.options ?? []) expect(text.includes(flags)).toBe(hidden !== true);
  },
);

test('names are unique among siblings, options within a command', () => {
  for (const { command } of entries) {
    const names = (command.commands ?? []).flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    const flags = [...(command.options ?? []), ...globalOptions].flatMap(
      (option) => option.flags.match(/--?[a-z-]+/gi) ?? [],
    );
    expect(new Set(flags).size, `${command.name}: ${flags}`).toBe(flags.length);
  }
});

test('examples can be parsed', async () => {
  for (const example of entries.flatMap(({ command }) => command.examples ?? [])) {
    const words = example.replace(/ (>>|>) .*$/, '').match(/'[^']*'|"[^"]*"|\S+/g)!;
    await expect(parse(...words.map((word) => word.replace(/^(['"])(.*)\1$/, '$2'))), example).resolves.toBeDefined();
  }
});

test('verbs of cleos are taken with their flags', async () => {
  const lines = [
    [
      '-u',
      'http://x',
      'push',
      'action',
      'eosio.token',
      'transfer',
      '{}',
      '-p',
      'alice@active',
      '-p',
      'bob',
      '-x',
      '300',
      '-f',
      '-s',
      '-d',
      '-j',
    ],
    [
      'get',
      'table',
      'eosio.token',
      'bob',
      'accounts',
      '-l',
      '5',
      '-L',
      'a',
      '-U',
      'b',
      '--index',
      '2',
      '--key-type',
      'i64',
      '-r',
      '--show-payer',
    ],
    ['set', 'contract', 'carol', './dir', 'a.wasm', 'a.abi', '-p', 'carol@active'],
    ['create', 'account', 'eosio', 'carol', 'PUB', 'PUB', '-p', 'eosio'],
    ['create', 'key', '--to-console'],
    ['get', 'currency', 'balance', 'eosio.token', 'alice', 'XST'],
    ['set', 'account', 'permission', 'alice', 'active', '{}', 'owner', '-p', 'alice@owner'],
    ['set', 'action', 'permission', 'alice', 'eosio.token', 'transfer', 'pay'],
    ['convert', 'pack_transaction', '{}'],
    ['get', 'transaction_trace', 'ab'],
    ['sign', '{}', '-k', '5K', '-c', 'cf', '-p'],
    ['transfer', 'alice', 'bob', '1.0000 XST', 'memo', '-c', 'other.token'],
    ['version', 'client'],
  ];
  for (const line of lines) await expect(parse(...line), line.join(' ')).resolves.toBeDefined();
});

test('arguments and options arrive by their names', async () => {
  const values = await parse(
    'transfer',
    'alice',
    'bob',
    '1 XST',
    '-p',
    'alice',
    '-p',
    'bob@pay',
    '--no-wait',
    '-x',
    '90',
  );
  expect([values.argument('from'), values.argument('quantity'), values.optionalArgument('memo')]).toEqual([
    'alice',
    '1 XST',
    undefined,
  ]);
  expect(values.list('permission')).toEqual(['alice', 'bob@pay']);
  expect(values.unlessNot('wait')).toBe(false);
  expect(values.integer('expiration', 1, 3600)).toBe(90);
  expect(() => values.with({ expiration: '1h' }).integer('expiration', 1, 3600)).toThrow('--expiration 1h');
  expect((await parse('watch', 'blocks', 'final')).rest).toEqual(['blocks', 'final']);
});

test.each([
  [['tranfer', 'a']],
  [['transfer', 'alice']],
  [['transfer', 'a', 'b', 'c', 'd', 'e']],
  [['transfer', 'a', 'b', 'c', '--odd']],
])('%j is refused', async (line) => {
  await expect(parse(...line)).rejects.toMatchObject({ name: 'CommanderError' });
});
