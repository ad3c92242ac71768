import { describe, expect, test } from 'vitest';
import { bytesText, fields, fittedTable, inline, outline, records, table } from './layout.js';
import { hasColour, makeStyle, printable, widthOf } from './style.js';

const plain = makeStyle(false);
const colourful = makeStyle(true);

test('widths: marks count nothing, Chinese characters two', () => {
  expect(widthOf('abc')).toBe(3);
  expect(widthOf(colourful.red('abc'))).toBe(3);
  expect(widthOf('账户')).toBe(4);
});

test('fields are aligned, those without a value are left out, further lines are indented', () => {
  expect(
    fields(
      [
        ['a', '1'],
        ['long', 'x\ny'],
        ['gone', undefined],
      ],
      plain,
    ),
  ).toEqual(['a     1', 'long  x', '      y']);
});

test('tables are aligned, numbers to the right, also with colours', () => {
  const columns = [{ title: 'name' }, { title: 'n', right: true }];
  expect(
    table(
      columns,
      [
        ['alice', '7'],
        ['bo', '100'],
      ],
      plain,
    ),
  ).toEqual(['name     n', 'alice    7', 'bo     100']);
  const marked = table(
    columns,
    [
      [colourful.bold('alice'), '7'],
      ['bo', '100'],
    ],
    plain,
  );
  expect(marked.map(widthOf)).toEqual([10, 10, 10]);
});

describe('outline', () => {
  test('objects, lists, lists of lists, and nothing', () => {
    const value = {
      id: 1,
      name: 'alice',
      none: null,
      empty: [],
      tags: ['a', 'b'],
      inner: { x: true },
      list: [{ a: 1, b: 2 }],
      pairs: [[1, 'a']],
    };
    expect(outline(value, plain)).toEqual([
      'id     1',
      'name   alice',
      'none   none',
      'empty  none',
      'tags   a, b',
      'inner',
      '  x  true',
      'list',
      '  - a  1',
      '    b  2',
      'pairs',
      '  - 1, a',
    ]);
  });
});

describe('records', () => {
  test('rows of plain fields are a table', () => {
    expect(
      records(
        [
          { id: 1, owner: 'alice' },
          { id: 10, owner: '' },
        ],
        plain,
        80,
      ),
    ).toEqual(['id  owner', ' 1  alice', '10  ""']);
  });

  test('rows with structure, different fields, or too wide are blocks', () => {
    expect(records([{ a: { b: 1 } }, { a: 2 }], plain, 80)).toEqual(['a', '  b  1', '', 'a  2']);
    expect(records([{ text: 'x'.repeat(50) }], plain, 20)).toEqual([`text  ${'x'.repeat(50)}`]);
    expect(records(['00ff'], plain, 80)).toEqual(['00ff']);
  });
});

test('values on one line', () => {
  expect(inline({ from: 'alice', list: [1, null], empty: '' })).toBe('{from: alice, list: [1, null], empty: ""}');
});

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1536, '1.50 KiB'],
  [14_348, '14.0 KiB'],
  [5_242_880n, '5.00 MiB'],
  [-2048, '-2.00 KiB'],
])('%s bytes', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test('text of the chain cannot steer the terminal', () => {
  expect(printable('a\u001b[31mred\u0007\u202eb')).toBe('a\\u001b[31mred\\u0007\\u202eb');
  expect(printable('line\nline\ttab 账户')).toBe('line\nline\ttab 账户');
});

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ NO_COLOR: '1', CLICOLOR_FORCE: '1' }, false, false],
  [{ CLICOLOR_FORCE: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ TERM: 'dumb' }, true, false],
] as const)('colours with %j, terminal %s', (environment, isTerminal, expected) => {
  expect(hasColour({ environment, isTerminal })).toBe(expected);
});

describe('rows that are clipped until they fit', () => {
  const rows = [
    { id: 1, owner: 'alice', note: { text: 'a long text that goes on and on', tags: ['x', 'y'] } },
    { id: 20, owner: 'bob', note: null },
  ];
  const lines = (columns: number) => fittedTable(rows, plain, columns);

  test('where there is room, nothing is lost', () => {
    expect(lines(Number.POSITIVE_INFINITY)).toEqual([
      'id  owner  note',
      ' 1  alice  {text: a long text that goes on and on, tags: [x, y]}',
      '20  bob',
    ]);
  });

  test('otherwise the widest column is clipped', () => {
    const narrow = lines(30);
    expect(narrow[1]).toBe(' 1  alice  {text: a long text…');
    for (const line of narrow) expect(widthOf(line)).toBeLessThanOrEqual(30);
  });

  test('what does not fit even so is a block of lines for each row', () => {
    expect(lines(10).slice(0, 2)).toEqual(['id     1', 'owner  alice']);
    expect(fittedTable(['ff00', 'aa'], plain, 80)).toEqual(['ff00', '', 'aa']);
    expect(fittedTable([], plain, 80)).toEqual([]);
  });

  test('rows with other fields, wide characters, and control characters', () => {
    const odd = [{ a: '名字名字名字名字' }, { b: '\u001b[2J\n' }];
    for (const line of fittedTable(odd, plain, 20)) expect(widthOf(line)).toBeLessThanOrEqual(20);
    expect(fittedTable(odd, plain, 80)[2]).toContain('\\u001b[2J\\n');
  });
});

test('titles are words of an ABI, and cannot steer the terminal', () => {
  const rows = [{ 'te\u001b[2J\nxt': 1 }];
  for (const lines of [records(rows, plain, 80), fittedTable(rows, plain, 80)]) {
    expect(lines).toEqual(['te\\u001b[2J\\nxt', '              1']);
  }
});
