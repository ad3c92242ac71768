/** `get table`, `get scope`, `get currency`: what contracts store. */
import type { ApiClient } from '@snapscale/api';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes } from '../program/failures.js';
import { counted, records, table } from '../terminal/layout.js';

const LIMIT_DEFAULT = 10;

export const getTable: Handler = async (session, values) => {
  const { output } = session;
  const [code, scope, name] = [values.argument('code'), values.argument('scope'), values.argument('table')];
  const json = !values.flag('binary');
  const text = (key: string, option: string) => {
    const value = values.text(option);
    return value === undefined ? {} : { [key]: value };
  };
  const api = session.api();
  const answer = await api.chain
    .getTableRows({
      json,
      code,
      scope,
      table: name,
      limit: values.integer('limit', 1, 2 ** 32 - 1) ?? LIMIT_DEFAULT,
      reverse: values.flag('reverse'),
      show_payer: values.flag('showPayer'),
      ...text('lower_bound', 'lower'),
      ...text('upper_bound', 'upper'),
      ...text('key_type', 'keyType'),
      ...text('index_position', 'index'),
      ...text('encode_type', 'encodeType'),
    })
    .catch((error: unknown) => refuseTable(api, code, name, error));
  output.result(answer, () =>
    json ? records(answer.rows.map(flattened), output.style, output.columns) : answer.rows.map(String),
  );
  const next = values.flag('reverse') ? '-U' : '-L';
  if (answer.rows.length === 0) output.note(`No rows in ${code} ${scope} ${name}.`);
  else
    output.note(
      counted(answer.rows.length, 'row') + (answer.more ? `, there are more: ${next} ${answer.next_key}` : ''),
    );
};

/** `{data, payer}` as the row with a column for the payer. */
function flattened(row: unknown): unknown {
  if (typeof row !== 'object' || row === null || !('data' in row) || !('payer' in row)) return row;
  return typeof row.data === 'object' && row.data !== null ? { ...row.data, payer: row.payer } : row;
}

/** Says which tables there are, when the one asked for is not among them. */
async function refuseTable(api: ApiClient, code: string, name: string, error: unknown): Promise<never> {
  const message = error instanceof Error ? error.message : '';
  if (!message.includes('is not specified in the ABI')) throw error;
  const { abi } = await api.chain.getAbi({ account_name: code });
  const tables = abi?.tables.map((entry) => entry.name) ?? [];
  const { closest } = await import('@snapscale/sdk');
  const similar = closest(name, tables);
  throw new CommandError(
    'table_not_found',
    exitCodes.notFound,
    tables.length === 0 ? `${code} has no contract with tables` : `${code} has no table ${name}`,
    tables.length === 0
      ? undefined
      : `${similar === undefined ? '' : `Did you mean ${similar}? `}Its tables: ${tables.join(', ')}.`,
  );
}

export const getScope: Handler = async (session, values) => {
  const { output } = session;
  const code = values.argument('contract');
  const [only, lower, upper] = [values.text('table'), values.text('lower'), values.text('upper')];
  const answer = await session.api().chain.getTableByScope({
    code,
    limit: values.integer('limit', 1, 2 ** 32 - 1) ?? LIMIT_DEFAULT,
    reverse: values.flag('reverse'),
    ...(only === undefined ? {} : { table: only }),
    ...(lower === undefined ? {} : { lower_bound: lower }),
    ...(upper === undefined ? {} : { upper_bound: upper }),
  });
  const scopeText = await scopeTexts(answer.rows.map(({ scope }) => scope));
  output.result(answer, () =>
    answer.rows.length === 0
      ? []
      : table(
          [{ title: 'table' }, { title: 'scope' }, { title: 'rows', right: true }, { title: 'payer' }],
          answer.rows.map((row) => [row.table, scopeText(row.scope), String(row.count), row.payer]),
          output.style,
        ),
  );
  if (answer.rows.length === 0) output.note(`${code} has no rows in any table.`);
  else if (answer.more !== '') output.note(`There are more: -L ${answer.more}`);
};

/** Scopes that are no names are mostly symbol codes: shown as such too. */
export async function scopeTexts(scopes: readonly string[]): Promise<(scope: string) => string> {
  if (!scopes.some((scope) => scope.startsWith('.'))) return (scope) => scope;
  const { formatSymbolCode, isValidSymbolCode, parseName } = await import('@snapscale/protocol');
  return (scope) => {
    const value = scope.startsWith('.') ? parseName(scope) : 0n;
    return isValidSymbolCode(value) ? `${formatSymbolCode(value)} (${scope})` : scope;
  };
}

export const getBalance: Handler = async (session, values) => {
  const symbol = values.optionalArgument('symbol');
  const [code, account] = [values.argument('contract'), values.argument('account')];
  const balances = await session
    .api()
    .chain.getCurrencyBalance({ code, account, ...(symbol === undefined ? {} : { symbol }) });
  session.output.result(balances, () => balances);
  if (balances.length === 0) {
    session.output.note(`${account} has no ${symbol ?? 'balance'} at ${code}.`);
  }
};

export const getStats: Handler = async (session, values) => {
  const [code, symbol] = [values.argument('contract'), values.argument('symbol')];
  const answer = await session.api().chain.getCurrencyStats({ code, symbol });
  const rows = Object.entries(answer).map(([name, stats]) => ({ symbol: name, ...stats }));
  if (rows.length === 0) {
    throw new CommandError('token_not_found', exitCodes.notFound, `${code} has no token ${symbol}`);
  }
  session.output.result(answer, () => records(rows, session.output.style, session.output.columns));
};
