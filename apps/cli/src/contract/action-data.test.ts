import { compileAbi, type Json, parseAbi } from '@snapscale/protocol';
import { expect, test } from 'vitest';
import { actionData, signature } from './action-data.js';

const fields = (entries: Record<string, string>) => Object.entries(entries).map(([name, type]) => ({ name, type }));
const abi = compileAbi(
  parseAbi({
    version: 'eosio::abi/1.2',
    types: [{ new_type_name: 'money', type: 'asset' }],
    structs: [
      { name: 'point', base: '', fields: fields({ x: 'int32', y: 'int32' }) },
      { name: 'pay', base: '', fields: fields({ from: 'name', quantity: 'money', memo: 'string' }) },
      {
        name: 'all',
        base: '',
        fields: fields({
          count: 'uint64',
          on: 'bool',
          list: 'uint8[]',
          place: 'point',
          maybe: 'uint64?',
          either: 'choice',
          late: 'string$',
        }),
      },
      { name: 'base', base: '', fields: fields({ id: 'uint64' }) },
      { name: 'derived', base: 'base', fields: fields({ text: 'string' }) },
      { name: 'nothing', base: '', fields: [] },
    ],
    actions: [],
    tables: [],
    variants: [{ name: 'choice', types: ['uint8', 'string'] }],
  } as Json),
);
const read = (type: string, ...words: readonly string[]) => actionData(words, { abi, type, action: type });
const pay = { from: 'alice', quantity: '1.0000 XST', memo: '' };

test('pairs, an object, and an array are the same', async () => {
  expect(await read('pay', 'from=alice', 'quantity=1.0000 XST', 'memo=')).toEqual(pay);
  expect(await read('pay', JSON.stringify(pay))).toEqual(pay);
  expect(await read('pay', JSON.stringify(Object.values(pay)))).toEqual(pay);
});

test('a value may have an equals sign, and a JSON text as a value is a text', async () => {
  expect(await read('pay', 'memo=a=b', 'quantity=1 XST', 'from=bob')).toMatchObject({ memo: 'a=b' });
  expect(await read('pay', 'memo={"a":1}', 'quantity=1 XST', 'from=bob')).toMatchObject({ memo: '{"a":1}' });
});

test('values by their type: numbers whatever their size, flags, lists, structs, variants, nothing', async () => {
  const words = [
    'count=18446744073709551615',
    'on=true',
    'list=[1,2]',
    'place={"x":1,"y":-2}',
    'either=["string","a"]',
  ];
  expect(await read('all', ...words, 'maybe=null')).toEqual({
    count: '18446744073709551615',
    on: true,
    list: [1, 2],
    place: { x: 1, y: -2 },
    maybe: null,
    either: ['string', 'a'],
  });
  expect(await read('all', ...words, 'maybe=7', 'late=x')).toMatchObject({ maybe: '7', late: 'x' });
});

test('fields of a base come first', async () => {
  expect(await read('derived', 'id=1', 'text=x')).toEqual({ id: '1', text: 'x' });
  await expect(read('derived')).rejects.toMatchObject({ hint: 'derived takes (id: uint64, text: string).' });
});

test('an action without fields takes no data', async () => {
  expect(await read('nothing')).toEqual({});
  expect(await read('nothing', '{}')).toEqual({});
  await expect(read('nothing', 'a=1')).rejects.toThrow('nothing has no field a');
});

test.each<[string, string, readonly string[], string, string | undefined]>([
  [
    'no data',
    'pay',
    [],
    'the fields from, quantity, memo are missing',
    'pay takes (from: name, quantity: money, memo: string).',
  ],
  ['a missing field', 'pay', ['from=alice', 'memo='], 'the field quantity is missing', undefined],
  ['a misspelt field', 'pay', ['form=alice'], 'pay has no field form', 'Did you mean from?'],
  ['a field twice', 'pay', ['from=alice', 'from=bob'], 'the field from is given twice', undefined],
  ['no pair', 'pay', ['from=alice', 'memo'], '"memo" is not of the form field=value', 'pay takes'],
  [
    'no name',
    'pay',
    ['from=Alice', 'quantity=1 XST', 'memo='],
    'the field from of pay must be name, and "Alice" is not',
    'As: from=alice',
  ],
  [
    'no amount',
    'pay',
    ['from=alice', 'quantity=1', 'memo='],
    'the field quantity of pay must be money, and "1" is not',
    undefined,
  ],
  ['too many values', 'pay', ['["a","1 XST","","x"]'], 'DATA has 4 values, and the action takes 3', undefined],
  ['too few values', 'pay', ['["a"]'], 'the fields quantity, memo are missing', undefined],
  ['neither object nor array', 'pay', ['"alice"'], 'DATA must be an object, an array', 'As: from=…'],
  ['broken JSON', 'pay', ['{from:1}'], 'DATA is not JSON', undefined],
  [
    'a list that is no JSON',
    'all',
    ['list=1,2'],
    'the field list is of type uint8[] and must be JSON',
    "As: list='[…]'",
  ],
  [
    'a number too large',
    'all',
    ['{"count":1,"on":true,"list":[256],"place":{"x":0,"y":0},"maybe":null,"either":["uint8",1]}'],
    'the field list of all must be uint8[]',
    undefined,
  ],
  [
    'a struct with a hole',
    'all',
    ['{"count":1,"on":true,"list":[],"place":{"x":0},"maybe":null,"either":["uint8",1]}'],
    "Missing field 'y'",
    undefined,
  ],
])('%s is refused', async (_, type, words, message, hint) => {
  const failure = read(type, ...words);
  await expect(failure).rejects.toMatchObject({ exitCode: 2 });
  await expect(failure).rejects.toThrow(message);
  if (hint !== undefined) await expect(failure).rejects.toMatchObject({ hint: expect.stringContaining(hint) });
});

test('a signature shows names of an ABI without what would steer the terminal', () => {
  expect(signature([{ name: 'te\u001b[2Jxt', type: 'string' }])).toBe('(te\\u001b[2Jxt: string)');
});
