/**
 * The data of an action from the command line, checked against the ABI before anything is sent: what is wrong is said by
 * the name and type of the field.
 */
import { type Abi, type CompiledAbi, encodeType, type Json } from '@snapscale/protocol';
import { closest } from '@snapscale/sdk';
import { usageError } from '../program/failures.js';
import { printable } from '../terminal/style.js';
import { jsonInput } from '../transacting/json-input.js';

/** A parameter of an action. */
export type Parameter = { readonly name: string; readonly type: string };

type JsonFields = { readonly [name: string]: Json };

/** The action whose data it is. */
export type DataOf = { readonly abi: CompiledAbi; readonly type: string; readonly action: string };

/**
 * Reads `{"from":"alice",…}`, `["alice",…]`, `@FILE`, `-`, or `from=alice to=bob …`.
 * @throws CommandError
 */
export async function actionData(words: readonly string[], of: DataOf): Promise<JsonFields> {
  const parameters = parametersOf(of.abi.abi, of.type);
  const form = `${of.action} takes ${signature(parameters)}`;
  const [first] = words;
  const isPair = first !== undefined && /^[^\s=[\]{}"@]+=/.test(first);
  const data =
    words.length === 1 && !isPair
      ? fromJson(await jsonInput(first!, 'DATA'), parameters, form)
      : fromPairs(words, parameters, of, form);
  check(data, parameters, of, form);
  return data;
}

/** The parameters of an action, those of base structs first. */
export function parametersOf(abi: Abi, type: string): Parameter[] {
  const found: Parameter[] = [];
  const seen = new Set<string>();
  for (let name = type; name !== '' && !seen.has(name); ) {
    seen.add(name);
    const alias = abi.types.find(({ newTypeName }) => newTypeName === name);
    const struct = abi.structs.find((one) => one.name === (alias?.type ?? name));
    if (struct === undefined) break;
    found.unshift(...struct.fields.map((field) => ({ name: field.name, type: field.type })));
    name = struct.base;
  }
  return found;
}

/** `(from: name, to: name)`, as it can be shown: who wrote the ABI chose these words. */
export function signature(parameters: readonly Parameter[]): string {
  const listed = parameters.map(({ name, type }) => `${name}: ${type}`).join(', ');
  return parameters.length === 0 ? 'no data' : `(${printable(listed)})`;
}

function fromJson(json: Json, parameters: readonly Parameter[], form: string): JsonFields {
  if (Array.isArray(json)) {
    const list = json as readonly Json[];
    if (list.length > parameters.length) {
      throw usageError(`DATA has ${list.length} values, and the action takes ${parameters.length}`, `${form}.`);
    }
    return Object.fromEntries(list.map((value, index) => [parameters[index]!.name, value]));
  }
  if (typeof json !== 'object' || json === null) {
    throw usageError(
      'DATA must be an object, an array, or pairs of field=value',
      `${form}. As: ${parameters.map(({ name }) => `${name}=…`).join(' ')}`,
    );
  }
  return json as JsonFields;
}

function fromPairs(words: readonly string[], parameters: readonly Parameter[], of: DataOf, form: string): JsonFields {
  const entries = words.map((word): [string, Json] => {
    const at = word.indexOf('=');
    if (at <= 0) throw usageError(`${JSON.stringify(word)} is not of the form field=value`, `${form}.`);
    const name = word.slice(0, at);
    const type = parameters.find((parameter) => parameter.name === name)?.type;
    return [name, pairValue(word.slice(at + 1), name, type ?? 'string', of.abi)];
  });
  const twice = entries.find(([name], index) => entries.findIndex(([other]) => other === name) !== index);
  if (twice !== undefined) throw usageError(`the field ${twice[0]} is given twice`);
  return Object.fromEntries(entries);
}

/** The value of a pair: plain text for plain types, JSON for lists, structs and variants. */
function pairValue(text: string, name: string, type: string, compiled: CompiledAbi): Json {
  const inner = type.replace(/\$$/, '');
  if (inner.endsWith('?') && text === 'null') return null;
  const bare = inner.replace(/\?$/, '');
  const resolved = compiled.abi.types.find(({ newTypeName }) => newTypeName === bare)?.type ?? bare;
  if (resolved === 'bool' && (text === 'true' || text === 'false')) return text === 'true';
  const hasParts =
    resolved.endsWith(']') ||
    compiled.abi.structs.some((struct) => struct.name === resolved) ||
    compiled.abi.variants?.some((variant) => variant.name === resolved) === true;
  if (!hasParts) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw usageError(`the field ${name} is of type ${type} and must be JSON, but is ${text}`, `As: ${name}='[…]'`);
  }
}

/** Field by field, so that the message can name the one that is wrong. */
function check(data: JsonFields, parameters: readonly Parameter[], of: DataOf, form: string): void {
  for (const name of Object.keys(data)) {
    if (parameters.some((parameter) => parameter.name === name)) continue;
    const similar = closest(
      name,
      parameters.map((parameter) => parameter.name),
    );
    throw usageError(
      `${of.action} has no field ${name}`,
      `${similar === undefined ? '' : `Did you mean ${similar}? `}${form}.`,
    );
  }
  const missing = parameters.filter(({ name, type }) => data[name] === undefined && !type.endsWith('$'));
  if (missing.length > 0) {
    const list = missing.map(({ name }) => name).join(', ');
    const said = missing.length === 1 ? `the field ${list} is missing` : `the fields ${list} are missing`;
    throw usageError(said, `${form}.`);
  }
  for (const { name, type } of parameters) {
    const value = data[name];
    if (value === undefined) continue;
    try {
      encodeType(of.abi, type.replace(/\$$/, ''), value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const example = examples.get(type.replace(/[$?]+$/, ''));
      throw usageError(
        `the field ${name} of ${of.action} must be ${type}, and ${shown(value)} is not: ${reason}`,
        example === undefined ? undefined : `As: ${name}=${example}`,
      );
    }
  }
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

/** How values of types that people get wrong look. */
const examples: ReadonlyMap<string, string> = new Map([
  ['asset', '"1.0000 XST"'],
  ['extended_asset', `'{"quantity":"1.0000 XST","contract":"eosio.token"}'`],
  ['name', 'alice'],
  ['symbol', '4,XST'],
  ['symbol_code', 'XST'],
  ['bool', 'true'],
  ['bytes', '00ff'],
  ['time_point', '2030-01-31T12:00:00.000'],
  ['time_point_sec', '2030-01-31T12:00:00'],
  ['block_timestamp_type', '2030-01-31T12:00:00.500'],
  ['public_key', 'PUB_K1_…'],
]);
