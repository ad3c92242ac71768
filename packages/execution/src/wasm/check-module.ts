import type { WasmLimits } from './limits.js';
import { prepareModule } from './prepare.js';
import type { ImportTable } from './validate.js';

/**
 * Checks contract code before an account may set it. Accepts exactly what can later be run: everything that preparing may
 * refuse is refused here. Rejects with `wasm_serialization_error`. Cost as `prepareModule`.
 */
export function checkModule(code: Uint8Array, limits: WasmLimits, imports: ImportTable): void {
  prepareModule(code, limits, imports);
}
