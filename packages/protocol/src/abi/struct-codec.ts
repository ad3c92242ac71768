/** Codecs of structs: bases first, binary extensions at the end. */
import { isObject, type Json, type JsonObject, show } from '../codec/json.js';
import type { Reader } from '../codec/reader.js';
import type { Writer } from '../codec/writer.js';
import { limits } from '../limits.js';
import { type CompiledAbi, resolveType } from './compile.js';
import type { CodecLookup, TypeCodec } from './type-codec.js';
import { clip, isExtension, withoutExtension } from './type-name.js';
import type { Walk } from './walk.js';

type Field = { readonly name: string; readonly extension: boolean; readonly codec: () => TypeCodec };
type Level = { readonly fields: readonly Field[]; readonly nameChars: number };
type Output = Record<string, Json>;

/**
 * The codec of a struct. JSON is an object, or for structs without a base an array of the fields' values.
 * As in nodeos a struct without any field does not decode (its action data stay hex).
 */
export function structCodec(compiled: CompiledAbi, type: string, lookup: CodecLookup): TypeCodec {
  const levels = levelsOf(compiled, type, lookup);
  let fewest: number | undefined;
  return {
    // Zero while it is being found, and where types nest too deeply: any lower bound will do.
    sizeMin(depth) {
      if (fewest !== undefined || depth >= limits.abiDepthMax) return fewest ?? 0;
      fewest = 0;
      fewest = levelsSizeMin(levels, depth);
      return fewest;
    },
    decode(reader, walk) {
      const output: Output = {};
      const count = decodeLevel(levels, levels.length - 1, output, reader, walk);
      if (count === 0) walk.fail('unpack_exception', 'Unable to unpack a struct without fields');
      return output;
    },
    encode(writer, json, walk) {
      if (isObject(json)) encodeLevel(levels, levels.length - 1, json, writer, walk);
      else if (Array.isArray(json)) encodeArray(levels, json, writer, walk);
      else walk.fail('pack_exception', `Expected an object or array for a struct, not ${show(json)}`);
    },
  };
}

/** The struct and its bases, the outermost base first; no more of them than the nesting allows. */
function levelsOf(compiled: CompiledAbi, type: string, lookup: CodecLookup): readonly Level[] {
  const levels: Level[] = [];
  for (let name = type; name !== '' && levels.length < limits.abiDepthMax; ) {
    const definition = compiled.structs.get(name)!;
    const fields = definition.fields.map((field) => ({
      name: field.name,
      extension: isExtension(field.type),
      codec: lookup(withoutExtension(field.type)),
    }));
    levels.unshift({ fields, nameChars: fields.reduce((chars, field) => chars + field.name.length + 4, 4) });
    name = definition.base === '' ? '' : resolveType(compiled, definition.base);
  }
  return levels;
}

function levelsSizeMin(levels: readonly Level[], depth: number): number {
  let size = 0;
  for (const { fields } of levels) {
    for (const field of fields) {
      if (field.extension) return size;
      size = Math.min(size + field.codec().sizeMin(depth + 1), 0xffffffff);
    }
  }
  return size;
}

/** Decodes the bases of a level and then its fields; gives how many fields there were. */
function decodeLevel(levels: readonly Level[], index: number, output: Output, reader: Reader, walk: Walk): number {
  walk.enter();
  const level = levels[index]!;
  let count = index > 0 ? decodeLevel(levels, index - 1, output, reader, walk) : 0;
  walk.spend(level.nameChars);
  let extended = false;
  for (const field of level.fields) {
    extended ||= field.extension;
    if (reader.remaining === 0) {
      if (field.extension) continue;
      if (extended)
        walk.fail('abi_exception', `Encountered field '${clip(field.name)}' without binary extension designation`);
      walk.fail('unpack_exception', `Stream unexpectedly ended; unable to unpack field '${clip(field.name)}'`);
    }
    walk.push(field.name);
    setField(output, field.name, field.codec().decode(reader, walk));
    walk.pop();
    count++;
  }
  walk.leave();
  return count;
}

/** Names come from contracts: `__proto__` must become a field like any other. */
function setField(output: Output, name: string, value: Json): void {
  if (name !== '__proto__') output[name] = value;
  else Object.defineProperty(output, name, { value, enumerable: true, configurable: true, writable: true });
}

function encodeLevel(levels: readonly Level[], index: number, json: JsonObject, writer: Writer, walk: Walk): void {
  const allowed = walk.extensionsAllowed;
  if (index > 0) {
    walk.extensionsAllowed = false;
    walk.enter();
    encodeLevel(levels, index - 1, json, writer, walk);
    walk.leave();
    walk.extensionsAllowed = allowed;
  }
  const { fields } = levels[index]!;
  let skipped = false;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    if (Object.hasOwn(json, field.name) && json[field.name] !== undefined) {
      if (skipped) walk.fail('pack_exception', `Unexpected field '${clip(field.name)}' found in input object`);
      encodeField(field, json[field.name]!, i === fields.length - 1, writer, walk);
    } else if (field.extension && allowed) {
      skipped = true;
    } else if (skipped) {
      walk.fail('abi_exception', `Encountered field '${clip(field.name)}' without binary extension designation`);
    } else {
      walk.fail('pack_exception', `Missing field '${clip(field.name)}' in input object`);
    }
  }
}

function encodeArray(levels: readonly Level[], json: readonly Json[], writer: Writer, walk: Walk): void {
  if (levels.length > 1) walk.fail('invalid_type_inside_abi', 'An array can not give the fields of a derived struct');
  const { fields } = levels[0]!;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    if (i < json.length) encodeField(field, json[i]!, i === fields.length - 1, writer, walk);
    else if (field.extension && walk.extensionsAllowed) break;
    else walk.fail('pack_exception', `Early end to input array; require input for field '${clip(field.name)}'`);
  }
}

function encodeField(field: Field, json: Json, isLast: boolean, writer: Writer, walk: Walk): void {
  const allowed = walk.extensionsAllowed;
  walk.extensionsAllowed = allowed && isLast;
  walk.push(field.name);
  field.codec().encode(writer, json, walk);
  walk.pop();
  walk.extensionsAllowed = allowed;
}
