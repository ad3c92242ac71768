/**
 * JSON Schemas that carry a TypeScript type: one value documents a field, checks it and types both ends of a route.
 *
 * The schemas are plain JSON Schema 2020-12 objects, so that the OpenAPI document can embed them as they are.
 */

/** The subset of JSON Schema that routes use. */
export type JsonSchema = {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null';
  /** Schemas with a title are listed once in the OpenAPI document and referred to by it. */
  readonly title?: string;
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly (string | number)[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
};

declare const valueType: unique symbol;

/** A JSON Schema of values of type `T`. */
export type Schema<T> = JsonSchema & { readonly [valueType]?: T };

/** The type of the values that a schema describes. */
export type ValueOf<S> = S extends { readonly [valueType]?: infer T } ? T : never;

/** A JSON value. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

type Notes = {
  readonly title?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
};
type TextNotes = Notes & {
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: string;
  readonly maxLength?: number;
};
type NumberNotes = Notes & { readonly default?: number; readonly minimum?: number; readonly maximum?: number };

/** A string. */
export function text(description: string, notes: TextNotes = {}): Schema<string> {
  return { type: 'string', description, ...notes };
}

/** One of some strings. */
export function choice<const T extends readonly string[]>(
  values: T,
  description: string,
  notes: { readonly default?: T[number] } = {},
): Schema<T[number]> {
  return { type: 'string', description, enum: values, ...notes };
}

/** A whole number that fits into 32 bits, printed as a number. */
export function integer(description: string, notes: NumberNotes = {}): Schema<number> {
  return { type: 'integer', description, ...notes };
}

/** A 64-bit integer as nodeos prints it: a number up to ±4294967295, beyond that a decimal string. */
export function bigInteger(description: string, notes: Notes = {}): Schema<number | string> {
  return { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^-?\\d+$' }], description, ...notes };
}

/** True or false. */
export function flag(description: string, notes: Notes & { readonly default?: boolean } = {}): Schema<boolean> {
  return { type: 'boolean', description, ...notes };
}

/** Any JSON value. */
export function anything(description: string): Schema<JsonValue> {
  return { description };
}

/** An array. */
export function list<T>(
  items: Schema<T>,
  description = '',
  notes: Notes & { readonly maxItems?: number } = {},
): Schema<readonly T[]> {
  return { type: 'array', items, ...(description === '' ? {} : { description }), ...notes };
}

/** An array of two fixed items. */
export function pair<A, B>(first: Schema<A>, second: Schema<B>, description = ''): Schema<readonly [A, B]> {
  return {
    type: 'array',
    prefixItems: [first, second],
    minItems: 2,
    maxItems: 2,
    ...(description === '' ? {} : { description }),
  };
}

/** An object whose keys are not known beforehand. */
export function dictionary<T>(values: Schema<T>, description: string): Schema<Readonly<Record<string, T>>> {
  return { type: 'object', additionalProperties: values, description };
}

/** The value or `null`. */
export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return { anyOf: [schema, { type: 'null' }] };
}

/** A value of one of several schemas; the first that fits counts. */
export function either<A, B>(first: Schema<A>, second: Schema<B>, description = ''): Schema<A | B> {
  return { anyOf: [first, second], ...(description === '' ? {} : { description }) };
}

/** Marks a field that may be left out. */
export type Optional<T> = { readonly optional: Schema<T> };

/** A field that may be left out. */
export function optional<T>(schema: Schema<T>): Optional<T> {
  return { optional: schema };
}

type Field = JsonSchema | Optional<unknown>;
type Fields = Readonly<Record<string, Field>>;
type Flat<T> = { readonly [K in keyof T]: T[K] };
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F];

/** The type of an object with these fields. */
export type RecordOf<F extends Fields> = Flat<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]> } & {
    readonly [K in OptionalKeys<F>]?: (F[K] extends Optional<infer T> ? T : never) | undefined;
  }
>;

/** An object with known fields. Fields that are `optional` may be missing; `notes.title` lists it once in OpenAPI. */
export function record<F extends Fields>(fields: F, notes: Notes = {}): Schema<RecordOf<F>> {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [key, field] of Object.entries(fields)) {
    if ('optional' in field) properties[key] = field.optional;
    else {
      properties[key] = field;
      required.push(key);
    }
  }
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), ...notes };
}

/** No fields. */
export const nothing: Schema<Readonly<Record<string, never>>> = { type: 'object', properties: {} };
