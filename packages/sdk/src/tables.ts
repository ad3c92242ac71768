/** Tables of contracts, page by page. */
import type { RequestOf, Routes } from '@snapscale/api';
import type { Json } from '@snapscale/protocol';
import type { Client } from './client.js';

/** Which rows to read. Bounds are inclusive. */
export type TableQuery = Omit<RequestOf<Routes['chain']['getTableRows']>, 'json' | 'limit'> & {
  /** Most rows in all; no bound where not given. */
  readonly limit?: number | undefined;
};

/** A page of rows. `next` continues after it. */
export type TablePage = { readonly rows: readonly Json[]; readonly next: string | undefined };

/** A table of a contract under one scope. */
export type TableScope = {
  readonly code: string;
  readonly scope: string;
  readonly table: string;
  readonly payer: string;
  readonly count: number;
};

const PAGE_ROWS = 500;

/** One page of rows. @param from `next` of the page before */
export async function tablePage(client: Client, query: TableQuery, from?: string): Promise<TablePage> {
  const { limit = PAGE_ROWS, ...fields } = query;
  const bound = from === undefined ? {} : query.reverse === true ? { upper_bound: from } : { lower_bound: from };
  const answer = await client.api.chain.getTableRows({ ...fields, ...bound, json: true, limit });
  return {
    rows: answer.rows as readonly Json[],
    next: answer.more && answer.next_key !== '' ? answer.next_key : undefined,
  };
}

/** Rows one after the other, fetched in pages as they are consumed. */
export async function* tableRows(client: Client, query: TableQuery): AsyncGenerator<Json, void, void> {
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  let from: string | undefined;
  do {
    const page = await tablePage(client, { ...query, limit: Math.min(left, PAGE_ROWS) }, from);
    yield* page.rows;
    left -= page.rows.length;
    from = page.rows.length > 0 ? page.next : undefined;
  } while (from !== undefined && left > 0);
}

/** Tables of a contract with their scopes, fetched in pages as they are consumed. @param table only this one */
export async function* tableScopes(
  client: Client,
  code: string,
  table?: string,
): AsyncGenerator<TableScope, void, void> {
  let from = '';
  do {
    const answer = await client.api.chain.getTableByScope({
      code,
      ...(table === undefined ? {} : { table }),
      lower_bound: from,
      limit: PAGE_ROWS,
    });
    yield* answer.rows;
    from = answer.rows.length > 0 ? answer.more : '';
  } while (from !== '');
}
