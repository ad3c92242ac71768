/**
 * The contract among all that a translation unit declares: its classes, actions, notification handlers and tables.
 */

import { formatCppType, parseCppType } from './cpp-type.js';
import type { Diagnostic, Locate, VirtualPlace } from './diagnostics.js';
import {
  type Alias,
  type Annotation,
  annotated,
  type Method,
  qualifiedName,
  type Record,
  type SyntaxTree,
} from './syntax-tree.js';

export type ContractAction = { readonly name: string; readonly owner: Record; readonly method: Method };

/** A method that runs when `code` (or any account, for `*`) notifies the contract of `action`. */
export type NotificationHandler = {
  readonly code: string;
  readonly action: string;
  readonly owner: Record;
  readonly method: Method;
};

/** A table; `row` is the text of the row's type as seen from `scope`, `indices` its secondary indices in their order. */
export type ContractTable = {
  readonly name: string;
  readonly row: string;
  readonly scope: readonly string[];
  readonly indices: readonly { readonly name: string; readonly type: string }[];
  readonly place: VirtualPlace;
};

export type ContractModel = {
  readonly name: string;
  readonly classes: readonly Record[];
  readonly actions: readonly ContractAction[];
  readonly notifications: readonly NotificationHandler[];
  readonly tables: readonly ContractTable[];
};

/** Names of accounts, actions and tables: up to 12 characters, and a thirteenth out of fewer. */
const namePattern = /^(?=.)[.1-5a-z]{0,12}[.1-5a-j]?$/;

/**
 * Picks the contract `name` out of `tree`: all classes whose attribute gives that name (or whose own name it is), or
 * the only contract there is. Undefined if the unit has no contract. Errors go to `report`.
 */
export function findContract(
  tree: SyntaxTree,
  name: string,
  locate: Locate,
  report: (diagnostic: Diagnostic) => void,
): ContractModel | undefined {
  const error = (place: VirtualPlace, message: string): void => {
    report({ severity: 'error', ...(locate(place) ?? { file: undefined, line: 0, column: 0 }), message });
  };
  const contracts = tree.records.filter((record) => annotated(record, 'contract') !== undefined);
  const named = contracts.filter((record) => contractNameOf(record) === name);
  const others = new Set(contracts.map(contractNameOf));
  const classes = named.length > 0 ? named : others.size === 1 ? contracts : [];
  if (classes.length === 0) {
    if (contracts[0] !== undefined) {
      error(contracts[0].place, `several contracts (${[...others].join(', ')}), none of them named ${name}`);
    }
    return undefined;
  }
  const actions = uniqueActions(classes, error);
  return {
    name,
    classes,
    actions,
    notifications: notificationsOf(classes, error),
    tables: tablesOf(tree, classes, error),
  };
}

function contractNameOf(record: Record): string {
  return annotated(record, 'contract')?.args[0] ?? record.name;
}

type Report = (place: VirtualPlace, message: string) => void;

function uniqueActions(classes: readonly Record[], error: Report): ContractAction[] {
  const actions = new Map<string, ContractAction>();
  for (const owner of classes) {
    for (const method of owner.methods) {
      const annotation = annotated(method, 'action');
      if (annotation === undefined) continue;
      const name = annotation.args[0] ?? method.name;
      if (!namePattern.test(name)) {
        error(method.place, `'${name}' is no name for an action: use at most 12 of the characters .12345a-z`);
      } else if (!method.isPublic) {
        error(method.place, `the action '${name}' must be public`);
      } else if (actions.has(name)) {
        error(
          method.place,
          `the contract has another action named '${name}': give one of them a name of its own by [[snapscale::action("…")]]`,
        );
      } else {
        actions.set(name, { name, owner, method });
      }
    }
  }
  return [...actions.values()];
}

function notificationsOf(classes: readonly Record[], error: Report): NotificationHandler[] {
  return classes.flatMap((owner) =>
    owner.methods.flatMap((method) => {
      const annotation = annotated(method, 'on_notify');
      if (annotation === undefined) return [];
      const [code, action] = (annotation.args[0] ?? '').split('::');
      const wellFormed =
        code !== undefined &&
        action !== undefined &&
        (code === '*' || namePattern.test(code)) &&
        namePattern.test(action);
      if (!wellFormed) {
        error(method.place, `on_notify takes "account::action" or "*::action", not "${annotation.args[0] ?? ''}"`);
        return [];
      }
      if (!method.isPublic) error(method.place, `the notification handler '${method.name}' must be public`);
      return [{ code, action, owner, method }];
    }),
  );
}

/**
 * Tables are the aliases of multi_index and singleton, and the structs with the attribute `table("name")`, or without
 * a name if no alias uses them. Those of other contracts, whose headers may be included, do not count.
 */
function tablesOf(tree: SyntaxTree, classes: readonly Record[], error: Report): ContractTable[] {
  const tables = new Map<string, ContractTable>();
  const add = (table: ContractTable): void => {
    if (!namePattern.test(table.name))
      error(table.place, `'${table.name}' is no name for a table: use at most 12 of the characters .12345a-z`);
    else if (!tables.has(table.name)) tables.set(table.name, table);
  };
  const own = new Map(
    tree.records.filter((record) => belongsTo(record, tree, classes)).map((record) => [qualifiedName(record), record]),
  );
  const used = new Set<string>();
  for (const alias of tree.aliases) {
    const table = tableOfAlias(alias);
    if (table === undefined) continue;
    const row = [...own].find(([full]) => full === table.row || full.endsWith(`::${table.row}`));
    if (row === undefined && !isInside(alias.scope, classes)) continue;
    if (row !== undefined) used.add(row[0]);
    add(table);
  }
  for (const [full, record] of own) {
    const annotation = annotated(record, 'table');
    const name = annotation?.args[0] ?? (annotation !== undefined && !used.has(full) ? record.name : undefined);
    if (name !== undefined) add({ name, row: full, scope: [], indices: [], place: record.place });
  }
  return [...tables.values()];
}

/** True for rows of the contract: inside of its classes, or marked as tables and not given to another contract. */
function belongsTo(record: Record, tree: SyntaxTree, classes: readonly Record[]): boolean {
  const contract: Annotation | undefined = annotated(record, 'contract');
  if (contract !== undefined && !classes.includes(record)) return contract.args[0] === contractNameOf(classes[0]!);
  if (isInside(record.scope, classes)) return true;
  const foreign = tree.records.filter(
    (other) =>
      annotated(other, 'contract') !== undefined &&
      !classes.includes(other) &&
      other.fields.length + other.methods.length > 0,
  );
  return annotated(record, 'table') !== undefined && !isInside(record.scope, foreign);
}

function isInside(scope: readonly string[], records: readonly Record[]): boolean {
  const path = `${scope.join('::')}::`;
  return records.some((record) => path.startsWith(`${qualifiedName(record)}::`));
}

/** `multi_index<3607749779137757184, token::account, …>` as a table. */
function tableOfAlias(alias: Alias): ContractTable | undefined {
  const parsed = parseCppType(alias.type.desugaredQualType ?? alias.type.qualType);
  if (parsed?.kind !== 'named' || !/^(?:(?:snapscale|eosio)::)?(?:multi_index|singleton)$/.test(parsed.name))
    return undefined;
  const [number, row, ...indices] = parsed.args;
  if (number?.kind !== 'number' || row?.kind !== 'named' || !/^\d+$/.test(number.text)) return undefined;
  return {
    name: nameOfNumber(BigInt(number.text)),
    row: formatCppType(row),
    scope: alias.scope,
    indices: indices.flatMap((index) => {
      if (index.kind !== 'named') return [];
      const [indexName, extractor] = index.args;
      const key = extractor?.kind === 'named' ? extractor.args[1] : undefined;
      if (indexName?.kind !== 'number' || key?.kind !== 'named') return [];
      return [{ name: nameOfNumber(BigInt(indexName.text)), type: formatCppType(key) }];
    }),
    place: alias.place,
  };
}

/** The text of a name given as its 64-bit number. */
export function nameOfNumber(value: bigint): string {
  const characters = '.12345abcdefghijklmnopqrstuvwxyz';
  let text = '';
  for (let i = 0; i < 13; i++) text += characters[Number(i < 12 ? (value >> BigInt(59 - 5 * i)) & 31n : value & 15n)];
  return text.replace(/\.+$/, '');
}

/** The 64-bit number of a name. */
export function numberOfName(text: string): bigint {
  let value = 0n;
  for (let i = 0; i < text.length; i++) {
    const digit = BigInt('.12345abcdefghijklmnopqrstuvwxyz'.indexOf(text[i]!));
    value |= i < 12 ? digit << BigInt(59 - 5 * i) : digit;
  }
  return value;
}
