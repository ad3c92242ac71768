/**
 * Reading requests by their schema, with the tolerance of nodeos, and checking answers against theirs, without any.
 */
import type { JsonSchema, Schema } from './schema.js';

/** A request as its handler gets it, or what is wrong with it. */
export type ReadResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

class Problem extends Error {}

/**
 * Converts a JSON value to what `schema` describes: numbers may be decimal strings and the other way round, flags may be
 * 0, 1, "true" or "false", unknown fields are dropped, `null` stands for a missing field, defaults are filled in.
 * Cost: linear in the parts of the value that the schema names.
 */
export function readRequest<T>(schema: Schema<T>, json: unknown): ReadResult<T> {
  try {
    return { ok: true, value: read(schema, json, '') as T };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.message };
    throw error;
  }
}

function read(schema: JsonSchema, json: unknown, path: string): unknown {
  if (schema.anyOf !== undefined) return readAny(schema.anyOf, json, path);
  switch (schema.type) {
    case 'string':
      return readText(schema, json, path);
    case 'integer':
    case 'number':
      return readNumber(schema, json, path);
    case 'boolean':
      return readFlag(json, path);
    case 'array':
      return readArray(schema, json, path);
    case 'object':
      return readObject(schema, json, path);
    case 'null':
      if (json !== null) throw new Problem(`${path} must be null`);
      return null;
    default:
      return json;
  }
}

function readAny(choices: readonly JsonSchema[], json: unknown, path: string): unknown {
  for (const exact of choices) if (violations(exact, json).length === 0) return read(exact, json, path);
  let last: Problem | undefined;
  for (const tolerant of choices) {
    try {
      return read(tolerant, json, path);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      last = error;
    }
  }
  throw last ?? new Problem(`${path} has no accepted form`);
}

function readText(schema: JsonSchema, json: unknown, path: string): string {
  let value: string;
  if (typeof json === 'string') value = json;
  else if (typeof json === 'number' || typeof json === 'boolean') value = String(json);
  else throw new Problem(`${name(path)} must be a string`);
  if (schema.maxLength !== undefined && value.length > schema.maxLength) {
    throw new Problem(`${name(path)} must have at most ${schema.maxLength} characters`);
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    throw new Problem(`${name(path)} must be one of ${schema.enum.join(', ')}`);
  }
  return value;
}

function readNumber(schema: JsonSchema, json: unknown, path: string): number {
  const value = typeof json === 'boolean' ? Number(json) : typeof json === 'string' ? numberOf(json) : json;
  const whole = schema.type === 'integer';
  if (typeof value !== 'number' || !Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) {
    throw new Problem(`${name(path)} must be ${whole ? 'a whole number' : 'a number'}`);
  }
  if (schema.minimum !== undefined && value < schema.minimum) {
    throw new Problem(`${name(path)} must be at least ${schema.minimum}`);
  }
  if (schema.maximum !== undefined && value > schema.maximum) {
    throw new Problem(`${name(path)} must be at most ${schema.maximum}`);
  }
  return value;
}

function numberOf(text: string): number {
  return /^-?\d{1,16}(\.\d{1,20})?$/.test(text) ? Number(text) : Number.NaN;
}

function readFlag(json: unknown, path: string): boolean {
  if (typeof json === 'boolean') return json;
  if (json === 1 || json === 'true' || json === '1') return true;
  if (json === 0 || json === 'false' || json === '0') return false;
  throw new Problem(`${name(path)} must be true or false`);
}

function readArray(schema: JsonSchema, json: unknown, path: string): unknown[] {
  if (!Array.isArray(json)) throw new Problem(`${name(path)} must be an array`);
  if (schema.maxItems !== undefined && json.length > schema.maxItems) {
    throw new Problem(`${name(path)} must have at most ${schema.maxItems} items`);
  }
  if (schema.minItems !== undefined && json.length < schema.minItems) {
    throw new Problem(`${name(path)} must have at least ${schema.minItems} items`);
  }
  return json.map((item, index) => read(itemSchema(schema, index), item, `${path}[${index}]`));
}

function readObject(schema: JsonSchema, json: unknown, path: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Problem(`${name(path)} must be an object`);
  }
  const given = json as Readonly<Record<string, unknown>>;
  const value: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    const part = Object.hasOwn(given, key) ? given[key] : undefined;
    if (part !== undefined && (part !== null || acceptsNull(field))) value[key] = read(field, part, join(path, key));
    else if (field.default !== undefined) value[key] = field.default;
    else if (schema.required?.includes(key)) throw new Problem(`${join(path, key)} is missing`);
  }
  return typeof schema.additionalProperties === 'object' || schema.additionalProperties === true
    ? { ...given, ...value }
    : value;
}

function acceptsNull(schema: JsonSchema): boolean {
  return (
    schema.type === 'null' ||
    (schema.anyOf?.some(acceptsNull) ?? (schema.type === undefined && schema.enum === undefined))
  );
}

/**
 * What a value breaks of its schema, as `path: reason`; empty when it conforms. Unlike `readRequest` it converts nothing
 * and reports fields that the schema does not name. For tests and for checking answers of other servers.
 */
export function violations(schema: JsonSchema, value: unknown, path = '$'): string[] {
  if (schema.anyOf !== undefined) {
    const tries = schema.anyOf.map((option) => violations(option, value, path));
    return tries.some((found) => found.length === 0) ? [] : (tries.sort((a, b) => a.length - b.length)[0] ?? []);
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as string))
    return [`${path}: not one of ${schema.enum}`];
  switch (schema.type) {
    case undefined:
      return [];
    case 'object':
      return objectViolations(schema, value, path);
    case 'array':
      return arrayViolations(schema, value, path);
    case 'null':
      return value === null ? [] : [`${path}: not null`];
    case 'integer':
      return Number.isSafeInteger(value) ? rangeViolations(schema, value as number, path) : [`${path}: not an integer`];
    case 'number':
      return typeof value === 'number' ? rangeViolations(schema, value, path) : [`${path}: not a number`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: not a flag`];
    default:
      return textViolations(schema, value, path);
  }
}

function objectViolations(schema: JsonSchema, value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: not an object`];
  const found: string[] = [];
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key) || (value as Record<string, unknown>)[key] === undefined) {
      found.push(`${path}.${key}: missing`);
    }
  }
  for (const [key, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const field = schema.properties?.[key] ?? schema.additionalProperties;
    if (field === undefined || field === false) found.push(`${path}.${key}: not in the schema`);
    else if (field !== true) found.push(...violations(field, part, `${path}.${key}`));
  }
  return found;
}

function arrayViolations(schema: JsonSchema, value: unknown, path: string): string[] {
  if (!Array.isArray(value)) return [`${path}: not an array`];
  if (schema.minItems !== undefined && value.length < schema.minItems) return [`${path}: too few items`];
  if (schema.maxItems !== undefined && value.length > schema.maxItems) return [`${path}: too many items`];
  return value.flatMap((item, index) => violations(itemSchema(schema, index), item, `${path}[${index}]`));
}

function textViolations(schema: JsonSchema, value: unknown, path: string): string[] {
  if (typeof value !== 'string') return [`${path}: not a string`];
  if (schema.maxLength !== undefined && value.length > schema.maxLength) return [`${path}: too long`];
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
    return [`${path}: ${JSON.stringify(value.slice(0, 60))} does not match ${schema.pattern}`];
  }
  return [];
}

function rangeViolations(schema: JsonSchema, value: number, path: string): string[] {
  const low = schema.minimum !== undefined && value < schema.minimum;
  const high = schema.maximum !== undefined && value > schema.maximum;
  return low || high ? [`${path}: ${value} out of range`] : [];
}

function itemSchema(schema: JsonSchema, index: number): JsonSchema {
  return schema.prefixItems?.[index] ?? schema.items ?? {};
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function name(path: string): string {
  return path === '' ? 'the request' : path;
}
