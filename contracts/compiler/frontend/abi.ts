/**
 * The ABI of a contract: how clients pack its actions and unpack its tables.
 */
import { type AbiAlias, type AbiStruct, AbiTypes, type AbiVariant, UnknownTypeError } from './abi-types.js';
import type { ContractModel, ContractTable } from './contract-model.js';
import type { Diagnostic, Locate, VirtualPlace } from './diagnostics.js';
import type { RicardianSection } from './ricardian.js';
import type { SyntaxTree, Variable } from './syntax-tree.js';

/** The JSON form of an ABI of version 1.2, with all sections present. */
export type ContractAbi = {
  readonly version: 'eosio::abi/1.2';
  readonly types: readonly AbiAlias[];
  readonly structs: readonly AbiStruct[];
  readonly actions: readonly { readonly name: string; readonly type: string; readonly ricardian_contract: string }[];
  readonly tables: readonly AbiTable[];
  readonly ricardian_clauses: readonly RicardianSection[];
  readonly error_messages: readonly [];
  readonly abi_extensions: readonly [];
  readonly variants: readonly AbiVariant[];
  readonly action_results: readonly { readonly name: string; readonly result_type: string }[];
};

/** `key_names` and `key_types` describe the secondary indices, in their order; nodes do not read them. */
export type AbiTable = {
  readonly name: string;
  readonly type: string;
  readonly index_type: 'i64';
  readonly key_names: readonly string[];
  readonly key_types: readonly string[];
};

/** Ricardian texts by action, and clauses. */
export type RicardianTexts = {
  readonly contracts: readonly RicardianSection[];
  readonly clauses: readonly RicardianSection[];
};

/**
 * Generates the ABI of `model`, whose declarations are in `tree`. Sections are sorted by name, so that equal contracts
 * have equal ABIs. Types without a counterpart in an ABI go to `report` as errors, with their names.
 */
export function generateAbi(
  model: ContractModel,
  tree: SyntaxTree,
  texts: RicardianTexts,
  locate: Locate,
  report: (diagnostic: Diagnostic, unknownType: string | undefined) => void,
): ContractAbi {
  const types = new AbiTypes(tree);
  const attempt = <T>(place: VirtualPlace, what: string, resolve: () => T): T | undefined => {
    try {
      return resolve();
    } catch (cause) {
      if (!(cause instanceof UnknownTypeError)) throw cause;
      const at = locate(place) ?? { file: undefined, line: 0, column: 0 };
      report({ severity: 'error', ...at, message: `${what}: ${cause.message}` }, cause.type);
      return undefined;
    }
  };
  const ricardian = new Map(texts.contracts.map(({ id, body }) => [id, body]));
  const results: { name: string; result_type: string }[] = [];
  const actions = sorted(model.actions).map(({ name, owner, method }) => {
    const scope = [...owner.scope, owner.name];
    const field = (parameter: Variable) => {
      const type = attempt(parameter.place, `parameter '${parameter.name}'`, () =>
        types.resolve(parameter.type, scope),
      );
      return { name: parameter.name, type: type ?? '' };
    };
    const type = types.actionStruct(name, method.parameters.map(field));
    if (method.result !== 'void') {
      const result = attempt(method.place, `result of '${name}'`, () =>
        types.resolve({ qualType: method.result }, scope),
      );
      results.push({ name, result_type: result ?? '' });
    }
    return { name, type, ricardian_contract: ricardian.get(name) ?? '' };
  });
  const tables = sorted(model.tables).map((table) => tableOf(table, types, attempt));
  const { structs, variants, types: aliases } = types.collected();
  return {
    version: 'eosio::abi/1.2',
    types: aliases,
    structs,
    actions,
    tables,
    ricardian_clauses: texts.clauses,
    error_messages: [],
    abi_extensions: [],
    variants,
    action_results: results,
  };
}

type Attempt = <T>(place: VirtualPlace, what: string, resolve: () => T) => T | undefined;

function tableOf(table: ContractTable, types: AbiTypes, attempt: Attempt): AbiTable {
  const row = attempt(table.place, `table '${table.name}'`, () => types.resolve({ qualType: table.row }, table.scope));
  const keyType = (text: string): string =>
    attempt(table.place, `index of '${table.name}'`, () => types.resolve({ qualType: text }, table.scope)) ?? '';
  return {
    name: table.name,
    type: row ?? '',
    index_type: 'i64',
    key_names: table.indices.map(({ name }) => name),
    key_types: table.indices.map(({ type }) => keyType(type)),
  };
}

function sorted<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The text of the file that goes with a contract: JSON, with a new line at its end. */
export function formatAbi(abi: ContractAbi): string {
  return `${JSON.stringify(abi, null, 2)}\n`;
}
