/** Parts of the engine that tools for contracts build on: taking modules apart, and running them with further imports. */
export { HostEnvironment } from '../host/environment.js';
export { importTable } from '../host/table.js';
export { parseModule } from './binary.js';
export { ByteReader } from './format/byte-reader.js';
export { ByteWriter } from './format/byte-writer.js';
export { decodeBody, InstructionList } from './format/instructions.js';
export { op } from './format/opcodes.js';
export type { RuntimeHost } from './host-port.js';
export { defaultWasmLimits, type WasmLimits, wasmLimitsBounds } from './limits.js';
export { ContractRuntime } from './runtime.js';
export type { ImportTable } from './validate.js';
