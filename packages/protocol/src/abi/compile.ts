/** Checks an ABI the way nodeos does before it uses one, and prepares the look-ups. */
import type { Abi, AbiStructDef } from '../abi.js';
import { limits } from '../limits.js';
import { formatName, type Name } from '../name.js';
import { type RejectionCode, reject } from '../rejections.js';
import { builtIns } from './builtins.js';
import type { TypeCodec } from './type-codec.js';
import { arrayOf, clip, optionalOf, sizedArrayOf, withoutExtension } from './type-name.js';

/** An ABI that was found valid. Obtain it with `compileAbi`; decode and encode with `decodeType` and `encodeType`. */
export type CompiledAbi = {
  readonly abi: Abi;
  readonly typedefs: ReadonlyMap<string, string>;
  readonly structs: ReadonlyMap<string, AbiStructDef>;
  readonly variants: ReadonlyMap<string, readonly string[]>;
  readonly actions: ReadonlyMap<bigint, string>;
  readonly tables: ReadonlyMap<bigint, string>;
  readonly actionResults: ReadonlyMap<bigint, string>;
  readonly errorMessages: ReadonlyMap<bigint, string>;
  /** Codecs of the types that were used so far. */
  readonly codecs: Map<string, TypeCodec>;
};

/**
 * Validates an ABI. Linear in its size; meant to be cached per version of an account's ABI.
 * @throws Reject with the code of EOSIO's exception: unsupported version, duplicate definitions, unknown types, circular
 * definitions, definitions nested too deeply
 */
export function compileAbi(abi: Abi): CompiledAbi {
  if (!abi.version.startsWith('eosio::abi/1.')) {
    reject('unsupported_abi_version_exception', `ABI version ${clip(abi.version)} is not supported`);
  }
  const structs = new Map(abi.structs.map((definition) => [definition.name, definition]));
  const variants = new Map((abi.variants ?? []).map((definition) => [definition.name, definition.types]));
  const typedefs = new Map<string, string>();
  const compiled: CompiledAbi = {
    abi,
    typedefs,
    structs,
    variants,
    actions: new Map(abi.actions.map((definition) => [definition.name, definition.type])),
    tables: new Map(abi.tables.map((definition) => [definition.name, definition.type])),
    actionResults: new Map((abi.actionResults ?? []).map((definition) => [definition.name, definition.resultType])),
    errorMessages: new Map(abi.errorMessages.map(({ errorCode, errorMsg }) => [errorCode, errorMsg])),
    codecs: new Map(),
  };
  const beforeVariants = { typedefs, structs, variants: new Map<string, readonly string[]>() };
  for (const { newTypeName, type } of abi.types) {
    if (isType(beforeVariants, newTypeName)) {
      reject('duplicate_abi_type_def_exception', `type ${clip(newTypeName)} already exists`);
    }
    typedefs.set(newTypeName, type);
  }
  checkUnique('duplicate_abi_struct_def_exception', 'struct', structs.size, abi.structs.length);
  checkUnique('duplicate_abi_action_def_exception', 'action', compiled.actions.size, abi.actions.length);
  checkUnique('duplicate_abi_table_def_exception', 'table', compiled.tables.size, abi.tables.length);
  checkUnique(
    'duplicate_abi_err_msg_def_exception',
    'error message',
    compiled.errorMessages.size,
    abi.errorMessages.length,
  );
  checkUnique('duplicate_abi_variant_def_exception', 'variant', variants.size, abi.variants?.length ?? 0);
  checkUnique(
    'duplicate_abi_action_results_def_exception',
    'action result',
    compiled.actionResults.size,
    abi.actionResults?.length ?? 0,
  );
  checkTypedefs(compiled);
  checkStructs(compiled);
  checkUses(compiled);
  return compiled;
}

/** Type of an action's data, if the ABI has the action. */
export function actionType(compiled: CompiledAbi, action: Name): string | undefined {
  return compiled.actions.get(action);
}

/** Type of a table's rows, if the ABI has the table. */
export function tableType(compiled: CompiledAbi, table: Name): string | undefined {
  return compiled.tables.get(table);
}

/** Type of what an action returns, if the ABI says. */
export function actionResultType(compiled: CompiledAbi, action: Name): string | undefined {
  return compiled.actionResults.get(action);
}

/** Text of an assertion code, if the ABI has one. */
export function errorMessage(compiled: CompiledAbi, errorCode: bigint): string | undefined {
  return compiled.errorMessages.get(errorCode);
}

type TypeTables = Pick<CompiledAbi, 'typedefs' | 'structs' | 'variants'>;

/** The type at the end of a chain of typedefs. The ABI must have been found free of cycles. */
export function resolveType(tables: Pick<CompiledAbi, 'typedefs'>, type: string): string {
  let resolved = type;
  for (let next = tables.typedefs.get(type); next !== undefined; next = tables.typedefs.get(resolved)) resolved = next;
  return resolved;
}

/**
 * Whether a type (without `$`) is known. Accepts more nested suffixes than nodeos: `T[][]`, `T?[]`, `T[]?`, but not `T??`.
 * @throws Reject abi_recursion_depth_exception
 */
export function isType(tables: TypeTables, type: string, depth = 1): boolean {
  if (depth >= limits.abiDepthMax) {
    reject(
      'abi_recursion_depth_exception',
      `type ${clip(type)} is defined through more than ${limits.abiDepthMax} others`,
    );
  }
  const sized = sizedArrayOf(type);
  if (sized !== undefined && sized.count > limits.abiFixedArrayMax) return false;
  const optional = optionalOf(type);
  if (optional?.endsWith('?')) return false;
  const inner = arrayOf(type) ?? sized?.item ?? optional ?? type;
  if (builtIns.has(inner)) return true;
  const target = tables.typedefs.get(inner);
  if (target !== undefined) return isType(tables, target, depth + 1);
  if (tables.structs.has(inner) || tables.variants.has(inner)) return true;
  return inner !== type && isType(tables, inner, depth + 1);
}

function checkUnique(code: RejectionCode, kind: string, distinct: number, total: number): void {
  if (distinct !== total) reject(code, `duplicate ${kind} definition detected`);
}

function checkTypedefs(compiled: CompiledAbi): void {
  checkAcyclic(compiled.typedefs.keys(), (type) => compiled.typedefs.get(type), 'type');
  for (const type of compiled.typedefs.values()) checkType(compiled, type, () => 'a type definition');
}

function checkStructs(compiled: CompiledAbi): void {
  const { structs } = compiled;
  checkAcyclic(
    structs.keys(),
    (name) => {
      const base = structs.get(name)?.base ?? '';
      if (base === '') return undefined;
      const resolved = resolveType(compiled, base);
      if (!structs.has(resolved))
        reject('invalid_type_inside_abi', `Unknown struct ${clip(base)} (base of ${clip(name)})`);
      return resolved;
    },
    'struct',
  );
  for (const [name, { fields }] of structs) {
    for (const field of fields) {
      checkType(compiled, withoutExtension(field.type), () => `field ${clip(field.name)} of ${clip(name)}`);
    }
  }
}

function checkUses(compiled: CompiledAbi): void {
  for (const [name, types] of compiled.variants) {
    for (const type of types) checkType(compiled, type, () => `variant ${clip(name)}`);
  }
  const uses = { action: compiled.actions, table: compiled.tables, 'action result': compiled.actionResults };
  for (const [kind, types] of Object.entries(uses)) {
    for (const [name, type] of types) checkType(compiled, type, () => `${kind} ${formatName(name)}`);
  }
}

function checkType(compiled: CompiledAbi, type: string, where: () => string): void {
  if (!isType(compiled, type)) reject('invalid_type_inside_abi', `Unknown type ${clip(type)} in ${where()}`);
}

/** Follows each chain once: a name met again on the walk that met it first closes a circle. */
function checkAcyclic(names: Iterable<string>, next: (name: string) => string | undefined, kind: string): void {
  const walkOf = new Map<string, number>();
  let walk = 0;
  for (const start of names) {
    walk++;
    for (let name: string | undefined = start; name !== undefined; name = next(name)) {
      const seen = walkOf.get(name);
      if (seen === walk) reject('abi_circular_def_exception', `Circular reference in ${kind} ${clip(start)}`);
      if (seen !== undefined) break;
      walkOf.set(name, walk);
    }
  }
}
