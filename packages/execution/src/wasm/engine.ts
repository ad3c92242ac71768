/**
 * The part of the WebAssembly JavaScript interface that the engine uses. TypeScript declares it only together with the
 * whole DOM.
 */

export interface CompiledModule {
  readonly compiledModule?: never;
}

/** The linear memory of an instance. Growing it detaches `buffer`: views must be made anew. */
export interface ContractMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface ModuleInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export type ImportObject = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

type ErrorClass = new (message?: string) => Error;

/** The global object `WebAssembly`. */
export type WebAssemblyApi = {
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (module: CompiledModule, imports: ImportObject) => ModuleInstance;
  readonly CompileError: ErrorClass;
  readonly RuntimeError: ErrorClass;
  readonly validate: (bytes: Uint8Array) => boolean;
};

export const webAssembly: WebAssemblyApi = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
  .WebAssembly;
