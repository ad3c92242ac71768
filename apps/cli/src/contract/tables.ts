/** `contract tables`: which tables a contract has, and their rows. */
import type { CompiledAbi, Json } from '@snapscale/protocol';
import { formatName } from '@snapscale/protocol';
import { type Client, closest, notFound, type TableScope, tableNames, tablePage, tableScopes } from '@snapscale/sdk';
import { scopeTexts } from '../commands/tables.js';
import type { Handler } from '../program/command.js';
import { usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { counted, fittedTable, table } from '../terminal/layout.js';
import { printable } from '../terminal/style.js';
import { parametersOf, signature } from './action-data.js';

const LIMIT_DEFAULT = 20;
/** Scopes that are read and listed, at most. */
const SCOPES_MAX = 1000;
const SCOPES_SHOWN = 8;

export const tablesCommand: Handler = async (session, values) => {
  const account = values.argument('account');
  const name = values.optionalArgument('table');
  const client = await session.client();
  const abi = await client.abis.contract(account);
  const scopes = await scopesOf(client, account, name);
  if (name === undefined) return listTables(session, account, abi, scopes);
  const { output } = session;
  const known = tableNames(abi.abi);
  if (!known.includes(name)) {
    const similar = closest(name, known);
    notFound(
      `${account} has no table ${name}`,
      `${similar === undefined ? '' : `Did you mean ${similar}? `}Its tables: ${known.join(', ') || 'none'}.`,
    );
  }
  const scope = values.text('scope') ?? (await onlyScope(account, name, scopes));
  const limit = values.integer('limit', 1, 2 ** 32 - 1) ?? LIMIT_DEFAULT;
  const page = await tablePage(client, { code: account, scope, table: name, limit, ...rangeOf(values, abi, name) });
  const next = page.next === undefined ? null : page.next;
  output.result({ account, table: name, scope, rows: page.rows, next }, () => rowLines(page.rows, session));
  if (page.rows.length === 0) output.note(`No rows in the table ${name} under the scope ${scope}.`);
  else {
    const more = next === null ? '' : `, there are more: ${values.flag('reverse') ? '-U' : '-L'} ${next}`;
    output.note(`${counted(page.rows.length, 'row')} of ${name}, scope ${scope}${more}`);
  }
};

async function scopesOf(client: Client, account: string, name: string | undefined): Promise<TableScope[]> {
  const found: TableScope[] = [];
  for await (const scope of tableScopes(client, account, name)) {
    found.push(scope);
    if (found.length === SCOPES_MAX) break;
  }
  return found;
}

async function listTables(
  { output }: Session,
  account: string,
  { abi }: CompiledAbi,
  scopes: readonly TableScope[],
): Promise<void> {
  const scopeText = await scopeTexts(scopes.map(({ scope }) => scope));
  const tables = abi.tables.map((entry) => {
    const name = formatName(entry.name);
    const own = scopes.filter((scope) => scope.table === name);
    return { name, fields: parametersOf(abi, entry.type), indices: entry.keyNames, scopes: own };
  });
  const listed = tables.map(({ name, fields, indices, scopes: own }) => ({
    name,
    fields,
    indices,
    scopes: own.map(({ scope, count, payer }) => ({ scope, entries: count, payer })),
  }));
  output.result({ account, tables: listed }, () =>
    tables.flatMap(({ name, fields, indices, scopes: own }) => [
      `${output.style.bold(name)}  ${output.style.dim(signature(fields))}`,
      ...(indices.length === 0 ? [] : [`  ${output.style.dim('indices')}  ${printable(indices.join(', '))}`]),
      ...(own.length === 0
        ? [`  ${output.style.dim('no rows')}`]
        : table(
            [{ title: 'scope' }, { title: 'entries', right: true }, { title: 'payer' }],
            own.slice(0, SCOPES_SHOWN).map(({ scope, count, payer }) => [scopeText(scope), String(count), payer]),
            output.style,
          ).map((line) => `  ${line}`)),
      ...(own.length > SCOPES_SHOWN ? [`  … and ${own.length - SCOPES_SHOWN} more scopes`] : []),
    ]),
  );
  if (tables.length === 0) output.note(`${account} has no tables.`);
  else output.next(`contract tables ${account} ${tables[0]!.name}`);
}

/** The scope that is meant where none is named: the contract's own, or the only one. */
async function onlyScope(account: string, name: string, scopes: readonly TableScope[]): Promise<string> {
  const [first, ...more] = scopes;
  if (first === undefined || scopes.some(({ scope }) => scope === account)) return account;
  if (more.length === 0) return first.scope;
  const text = await scopeTexts(scopes.map(({ scope }) => scope));
  const shown = scopes.slice(0, SCOPES_SHOWN).map(({ scope }) => text(scope));
  throw usageError(
    `the table ${name} of ${account} has ${counted(scopes.length, 'scope')}: which one?`,
    `Name it with --scope, as: --scope ${first.scope}. There are ${shown.join(', ')}${scopes.length > SCOPES_SHOWN ? ', …' : ''}`,
  );
}

/** Types of secondary keys in ABIs, and as `get_table_rows` calls them. */
const keyTypes: Readonly<Record<string, string>> = {
  name: 'i64',
  uint64: 'i64',
  uint128: 'i128',
  float64: 'float64',
  float128: 'float128',
  checksum256: 'sha256',
  checksum160: 'ripemd160',
};

function rangeOf(values: Values, { abi }: CompiledAbi, name: string): Record<string, string | boolean> {
  const [lower, upper, index] = [values.text('lower'), values.text('upper'), values.text('index')];
  return {
    reverse: values.flag('reverse'),
    ...(lower === undefined ? {} : { lower_bound: lower }),
    ...(upper === undefined ? {} : { upper_bound: upper }),
    ...(index === undefined ? {} : indexOf(index, abi, name, values.text('keyType'), [lower ?? '', upper ?? ''])),
  };
}

/** An index by its name in the ABI, or by its number (2 is the first secondary one), with the type of its keys. */
function indexOf(
  index: string,
  abi: CompiledAbi['abi'],
  name: string,
  keyType: string | undefined,
  bounds: readonly string[],
): Record<string, string> {
  const definition = abi.tables.find((entry) => formatName(entry.name) === name);
  const names = definition?.keyNames ?? [];
  const position = names.indexOf(index) + 2;
  const number = position > 1 ? position : Number(index);
  if (!Number.isInteger(number) || number < 1 || number > 17) {
    throw usageError(
      `${name} has no index ${index}`,
      names.length === 0 ? 'Its ABI names none; they are also known as 2, 3, …' : `It has ${names.join(', ')}.`,
    );
  }
  const declared = definition?.keyTypes[number - 2];
  // Keys that are names are numbers to the ABI; a bound that is a word means a name.
  const known = declared === undefined ? 'i64' : (keyTypes[declared] ?? declared);
  const type = keyType ?? (known === 'i64' && bounds.some((bound) => /[^0-9]/.test(bound)) ? 'name' : known);
  return { index_position: String(number), ...(number === 1 ? {} : { key_type: type }) };
}

function rowLines(rows: readonly Json[], { output }: Session): string[] {
  return fittedTable(rows, output.style, output.isTerminal ? output.columns : Number.POSITIVE_INFINITY);
}
