/** What the codecs of an ABI's types have in common. */
import type { Json } from '../codec/json.js';
import type { Reader } from '../codec/reader.js';
import type { Writer } from '../codec/writer.js';
import type { Walk } from './walk.js';

/** How one type is decoded to JSON and encoded from it. */
export type TypeCodec = {
  /** Fewest bytes a value takes; a lower bound where types are recursive or deep. */
  sizeMin(depth: number): number;
  decode(reader: Reader, walk: Walk): Json;
  encode(writer: Writer, json: Json, walk: Walk): void;
};

/** Finds the codec of a type when it is first needed, since types may contain themselves. */
export type CodecLookup = (type: string) => () => TypeCodec;
