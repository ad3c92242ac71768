import type { Json } from '@snapscale/protocol';
import { expect, test } from 'vitest';
import { tableRows, tableScopes } from './tables.js';
import { fakeNode } from './testing/fake-node.js';

const query = { code: 'c', scope: 's', table: 't' };

/** A table of the numbers below `size`, in pages of at most `page` rows, with the interface of a node. */
function table(size: number, page: number) {
  return fakeNode({
    get_table_rows: ({ lower_bound, upper_bound, limit, reverse }) => {
      const down = reverse === true;
      const all = Array.from({ length: size }, (_, i) => (down ? size - 1 - i : i));
      const from = down ? upper_bound : lower_bound;
      const rest = from === undefined ? all : all.filter((n) => (down ? n <= Number(from) : n >= Number(from)));
      const rows = rest.slice(0, Math.min(page, Number(limit)));
      const next = rest[rows.length];
      return { rows, more: next !== undefined, next_key: next === undefined ? '' : String(next) };
    },
  });
}

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

test.each([0, 1, 7, 8, 25])('%i rows come whole and in order, both ways', async (size) => {
  const { client } = table(size, 8);
  const numbers = Array.from({ length: size }, (_, i) => i);
  expect(await all(tableRows(client, query))).toEqual(numbers);
  expect(await all(tableRows(client, { ...query, reverse: true }))).toEqual(numbers.reverse());
});

test('a limit ends it, also in the middle of a page, and no more is asked for', async () => {
  const { client, requests } = table(100, 8);
  expect(await all(tableRows(client, { ...query, limit: 10 }))).toHaveLength(10);
  expect(requests.map(({ body }) => body.limit)).toEqual([10, 2]);
});

test('pages are fetched as they are needed', async () => {
  const { client, requests } = table(100, 8);
  for await (const row of tableRows(client, query)) if (row === 3) break;
  expect(requests).toHaveLength(1);
});

test('scopes, over pages', async () => {
  const row = (scope: string): Json => ({ code: 'c', scope, table: 't', payer: 'c', count: 1 });
  const { client } = fakeNode({
    get_table_by_scope: ({ lower_bound }) =>
      lower_bound === 'b' ? { rows: [row('b')], more: '' } : { rows: [row('a')], more: 'b' },
  });
  expect((await all(tableScopes(client, 'c'))).map(({ scope }) => scope)).toEqual(['a', 'b']);
});
