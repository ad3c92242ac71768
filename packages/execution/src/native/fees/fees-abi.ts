/** The ABI of `snap.fees`, made from the schemas of its actions and tables, so that it cannot disagree with them. */
import { type Abi, type AbiStructDef, type Name, type Schema, snakeCase } from '@snapscale/protocol';
import { feeActions } from './action-data.js';
import { credits, edges, gasPrices, parameterRows, rewards, sponsors } from './tables.js';

type StructSchema = Schema<never> & { readonly fields: Readonly<Record<string, Schema<never>>> };

export function feesAbi(): Abi {
  const actions = Object.values(feeActions);
  const tables = [credits, edges, gasPrices, parameterRows, rewards, sponsors];
  return {
    version: 'eosio::abi/1.1',
    types: [],
    structs: [...actions, ...tables].map(({ schema }) => abiStruct(schema as unknown as StructSchema)),
    actions: actions.map(({ name, schema, purpose }) => ({ name, type: schema.name, ricardianContract: purpose })),
    tables: tables.map(({ name, schema }) => abiTable(name, schema.name)),
    ricardianClauses: [],
    errorMessages: [],
    abiExtensions: [],
    variants: [],
  };
}

function abiStruct({ name, fields }: StructSchema): AbiStructDef {
  const entries = Object.entries(fields);
  return { name, base: '', fields: entries.map(([field, { name: type }]) => ({ name: snakeCase(field), type })) };
}

function abiTable(name: Name, type: string): Abi['tables'][number] {
  return { name, indexType: 'i64', keyNames: [], keyTypes: [], type };
}
