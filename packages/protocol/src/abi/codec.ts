/** Turns type names into codecs: closures that are made once per type and ABI. */
import { type Json, show } from '../codec/json.js';
import type { Reader } from '../codec/reader.js';
import type { Writer } from '../codec/writer.js';
import { limits } from '../limits.js';
import { reject } from '../rejections.js';
import { type BuiltIn, builtIns } from './builtins.js';
import { type CompiledAbi, resolveType } from './compile.js';
import { structCodec } from './struct-codec.js';
import type { TypeCodec } from './type-codec.js';
import { arrayOf, clip, optionalOf, sizedArrayOf } from './type-name.js';
import type { Walk } from './walk.js';

const arrayItemsMax = 1024 * 1024;
const elementChars = 8;

/** The codec of a type (without `$`). @throws Reject invalid_type_inside_abi for unknown types */
export function codecOf(compiled: CompiledAbi, type: string): TypeCodec {
  const known = compiled.codecs.get(type);
  if (known !== undefined) return known;
  const codec = nested(makeCodec(compiled, resolveType(compiled, type)));
  compiled.codecs.set(type, codec);
  return codec;
}

function lazyCodec(compiled: CompiledAbi, type: string): () => TypeCodec {
  let codec: TypeCodec | undefined;
  return () => (codec ??= codecOf(compiled, type));
}

function makeCodec(compiled: CompiledAbi, type: string): TypeCodec {
  const item = arrayOf(type);
  if (item !== undefined) return arrayCodec(lazyCodec(compiled, item));
  const sized = sizedArrayOf(type);
  if (sized !== undefined) return sizedArrayCodec(lazyCodec(compiled, sized.item), sized.count);
  const inner = optionalOf(type);
  if (inner !== undefined) return optionalCodec(lazyCodec(compiled, inner), builtIns.has(resolveType(compiled, inner)));
  const builtIn = builtIns.get(type);
  if (builtIn !== undefined) return builtInCodec(builtIn);
  const cases = compiled.variants.get(type);
  if (cases !== undefined) return variantCodec(compiled, cases);
  if (compiled.structs.has(type)) return structCodec(compiled, type, (field) => lazyCodec(compiled, field));
  return reject('invalid_type_inside_abi', `Unknown type ${clip(type)}`);
}

/** Counts the nesting of values. */
function nested(codec: TypeCodec): TypeCodec {
  return {
    sizeMin: codec.sizeMin,
    decode(reader, walk) {
      walk.enter();
      const json = codec.decode(reader, walk);
      walk.leave();
      return json;
    },
    encode(writer, json, walk) {
      walk.enter();
      codec.encode(writer, json, walk);
      walk.leave();
    },
  };
}

function builtInCodec(builtIn: BuiltIn): TypeCodec {
  return {
    sizeMin: () => builtIn.sizeMin,
    decode: (reader) => builtIn.decode(reader),
    encode: (writer, json) => builtIn.encode(writer, json),
  };
}

function arrayCodec(item: () => TypeCodec): TypeCodec {
  return {
    sizeMin: () => 1,
    decode: (reader, walk) => decodeItems(item(), reader.count(arrayItemsMax, item().sizeMin(1)), reader, walk),
    encode(writer, json, walk) {
      const items = arrayInput(json, walk);
      writer.varuint32(items.length);
      encodeItems(item(), items, writer, walk);
    },
  };
}

function sizedArrayCodec(item: () => TypeCodec, count: number): TypeCodec {
  return {
    sizeMin: (depth) => (depth >= limits.abiDepthMax ? 0 : Math.min(count * item().sizeMin(depth + 1), 0xffffffff)),
    decode(reader, walk) {
      if (count * item().sizeMin(1) > reader.remaining)
        reader.fail(`${count} items exceed the ${reader.remaining} bytes left`);
      return decodeItems(item(), count, reader, walk);
    },
    encode(writer, json, walk) {
      const items = arrayInput(json, walk);
      if (items.length !== count) walk.fail('pack_exception', `${items.length} values for an array of ${count}`);
      encodeItems(item(), items, writer, walk);
    },
  };
}

function decodeItems(item: TypeCodec, count: number, reader: Reader, walk: Walk): Json {
  walk.spend(count * elementChars);
  const items: Json[] = [];
  walk.push(0);
  for (let i = 0; i < count; i++) {
    walk.replace(i);
    items.push(item.decode(reader, walk));
  }
  walk.pop();
  return items;
}

function encodeItems(item: TypeCodec, items: readonly Json[], writer: Writer, walk: Walk): void {
  const extensionsAllowed = walk.extensionsAllowed;
  walk.extensionsAllowed = false;
  walk.push(0);
  for (let i = 0; i < items.length; i++) {
    walk.replace(i);
    item.encode(writer, items[i]!, walk);
  }
  walk.pop();
  walk.extensionsAllowed = extensionsAllowed;
}

function arrayInput(json: Json, walk: Walk): readonly Json[] {
  if (!Array.isArray(json)) return walk.fail('pack_exception', `Expected an array, not ${show(json)}`);
  return json;
}

/** nodeos takes any non-zero flag before declared types but only 1 before built-in ones. */
function optionalCodec(inner: () => TypeCodec, strict: boolean): TypeCodec {
  return {
    sizeMin: () => 1,
    decode: (reader, walk) => ((strict ? reader.bool() : reader.u8() !== 0) ? inner().decode(reader, walk) : null),
    encode(writer, json, walk) {
      writer.u8(json === null ? 0 : 1);
      if (json !== null) inner().encode(writer, json, walk);
    },
  };
}

function variantCodec(compiled: CompiledAbi, types: readonly string[]): TypeCodec {
  const cases = types.map((type) => lazyCodec(compiled, type));
  return {
    sizeMin: () => 1,
    decode(reader, walk) {
      const index = reader.varuint32();
      const type = types[index];
      if (type === undefined) return walk.fail('unpack_exception', `Unpacked invalid tag (${index}) for variant`);
      walk.spend(type.length + elementChars);
      walk.push(type);
      const value = cases[index]!().decode(reader, walk);
      walk.pop();
      return [type, value];
    },
    encode(writer, json, walk) {
      if (!Array.isArray(json) || json.length !== 2 || typeof json[0] !== 'string') {
        return walk.fail('pack_exception', `Expected [type, value] for a variant, not ${show(json)}`);
      }
      const index = types.indexOf(json[0]);
      if (index < 0) walk.fail('pack_exception', `${clip(json[0])} is not a type of the variant`);
      writer.varuint32(index);
      walk.push(json[0]);
      cases[index]!().encode(writer, json[1] as Json, walk);
      walk.pop();
    },
  };
}
