/** An import table and host functions that fit whatever a given contract imports, for tests with real contracts. */
import { parseModule } from '../binary.js';
import { F32, F64, I32, I64, type ValueType } from '../format/opcodes.js';
import type { RuntimeHost } from '../host-port.js';
import { defaultWasmLimits } from '../limits.js';
import type { ImportTable, WasmType } from '../validate.js';

const NAMES: Readonly<Record<ValueType, WasmType>> = { [I32]: 'i32', [I64]: 'i64', [F32]: 'f32', [F64]: 'f64' };

/** Declares the functions that the contract imports with the types it imports them with. */
export function ownImports(code: Uint8Array): ImportTable {
  const module = parseModule(code, defaultWasmLimits);
  return new Map(
    module.imports.map(({ name, type }) => {
      const { params, result } = module.types[type]!;
      return [name, { params: params.map((param) => NAMES[param]!), result: NAMES[result], gas: 100 }];
    }),
  );
}

/** A host whose functions do nothing and return zero. */
export function idleHost(imports: ImportTable): RuntimeHost {
  return {
    functions: new Map([...imports].map(([name, { result }]) => [name, () => (result === 'i64' ? 0n : 0)])),
    activate: () => undefined,
    takeGas: () => 0,
    resetGas: () => undefined,
  };
}
