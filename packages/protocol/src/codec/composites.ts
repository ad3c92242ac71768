/** Schemas made of schemas. */
import { EncodeError, FormatError } from './errors.js';
import { arrayFromJson, type Json, objectFromJson, show } from './json.js';
import type { Schema, TypeOf } from './schema.js';

type Fields = Readonly<Record<string, Schema<unknown>>>;
type OptionalKey<F extends Fields> = { [K in keyof F]: undefined extends TypeOf<F[K]> ? K : never }[keyof F];
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The value type of a struct: fields whose schema may give `undefined` may be left out. */
export type StructOf<F extends Fields> = Flat<
  { readonly [K in Exclude<keyof F, OptionalKey<F>>]: TypeOf<F[K]> } & {
    readonly [K in OptionalKey<F>]?: TypeOf<F[K]> | undefined;
  }
>;

/**
 * Fields one after the other, in the order of `fields`. JSON keys are the snake_case of the field names, except those in
 * `jsonKeys`. Unknown JSON keys are ignored, as nodeos does.
 */
export function struct<F extends Fields>(
  name: string,
  fields: F,
  jsonKeys: { readonly [K in keyof F]?: string } = {},
): Schema<StructOf<F>> & { readonly fields: F } {
  type Value = Record<string, unknown>;
  const keys = Object.keys(fields);
  const schemas = keys.map((key) => fields[key]!);
  const labels = keys.map((key) => jsonKeys[key] ?? snakeCase(key));
  const template: Value = Object.fromEntries(keys.map((key) => [key, undefined]));
  const count = keys.length;

  return {
    name,
    fields,
    sizeMin: sum(schemas.map((schema) => schema.sizeMin)),
    sizeMax: sum(schemas.map((schema) => schema.sizeMax)),
    write(writer, value) {
      for (let i = 0; i < count; i++) schemas[i]!.write(writer, (value as Value)[keys[i]!]);
    },
    // Cloning a template gives every value one hidden class, so that code which reads the fields stays monomorphic.
    read(reader) {
      const value = { ...template };
      for (let i = 0; i < count; i++) value[keys[i]!] = schemas[i]!.read(reader);
      return value as StructOf<F>;
    },
    toJson(value) {
      const json: Record<string, Json> = {};
      for (let i = 0; i < count; i++) {
        const field = (value as Value)[keys[i]!];
        if (field !== undefined) json[labels[i]!] = schemas[i]!.toJson(field);
        else if (schemas[i]!.jsonAbsent === 'null') json[labels[i]!] = null;
      }
      return json;
    },
    fromJson(json) {
      const object = objectFromJson(json, name);
      const value = { ...template };
      for (let i = 0; i < count; i++) {
        const label = labels[i]!;
        value[keys[i]!] = fieldFromJson(
          name,
          label,
          schemas[i]!,
          Object.hasOwn(object, label) ? object[label] : undefined,
        );
      }
      return value as StructOf<F>;
    },
  };
}

function fieldFromJson(struct: string, label: string, schema: Schema<unknown>, json: Json | undefined): unknown {
  if (json === undefined) {
    if (schema.jsonDefault === undefined) throw new FormatError(`${struct}.${label} is missing`);
    return schema.jsonDefault.value;
  }
  try {
    return schema.fromJson(json);
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`${struct}.${label}: ${error.message}`);
    throw error;
  }
}

/** varuint32 count, then the items. @param countMax most items that are accepted. */
export function array<T>(item: Schema<T>, countMax: number): Schema<readonly T[]> {
  const name = `${item.name}[]`;
  return {
    name,
    sizeMin: 1,
    sizeMax: 5 + countMax * item.sizeMax,
    write(writer, value) {
      if (value.length > countMax)
        throw new EncodeError(`${value.length} items exceed the limit of ${countMax} (${name})`);
      writer.varuint32(value.length);
      for (let i = 0; i < value.length; i++) item.write(writer, value[i]!);
    },
    read(reader) {
      const count = reader.count(countMax, item.sizeMin);
      const value: T[] = [];
      for (let i = 0; i < count; i++) value.push(item.read(reader));
      return value;
    },
    toJson: (value) => value.map((element) => item.toJson(element)),
    fromJson(json) {
      const items = arrayFromJson(json, name);
      if (items.length > countMax)
        throw new FormatError(`${items.length} items exceed the limit of ${countMax} (${name})`);
      return items.map((element) => item.fromJson(element));
    },
  };
}

/** A flag byte, then the value when it is 1. Absent values are `undefined`, and left out of JSON objects. */
export function optional<T>(inner: Schema<T>): Schema<T | undefined> {
  return {
    name: `${inner.name}?`,
    sizeMin: 1,
    sizeMax: 1 + inner.sizeMax,
    jsonDefault: { value: undefined },
    write(writer, value) {
      writer.u8(value === undefined ? 0 : 1);
      if (value !== undefined) inner.write(writer, value);
    },
    read: (reader) => (reader.bool() ? inner.read(reader) : undefined),
    toJson: (value) => (value === undefined ? null : inner.toJson(value)),
    fromJson: (json) => (json === null ? undefined : inner.fromJson(json)),
  };
}

/** As `optional`, but absent values show as `null` in JSON objects. */
export function nullable<T>(inner: Schema<T>): Schema<T | undefined> {
  return { ...optional(inner), jsonAbsent: 'null' };
}

/** The same wire type; a JSON object may leave the field out, which stands for `value`. */
export function defaulted<T>(schema: Schema<T>, value: T): Schema<T> {
  return { ...schema, jsonDefault: { value } };
}

/** The same bytes seen as another type: `view` converts after decoding (it may throw `FormatError`), `back` before encoding. */
export function mapped<A, B>(
  name: string,
  inner: Schema<A>,
  convert: { view(value: A): B; back(value: B): A; toJson?(value: B): Json; fromJson?(json: Json): B },
): Schema<B> {
  return {
    name,
    sizeMin: inner.sizeMin,
    sizeMax: inner.sizeMax,
    write: (writer, value) => inner.write(writer, convert.back(value)),
    read(reader) {
      const raw = inner.read(reader);
      try {
        return convert.view(raw);
      } catch (error) {
        if (error instanceof FormatError) reader.fail(`${name}: ${error.message}`);
        throw error;
      }
    },
    toJson: convert.toJson ?? ((value) => inner.toJson(convert.back(value))),
    fromJson: convert.fromJson ?? ((json) => convert.view(inner.fromJson(json))),
  };
}

/** The value type of a variant: `{kind: 'id', id: …} | {kind: 'packed', packed: …}`. */
export type VariantOf<F extends Fields> = {
  [K in keyof F]: Flat<{ readonly kind: K } & { readonly [P in K]: TypeOf<F[K]> }>;
}[keyof F];

/** varuint32 index of the case, then its value. JSON is `[index, value]`. */
export function variant<F extends Fields>(name: string, cases: F): Schema<VariantOf<F>> {
  const kinds = Object.keys(cases);
  const schemas = kinds.map((kind) => cases[kind]!);
  const indexOf = new Map(kinds.map((kind, index) => [kind, index]));
  const make = (index: number, value: unknown): VariantOf<F> =>
    ({ kind: kinds[index]!, [kinds[index]!]: value }) as VariantOf<F>;
  const parts = (value: VariantOf<F>): { index: number; inner: unknown } => {
    const kind = (value as { kind: string }).kind;
    const index = indexOf.get(kind);
    if (index === undefined) throw new EncodeError(`${kind} is not a case of ${name}`);
    return { index, inner: (value as Record<string, unknown>)[kind] };
  };

  return {
    name,
    sizeMin: 1 + Math.min(...schemas.map((schema) => schema.sizeMin)),
    sizeMax: 1 + Math.max(...schemas.map((schema) => schema.sizeMax)),
    write(writer, value) {
      const { index, inner } = parts(value);
      writer.varuint32(index);
      schemas[index]!.write(writer, inner);
    },
    read(reader) {
      const index = reader.varuint32();
      const schema = schemas[index];
      if (schema === undefined) return reader.fail(`${index} is not a case of ${name}`);
      return make(index, schema.read(reader));
    },
    toJson(value) {
      const { index, inner } = parts(value);
      return [index, schemas[index]!.toJson(inner)];
    },
    fromJson(json) {
      const [index, value] = arrayFromJson(json, name);
      const schema = typeof index === 'number' ? schemas[index] : undefined;
      if (schema === undefined || value === undefined) throw new FormatError(`${show(index)} is not a case of ${name}`);
      return make(index as number, schema.fromJson(value));
    },
  };
}

/** Two values one after the other. JSON is an array of two. */
export function pair<A, B>(first: Schema<A>, second: Schema<B>): Schema<readonly [A, B]> {
  const name = `pair<${first.name},${second.name}>`;
  return {
    name,
    sizeMin: first.sizeMin + second.sizeMin,
    sizeMax: first.sizeMax + second.sizeMax,
    write(writer, value) {
      first.write(writer, value[0]);
      second.write(writer, value[1]);
    },
    read: (reader) => [first.read(reader), second.read(reader)],
    toJson: (value) => [first.toJson(value[0]), second.toJson(value[1])],
    fromJson(json) {
      const items = arrayFromJson(json, name);
      if (items.length !== 2) throw new FormatError(`${name} takes 2 items, not ${items.length}`);
      return [first.fromJson(items[0]!), second.fromJson(items[1]!)];
    },
  };
}

/** A byte whose values have names, 0 upwards. JSON is the name; reading also takes the number. */
export function enumeration<const Names extends readonly string[]>(name: string, names: Names): Schema<number> {
  return {
    name,
    sizeMin: 1,
    sizeMax: 1,
    write(writer, value) {
      if (names[value] === undefined) throw new EncodeError(`${value} is not a ${name}`);
      writer.u8(value);
    },
    read(reader) {
      const value = reader.u8();
      if (value >= names.length) reader.fail(`${value} is not a ${name}`);
      return value;
    },
    toJson: (value) => names[value] ?? value,
    fromJson(json) {
      const value = typeof json === 'string' ? names.indexOf(json) : json;
      if (typeof value !== 'number' || !Number.isInteger(value) || names[value] === undefined) {
        throw new FormatError(`${show(json)} is not a ${name}`);
      }
      return value;
    },
  };
}

/** `camelCase` → `camel_case`; digits stay with the word before them. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
