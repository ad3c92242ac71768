/** Values that no field of a request expects, and bodies that are no requests. */

const long = 'x'.repeat(200_000);
const deep = (depth: number, open: string, close: string, inner = '') =>
  open.repeat(depth) + inner + close.repeat(depth);

/** JSON values as text, since not all of them can be made by JSON.stringify. */
export const junkValues: readonly string[] = [
  'null',
  'true',
  '-1',
  '0',
  '1e999',
  '-0.5',
  '18446744073709551615',
  '18446744073709551616',
  `1${'0'.repeat(400)}`,
  '4294967296',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"eosio"',
  '"................................"',
  '"../../../etc/passwd"',
  '"__proto__"',
  '"EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV"',
  `"${'f'.repeat(64)}"`,
  `"${'0'.repeat(63)}"`,
  JSON.stringify(long),
  '[]',
  '[[],[],[null]]',
  '{}',
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  deep(500, '[', ']'),
  deep(500, '{"a":', '}', '1'),
];

/** Whole bodies. */
export const junkBodies: readonly (readonly [string, string | Uint8Array])[] = [
  ['nothing', ''],
  ['a bracket', '['],
  ['a word', 'undefined'],
  ['a number', '12'],
  ['a text', '"get_info"'],
  ['null', 'null'],
  ['an unfinished text', '{"account_name":"'],
  ['100,000 brackets', '['.repeat(100_000)],
  ['100,000 pairs of brackets', deep(100_000, '[', ']')],
  ['100,000 nested objects', deep(100_000, '{"account_name":', '}', '1')],
  ['100,000 nested objects as a transaction', `{"transaction":${deep(100_000, '{"actions":', '}', '1')}}`],
  ['100,000 nested arrays as actions', `{"actions":${deep(100_000, '[', ']')}}`],
  [
    '2,000 levels of data',
    `{"transaction":{"expiration":"2030-01-01T00:00:00","ref_block_num":1,"ref_block_prefix":1,"actions":[{"account":"eosio","name":"setabi","authorization":[],"data":${deep(2000, '[', ']')}}]}}`,
  ],
  ['100,000 keys', `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join(',')}}`],
  ['the same key 50,000 times', `{${Array.from({ length: 50_000 }, () => '"account_name":"a"').join(',')}}`],
  ['300,000 digits', `{"limit":${'9'.repeat(300_000)}}`],
  ['100,000 long integers', `[${Array.from({ length: 100_000 }, () => '12345678901234567').join(',')}]`],
  ['invalid UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['UTF-16', Buffer.from('{"account_name":"eosio"}', 'utf16le')],
  ['zeros', new Uint8Array(10_000)],
  ['a byte order mark', '\ufeff{}'],
  ['prototype keys', '{"__proto__":{"account_name":"eosio"},"constructor":1,"account_name":"eosio"}'],
];
