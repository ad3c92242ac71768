/** Contract limits as contracts read and set them: nodeos' packed `wasm_config`, eleven little-endian u32. */
import { Reader, reject, Writer } from '@snapscale/protocol';
import { globalKeys } from '../state/keys.js';
import type { StateReader } from '../state/reader.js';
import { defaultWasmLimits, type WasmLimits, wasmLimitsBounds } from '../wasm/limits.js';

/** The fields in their order on the wire, with the least value that keeps the system contract able to run. */
const fields: readonly (readonly [keyof WasmLimits, number])[] = [
  ['maxMutableGlobalBytes', 0],
  ['maxTableElements', 0],
  ['maxSectionElements', 4],
  ['maxLinearMemoryInit', 0],
  ['maxFuncLocalBytes', 8],
  ['maxNestedStructures', 1],
  ['maxSymbolBytes', 32],
  ['maxModuleBytes', 256],
  ['maxCodeBytes', 32],
  ['maxPages', 1],
  ['maxCallDepth', 2],
];

/** Bytes of a packed `wasm_config`. */
export const WASM_LIMITS_BYTES = 4 * fields.length;

export function packWasmLimits(limits: WasmLimits): Uint8Array {
  const writer = new Writer(WASM_LIMITS_BYTES);
  for (const [field] of fields) writer.u32(limits[field]);
  return writer.finish();
}

/** Reads stored limits. */
export function unpackWasmLimits(packed: Uint8Array): WasmLimits {
  const reader = new Reader(packed);
  const entries = fields.map(([field]) => [field, reader.u32()]);
  return Object.fromEntries(entries) as WasmLimits;
}

/** Rejects limits below what the system needs or above what this engine can keep. */
export function checkWasmLimits(packed: Uint8Array): void {
  if (packed.length !== WASM_LIMITS_BYTES) {
    reject('wasm_execution_error', `wasm parameters have ${packed.length} bytes, expected ${WASM_LIMITS_BYTES}`);
  }
  const limits = unpackWasmLimits(packed);
  for (const [field, least] of fields) {
    const most = wasmLimitsBounds[field];
    if (limits[field] < least || limits[field] > most) {
      reject('wasm_execution_error', `${field} must be between ${least} and ${most}, got ${limits[field]}`);
    }
  }
}

export const defaultWasmLimitsPacked: Uint8Array = packWasmLimits(defaultWasmLimits);

const unpacked = new WeakMap<Uint8Array, WasmLimits>();

/** The contract limits in force. */
export function getWasmLimits(state: StateReader): WasmLimits {
  const packed = state.get(globalKeys.wasmLimits);
  if (packed === undefined) return defaultWasmLimits;
  let limits = unpacked.get(packed);
  if (limits === undefined) {
    limits = unpackWasmLimits(packed);
    unpacked.set(packed, limits);
  }
  return limits;
}
