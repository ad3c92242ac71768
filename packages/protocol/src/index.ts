/** The public surface of the protocol: wire types with their encoders, decoders, bounds and JSON views. */

export { actionResultType, actionType, type CompiledAbi, compileAbi, errorMessage, tableType } from './abi/compile.js';
export { decodeType, encodeType } from './abi/serialize.js';
export type { DecodingBudget } from './abi/walk.js';
export * from './abi.js';
export * from './action.js';
export * from './asset.js';
export * from './authority.js';
export * from './block.js';
export * from './codec/composites.js';
export * from './codec/errors.js';
export { formatDouble, integerToJson, type Json, type JsonObject } from './codec/json.js';
export * from './codec/keys.js';
export * from './codec/reader.js';
export * from './codec/scalars.js';
export * from './codec/schema.js';
export * from './codec/utf8.js';
export * from './codec/writer.js';
export * from './genesis.js';
export * from './limits.js';
export * from './name.js';
export * from './producer.js';
export * from './receipt.js';
export * from './rejections.js';
export * from './system-names.js';
export * from './time.js';
export * from './trace.js';
export * from './transaction.js';
