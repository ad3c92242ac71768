/** Data of contracts to JSON and back, by the types of their ABI. */
import type { Json } from '../codec/json.js';
import { Reader } from '../codec/reader.js';
import { Writer } from '../codec/writer.js';
import { limits } from '../limits.js';
import { reject } from '../rejections.js';
import { codecOf } from './codec.js';
import { type CompiledAbi, isType } from './compile.js';
import { clip } from './type-name.js';
import { type DecodingBudget, Walk } from './walk.js';

/**
 * Decodes bytes to the JSON that nodeos would print. Bytes that follow the value are ignored, as nodeos does.
 * The work and the result are bounded by `limits.abi…` whatever the ABI and the bytes are, and by `budget` together with
 * other values.
 * @throws Reject unpack_exception and others
 */
export function decodeType(compiled: CompiledAbi, type: string, bytes: Uint8Array, budget?: DecodingBudget): Json {
  const chars = limits.abiOutputCharsBase + bytes.length * limits.abiOutputCharsPerByte;
  const walk = new Walk(type, Math.min(chars, limits.abiOutputCharsMax), budget);
  checkKnown(compiled, type);
  try {
    return codecOf(compiled, type).decode(new Reader(bytes), walk);
  } catch (error) {
    return walk.rethrow(error);
  }
}

/**
 * Encodes JSON as nodeos does: numbers as numbers or strings, structs as objects or arrays, bytes as hex. Unlike nodeos it
 * refuses numbers that do not fit, instead of cutting them.
 * @throws Reject pack_exception and others
 */
export function encodeType(compiled: CompiledAbi, type: string, json: Json): Uint8Array {
  const walk = new Walk(type);
  const writer = new Writer();
  checkKnown(compiled, type);
  try {
    codecOf(compiled, type).encode(writer, json, walk);
  } catch (error) {
    return walk.rethrow(error);
  }
  if (writer.position > limits.abiEncodedBytesMax) {
    reject(
      'pack_exception',
      `${writer.position} bytes of ${clip(type)} exceed the limit of ${limits.abiEncodedBytesMax}`,
    );
  }
  return writer.finish();
}

function checkKnown(compiled: CompiledAbi, type: string): void {
  if (!compiled.codecs.has(type) && !isType(compiled, type)) {
    reject('invalid_type_inside_abi', `Unknown type ${clip(type)}`);
  }
}
