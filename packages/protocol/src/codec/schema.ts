/** What a wire type is: one value that encodes, decodes, bounds and shows it. */
import type { Json } from './json.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/**
 * One wire type. `read` throws `DecodeError` for bytes it does not accept and, on success, returns a value that `write`
 * turns into the same bytes. `fromJson` throws `FormatError`; it accepts what `toJson` gives and nodeos's other spellings.
 */
export type Schema<T> = {
  /** Name of the type, for messages. */
  readonly name: string;
  /** Fewest bytes an encoding takes. */
  readonly sizeMin: number;
  /** Most bytes an encoding takes. */
  readonly sizeMax: number;
  /** Value that a missing JSON field stands for; without it the field is required. */
  readonly jsonDefault?: { readonly value: T };
  /** How an `undefined` value shows in an object: left out (the default) or `null`. */
  readonly jsonAbsent?: 'null';
  write(writer: Writer, value: T): void;
  read(reader: Reader): T;
  toJson(value: T): Json;
  fromJson(json: Json): T;
};

/** The value type of a schema. */
export type TypeOf<S> = S extends Schema<infer T> ? T : never;

const keptCapacityMax = 64 * 1024;

/** Writers that wait for their next use: a new buffer costs several times a small encoding (measured). They hold no data. */
const idleWriters: Writer[] = [];

/** Encodes a value. */
export function encode<T>(schema: Schema<T>, value: T): Uint8Array {
  const writer = idleWriters.pop() ?? new Writer(1024);
  try {
    schema.write(writer, value);
    return writer.finish();
  } finally {
    writer.reset();
    if (writer.capacity <= keptCapacityMax) idleWriters.push(writer);
  }
}

/**
 * Decodes the whole input. The value may hold views into `bytes`.
 * @throws DecodeError when the bytes are not exactly one canonical encoding.
 */
export function decode<T>(schema: Schema<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes);
  const value = schema.read(reader);
  reader.assertEnd();
  return value;
}
