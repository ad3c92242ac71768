/**
 * From C++ types to the types of an ABI, with the structs, variants and aliases that they need.
 */
import { type CppTypeName, formatCppType, parseCppType } from './cpp-type.js';
import {
  type Alias,
  type CppType,
  type Enumeration,
  qualifiedName,
  type Record,
  type SyntaxTree,
  type Variable,
} from './syntax-tree.js';

export type AbiField = { readonly name: string; readonly type: string };
export type AbiStruct = { readonly name: string; readonly base: string; readonly fields: readonly AbiField[] };
export type AbiVariant = { readonly name: string; readonly types: readonly string[] };
export type AbiAlias = { readonly new_type_name: string; readonly type: string };

/** The C++ type has no counterpart in an ABI. `type` is its name without the SDK's namespace, if it is just a name. */
export class UnknownTypeError extends Error {
  readonly type: string | undefined;

  constructor(message: string, type?: string) {
    super(message);
    this.type = type;
  }
}

/** Names of the ABI's own types by their C++ names; those of the SDK without their namespace. */
const builtinTypes: ReadonlyMap<string, string> = new Map([
  ['bool', 'bool'],
  ['char', 'int8'],
  ['signed char', 'int8'],
  ['unsigned char', 'uint8'],
  ['short', 'int16'],
  ['unsigned short', 'uint16'],
  ['int', 'int32'],
  ['unsigned int', 'uint32'],
  ['long', 'int32'],
  ['unsigned long', 'uint32'],
  ['long long', 'int64'],
  ['unsigned long long', 'uint64'],
  ['__int128', 'int128'],
  ['unsigned __int128', 'uint128'],
  ['float', 'float32'],
  ['double', 'float64'],
  ['long double', 'float128'],
  ...['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'int128', 'uint128'].map(
    (name) => [`${name}_t`, name] as const,
  ),
  ['size_t', 'uint32'],
  ['std::size_t', 'uint32'],
  ['string', 'string'],
  ['std::string', 'string'],
  ['std::string_view', 'string'],
]);

/** Types of the SDK that every ABI knows. */
const sdkTypes: ReadonlyMap<string, string> = new Map([
  ...['name', 'asset', 'extended_asset', 'symbol', 'symbol_code', 'time_point', 'time_point_sec'].map(
    (name) => [name, name] as const,
  ),
  ...['checksum160', 'checksum256', 'checksum512', 'public_key', 'signature'].map((name) => [name, name] as const),
  ['fixed_bytes<20>', 'checksum160'],
  ['fixed_bytes<32>', 'checksum256'],
  ['fixed_bytes<64>', 'checksum512'],
  ['block_timestamp', 'block_timestamp_type'],
  ['block_timestamp_type', 'block_timestamp_type'],
  ['unsigned_int', 'varuint32'],
  ['signed_int', 'varint32'],
  ['int128_t', 'int128'],
  ['uint128_t', 'uint128'],
]);

const sequences = new Set(
  ['vector', 'deque', 'list', 'set', 'multiset', 'unordered_set'].map((name) => `std::${name}`),
);
const maps = new Set(['map', 'multimap', 'unordered_map'].map((name) => `std::${name}`));
const keyVariant = 'std::variant<std::array<char, 33>, std::array<char, 33>, snapscale::webauthn_public_key>';
const signatureVariant = 'std::variant<std::array<char, 65>, std::array<char, 65>, snapscale::webauthn_signature>';

/** Resolves types for one ABI and gathers what they refer to. */
export class AbiTypes {
  private readonly records: ReadonlyMap<string, Record>;
  private readonly aliases: ReadonlyMap<string, Alias>;
  private readonly enumerations: ReadonlyMap<string, Enumeration>;
  private readonly structs = new Map<string, AbiStruct>();
  private readonly variants = new Map<string, AbiVariant>();
  private readonly types = new Map<string, AbiAlias>();
  /** The C++ names of ABI structs in use: two types of one short name must not become one. */
  private readonly owners = new Map<string, string>();

  /** `tree` holds the user's declarations and those of the SDK that they use. */
  constructor(tree: SyntaxTree) {
    this.records = new Map(tree.records.map((record) => [qualifiedName(record), record]));
    this.aliases = new Map(tree.aliases.map((alias) => [qualifiedName(alias), alias]));
    this.enumerations = new Map(tree.enumerations.map((enumeration) => [qualifiedName(enumeration), enumeration]));
  }

  /** The ABI's name for a type that was written inside of `scope`. Throws UnknownTypeError. */
  resolve(type: CppType, scope: readonly string[]): string {
    try {
      return this.resolveText(type.qualType, scope);
    } catch (cause) {
      if (!(cause instanceof UnknownTypeError) || type.desugaredQualType === undefined) throw cause;
      return this.resolveText(type.desugaredQualType, scope);
    }
  }

  /** The ABI struct of a record; it is added to the ABI with its bases and the types of its fields. */
  structOf(record: Record): string {
    const full = qualifiedName(record);
    const name = this.claim(record.name.replaceAll(/\W+/g, '_').replace(/_$/, ''), full);
    if (this.structs.has(name)) return name;
    // The entry goes in before the fields, which may refer to it, and goes out again if one of them fails.
    this.structs.set(name, { name, base: '', fields: [] });
    const scope = [...record.scope, record.name];
    try {
      const base = record.bases[0] === undefined ? '' : this.resolve(record.bases[0], record.scope);
      const fields = record.fields.map((field) => ({ name: field.name, type: this.resolveField(field, scope, full) }));
      this.structs.set(name, { name, base, fields });
    } catch (cause) {
      this.structs.delete(name);
      throw cause;
    }
    return name;
  }

  private resolveField(field: Variable, scope: readonly string[], record: string): string {
    try {
      return this.resolve(field.type, scope);
    } catch (cause) {
      if (!(cause instanceof UnknownTypeError)) throw cause;
      throw new UnknownTypeError(`field '${field.name}' of ${record}: ${cause.message}`, cause.type);
    }
  }

  /** Adds the parameters of an action as a struct, and returns its name: the action's, if no other struct has it. */
  actionStruct(action: string, fields: readonly AbiField[]): string {
    const name = this.claim(action, `action ${action}`);
    this.structs.set(name, { name, base: '', fields });
    return name;
  }

  /** Everything resolved so far, sorted by name. */
  collected(): { structs: AbiStruct[]; variants: AbiVariant[]; types: AbiAlias[] } {
    const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    return {
      structs: [...this.structs.values()].sort((a, b) => byName(a.name, b.name)),
      variants: [...this.variants.values()].sort((a, b) => byName(a.name, b.name)),
      types: [...this.types.values()].sort((a, b) => byName(a.new_type_name, b.new_type_name)),
    };
  }

  /** The record of that name as seen from `scope`, if there is one. */
  findRecord(name: string, scope: readonly string[]): Record | undefined {
    return find(this.records, name, scope);
  }

  private resolveText(text: string, scope: readonly string[]): string {
    const parsed = parseCppType(text);
    if (parsed === undefined) throw new UnknownTypeError(`the type '${text}' has no counterpart in an ABI`);
    return this.resolveParsed(parsed, scope);
  }

  private resolveParsed(type: CppTypeName, scope: readonly string[]): string {
    // An array of the language is packed with its length, like a vector.
    if (type.kind === 'array') return this.sequence(this.resolveParsed(type.element, scope));
    if (type.kind === 'number') throw new UnknownTypeError(`'${type.text}' is no type`);
    const text = formatCppType(type);
    return (
      this.resolveDeclared(text, scope) ??
      builtinTypes.get(text) ??
      sdkTypes.get(text.replace(/^(?:snapscale|eosio)::/, '')) ??
      this.resolveTemplate(type, text, scope)
    );
  }

  /** Types that the user declared come first: they may share a name with one of ours. */
  private resolveDeclared(text: string, scope: readonly string[]): string | undefined {
    const enumeration = find(this.enumerations, text, scope);
    if (enumeration !== undefined && !isSdkScope(enumeration.scope))
      return this.resolve(enumeration.underlying, enumeration.scope);
    const alias = find(this.aliases, text, scope);
    if (alias !== undefined && !isSdkScope(alias.scope)) return this.resolveAlias(alias);
    const record = find(this.records, text, scope);
    if (record === undefined || (isSdkScope(record.scope) && sdkTypes.has(record.name))) return undefined;
    return this.structOf(record);
  }

  private resolveAlias(alias: Alias): string {
    const target = this.resolve(alias.type, alias.scope);
    if (target === alias.name || [...sdkTypes.values(), ...builtinTypes.values(), 'bytes'].includes(alias.name))
      return target;
    // An optional or extension can only be told by the suffix at the place of use.
    if (/[?$]$/.test(target)) return target;
    const name = this.claim(alias.name, qualifiedName(alias));
    this.types.set(name, { new_type_name: name, type: target });
    return name;
  }

  private resolveTemplate(type: CppTypeName & { kind: 'named' }, text: string, scope: readonly string[]): string {
    const name = type.name
      .replace(/^(?:snapscale|eosio)::/, '')
      .replace(/^(?=(?:vector|optional|map|set|pair|tuple|variant|array|deque|list)$)/, 'std::');
    const arg = (index: number): string => this.resolveParsed(type.args[index] ?? { kind: 'number', text: '' }, scope);
    if (text === keyVariant) return 'public_key';
    if (text === signatureVariant) return 'signature';
    if (name === 'std::basic_string') return 'string';
    if (sequences.has(name)) return this.sequence(arg(0));
    if (maps.has(name)) return `${this.pair('key', arg(0), 'value', arg(1))}[]`;
    if (name === 'std::pair') return this.pair('first', arg(0), 'second', arg(1));
    if (name === 'std::optional') return this.suffixed(arg(0), '?', 'optional');
    if (name === 'binary_extension') return `${arg(0)}$`;
    if (name === 'ignore' || name === 'ignore_wrapper') return arg(0);
    if (name === 'std::array') return this.suffixed(arg(0), `[${formatCppType(type.args[1]!)}]`, 'array');
    if (name === 'std::tuple') return this.tuple(type.args.map((_, i) => arg(i)));
    if (name === 'std::variant') return this.variant(type.args.map((_, i) => arg(i)));
    throw new UnknownTypeError(
      `the type '${text}' has no counterpart in an ABI`,
      type.args.length === 0 ? name : undefined,
    );
  }

  private sequence(element: string): string {
    return element === 'int8' || element === 'uint8' ? 'bytes' : this.suffixed(element, '[]', 'vector');
  }

  /** An ABI type takes one suffix; a type that has one already gets a name first. */
  private suffixed(type: string, suffix: string, word: string): string {
    if (type.endsWith('$')) throw new UnknownTypeError(`a binary_extension cannot be inside of a ${word}`);
    return `${/[\]?]$/.test(type) ? this.named(type) : type}${suffix}`;
  }

  private named(type: string): string {
    const name = mangled(type);
    this.types.set(name, { new_type_name: name, type });
    return name;
  }

  private pair(firstName: string, first: string, secondName: string, second: string): string {
    return this.compound(`pair_${mangled(first)}_${mangled(second)}`, [
      { name: firstName, type: first },
      { name: secondName, type: second },
    ]);
  }

  private tuple(types: readonly string[]): string {
    return this.compound(
      `tuple_${types.map(mangled).join('_')}`,
      types.map((type, i) => ({ name: `field_${i}`, type })),
    );
  }

  private compound(name: string, fields: readonly AbiField[]): string {
    const claimed = this.claim(name, JSON.stringify(fields));
    this.structs.set(claimed, { name: claimed, base: '', fields });
    return claimed;
  }

  private variant(types: readonly string[]): string {
    const name = `variant_${types.map(mangled).join('_')}`;
    this.variants.set(name, { name, types });
    return name;
  }

  /** `name`, or with a number behind it if another C++ type of this ABI has that name already. */
  private claim(name: string, owner: string): string {
    for (let candidate = name, i = 2; ; candidate = `${name}_${i++}`) {
      const holder = this.owners.get(candidate);
      if (holder !== undefined && holder !== owner) continue;
      this.owners.set(candidate, owner);
      return candidate;
    }
  }
}

/** Looks a name up from the innermost scope outwards, as C++ does; then under any scope, for using-directives. */
function find<T>(declared: ReadonlyMap<string, T>, name: string, scope: readonly string[]): T | undefined {
  for (let depth = scope.length; depth >= 0; depth--) {
    const found = declared.get([...scope.slice(0, depth), name].join('::'));
    if (found !== undefined) return found;
  }
  const short = name.replace(/^eosio::/, '');
  for (const [full, found] of declared) if (full.endsWith(`::${short}`)) return found;
  return undefined;
}

function isSdkScope(scope: readonly string[]): boolean {
  return scope[0] === 'snapscale';
}

/** A type as part of a name: `B_vector_name_E` for `name[]`. */
function mangled(type: string): string {
  if (type.endsWith('[]')) return `B_vector_${mangled(type.slice(0, -2))}_E`;
  if (type.endsWith('?')) return `B_optional_${mangled(type.slice(0, -1))}_E`;
  const array = /^(.*)\[(\d+)\]$/.exec(type);
  return array === null ? type : `B_array_${mangled(array[1]!)}_${array[2]}_E`;
}
